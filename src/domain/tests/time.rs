use proptest::prelude::*;

use super::*;

#[test]
fn a_wait_is_read_in_every_form() {
    let server_now: jiff::Timestamp = "2026-11-22T03:00:00Z".parse().expect("a time");
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
        let wait = retry_after(&value, jiff::Timestamp::now());
        prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT));
    }
}
