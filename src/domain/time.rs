//! Time: what the wall says, what the kernel counted since boot, and what
//! servers say about waiting.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Unit, Zoned};
use serde::Serialize;

/// A wall time, in microseconds since 1970, UTC. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than any other.
    pub const MAX: Self = Self(i64::MAX);

    /// So many microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Now, by the machine's wall clock.
    pub fn now() -> Self {
        jiff::Timestamp::now().into()
    }

    /// The time of an HTTP header, such as `Sun, 22 Nov 2026 03:01:00 GMT`.
    pub fn from_http_date(text: &str) -> Option<Self> {
        Some(jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp().into())
    }

    /// The first moment of a UTC day.
    pub fn start_of(day: Date) -> Option<Self> {
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().into())
    }

    /// The time `wait` after this one.
    #[must_use]
    pub fn later(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(micros(wait)))
    }

    /// The time `ago` before this one.
    #[must_use]
    pub fn earlier(self, ago: Duration) -> Self {
        Self(self.0.saturating_sub(micros(ago)))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The first whole second that is not before this: whoever comes back then is not early.
    #[must_use]
    pub fn whole_second(self) -> Self {
        const SECOND: i64 = 1_000_000;
        Self(self.0.saturating_add(SECOND - 1).div_euclid(SECOND).saturating_mul(SECOND))
    }

    /// Whole UTC days since 1970.
    pub fn days(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// Its UTC day; 1970-01-01 for a time that no calendar holds.
    pub fn day(self) -> Date {
        self.jiff().unwrap_or_default().to_zoned(TimeZone::UTC).date()
    }

    /// What calendar and clock show then in a zone.
    pub fn in_zone(self, zone: &TimeZone) -> Option<Zoned> {
        Some(self.jiff().ok()?.to_zoned(zone.clone()))
    }

    /// For a program to read: RFC 3339, UTC, rounded to whole seconds.
    pub fn rfc3339(self) -> String {
        self.jiff()
            .and_then(|time| time.round(Unit::Second))
            .map_or_else(|_| "never".into(), |time| time.to_string())
    }

    /// Appends it in full, as `2025-07-01T12:30:00.000000Z`.
    pub fn write_rfc3339(self, line: &mut Vec<u8>) -> io::Result<()> {
        static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        let time = self.jiff().map_err(io::Error::other)?;
        PRINTER.print_timestamp(&time, line).map_err(io::Error::other)
    }

    /// In a form of `strftime`, UTC; none for a time that no calendar holds.
    pub fn strftime(self, form: &str) -> Option<String> {
        Some(self.jiff().ok()?.strftime(form).to_string())
    }

    fn jiff(self) -> Result<jiff::Timestamp, jiff::Error> {
        jiff::Timestamp::from_microsecond(self.0)
    }
}

impl fmt::Display for Timestamp {
    /// For a person to read: `2026-11-23 02:10:00 UTC`, rounded to whole seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.jiff().and_then(|time| time.round(Unit::Second)) {
            Ok(time) => write!(f, "{}", time.strftime("%Y-%m-%d %H:%M:%S UTC")),
            Err(_) => f.write_str("never"),
        }
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        Self(time.as_microsecond())
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads RFC 3339, with a zone.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(jiff::Timestamp::into)
    }
}

/// A moment by two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock, which can be set, so that it can jump.
    pub wall: Timestamp,
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
pub fn retry_after(value: &str, server_now: Timestamp) -> Option<Duration> {
    if let Some(seconds) = whole_seconds(value) {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = Timestamp::from_http_date(value).filter(|date| *date >= server_now)?;
    Some((date.since(server_now) + CLOCK_GRAIN).min(LONGEST_WAIT))
}

/// In microseconds, the most where there are more than an `i64` holds.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
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
