//! vinrich: files of VINs in, one enriched row out for each row in.

pub mod cancel;
pub mod clock;
pub mod config;
pub mod distinct;
pub mod error;
pub mod events;
pub mod facts;
pub mod input;
pub mod join;
pub mod key;
pub mod money;
pub mod os;
pub mod outcome;
pub mod output;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod sandbox;
pub mod vendors;
pub mod vin;

pub use pipeline::{forecast, run, validate};
