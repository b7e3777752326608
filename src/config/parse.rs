//! The small languages inside values: durations, quotas, resets, spend limits.
//!
//! An error says what the value must be and fits behind the name of its key:
//! `max_wait` + "must be a duration such as `10m`, not `soon`".

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Quota, QuotaReset, SpendLimit};
use crate::domain::Micros;

const DAY: Duration = Duration::from_hours(24);
/// The longest month, so that a window never ends before the vendor's does.
const MONTH: Duration = Duration::from_hours(744);
/// Beyond this a duration is a typing error, and sums with it could overflow.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// The windows that have a name.
const WINDOWS: [(&str, Duration); 5] = [
    ("second", Duration::from_secs(1)),
    ("minute", Duration::from_mins(1)),
    ("hour", Duration::from_hours(1)),
    ("day", DAY),
    ("month", MONTH),
];

/// `10m`, `365d`, `20h`, `1h 30m`; at most a hundred years.
///
/// # Errors
///
/// What it must be: a text that fits behind the name of its key or flag.
pub fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) => Err(format!("must be at most 100 years, not `{text}`")),
        Err(_) => Err(format!("must be a duration such as `10m`, `20h` or `365d`, not `{text}`")),
    }
}

/// `N/second|minute|hour|day|month` or `N/10s`.
///
/// # Errors
///
/// What it must be: a text that fits behind the name of its key or flag.
pub fn quota(text: &str) -> Result<Quota, String> {
    let parsed = text.split_once('/').and_then(|(calls, window_text)| {
        let calls: NonZeroU32 = calls.trim().parse().ok()?;
        Some(Quota { calls, window: window(window_text)? })
    });
    parsed.ok_or_else(|| format!("must be a quota such as `100/day` or `10/10s`, not `{text}`"))
}

/// `rolling`, or the wall time at which the vendor's day begins: `00:00 UTC`.
pub(super) fn quota_reset(text: &str) -> Result<QuotaReset, String> {
    if text.trim() == "rolling" {
        return Ok(QuotaReset::Rolling);
    }
    let wrong =
        || format!("must be `rolling` or a time and zone such as `00:00 UTC`, not `{text}`");
    let (clock, zone_name) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let time = time_of_day(clock).ok_or_else(wrong)?;
    let zone = match zone_name.trim() {
        "UTC" => TimeZone::UTC,
        name => TimeZone::get(name)
            .map_err(|_| format!("names a time zone this machine does not know: `{name}`"))?,
    };
    Ok(QuotaReset::At { time, zone })
}

/// `2 USD/day`, `40 USD/month`.
pub(super) fn spend(text: &str) -> Result<SpendLimit, String> {
    let parsed = text.split_once('/').and_then(|(amount, window_text)| {
        let amount = Micros::parse_usd(amount.trim().strip_suffix("USD")?.trim_end())?;
        Some(SpendLimit { amount, window: window(window_text)? })
    });
    parsed.ok_or_else(|| {
        format!("must be a limit such as `2 USD/day` or `40 USD/month`, not `{text}`")
    })
}

/// The name of an environment variable. A value that looks like a key itself is
/// refused without repeating it.
pub(super) fn variable_name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name && !looks_like_a_key(text) {
        return Ok(text.to_owned());
    }
    Err("must be the name of an environment variable such as `CARVIN_API_KEY`, not a key itself"
        .into())
}

/// The name by which the user tells an account from others of the same vendor. A key
/// that was pasted here is refused without repeating it.
pub(super) fn account(text: &str) -> Result<String, String> {
    const LONGEST: usize = 64;
    let is_name = !text.is_empty()
        && text.len() <= LONGEST
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
    if is_name && !looks_like_a_key(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "must be a name of your own for the account, such as `fleet-east`: at most {LONGEST} \
         letters, digits and `-_.@`, and not a key"
    ))
}

/// The name of a file in a folder on a server.
pub(super) fn file_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.is_empty() || text.starts_with('.') || !text.chars().all(fits) {
        return Err(format!(
            "must hold names of files such as `FLAT_RCL_POST_2010.zip`, not `{text}`"
        ));
    }
    Ok(text.to_owned())
}

/// A window as it is written in a quota: `day`, or `10s`.
pub(super) fn window_words(window: Duration) -> String {
    match WINDOWS.iter().find(|(_, length)| *length == window) {
        Some((name, _)) => (*name).to_owned(),
        None => humantime::format_duration(window).to_string().replace(' ', ""),
    }
}

fn window(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Some((_, length)) = WINDOWS.iter().find(|(name, _)| *name == text) {
        return Some(*length);
    }
    let length = humantime::parse_duration(text).ok()?;
    (Duration::from_secs(1)..=LONGEST).contains(&length).then_some(length)
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// Vendors' own prefixes, and what no one names a variable: long, with digits
/// among lower-case letters, or without a single underscore.
fn looks_like_a_key(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let vendor_prefix = ["vis_live", "vis_test", "vsk_", "sk_live", "sk_test"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let has_lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
    vendor_prefix || (text.len() >= 20 && digits >= 3 && (has_lower || !text.contains('_')))
}

#[cfg(test)]
#[path = "tests/parse.rs"]
mod tests;
