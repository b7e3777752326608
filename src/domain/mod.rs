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
pub mod numbers;
pub mod outcome;
mod panics;
pub(crate) mod text;
pub mod time;
pub mod vendor;
pub mod vin;
pub mod vin_set;

pub use cancel::Cancel;
pub(crate) use error::is_absent;
pub use error::{Error, Exit};
pub use events::{Events, Fields, Level, Note, Phase, Progress, Silent};
pub use freshness::{Freshness, Times};
pub use key::{Effect, Key, KeyKind, Page, Task, Vehicle};
pub use key_set::KeySet;
pub use money::Micros;
pub use outcome::{Answer, Dataset, Denied, Fault, NotAsked, Outcome, Stale, Status};
pub(crate) use panics::caught;
pub use panics::panic_is_caught;
pub use time::{Clock, Moment, Timestamp};
pub use vin::Vin;
