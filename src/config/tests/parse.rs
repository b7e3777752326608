#![allow(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;

use super::super::address::base_url;
use super::*;

#[test]
fn quotas_are_read_and_written_alike() {
    for text in ["100/day", "10/10s", "60/minute", "1000/hour", "1/second", "5/month", "7/15m"] {
        assert_eq!(quota(text).unwrap().to_string(), text);
    }
    assert_eq!(quota("5/month").unwrap().window, Duration::from_hours(744));
    assert_eq!(quota(" 60 / 60s ").unwrap().to_string(), "60/minute");
    for text in ["", "100", "0/day", "-1/day", "1.5/day", "100/", "100/fortnight", "1/0s", "1/1ms"]
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
