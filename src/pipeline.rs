//! `run`: both passes in one screen.

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::error::Error;
use crate::events::Events;
use crate::plan::{Forecast, Plan};
use crate::report::Report;

/// Enriches the plan's input into its output. Blocking; owns its runtime.
pub fn run(
    _plan: &Plan,
    _events: &dyn Events,
    _clock: &dyn Clock,
    _cancel: &Cancel,
) -> Result<Report, Error> {
    Err(Error::internal("not built yet"))
}

/// What [`run`] would take. Spends nothing.
pub fn forecast(_plan: &Plan, _events: &dyn Events, _clock: &dyn Clock) -> Result<Forecast, Error> {
    Err(Error::internal("not built yet"))
}

/// The counts of [`validate`]: what is in the input, by local rules alone.
pub fn validate(_plan: &Plan, _events: &dyn Events, _cancel: &Cancel) -> Result<Report, Error> {
    Err(Error::internal("not built yet"))
}
