//! The integration tests, in one binary.

mod cli;
mod end_to_end;
mod inputs;
mod outputs;
mod rate;
mod resume;
mod secrets;
mod store;
mod support;
