//! The integration tests, in one binary.

mod architecture;
mod conservation;
mod end_to_end;
mod faults;
mod outcomes;
mod support;
mod vendors;
