//! vinrich: files of VINs in, one enriched row out for each row in.

mod account;
pub mod answers;
pub mod asking;
pub mod batch;
pub mod cancel;
pub mod clock;
pub mod config;
pub mod distinct;
pub mod error;
pub mod events;
pub mod facts;
pub mod forecast;
pub mod freshness;
pub mod gate;
pub mod input;
pub mod join;
pub mod key;
pub mod keyset;
pub mod money;
pub mod os;
pub mod outcome;
pub mod output;
pub mod panel;
pub mod pipeline;
pub mod plan;
pub mod quotas;
pub mod record;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod store;
pub mod survey;
pub mod vendors;
pub mod vin;
pub mod writing;

pub use pipeline::{forecast, run, validate};
