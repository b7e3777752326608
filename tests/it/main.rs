//! The integration tests, in one binary.

mod architecture;
mod cli;
mod commands;
mod conservation;
mod end_to_end;
mod faults;
mod inputs;
mod old_stores;
mod outcomes;
mod outputs;
mod photos;
mod rate;
mod readme;
mod resume;
mod secrets;
mod store;
mod support;
mod tool;
mod vendors;
