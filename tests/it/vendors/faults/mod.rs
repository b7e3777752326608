//! What vendors do wrong, and what the rows, the report and the shell are told.

mod addresses;
mod answers;
mod bodies;
mod bombs;
mod denials;
mod drift;
mod limits;
mod outages;
mod poison;
mod recalls;
mod visor;
mod wire;
mod zeros;
