//! The integration tests, in one binary: a folder for each promise, and what they
//! share in `support`.

mod cli;
mod house;
mod money;
mod quota;
mod readme;
mod resume;
mod rows;
mod store;
mod support;
mod vendors;
