//! What any reply says, whoever sent it: its status, the wait it asks for, and an
//! excerpt of its body that is fit for a report.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use super::json::{self, Object, Value};
use super::{Envelope, Reply};
use crate::domain::time::{CLOCK_GRAIN, LONGEST_WAIT, Timestamp, retry_after, whole_seconds};
use crate::domain::{Denied, Fault};

/// The longest excerpt of a body, in characters.
const EXCERPT: usize = 120;

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

/// NHTSA's words beside every good reply, whichever of its services sends it.
pub(super) static NHTSA_ENVELOPE: Envelope = Envelope {
    is_good: |message| message.starts_with("Results returned successfully"),
    own_errors: &["Count"],
    ..Envelope::USUAL
};

/// The reading of an HTTP status where no key is shown: no account is turned
/// away for good, so what looks like it is a wall against traffic, unless the gateway
/// says that it knows no such route.
pub(super) fn without_key(reply: &Reply) -> Option<Fault> {
    const NO_ROUTE: &str = "Missing Authentication Token";
    match by_status(reply) {
        Some(Fault::Denied(_)) if own_words(reply).as_deref() == Some(NO_ROUTE) => {
            Some(Fault::Denied(Denied::Address))
        }
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
    let now = u64::try_from(server_now(reply).micros() / 1000).ok()?;
    let wait = Duration::from_millis(reset.checked_sub(now)?) + CLOCK_GRAIN;
    Some(wait.min(LONGEST_WAIT))
}

/// The time by the server's own clock, which need not agree with ours. It shows
/// whole seconds; where ours may show the same time, it shows that in full.
fn server_now(reply: &Reply) -> Timestamp {
    let ours = Timestamp::now();
    let date = reply.header("date").and_then(Timestamp::from_http_date);
    let Some(date) = date else { return ours };
    let agrees = date <= ours && ours < date.later(CLOCK_GRAIN);
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
    // A character has at most four bytes; masking happens before the cut, so
    // that no cut VIN slips through.
    const WINDOW: usize = EXCERPT * 4;
    let text = String::from_utf8_lossy(&body[..body.len().min(WINDOW)]);
    let whole = if body.len() > WINDOW { text.trim_end_matches(in_token) } else { &text };
    shorten(whole, EXCERPT)
}

/// The vendor's own words in a reply that is not an answer: what its error says, or
/// the first characters of a body that is not JSON. On one line and masked.
pub(crate) fn own_words(reply: &Reply) -> Option<String> {
    const PLACES: [&str; 7] = ["message", "detail", "error", "errors", "title", "reason", "code"];
    const CODES: [&str; 2] = ["error_code", "code"];
    let is_number = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    let words = match json::read(&reply.body) {
        Ok(raw) => {
            let object = Object::read(raw).ok()??;
            let said = |place| object.get(&[place]).and_then(error_words);
            let words = PLACES.into_iter().find_map(said)?;
            let inner = object.get(&["error"]).and_then(|raw| Object::read(raw).ok().flatten());
            let code = object.scalar(&CODES).or_else(|| inner.as_ref()?.scalar(&CODES));
            let code = code.filter(|code| !is_number(code) && !words.contains(code.as_ref()));
            match code {
                Some(code) => shorten(&format!("{code}: {words}"), EXCERPT),
                None => shorten(&words, EXCERPT),
            }
        }
        Err(_) => excerpt(&reply.body),
    };
    (!words.is_empty()).then_some(words)
}

/// The words in an error value: text, or the words of an object or of the
/// first entry of a list. Null, true, false, 0, "" and empty ones have none.
pub(super) fn error_words(raw: &RawValue) -> Option<Cow<'_, str>> {
    const PLACES: [&str; 5] = ["message", "error", "detail", "reason", "code"];
    match Value::read(raw).ok()? {
        Value::Null | Value::Bool(_) => None,
        Value::Text(_) | Value::Number(_) => json::scalar(raw).filter(|text| text != "0"),
        Value::Object(object) => object.scalar(&PLACES),
        Value::List(list) => match Value::read(list.first()?).ok()? {
            Value::Object(object) => object.scalar(&PLACES),
            _ => json::scalar(list.first()?),
        },
    }
}

/// A vendor's code or words about one key, in at most 80 characters.
pub(super) fn short_words(words: &str) -> String {
    let short = shorten(words, 80);
    if short.is_empty() { "unreadable words".into() } else { short }
}

/// `text` on one line, masked, at most `length` characters.
pub(super) fn shorten(text: &str, length: usize) -> String {
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
#[path = "tests/reply.rs"]
mod tests;
