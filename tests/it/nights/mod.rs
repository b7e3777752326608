//! Nights played through by a scripted clock: what stays true of a job that runs
//! every night, whatever the vendors do. Each night is one whole run, a day later.
//!
//! `VINRICH_NIGHTS=365` makes the simulations of a quota as long as that.

mod deaths;
mod fairness;
mod forecast;
mod money;
mod soak;
mod stale;
mod thresholds;
mod world;
mod zeros;

use std::path::Path;
use std::time::Duration;

use vinrich::config::Quota;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::events::Silent;
use vinrich::enrich::plan::Plan;
use vinrich::enrich::report::Report;

use crate::support::clock::ScriptedClock;

const NIGHT: Duration = Duration::from_hours(24);

/// As long as an answer about recalls or listings is fresh.
const TTL: Duration = Duration::from_hours(20);

/// One night's run.
fn night(plan: &Plan, clock: &ScriptedClock) -> Report {
    let context = vinrich::Context { events: &Silent, clock, cancel: &Cancel::new() };
    vinrich::enrich(plan, context).expect("the run ends")
}

/// So many calls a day.
fn daily(calls: u32) -> Vec<Quota> {
    vec![Quota { calls: calls.try_into().expect("not zero"), window: NIGHT }]
}

/// Nights that a simulation of `usual` nights goes through.
fn nights(usual: usize) -> usize {
    let told = std::env::var("VINRICH_NIGHTS").ok().and_then(|nights| nights.parse().ok());
    told.unwrap_or(usual).max(usual)
}

/// When a row's answer was fetched, in microseconds since the epoch.
fn fetched_at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("RFC 3339").as_microsecond()
}

/// Everything in a file.
fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}
