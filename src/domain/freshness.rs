//! How long an answer is fresh, and how long a stale one still beats null.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::key::Key;
use crate::domain::time::Timestamp;

/// "Nothing known" and "wrong key" are asked again after 14 days at the latest:
/// this, and the tenth by which a long life is spread.
const LONGEST_NO: Duration = Duration::from_secs(14 * 24 * 3600 * 10 / 11);

/// A longer life is spread, so that a fleet asked in one night does not expire in one night.
const SPREAD_OVER: Duration = Duration::from_hours(7 * 24);

/// When a run started, and the time now.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// What was fresh then counts as fresh.
    pub started: Timestamp,
    /// What is too old now is not written, and what is stamped later is not believed.
    pub now: Timestamp,
}

/// The ages that matter for one dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    ttl: Duration,
    max_stale: Duration,
}

impl Freshness {
    /// Fresh for `ttl`, and written for `max_stale` where it cannot be renewed.
    pub fn new(ttl: Duration, max_stale: Duration) -> Self {
        Self { ttl, max_stale }
    }

    /// What a call has done stays done.
    pub fn lasting() -> Self {
        const AGE: Duration = Duration::from_hours(100 * 365 * 24);
        Self { ttl: AGE, max_stale: AGE }
    }

    /// When an answer fetched at `fetched_at` expires.
    pub fn expires_at(&self, key: &Key, found: bool, fetched_at: Timestamp) -> Timestamp {
        fetched_at.later(self.life(key, found))
    }

    fn life(&self, key: &Key, found: bool) -> Duration {
        let life = if found { self.ttl } else { self.ttl.min(LONGEST_NO) };
        if life <= SPREAD_OVER {
            return life;
        }
        // 90 % to 110 %, always the same for the same key.
        let hash = xxh3_64(key.to_stored().as_bytes());
        (life / 10_000).saturating_mul(9000 + u32::try_from(hash % 2001).unwrap_or(1000))
    }

    /// Until when an answer is written though it cannot be renewed.
    pub fn stale_until(&self, fetched_at: Timestamp) -> Timestamp {
        fetched_at.later(self.max_stale)
    }

    /// Whether an answer was fresh when the run started, or was fetched since.
    ///
    /// One stamped later than now was fetched when the clock was wrong: at most
    /// now, so that it is fresh for no longer than its life from here on, and
    /// expired when it is stamped more than that ahead.
    pub fn is_fresh(&self, key: &Key, found: bool, fetched_at: Timestamp, times: Times) -> bool {
        let life = self.life(key, found);
        if fetched_at > times.now {
            fetched_at.since(times.now) < life
        } else {
            fetched_at >= times.started || fetched_at.later(life) > times.started
        }
    }

    /// Whether an answer is too old to be written even when it cannot be renewed,
    /// or is stamped so far ahead that nobody knows how old it is.
    pub fn too_old(&self, fetched_at: Timestamp, now: Timestamp) -> bool {
        now.since(fetched_at).max(fetched_at.since(now)) > self.max_stale
    }
}

#[cfg(test)]
#[path = "tests/freshness.rs"]
mod tests;
