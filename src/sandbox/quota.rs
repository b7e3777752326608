//! A vendor's quota windows, exact and sliding.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::lock;
use crate::config::Quota;

/// Counts calls and turns away those that would pass a window.
#[derive(Debug)]
pub(super) struct Limiter {
    quotas: Vec<Quota>,
    /// The latest admitted calls, as many as the largest quota has.
    admitted: Mutex<VecDeque<Instant>>,
}

/// One window as a reply's headers describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) quota: Quota,
    /// Calls left in it.
    pub(super) remaining: u32,
}

impl Limiter {
    pub(super) fn new(quotas: Vec<Quota>) -> Self {
        Self { quotas, admitted: Mutex::default() }
    }

    /// Admits a call that came at `now` and says what is left, or how
    /// long to wait. A call turned away is not counted.
    pub(super) fn admit(&self, now: Instant) -> Result<Vec<Window>, Duration> {
        let mut admitted = lock(&self.admitted);
        if let Some(wait) = self.quotas.iter().filter_map(|q| wait(&admitted, q, now)).max() {
            return Err(wait);
        }
        admitted.push_back(now);
        let most = self.quotas.iter().map(|quota| quota.calls.get() as usize).max().unwrap_or(0);
        while admitted.len() > most {
            admitted.pop_front();
        }
        Ok(self.quotas.iter().map(|quota| window(&admitted, *quota, now)).collect())
    }
}

/// How long until a window has room, when it has none.
fn wait(admitted: &VecDeque<Instant>, quota: &Quota, now: Instant) -> Option<Duration> {
    let oldest = admitted.len().checked_sub(quota.calls.get() as usize)?;
    let age = now.saturating_duration_since(admitted[oldest]);
    quota.window.checked_sub(age).filter(|wait| !wait.is_zero())
}

fn window(admitted: &VecDeque<Instant>, quota: Quota, now: Instant) -> Window {
    let gone =
        admitted.partition_point(|&call| now.saturating_duration_since(call) >= quota.window);
    let used = u32::try_from(admitted.len() - gone).unwrap_or(u32::MAX);
    Window { quota, remaining: quota.calls.get().saturating_sub(used) }
}

/// A wait in whole seconds as `Retry-After` has it: never too short.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
#[path = "tests/quota.rs"]
mod tests;
