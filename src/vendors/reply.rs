//! What any reply says, whoever sent it: its status, the wait it asks for, and an
//! excerpt of its body that is fit for a report.

use std::time::Duration;

use jiff::Timestamp;

use super::Reply;
use crate::domain::time::{CLOCK_GRAIN, LONGEST_WAIT, retry_after, whole_seconds};
use crate::domain::{Denied, Fault};

/// The reading of an HTTP status that holds for every vendor that does not override it.
pub fn by_status(reply: &Reply) -> Option<Fault> {
    match reply.status {
        200..=299 => None,
        401 => Some(Fault::Denied(Denied::Key)),
        402 => Some(Fault::Denied(Denied::Billing)),
        403 => Some(Fault::Denied(Denied::Scope)),
        408 => Some(Fault::Timeout),
        // All of these may be cured by asking about fewer or other keys.
        400 | 404 | 410 | 413 | 414 | 422 | 431 => {
            Some(Fault::Poisoned { code: format!("http_{}", reply.status) })
        }
        429 => Some(Fault::Limited { wait: wait_asked(reply) }),
        503 => match retry_after_header(reply) {
            Some(wait) => Some(Fault::Limited { wait: Some(wait) }),
            None => Some(Fault::Server(503)),
        },
        status @ 500..=599 => Some(Fault::Server(status)),
        status => Some(Fault::Garbled { excerpt: format!("unexpected HTTP status {status}") }),
    }
}

/// The reading of an HTTP status where no key is shown: no account is turned
/// away for good, so what looks like it is a wall against traffic.
pub(super) fn without_key(reply: &Reply) -> Option<Fault> {
    match by_status(reply) {
        Some(Fault::Denied(_)) => Some(Fault::Limited { wait: wait_asked(reply) }),
        fault => fault,
    }
}

/// How long the server asks to wait: its `Retry-After`, else the reset of its
/// rate limit.
pub(super) fn wait_asked(reply: &Reply) -> Option<Duration> {
    const RESETS: [&str; 3] = ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"];
    retry_after_header(reply)
        .or_else(|| RESETS.iter().find_map(|name| until_reset(reply.header(name)?, reply)))
}

/// The wait that a `Retry-After` header asks for.
pub fn retry_after_header(reply: &Reply) -> Option<Duration> {
    reply.header("retry-after").and_then(|value| retry_after(value, server_now(reply)))
}

/// The wait until a reset, which vendors write as seconds from now, as epoch
/// seconds or as epoch milliseconds. A moment is compared with the server's own
/// `Date`, so that its clock need not agree with ours. Past ones are `None`.
fn until_reset(value: &str, reply: &Reply) -> Option<Duration> {
    const EPOCH_SECONDS: u64 = 1_000_000_000;
    const EPOCH_MILLIS: u64 = 1_000_000_000_000;
    let number = whole_seconds(value)?;
    if number < EPOCH_SECONDS {
        return Some(Duration::from_secs(number).min(LONGEST_WAIT));
    }
    let reset = if number < EPOCH_MILLIS { number.saturating_mul(1000) } else { number };
    let now = u64::try_from(server_now(reply).as_millisecond()).ok()?;
    let wait = Duration::from_millis(reset.checked_sub(now)?) + CLOCK_GRAIN;
    Some(wait.min(LONGEST_WAIT))
}

/// The time by the server's own clock, which need not agree with ours. It shows
/// whole seconds; where ours may show the same time, it shows that in full.
fn server_now(reply: &Reply) -> Timestamp {
    let ours = Timestamp::now();
    let date = reply.header("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let Some(date) = date.map(|date| date.timestamp()) else { return ours };
    let agrees = date <= ours && ours < date.saturating_add(CLOCK_GRAIN).unwrap_or(date);
    if agrees { ours } else { date }
}

/// The fault of a body that is not an answer.
pub(super) fn garbled(body: &[u8]) -> Fault {
    Fault::Garbled { excerpt: excerpt(body) }
}

/// The fault of a body that is JSON, but not of a shape that has ever been
/// described. It is never read as "nothing found".
pub(super) fn unrecognised(body: &[u8]) -> Fault {
    Fault::Garbled { excerpt: format!("unrecognised_response: {}", excerpt(body)) }
}

/// The first characters of a body, fit for one line of a report: no control
/// or direction characters, nothing that looks like a VIN or a key.
pub fn excerpt(body: &[u8]) -> String {
    const LENGTH: usize = 120;
    // A character has at most four bytes; masking happens before the cut, so
    // that no cut VIN slips through.
    const WINDOW: usize = LENGTH * 4;
    let text = String::from_utf8_lossy(&body[..body.len().min(WINDOW)]);
    let whole = if body.len() > WINDOW { text.trim_end_matches(in_token) } else { &text };
    shorten(whole, LENGTH)
}

/// A vendor's code or words about one key, in at most 80 characters.
pub(super) fn short_words(words: &str) -> String {
    let short = shorten(words, 80);
    if short.is_empty() { "unreadable words".into() } else { short }
}

/// `text` on one line, masked, at most `length` characters.
fn shorten(text: &str, length: usize) -> String {
    let visible: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    mask_secrets(&line).chars().take(length).collect()
}

/// Control characters, and those that hide or reorder text on a terminal.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Replaces every token that may be a VIN or an API key by stars: one with a
/// run of 17 or more letters and digits, or one marked as `sk_…`, `…_live_…` or
/// `…_test_…`.
fn mask_secrets(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !in_token(c)) {
        let token = piece.trim_end_matches(|c| !in_token(c));
        if is_secret(token) {
            masked.push_str("*****************");
            masked.push_str(&piece[token.len()..]);
        } else {
            masked.push_str(piece);
        }
    }
    masked
}

fn is_secret(token: &str) -> bool {
    const MARKS: [&str; 3] = ["sk_", "_live_", "_test_"];
    MARKS.iter().any(|mark| token.contains(mark))
        || token.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= 17)
}

fn in_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
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
        let body =
            "<html>\r\n\t<h1>\u{1b}[31mBad\u{202e} Gateway</h1>".to_owned() + &"x ".repeat(500);
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
}
