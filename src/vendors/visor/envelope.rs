//! Visor's error envelope: `{"error":{"type":"…","code":"…","message":"…"}}`, and the
//! one of a request that is not of its contract:
//! `{"_tag":"HttpApiDecodeError","issues":[{"path":["limit"],"message":"…"}],"message":"…"}`.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::domain::time::{LONGEST_WAIT, whole_seconds};
use crate::domain::{Denied, Fault};
use crate::vendors::json::{self, Object, Value};
use crate::vendors::reply::{short_words, shorten, wait_asked};
use crate::vendors::{Reply, by_status, own_words};

/// Begins the words of a fault that is about the request and not about what it
/// asks for: no other key would fare better.
const REQUEST_REFUSED: &str = "the request itself is refused: ";

/// The code of a 400 that is about `fields`.
const FIELDS_REFUSED: &str = "unknown_field";

/// The longest words of the vendor that are shown, in characters.
const WORDS: usize = 240;

/// Issues of a refused request that are shown.
const ISSUES: usize = 3;

/// What is wrong with a reply as a whole. The error's code decides, then its
/// type, then the status.
///
/// A 404 in the vendor's own envelope is an answer and not a fault: see `detail`.
pub(super) fn fault(reply: &Reply) -> Option<Fault> {
    if (200..300).contains(&reply.status) {
        return None;
    }
    let Some(error) = ApiError::read(reply) else { return without_error(reply) };
    let limited = || Fault::Limited { wait: wait(reply) };
    let server = || Fault::Server(if reply.status >= 500 { reply.status } else { 503 });
    match (error.code.as_ref(), error.kind.as_ref()) {
        ("missing_api_key" | "invalid_api_key" | "query_string_api_key_rejected", _) => {
            Some(Fault::Denied(Denied::Key))
        }
        ("billing_state_blocked" | "monthly_spend_cap_exceeded", _) => {
            Some(Fault::Denied(Denied::Billing))
        }
        ("missing_scope", _) => Some(Fault::Denied(Denied::Scope)),
        ("rate_limit_exceeded", _) => Some(limited()),
        ("data_unavailable", _) => Some(server()),
        (_, "authentication_error") => Some(Fault::Denied(Denied::Key)),
        (_, "billing_error") => Some(Fault::Denied(Denied::Billing)),
        (_, "permission_error") => Some(Fault::Denied(Denied::Scope)),
        (_, "rate_limit_error") => Some(limited()),
        _ if error.wants_newer_client(reply.status) => Some(request_refused(&error.words())),
        (code, kind) => match reply.status {
            404 => None,
            400 if error.is_about_fields() => Some(fields_refused()),
            400 | 413 | 414 | 422 => Some(Fault::Poisoned {
                code: short_words(if code.is_empty() { kind } else { code }),
            }),
            429 => Some(limited()),
            _ => by_status(reply),
        },
    }
}

/// Whether the vendor itself says that it does not know what was asked for.
pub(super) fn is_unknown(reply: &Reply) -> bool {
    reply.status == 404 && ApiError::read(reply).is_some()
}

/// Whether `fault` is about the request and not about what it asks for.
pub(super) fn refuses_request(fault: &Fault) -> bool {
    matches!(fault, Fault::Garbled { excerpt } if excerpt.starts_with(REQUEST_REFUSED))
}

/// Whether `fault` is about the `fields` that a request names.
pub(super) fn refuses_fields(fault: &Fault) -> bool {
    *fault == fields_refused()
}

/// The vendor's own words about a reply that is not an answer: its code by name,
/// what it says to people, and the version of a client that it still serves.
pub(super) fn words(reply: &Reply) -> Option<String> {
    if let Some(error) = ApiError::read(reply) {
        return Some(shorten(&error.words(), WORDS));
    }
    match Issues::read(reply) {
        Some(issues) => Some(shorten(&issues.words(), WORDS)),
        None => own_words(reply),
    }
}

/// Replies without `error`: a request that is not of the contract, or whatever is in
/// front of the API. That answered a wrong key with 403 instead of the documented 401.
fn without_error(reply: &Reply) -> Option<Fault> {
    match (reply.status, Issues::read(reply)) {
        (400, Some(issues)) if issues.are_about("fields") => Some(fields_refused()),
        (400, Some(issues)) => Some(request_refused(&issues.words())),
        (403, _) => Some(Fault::Denied(Denied::Key)),
        (429, _) => Some(Fault::Limited { wait: wait(reply) }),
        _ => by_status(reply),
    }
}

fn request_refused(words: &str) -> Fault {
    Fault::Garbled { excerpt: shorten(&format!("{REQUEST_REFUSED}{words}"), WORDS) }
}

fn fields_refused() -> Fault {
    Fault::Poisoned { code: FIELDS_REFUSED.into() }
}

/// The longer of the waits that headers and body ask for.
fn wait(reply: &Reply) -> Option<Duration> {
    let in_body = || {
        let seconds = whole_seconds(&top(reply)?.scalar(&["retryAfter"])?)?;
        Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
    };
    wait_asked(reply).max(in_body())
}

fn top(reply: &Reply) -> Option<Object<'_>> {
    Object::of_body(&reply.body).ok()?
}

/// What `error` says.
struct ApiError<'a> {
    code: Cow<'a, str>,
    kind: Cow<'a, str>,
    error: Object<'a>,
}

impl<'a> ApiError<'a> {
    fn read(reply: &'a Reply) -> Option<Self> {
        let error = Object::read(top(reply)?.get(&["error"])?).ok()??;
        let text = |name| error.scalar(&[name]);
        let (code, kind) = (text("code"), text("type"));
        if code.is_none() && kind.is_none() {
            return None;
        }
        let (code, kind) = (code.unwrap_or_default(), kind.unwrap_or_default());
        Some(Self { code, kind, error })
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.error.scalar(&[name])
    }

    /// Such as `monthly_spend_cap_exceeded: The cap of this month is reached.`
    fn words(&self) -> String {
        let name = if self.code.is_empty() { &self.kind } else { &self.code };
        let mut words = name.to_string();
        let more = [
            (" (", "reason_code", ")"),
            (": ", "message", ""),
            ("; the oldest client version it serves is ", "minimum_supported_version", ""),
            ("; an update is at ", "update_url", ""),
        ];
        for (before, name, after) in more {
            if let Some(text) = self.text(name) {
                words.extend([before, &text, after]);
            }
        }
        words
    }

    /// Whether it serves newer clients only, whatever they ask. That it names the
    /// oldest one it serves is not enough: any error may.
    fn wants_newer_client(&self, status: u16) -> bool {
        const UPGRADE_REQUIRED: u16 = 426;
        let reason = self.text("reason_code").unwrap_or_default();
        status == UPGRADE_REQUIRED || self.code.contains("version") || reason.contains("version")
    }

    /// The vendor lists no code for a field that it does not know, so its message
    /// counts as well.
    fn is_about_fields(&self) -> bool {
        let message = self.text("message").unwrap_or_default();
        self.code.contains("field")
            || message.contains("fields")
            || super::EXTRA_FIELDS.iter().any(|field| message.contains(field))
    }
}

/// What is wrong with a request that is not of the contract.
struct Issues<'a> {
    /// Where, and what is said of it.
    issues: Vec<(String, Cow<'a, str>)>,
    message: Cow<'a, str>,
}

impl<'a> Issues<'a> {
    fn read(reply: &'a Reply) -> Option<Self> {
        let top = top(reply)?;
        let Value::List(issues) = Value::read(top.get(&["issues"])?).ok()? else { return None };
        let issues = issues.into_iter().filter_map(|issue| {
            let issue = Object::read(issue).ok()??;
            let path = issue.get(&["path"]).map(place).unwrap_or_default();
            Some((path, issue.scalar(&["message"])?))
        });
        Some(Self {
            issues: issues.collect(),
            message: top.scalar(&["message"]).unwrap_or_default(),
        })
    }

    fn are_about(&self, parameter: &str) -> bool {
        self.issues.iter().any(|(path, _)| path.split('.').any(|step| step == parameter))
    }

    /// `limit: Expected a number, actual "many"; …`, or the message where no issue
    /// says more.
    fn words(&self) -> String {
        let said = self.issues.iter().take(ISSUES).map(|(path, message)| match path.as_str() {
            "" => message.to_string(),
            path => format!("{path}: {message}"),
        });
        let said: Vec<_> = said.collect();
        if said.is_empty() { self.message.to_string() } else { said.join("; ") }
    }
}

/// `query.limit` for `["query","limit"]`.
fn place(path: &RawValue) -> String {
    let Ok(Value::List(steps)) = Value::read(path) else { return String::new() };
    steps.into_iter().filter_map(json::scalar).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
#[path = "tests/envelope.rs"]
mod tests;
