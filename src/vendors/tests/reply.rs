use proptest::prelude::*;

use super::*;
use crate::domain::Micros;
use crate::vendors::registry;
use crate::vendors::testing::{headers, reply};

const VIN: &str = "1HGBH41JXMN109186";

fn with_headers(status: u16, headers: &[(&str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Reply { headers: headers.collect(), ..reply(status, b"") }
}

#[test]
fn every_status_has_its_reading() {
    let fault = |status| by_status(&reply(status, b""));
    assert_eq!(fault(200), None);
    assert_eq!(fault(401), Some(Fault::Denied(Denied::Key)));
    assert_eq!(fault(402), Some(Fault::Denied(Denied::Billing)));
    assert_eq!(fault(403), Some(Fault::Denied(Denied::Scope)));
    assert_eq!(fault(408), Some(Fault::Timeout));
    assert_eq!(fault(429), Some(Fault::Limited { wait: None }));
    assert_eq!(fault(503), Some(Fault::Server(503)));
    assert_eq!(fault(529), Some(Fault::Server(529)));
    for status in [400, 404, 410, 413, 414, 422, 431] {
        assert_eq!(fault(status), Some(Fault::Poisoned { code: format!("http_{status}") }));
    }
    for status in [100, 301, 307, 405, 418, 600, 999] {
        assert!(matches!(fault(status), Some(Fault::Garbled { .. })), "{status}");
    }
}

#[test]
fn a_503_with_a_wait_is_a_limit() {
    let reply = with_headers(503, &[("retry-after", "7")]);
    assert_eq!(by_status(&reply), Some(Fault::Limited { wait: Some(Duration::from_secs(7)) }));
    let unreadable = with_headers(503, &[("retry-after", "soon")]);
    assert_eq!(by_status(&unreadable), Some(Fault::Server(503)));
}

#[test]
fn a_reset_is_read_in_every_form() {
    let date = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");
    let wait = |reset| wait_asked(&with_headers(429, &[date, ("x-ratelimit-reset", reset)]));
    let seconds = |s| Some(Duration::from_secs(s));
    assert_eq!(wait("30"), seconds(30));
    assert_eq!(wait("0"), seconds(0));
    assert_eq!(wait("1767225660"), seconds(61), "epoch seconds");
    let half_a_second_more = Some(Duration::from_millis(61_500));
    assert_eq!(wait("1767225660500"), half_a_second_more, "epoch milliseconds");
    assert_eq!(wait("1767225000"), None, "past");
    assert_eq!(wait("999999999"), seconds(366 * 24 * 3600));
    assert_eq!(wait("-5"), None);
    assert_eq!(wait("tomorrow"), None);
}

#[test]
fn a_date_to_come_back_is_read_by_the_servers_own_clock() {
    // This server's clock is years behind ours.
    let date = ("date", "Thu, 01 Jan 2015 00:00:00 GMT");
    let reply = with_headers(429, &[date, ("retry-after", "Thu, 01 Jan 2015 01:00:00 GMT")]);
    assert_eq!(wait_asked(&reply), Some(Duration::from_secs(3601)));
}

#[test]
fn retry_after_wins_over_a_reset() {
    let reply = with_headers(429, &[("x-ratelimit-reset", "3600"), ("retry-after", "2")]);
    assert_eq!(wait_asked(&reply), Some(Duration::from_secs(2)));
}

#[test]
fn an_excerpt_is_one_short_line() {
    let body = "<html>\r\n\t<h1>\u{1b}[31mBad\u{202e} Gateway</h1>".to_owned() + &"x ".repeat(500);
    let excerpt = excerpt(body.as_bytes());
    assert!(excerpt.starts_with("<html> <h1> [31mBad Gateway</h1>"), "{excerpt}");
    assert_eq!(excerpt.chars().count(), 120);
}

#[test]
fn an_excerpt_hides_vins_and_keys() {
    let shown = excerpt(
        format!(r#"{{"vin":"{VIN}","low":"{}","key":"sk_live_ab12"}}"#, VIN.to_lowercase())
            .as_bytes(),
    );
    assert_eq!(
        shown,
        r#"{"vin":"*****************","low":"*****************","key":"*****************"}"#
    );
    assert!(!excerpt(b"vis_live_Zm9v is revoked").contains("Zm9v"));
}

#[test]
fn a_cut_hides_the_vin_it_cuts() {
    for before in 100..125 {
        let shown = excerpt(format!("{}{VIN} and more", ".".repeat(before)).as_bytes());
        assert!(!shown.contains("1HG"), "{shown}");
    }
    let shown = excerpt(format!("{}{VIN}", "\u{1f600}".repeat(118)).as_bytes());
    assert!(!shown.contains("1HG"), "{shown}");
}

proptest! {
    #[test]
    fn an_excerpt_never_panics_and_never_shows_a_vin(
        before in proptest::collection::vec(any::<u8>(), 0..600),
        after in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let shown = excerpt(&[&before, VIN.as_bytes(), &after].concat());
        prop_assert!(shown.chars().count() <= 120);
        prop_assert!(!shown.contains(VIN));
        prop_assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn no_header_asks_for_more_than_a_year(status in 100_u16..1000, headers in headers()) {
        let reply = Reply { headers, ..reply(status, b"") };
        for vendor in registry() {
            if let Some(Fault::Limited { wait }) = vendor.fault(&reply) {
                prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT), "{:?}", wait);
            }
            for limit in vendor.limits(&reply) {
                prop_assert!(limit.window.is_none_or(|window| !window.is_zero()));
                prop_assert!(limit.reset.is_none_or(|reset| reset <= LONGEST_WAIT));
            }
            prop_assert!(vendor.charged(&reply).is_none_or(|charged| charged >= Micros::ZERO));
        }
    }

    #[test]
    fn words_of_a_vendor_are_short_and_printable(words in any::<String>()) {
        let short = short_words(&words);
        prop_assert!((1..=80).contains(&short.chars().count()));
        prop_assert!(!short.chars().any(is_unprintable));
    }
}
