//! What vendors do wrong, and what the rows, the report and the shell are told.

mod answers;
mod bodies;
mod denials;
mod limits;
mod outages;
mod poison;
mod recalls;
mod zeros;
