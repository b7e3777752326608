//! The small languages: stored keys, waits, years, names, and the words of a
//! fault rule of the sandbox.

use vinrich::config::{duration, quota};
use vinrich::domain::key::Key;
use vinrich::domain::money::Micros;
use vinrich::domain::time::{LONGEST_WAIT, Timestamp, retry_after};
use vinrich::row_vehicle::model_year;
use vinrich::sandbox::FaultRule;
use vinrich::vendors::excerpt;
use vinrich::{same_body, same_fuel, same_make, same_model, same_model_of, variants};

/// Words, and other words behind a line feed to compare them with.
pub(crate) fn words(bytes: &[u8]) {
    let shown = excerpt(bytes);
    assert!(shown.chars().count() <= 120 && super::is_printable(&shown), "{shown:?}");
    let text = String::from_utf8_lossy(bytes);
    let (one, other) = text.split_once('\n').unwrap_or((&text, ""));
    assert_key(&text);
    assert_numbers(one);
    assert_names(one, other);
    if let Err(reason) = one.parse::<FaultRule>() {
        assert!(!reason.to_string().is_empty());
    }
}

/// A stored form is that of one key alone.
fn assert_key(text: &str) {
    if let Some(key) = Key::from_stored(text) {
        let stored = key.to_stored();
        assert_eq!(Key::from_stored(&stored), Some(key), "stored, and read again");
    }
}

fn assert_numbers(text: &str) {
    assert!(retry_after(text, Timestamp::default()).is_none_or(|wait| wait <= LONGEST_WAIT));
    assert!(duration(text).is_ok_and(|wait| wait <= 100 * LONGEST_WAIT) || duration(text).is_err());
    assert!(model_year(text).is_none_or(|year| (1900..2100).contains(&year)));
    assert!(Micros::parse_usd(text).is_none_or(|amount| amount.0 >= 0));
    if let Ok(limit) = quota(text) {
        assert_eq!(quota(&limit.to_string()), Ok(limit), "written, and read again");
    }
}

/// Comparing names takes no side.
fn assert_names(one: &str, other: &str) {
    for same in [same_make, same_model, same_body, same_fuel] {
        assert!(same(one, one), "{one:?} is not itself");
        assert_eq!(same(one, other), same(other, one), "{one:?} and {other:?}");
    }
    let makes = [other];
    assert_eq!(same_model_of(&makes, one, other), same_model_of(&makes, other, one));
    let catalogue: Vec<String> = other.split(',').map(str::to_owned).collect();
    assert!(variants(one, &catalogue).iter().all(|name| catalogue.contains(name)));
}
