//! The integration tests, in one binary.

mod accounts;
mod architecture;
mod chain;
mod cli;
mod commands;
mod conservation;
mod dealers;
mod end_to_end;
mod faults;
mod inputs;
mod inventory;
mod old_stores;
mod outcomes;
mod outputs;
mod photos;
mod quotas;
mod rate;
mod readme;
mod recall_file;
mod resume;
mod secrets;
mod store;
mod support;
mod tool;
mod vendors;
mod vpic;
