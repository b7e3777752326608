//! What a user types and reads: exit codes, stdout, stderr, terminals, logs.

mod commands;
mod config;
mod enrich;
#[cfg(unix)]
mod paths;
mod reasons;
mod secrets;
mod terminal;
mod watching;
