//! Errors that come with status 200: about one item, or about the whole call.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::{Denied, Fault};
use crate::vendors::Reply;
use crate::vendors::json::{self, Object};
use crate::vendors::reply::{error_words, garbled, short_words, unrecognised, wait_asked};

/// The names under which an object says whether it succeeded.
pub(super) const SUCCESS: &[&str] = &["success", "ok"];

/// Whether the object says of itself that it failed.
pub(super) fn says_failed(object: &Object<'_>) -> bool {
    let error_is_true = || object.get(&["error"]).is_some_and(|raw| raw.get() == "true");
    success(object) == Some(false) || error_is_true()
}

fn success(object: &Object<'_>) -> Option<bool> {
    object.scalar(SUCCESS).as_deref().and_then(json::flag)
}

/// What an item's error says, in at most 80 characters and without a VIN.
pub(super) fn about_item(item: &Object<'_>) -> Option<String> {
    let under = |name| item.get(&[name]).and_then(error_words);
    // A message beside `success: true` is not a complaint.
    let message = || if success(item) == Some(true) { None } else { under("message") };
    under("error")
        .or_else(|| under("errors"))
        .or_else(message)
        .or_else(|| vpic_error(item))
        .map(|words| short_words(&words))
}

/// What vPIC itself says: `ErrorText`, unless `ErrorCode` is 0 throughout.
fn vpic_error<'a>(item: &Object<'a>) -> Option<Cow<'a, str>> {
    let code = item.scalar(&["ErrorCode", "error_code"]);
    let text = item.scalar(&["ErrorText", "error_text"]);
    match (code, text) {
        (Some(code), _) if code.split(',').all(|code| code.trim() == "0") => None,
        (Some(code), None) => Some(format!("error code {code}").into()),
        (None, Some(text)) if text.starts_with('0') => None,
        (_, text) => text,
    }
}

/// What an entry of an error list says, in at most 80 characters.
pub(super) fn in_entry(entry: &RawValue) -> String {
    error_words(entry).map_or_else(|| "error".into(), |words| short_words(&words))
}

/// Whether these words describe trouble that will pass. Then they are not an answer
/// about the VIN, which is asked about again instead of remembered as refused.
pub(super) fn is_passing(words: &str) -> bool {
    const PASSING: [&str; 8] = [
        "rate limit",
        "too many requests",
        "quota",
        "timeout",
        "timed out",
        "try again",
        "internal error",
        "internal server error",
    ];
    let words = words.to_lowercase();
    PASSING.iter().any(|passing| words.contains(passing))
}

/// The fault of a reply that says that it failed.
pub(super) fn about_call(envelope: &Object<'_>, reply: &Reply) -> Fault {
    known_fault(envelope, reply).unwrap_or_else(|| garbled(&reply.body))
}

/// The fault of a reply without any known place for answers.
pub(super) fn about_shape(envelope: &Object<'_>, reply: &Reply) -> Fault {
    known_fault(envelope, reply).unwrap_or_else(|| unrecognised(&reply.body))
}

/// The fault that the envelope names beyond doubt.
fn known_fault(envelope: &Object<'_>, reply: &Reply) -> Option<Fault> {
    meaning(&all_words(envelope), reply)
}

/// The fault that `words` name beyond doubt, whatever their case.
pub(super) fn meaning(words: &str, reply: &Reply) -> Option<Fault> {
    const KEY: [&str; 8] = [
        "invalid api key",
        "invalid_api_key",
        "missing api key",
        "api key is missing",
        "api key is required",
        "api key required",
        "api key revoked",
        "unauthorized",
    ];
    const LIMIT: [&str; 6] = [
        "rate limit",
        "rate_limit",
        "too many requests",
        "quota exceeded",
        "daily limit",
        "limit exceeded",
    ];
    const BILLING: [&str; 2] = ["payment required", "payment_required"];

    let words = words.to_lowercase();
    let say = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    if say(&KEY) {
        Some(Fault::Denied(Denied::Key))
    } else if say(&LIMIT) {
        Some(Fault::Limited { wait: wait_asked(reply) })
    } else if say(&BILLING) {
        Some(Fault::Denied(Denied::Billing))
    } else {
        None
    }
}

/// Everything the envelope says about its failure.
fn all_words(envelope: &Object<'_>) -> String {
    const PLACES: [&str; 6] = ["error", "errors", "message", "code", "error_code", "detail"];
    let inner = envelope.get(&["error"]).and_then(|raw| Object::read(raw).ok().flatten());
    let objects = std::iter::once(envelope).chain(inner.as_ref());
    let values = objects.flat_map(|object| PLACES.iter().filter_map(|place| object.get(&[place])));
    values.filter_map(error_words).fold(String::new(), |all, words| all + &words + "\n")
}
