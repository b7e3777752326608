//! The words of the field, without I/O: VINs, vehicles, keys, outcomes, facts,
//! money and time.

pub mod cancel;
pub mod error;
pub mod events;
pub mod facts;
pub mod freshness;
pub mod key;
pub mod key_set;
pub mod money;
pub(crate) mod numbers;
pub mod outcome;
pub mod time;
pub mod vendor;
pub mod vin;
pub mod vin_set;
