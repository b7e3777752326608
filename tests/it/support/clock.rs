//! A clock that can be turned forward, and the nights that are played through by
//! it: each is one whole run, a day later.
//!
//! `VINRICH_NIGHTS=365` makes the simulations of a quota as long as that.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use vinrich::SystemClock;
use vinrich::config::Quota;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::events::Silent;
use vinrich::domain::time::{Clock, Moment, Timestamp};
use vinrich::plan::Plan;
use vinrich::report::Report;

use super::number_in;

pub(crate) const NIGHT: Duration = Duration::from_hours(24);

/// As long as an answer about recalls or listings is fresh.
pub(crate) const TTL: Duration = Duration::from_hours(20);

/// The machine's clock, as far ahead as it was turned.
pub(crate) struct ScriptedClock {
    machine: SystemClock,
    ahead: AtomicI64,
}

impl ScriptedClock {
    pub(crate) fn new() -> Self {
        Self { machine: SystemClock::new(), ahead: AtomicI64::new(0) }
    }

    /// Lets so much time pass.
    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).expect("less than an age");
        self.ahead.fetch_add(micros, Ordering::AcqRel);
    }
}

impl Clock for ScriptedClock {
    fn now(&self) -> Moment {
        let ahead = self.ahead.load(Ordering::Acquire);
        let Moment { wall, boot } = self.machine.now();
        Moment { wall: Timestamp::from_micros(wall.micros() + ahead), boot: boot + ahead }
    }

    fn boot_id(&self) -> &str {
        self.machine.boot_id()
    }
}

/// One night's run.
pub(crate) fn night(plan: &Plan, clock: &ScriptedClock) -> Report {
    vinrich::enrich(plan, vinrich::Context { events: &Silent, clock, cancel: &Cancel::new() })
        .expect("the run ends")
}

/// So many calls a day.
pub(crate) fn daily(calls: u32) -> Vec<Quota> {
    vec![Quota { calls: calls.try_into().expect("not zero"), window: NIGHT }]
}

/// Nights that a simulation of `usual` nights goes through.
pub(crate) fn nights(usual: usize) -> usize {
    number_in("VINRICH_NIGHTS").unwrap_or(usual).max(usual)
}

/// When a row's answer was fetched.
pub(crate) fn fetched_at(text: &str) -> Timestamp {
    text.parse().expect("RFC 3339")
}
