//! The integration tests, in one binary.

mod end_to_end;
mod support;
