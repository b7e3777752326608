//! Every row of the input is a row of the output, in the same order, and says
//! nothing that is not true of its VIN.

mod chain;
mod comparables;
mod conservation;
mod dealers;
mod deaths;
mod dialects;
mod end_to_end;
mod filter;
mod guards;
mod hashes;
mod inputs;
mod inventory;
mod model_years;
mod names;
mod nights;
mod other_programs;
mod outcomes;
pub(crate) mod outputs;
mod recall_file;
mod recall_updates;
mod register;
mod sheets;
mod stale;
mod thresholds;
mod vpic;
mod workbook;
mod zeros;
