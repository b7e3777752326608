//! When to send again, and when to stop: what each fault means, the back-off,
//! the retry budget and the breaker.

use std::time::{Duration, Instant};

use crate::domain::{Denied, Fault};
use crate::vendors::Effect;

/// Sends of one job before it is given up, whatever the budget.
const MOST_TRIES: u32 = 6;

/// Sends of one job whose replies are garbled.
const MOST_GARBLED: u32 = 3;

/// The first back-off; each further one doubles.
const BASE: Duration = Duration::from_millis(250);

/// The longest back-off.
const LONGEST: Duration = Duration::from_mins(1);

/// Failures in a row that open the breaker.
const OPENS_AFTER: u32 = 5;

/// What is done about the keys of a call that brought no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The vendor failed: sent again after a back-off, at most so often in all.
    Retry { most: u32 },
    /// The vendor asks to wait, as long as it says: sent again after that.
    Wait(Option<Duration>),
    /// The account is refused: sent again only with another API key.
    Deny(Denied),
    /// A zero that may be wrong: asked once more, later.
    Confirm,
    /// The batch is refused because of what it asks: its halves are sent.
    Halve { code: String },
    /// This kind of request is refused, whatever it asks: not sent again.
    RefuseShape,
    /// The vendor cannot say whether it acted: not sent again.
    Unknown,
    /// The vendor failed, and may have acted: not sent again.
    Lost,
}

/// What follows from `fault` for a call of this effect. `refuses_shape`: the
/// endpoint says that the fault refuses the kind of request.
pub(super) fn classify(fault: &Fault, effect: Effect, refuses_shape: bool) -> Next {
    match fault {
        fault if effect == Effect::Once && may_have_acted(fault) => Next::Lost,
        _ if refuses_shape => Next::RefuseShape,
        Fault::NotSent | Fault::Timeout | Fault::Server(_) => Next::Retry { most: MOST_TRIES },
        Fault::Garbled { .. } => Next::Retry { most: MOST_GARBLED },
        Fault::Limited { wait } => Next::Wait(*wait),
        Fault::Denied(denied) => Next::Deny(*denied),
        Fault::Unsure => Next::Confirm,
        Fault::Poisoned { code } => Next::Halve { code: code.clone() },
        Fault::Unsettled { .. } => Next::Unknown,
    }
}

/// Whether a call that brought this fault may have acted all the same.
pub(super) fn may_have_acted(fault: &Fault) -> bool {
    match fault {
        Fault::Timeout | Fault::Server(_) | Fault::Unsettled { .. } | Fault::Garbled { .. } => true,
        Fault::NotSent
        | Fault::Limited { .. }
        | Fault::Poisoned { .. }
        | Fault::Denied(_)
        | Fault::Unsure => false,
    }
}

/// Full jitter: anything from nothing to the doubled base, so that clients that
/// failed together do not come back together.
pub(super) fn back_off(tries: u32) -> Duration {
    ceiling(tries).mul_f64(fastrand::f64())
}

fn ceiling(tries: u32) -> Duration {
    BASE.saturating_mul(1 << tries.min(16)).min(LONGEST)
}

/// Retries that a run may cost at one vendor: a fifth of its calls, and ten.
#[derive(Debug, Default)]
pub(super) struct RetryBudget {
    planned: u64,
    taken: u64,
}

impl RetryBudget {
    /// More calls are planned.
    pub(super) fn add(&mut self, planned: u64) {
        self.planned += planned;
    }

    /// Takes one retry, if one is left.
    pub(super) fn take(&mut self) -> bool {
        let left = self.taken < self.planned / 5 + 10;
        self.taken += u64::from(left);
        left
    }
}

/// Opens after failures in a row; then one probe at a time is let through.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    in_a_row: u32,
    failing_since: Option<Instant>,
    opened_at: Option<Instant>,
    probes: u32,
}

impl Breaker {
    /// A call was answered.
    pub(super) fn success(&mut self) {
        *self = Self::default();
    }

    /// Whether the failure of a call sent at `sent` is news: not when it was on its
    /// way as the breaker opened.
    pub(super) fn is_news(&self, sent: Instant) -> bool {
        self.opened_at.is_none_or(|opened| sent > opened)
    }

    /// A call has failed, and that is news. Returns how long nothing should be
    /// sent from now on, if that opens the breaker or keeps it open.
    pub(super) fn failure(&mut self, now: Instant) -> Option<Duration> {
        self.failing_since.get_or_insert(now);
        if self.is_open() {
            self.probes += 1;
        } else {
            self.in_a_row += 1;
            if self.in_a_row < OPENS_AFTER {
                return None;
            }
        }
        self.opened_at = Some(now);
        // From half to the whole ceiling: an open breaker never probes at once.
        Some(ceiling(self.probes + 2).mul_f64(0.5 + fastrand::f64() / 2.0))
    }

    /// Whether only one call may be on its way.
    pub(super) fn is_open(&self) -> bool {
        self.opened_at.is_some()
    }

    /// How long the vendor has been failing.
    pub(super) fn down_for(&self, now: Instant) -> Duration {
        self.failing_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
#[path = "tests/retry.rs"]
mod tests;
