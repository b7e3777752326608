//! Quotas, waits and budgets: promises about what a vendor may see of us.
//!
//! Everything here is judged from the vendor's side, by what arrives there.
//! `VINRICH_LONG=1` makes the stretches of `simulated` and `processes` five
//! times as long, and lets `processes` judge how much of the quota is used. They
//! take longer than `cargo nextest` lets a test run; `cargo test --test it quotas`
//! does not mind.
//! `VINRICH_SEED=N` plays another sequence of jumps and kills; the seed that was
//! played stands on stderr.

mod budgets;
mod days;
mod processes;
mod simulated;
mod storms;
mod waits;

use std::time::Duration;

/// How many times as long as usual the tests here are to run.
fn scale() -> u32 {
    if std::env::var_os("VINRICH_LONG").is_some() { 5 } else { 1 }
}

/// The seed of everything random, printed so that it can be played again.
fn seed() -> u64 {
    let given = std::env::var("VINRICH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..1_000_000));
    tell(&format!("VINRICH_SEED={seed}"));
    seed
}

/// A figure or a seed, for whoever reads the log.
#[expect(clippy::print_stderr, reason = "it is said to the person who runs the test")]
fn tell(words: &str) {
    eprintln!("{words}");
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
