//! Time: what the wall says, what the kernel counted since boot, and what
//! servers say about waiting.

use std::time::Duration;

/// A moment, told twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 1970, UTC. Can be set, so it can jump.
    pub wall: i64,
    /// Microseconds since boot, suspend included. Never jumps within a boot.
    pub boot: i64,
}

/// Tells the time. Tests script it to play through nights.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> Moment;

    /// Names this boot; boot times of different boots cannot be compared.
    fn boot_id(&self) -> &str;
}

/// The wait a `Retry-After` value asks for: seconds or an HTTP date. Negative,
/// past and unreadable values are `None`; a huge one is a year.
pub fn retry_after(value: &str) -> Option<Duration> {
    const LONGEST: u64 = 366 * 24 * 3600;
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(LONGEST)));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    u64::try_from(wait.as_secs()).ok().map(|s| Duration::from_secs((s + 1).min(LONGEST)))
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    boot_id: String,
    started: std::time::Instant,
    started_boot: i64,
}

impl SystemClock {
    /// Reads which boot this is.
    pub fn new() -> Self {
        let (boot_id, started_boot) = crate::os::boot();
        Self { boot_id, started: std::time::Instant::now(), started_boot }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let elapsed = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        Moment {
            wall: jiff::Timestamp::now().as_microsecond(),
            boot: self.started_boot.saturating_add(elapsed),
        }
    }

    fn boot_id(&self) -> &str {
        &self.boot_id
    }
}
