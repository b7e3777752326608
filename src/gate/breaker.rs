//! When to try again, and when to stop trying: back-off, retry budget, breaker.

use std::time::{Duration, Instant};

/// The first back-off; each further one doubles.
const BASE: Duration = Duration::from_millis(250);

/// The longest back-off.
const LONGEST: Duration = Duration::from_mins(1);

/// Failures in a row that open the breaker.
const OPENS_AFTER: u32 = 5;

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

    /// Whether the failure of a call sent at `sent` tells anything new: not when
    /// it was on its way as the breaker opened.
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
    use super::*;

    #[test]
    fn back_off_is_jittered_and_bounded() {
        for tries in 0..40 {
            assert!(back_off(tries) <= LONGEST);
        }
        assert!(back_off(0) <= BASE);
    }

    #[test]
    fn the_breaker_opens_at_the_fifth_failure_and_closes_at_a_success() {
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
    fn calls_that_were_on_their_way_are_no_news_and_probes_are() {
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
