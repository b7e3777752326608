//! The vendor's two envelopes: a tool's execution, and an error.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::time::LONGEST_WAIT;
use crate::domain::{Denied, Fault, Micros};
use crate::vendors::reply::{garbled, short_words, unrecognised, wait_asked};
use crate::vendors::{Reply, by_status};

/// The code for a tool id that leads nowhere.
pub(super) const TOOL_NOT_FOUND: &str = "TOOL_NOT_FOUND";

/// How long to wait where the vendor says only that waiting helps.
const WAIT: Duration = Duration::from_secs(2);

/// One run of a tool.
#[derive(Debug, PartialEq, Eq)]
pub struct Execution {
    /// What the tool said, as raw JSON.
    pub result: String,
    /// What the run cost.
    pub charged: Option<Micros>,
    /// The tool's id, where the vendor repeats it: it may have been run by another name.
    pub tool: Option<String>,
    /// The vendor's receipt, as text or raw JSON.
    pub receipt: Option<String>,
}

#[derive(Deserialize)]
struct Success<'a> {
    #[serde(rename = "success")]
    ok: bool,
    /// A tool may well answer `null`.
    #[serde(default, borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    usage: Option<Value>,
    tool: Option<Value>,
    receipt: Option<Value>,
}

/// Distinguishes `null` from what is not there.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl Execution {
    /// The run in a reply's body; `None` where there is none.
    pub fn read(body: &[u8]) -> Option<Self> {
        let Success { ok, result, usage, tool, receipt } = serde_json::from_slice(body).ok()?;
        let result = result.filter(|_| ok)?.get().to_owned();
        let charged = usage.as_ref().and_then(charged);
        let tool = tool.and_then(|tool| tool.as_str().map(str::to_owned));
        Some(Self { result, charged, tool, receipt: receipt.and_then(text) })
    }
}

/// Text as it is, anything else but null as JSON.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// What a reply says that the run cost, whatever else it says or leaves out.
pub(super) fn charge(body: &[u8]) -> Option<Micros> {
    #[derive(Deserialize)]
    struct Charge {
        usage: Option<Value>,
    }
    charged(&serde_json::from_slice::<Charge>(body).ok()?.usage?)
}

/// `charged_micros`, a number in quotes, else `charged_cents`.
fn charged(usage: &Value) -> Option<Micros> {
    const MICROS_IN_A_CENT: i64 = 10_000;
    let amount = |name| match usage.get(name)? {
        Value::String(digits) => digits.trim().parse::<i64>().ok(),
        number => number.as_i64(),
    };
    let micros = amount("charged_micros")
        .or_else(|| amount("charged_cents").and_then(|cents| cents.checked_mul(MICROS_IN_A_CENT)));
    micros.filter(|micros| *micros >= 0).map(Micros)
}

/// `{"success":false,"error","error_code","retryable","retry_after"}`.
#[derive(Deserialize)]
struct Failure {
    error: Option<String>,
    error_code: Option<String>,
    retryable: Option<bool>,
    retry_after: Option<Value>,
}

/// What is wrong with a reply: `retryable` decides first, then the code, then the
/// status. The message is for people alone.
pub(super) fn fault(reply: &Reply) -> Option<Fault> {
    let succeeded = (200..300).contains(&reply.status);
    if succeeded && Execution::read(&reply.body).is_some() {
        return None;
    }
    let Ok(Failure { error, error_code: Some(code), retryable, retry_after }) =
        serde_json::from_slice::<Failure>(&reply.body)
    else {
        return Some(without_envelope(reply, succeeded));
    };
    let wait = asked_to_wait(reply, retry_after.as_ref());
    let is_retryable = retryable.unwrap_or(code == "IDEMPOTENCY_IN_FLIGHT" || wait.is_some());
    Some(if is_retryable {
        retryable_fault(reply.status, wait)
    } else {
        final_fault(reply.status, &code, error.as_deref())
    })
}

fn without_envelope(reply: &Reply, succeeded: bool) -> Fault {
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(_) if succeeded => unrecognised(&reply.body),
        Err(_) if succeeded => garbled(&reply.body),
        _ => by_status(reply).unwrap_or_else(|| garbled(&reply.body)),
    }
}

/// The longer of what the header and the body ask for.
fn asked_to_wait(reply: &Reply, retry_after: Option<&Value>) -> Option<Duration> {
    let seconds = match retry_after {
        Some(Value::String(digits)) => digits.trim().parse().ok(),
        Some(number) => number.as_f64(),
        None => None,
    };
    let in_body = seconds.filter(|seconds: &f64| *seconds >= 0.0).map(|seconds| {
        Duration::try_from_secs_f64(seconds).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
    });
    wait_asked(reply).max(in_body)
}

/// The same request under the same key will do.
fn retryable_fault(status: u16, wait: Option<Duration>) -> Fault {
    match wait {
        None if status >= 500 => Fault::Server(status),
        wait => Fault::Limited { wait: wait.or(Some(WAIT)) },
    }
}

/// Asking again would not help.
fn final_fault(status: u16, code: &str, error: Option<&str>) -> Fault {
    match (code, status) {
        // The key was used with other bytes: a fault of ours, or of the vendor's.
        ("IDEMPOTENT_REPLAY", _) => Fault::Garbled { excerpt: short_words(code) },
        // It may have acted and been charged; a person must find out.
        ("IDEMPOTENCY_UNAVAILABLE", _) => Fault::Unsettled { code: short_words(code) },
        // A key's or an account's cap: tomorrow's matter, or the owner's.
        ("RATE_LIMITED", _) | (_, 402 | 429) => Fault::Denied(Denied::Billing),
        ("KEY_EXPIRED", _) | (_, 401) => Fault::Denied(Denied::Key),
        (_, 403) => Fault::Denied(Denied::Scope),
        (_, 500..) => Fault::Unsettled { code: short_words(code) },
        (code, 400..=499) => Fault::Poisoned { code: short_words(code) },
        (code, _) => {
            let words = error.unwrap_or_default();
            Fault::Garbled { excerpt: short_words(&format!("{code}: {words}")) }
        }
    }
}
