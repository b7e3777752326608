//! The integration tests, in one binary.

mod accounts;
mod architecture;
mod audit;
mod cache;
mod chain;
mod cli;
mod commands;
mod conservation;
mod dealers;
mod dependencies;
mod disk;
mod end_to_end;
mod faults;
mod foretold;
mod inputs;
mod inventory;
#[cfg(unix)]
mod kills;
mod nights;
mod old_stores;
mod outcomes;
mod outputs;
mod photos;
#[cfg(unix)]
mod processes;
mod quotas;
mod rate;
mod readme;
mod recall_file;
mod reliability;
mod resume;
mod secrets;
mod seeds;
mod store;
mod support;
mod terminal;
mod tool;
mod vendors;
mod vpic;
