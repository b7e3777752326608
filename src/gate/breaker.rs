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

/// Retries that a piece of work may cost: a fifth of its calls, and ten.
#[derive(Debug)]
pub(super) struct RetryBudget(u64);

impl RetryBudget {
    pub(super) fn for_calls(planned: u64) -> Self {
        Self(planned / 5 + 10)
    }

    /// Takes one retry, if one is left.
    pub(super) fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

/// Opens after failures in a row; then one probe at a time is let through.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    since: Option<Instant>,
}

impl Breaker {
    /// A call was answered.
    pub(super) fn success(&mut self) {
        *self = Self::default();
    }

    /// A call failed. Returns how long nothing should be sent, if the breaker is open now.
    pub(super) fn failure(&mut self, now: Instant) -> Option<Duration> {
        self.failures += 1;
        self.since.get_or_insert(now);
        let probes = self.failures.checked_sub(OPENS_AFTER)?;
        // From half to the whole ceiling: an open breaker never probes at once.
        Some(ceiling(probes + 2).mul_f64(0.5 + fastrand::f64() / 2.0))
    }

    /// Whether only one call may be on its way.
    pub(super) fn is_open(&self) -> bool {
        self.failures >= OPENS_AFTER
    }

    /// How long the vendor has been failing.
    pub(super) fn down_for(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
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
    fn a_budget_is_a_fifth_and_ten() {
        let mut budget = RetryBudget::for_calls(100);
        assert_eq!(std::iter::from_fn(|| budget.take().then_some(())).count(), 30);
    }
}
