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

/// A year: no longer wait that a server asks for is taken at its word.
pub const LONGEST_WAIT: Duration = Duration::from_hours(366 * 24);

/// Servers show whole seconds: a moment that they name may be so much later, and
/// so may their clock be ahead of the one that it is compared with.
pub const CLOCK_GRAIN: Duration = Duration::from_secs(1);

/// The wait a `Retry-After` value asks for: seconds or an HTTP date, which is
/// compared with `server_now`, the time by the server's own clock. Negative,
/// past and unreadable values are `None`; a huge one is [`LONGEST_WAIT`].
pub fn retry_after(value: &str, server_now: jiff::Timestamp) -> Option<Duration> {
    if let Some(seconds) = whole_seconds(value) {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
    let wait = Duration::try_from(date.duration_since(server_now)).ok()?;
    Some((wait + CLOCK_GRAIN).min(LONGEST_WAIT))
}

/// A number of seconds or milliseconds as servers write it, rounded up: never
/// come early. Negative, endless and unreadable ones are `None`.
pub fn whole_seconds(value: &str) -> Option<u64> {
    let value = value.trim();
    if let Ok(whole) = value.parse() {
        return Some(whole);
    }
    let number: f64 = value.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    (number.is_finite() && number.is_sign_positive()).then(|| number.ceil() as u64)
}

#[cfg(test)]
#[path = "tests/time.rs"]
mod tests;
