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

/// The wait a `Retry-After` value asks for: seconds or an HTTP date. Negative,
/// past and unreadable values are `None`; a huge one is [`LONGEST_WAIT`].
pub fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    u64::try_from(wait.as_secs()).ok().map(|s| Duration::from_secs(s + 1).min(LONGEST_WAIT))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_to_come() {
        assert_eq!(retry_after(" 90 "), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("0"), Some(Duration::ZERO));
        assert_eq!(retry_after("99999999999999"), Some(LONGEST_WAIT));
        assert_eq!(retry_after("Thu, 01 Jan 2099 00:00:00 GMT"), Some(LONGEST_WAIT));
        for none in
            ["", "-5", "soon", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999"]
        {
            assert_eq!(retry_after(none), None, "{none}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_value_is_a_wait_of_a_year_at_most_or_none(
            value in prop_oneof![
                any::<String>(),
                "[-+ ]?[0-9]{1,24}",
                "((Mon|Thu|Foo), )?[0-9]{1,2} (Jan|Feb|Xyz) [0-9]{1,6} [0-9]{2}:[0-9]{2}(:[0-9]{2})? (GMT|UT|[-+][0-9]{4}|Z)",
            ],
        ) {
            prop_assert!(retry_after(&value).is_none_or(|wait| wait <= LONGEST_WAIT));
        }
    }
}
