//! Quotas, waits and budgets: promises about what a vendor may see of us.
//!
//! Everything here is judged from the vendor's side, by what arrives there.
//! `VINRICH_LONG=1` makes the stretches of `simulated` and `processes` five
//! times as long, and lets `processes` judge how much of the quota is used. They
//! take longer than `cargo nextest` lets a test run; `cargo test --test it quotas`
//! does not mind.
//! `VINRICH_SEED=N` plays another sequence of jumps and kills; the seed that was
//! played stands on stderr.

mod accounts;
mod days;
mod fairness;
mod processes;
mod rate;
mod simulated;
mod storms;
mod waits;

use std::time::Duration;

use crate::support::is_long_form;

/// How many times as long as usual the tests here are to run.
fn scale() -> u32 {
    if is_long_form() { 5 } else { 1 }
}

/// Fails when more than `calls` arrived within any `window`, in whatever order
/// `arrivals` (in microseconds) come.
#[track_caller]
fn check_window(arrivals: &[i64], calls: usize, window: Duration) {
    let mut at = arrivals.to_vec();
    at.sort_unstable();
    let window = i64::try_from(window.as_micros()).expect("less than an age");
    for (first, next) in at.iter().zip(at.iter().skip(calls)) {
        let apart = next - first;
        assert!(apart >= window, "{} calls within {apart} us of {window}", calls + 1);
    }
}
