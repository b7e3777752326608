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
        Fault::NotSent | Fault::Timeout | Fault::Server(_) => Next::Retry { most: MOST_TRIES },
        Fault::Garbled { .. } => Next::Retry { most: MOST_GARBLED },
        Fault::Limited { wait } => Next::Wait(*wait),
        Fault::Denied(denied) => Next::Deny(*denied),
        Fault::Unsure => Next::Confirm,
        Fault::Poisoned { .. } if refuses_shape => Next::RefuseShape,
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
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Every fault, and whether the endpoint says that it refuses the kind of request.
    fn faults() -> Vec<(Fault, bool)> {
        let code = || "http_400".to_owned();
        let sure = [
            Fault::NotSent,
            Fault::Timeout,
            Fault::Server(500),
            Fault::Limited { wait: None },
            Fault::Limited { wait: Some(Duration::from_secs(7)) },
            Fault::Poisoned { code: code() },
            Fault::Denied(Denied::Key),
            Fault::Denied(Denied::Scope),
            Fault::Denied(Denied::Billing),
            Fault::Unsettled { code: code() },
            Fault::Unsure,
            Fault::Garbled { excerpt: "<html>".into() },
        ];
        let mut faults: Vec<_> = sure.into_iter().map(|fault| (fault, false)).collect();
        faults.push((Fault::Poisoned { code: code() }, true));
        faults
    }

    #[test]
    fn every_fault_has_one_consequence() {
        let mut table = format!("{:<40} {:<28} once\n", "fault", "read or idempotent");
        for (fault, refuses_shape) in faults() {
            let next = |effect| format!("{:?}", classify(&fault, effect, refuses_shape));
            let [read, idempotent, once] =
                [Effect::Read, Effect::Idempotent, Effect::Once].map(next);
            assert_eq!(read, idempotent, "a call with an idempotency key is safe to send again");
            let shape = if refuses_shape { " (shape)" } else { "" };
            writeln!(table, "{:<40} {read:<28} {once}", format!("{fault:?}{shape}"))
                .expect("a string takes all");
        }
        insta::assert_snapshot!(table, @r#"
        fault                                    read or idempotent           once
        NotSent                                  Retry { most: 6 }            Retry { most: 6 }
        Timeout                                  Retry { most: 6 }            Lost
        Server(500)                              Retry { most: 6 }            Lost
        Limited { wait: None }                   Wait(None)                   Wait(None)
        Limited { wait: Some(7s) }               Wait(Some(7s))               Wait(Some(7s))
        Poisoned { code: "http_400" }            Halve { code: "http_400" }   Halve { code: "http_400" }
        Denied(Key)                              Deny(Key)                    Deny(Key)
        Denied(Scope)                            Deny(Scope)                  Deny(Scope)
        Denied(Billing)                          Deny(Billing)                Deny(Billing)
        Unsettled { code: "http_400" }           Unknown                      Lost
        Unsure                                   Confirm                      Confirm
        Garbled { excerpt: "<html>" }            Retry { most: 3 }            Lost
        Poisoned { code: "http_400" } (shape)    RefuseShape                  RefuseShape
        "#);
    }

    #[test]
    fn back_off_is_jittered_and_bounded() {
        for tries in 0..40 {
            assert!(back_off(tries) <= LONGEST);
        }
        assert!(back_off(0) <= BASE);
    }

    #[test]
    fn the_breaker_opens_at_the_fifth_failure() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 1..OPENS_AFTER {
            assert_eq!(breaker.failure(now), None);
        }
        assert!(breaker.failure(now).is_some_and(|wait| wait >= BASE));
        assert!(breaker.is_open());
        breaker.success();
        assert!(!breaker.is_open());
    }

    #[test]
    fn only_probes_of_an_open_breaker_are_news() {
        let (sent, now) = (Instant::now(), Instant::now() + BASE);
        let mut breaker = Breaker::default();
        assert!(breaker.is_news(sent));
        for _ in 0..OPENS_AFTER {
            breaker.failure(now);
        }
        assert!(!breaker.is_news(sent));
        assert!(breaker.is_news(now + BASE));
    }

    #[test]
    fn a_budget_is_a_fifth_and_ten() {
        let mut budget = RetryBudget::default();
        let taken =
            |budget: &mut RetryBudget| std::iter::from_fn(|| budget.take().then_some(())).count();
        budget.add(100);
        assert_eq!(taken(&mut budget), 30);
        budget.add(50);
        assert_eq!(taken(&mut budget), 10, "no ten for each question");
    }
}
