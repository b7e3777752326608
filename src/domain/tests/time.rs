use proptest::prelude::*;

use super::*;

#[test]
fn a_time_is_shown_in_full_or_rounded() {
    let shown = |micros| {
        let (time, mut full) = (Timestamp::from_micros(micros), Vec::new());
        time.write_rfc3339(&mut full).expect("a calendar holds it");
        (String::from_utf8(full).expect("UTF-8"), time.rfc3339())
    };
    let pair = |full: &str, rounded: &str| (full.to_owned(), rounded.to_owned());
    assert_eq!(shown(0), pair("1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z"));
    assert_eq!(
        shown(1_751_373_000_500_001),
        pair("2025-07-01T12:30:00.500001Z", "2025-07-01T12:30:01Z")
    );
    assert_eq!(shown(-1), pair("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"));
    assert_eq!(Timestamp::MAX.rfc3339(), "never");
    assert!(Timestamp::MAX.write_rfc3339(&mut Vec::new()).is_err());
}

#[test]
fn arithmetic_of_times_saturates() {
    let (time, hour) = (Timestamp::from_micros(1_795_314_199_500_000), Duration::from_hours(1));
    assert_eq!(time.later(hour).since(time), hour);
    assert_eq!(time.earlier(hour).later(hour), time);
    assert_eq!(time.since(time.later(hour)), Duration::ZERO, "it is not after it");
    assert_eq!(time.later(Duration::MAX), Timestamp::MAX);
    assert_eq!(time.whole_second().micros(), 1_795_314_200_000_000);
    assert_eq!(time.whole_second().whole_second(), time.whole_second());
    assert_eq!(Timestamp::from_micros(-1).days(), -1);
}

#[test]
fn a_wait_is_read_in_every_form() {
    let server_now: Timestamp = "2026-11-22T03:00:00Z".parse().expect("a time");
    let read = |value| retry_after(value, server_now).map(|wait| wait.as_secs());
    assert_eq!(read("7"), Some(7));
    assert_eq!(read(" 7 "), Some(7));
    assert_eq!(read("1.2"), Some(2), "rounded up");
    assert_eq!(read("0"), Some(0));
    assert_eq!(read("1000000000"), Some(LONGEST_WAIT.as_secs()));
    assert_eq!(read("1e9"), Some(LONGEST_WAIT.as_secs()));
    assert_eq!(read("99999999999999999999999"), Some(LONGEST_WAIT.as_secs()));
    assert_eq!(read("Sun, 22 Nov 2026 03:01:00 GMT"), Some(61));
    for nothing in ["-5", "-0.5", "soon", "", "inf", "NaN", "Sun, 22 Nov 2026 02:00:00 GMT"] {
        assert_eq!(read(nothing), None, "{nothing}");
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
        let wait = retry_after(&value, Timestamp::now());
        prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT));
    }
}

#[test]
fn people_read_one_form_of_a_time() {
    let time: Timestamp = "2026-11-23T04:10:00.6+02:00".parse().expect("a time");
    assert_eq!(time.to_string(), "2026-11-23 02:10:01 UTC");
    assert_eq!(Timestamp::MAX.to_string(), "never");
}
