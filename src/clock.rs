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
