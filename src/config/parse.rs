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
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::super::address::base_url;
    use super::*;

    #[test]
    fn quotas_are_read_and_written_alike() {
        for text in ["100/day", "10/10s", "60/minute", "1000/hour", "1/second", "5/month", "7/15m"]
        {
            assert_eq!(quota(text).unwrap().to_string(), text);
        }
        assert_eq!(quota("5/month").unwrap().window, Duration::from_hours(744));
        assert_eq!(quota(" 60 / 60s ").unwrap().to_string(), "60/minute");
        for text in
            ["", "100", "0/day", "-1/day", "1.5/day", "100/", "100/fortnight", "1/0s", "1/1ms"]
        {
            assert_eq!(
                quota(text).unwrap_err(),
                format!("must be a quota such as `100/day` or `10/10s`, not `{text}`")
            );
        }
    }

    #[test]
    fn resets_are_read_and_written_alike() {
        for text in ["rolling", "00:00 UTC", "17:30 America/Los_Angeles"] {
            assert_eq!(quota_reset(text).unwrap().to_string(), text);
        }
        for text in ["", "midnight", "24:00 UTC", "0:00 UTC", "00:60 UTC", "00:00"] {
            assert!(quota_reset(text).unwrap_err().contains("such as `00:00 UTC`"), "{text}");
        }
        assert!(quota_reset("00:00 Mars/Olympus").unwrap_err().contains("`Mars/Olympus`"));
    }

    #[test]
    fn spend_limits_are_exact() {
        let limit = spend("2.50 USD/day").unwrap();
        assert_eq!((limit.amount, limit.window), (Micros(2_500_000), DAY));
        assert_eq!(spend("40 USD/month").unwrap().to_string(), "$40.00/month");
        for text in ["2/day", "2 EUR/day", "-2 USD/day", "2 USD", "USD/day", "2 USD/forever"] {
            assert!(spend(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit_and_an_end() {
        assert_eq!(duration("1h 30m").unwrap(), Duration::from_mins(90));
        for text in ["", "10", "soon", "-5m", "101years", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_not_a_variable_name() {
        for name in ["CARVIN_API_KEY", "VISOR_API_KEY", "carvin_key", "_K", "VISA_KEY"] {
            assert_eq!(variable_name(name).unwrap(), name);
        }
        for key in [
            "vis_live_canary",
            "sk_test_canary",
            "vsk_live_canary",
            "canary-with-dashes",
            "c4n4ry5canary6canary7",
            "0123456789ABCDEF0123456789ABCDEF",
            "",
        ] {
            let error = variable_name(key).unwrap_err();
            assert!(!error.to_lowercase().contains("canary") && !error.contains("0123"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let (_, _, _) = (duration(&text), quota(&text), quota_reset(&text));
            let (_, _) = (spend(&text), variable_name(&text));
        }

        #[test]
        fn near_misses_are_what_they_say_or_refused(
            time in "[0-9]{0,12}( ?(ns|us|ms|s|m|h|d|w|month|y|years)){0,3}",
            money in "-?[0-9]{0,15}[.]?[0-9]{0,7} ?(USD|EUR)?",
            window in "(day|month|10s|0s|1d|)",
            clock in "[0-9]{1,2}:[0-9]{1,2}( UTC| Europe/Paris| [A-Z]{3})?",
        ) {
            prop_assert!(duration(&time).is_ok_and(|length| length <= LONGEST) || duration(&time).is_err());
            if let Ok(limit) = spend(&format!("{money}/{window}")) {
                prop_assert!(limit.amount >= Micros::ZERO && !limit.window.is_zero());
            }
            if let Ok(reset) = quota_reset(&clock) {
                prop_assert_eq!(reset.to_string(), clock);
            }
        }

        #[test]
        fn near_addresses_are_safe_or_refused(
            scheme in "(https?|ftp|HTTP):/{1,3}", host in "([a-z0-9.:@%\\[\\]-]{0,20}|127[.]0[.]0[.][0-9]|localhost)",
            rest in "(:[0-9]{0,6})?(/[a-z./ ]{0,8})?[?#]?",
        ) {
            if let Ok(url) = base_url(&format!("{scheme}{host}{rest}")) {
                prop_assert_eq!(base_url(&url), Ok(url.clone()), "written, and read again");
                prop_assert!(!url.contains(['@', '?', '#', ' ']) && !url.ends_with('/'), "{}", url);
                prop_assert!(url.starts_with("https://") || url.starts_with("http://1") || url.starts_with("http://l") || url.starts_with("http://["), "{}", url);
            }
        }

        #[test]
        fn every_quota_survives_being_written(calls in 1..=u32::MAX, seconds in 1u64..3_000_000) {
            let calls = NonZeroU32::new(calls).unwrap();
            let written = Quota { calls, window: Duration::from_secs(seconds) };
            prop_assert_eq!(quota(&written.to_string()).unwrap(), written);
        }
    }
}
