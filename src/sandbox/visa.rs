//! The stand-in for Visa Keys, after its vendor's documentation: paid tools run
//! under idempotency keys. It keeps every operation, so that a repetition is
//! answered from the first run and charged once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};

use super::handler::{Call, Heard, NO_ENDPOINT, Reply, Stand, vins_in};
use super::per;
use super::quota::{Door, whole_seconds};
use super::registry::Profile;
use crate::config::Quota;

/// Who it is.
pub(super) static PROFILE: Profile = Profile {
    id: "visa",
    key: Some("sandbox-visa"),
    endpoints: &["execute"],
    quotas: &[per(5, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    start: |key, quotas| Box::new(Visa::new(key, quotas)),
};

/// What every run of a tool costs: one cent, as in the vendor's example.
const CHARGE: i64 = 10_000;

/// What the account may spend in all: a hundred dollars.
const CAP: i64 = 100_000_000;

/// A tool that no account may use, to try that out.
const FORBIDDEN: &str = "forbidden";

/// A tool that does not exist, to try that out.
const UNKNOWN: &str = "unknown";

/// The stand-in.
#[derive(Debug)]
pub(super) struct Visa {
    key: String,
    door: Door,
    /// By idempotency key: the bytes it came with, and the reply.
    operations: Mutex<HashMap<String, (Operation, Reply)>>,
}

/// What a request asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    tool: String,
    body: Vec<u8>,
}

impl Operation {
    fn keys(&self) -> Vec<String> {
        let vins = vins_in(&String::from_utf8_lossy(&self.body));
        std::iter::once(self.tool.to_ascii_uppercase()).chain(vins).collect()
    }
}

impl Visa {
    fn new(key: String, quotas: Vec<Quota>) -> Self {
        Self { key, door: Door::new(quotas), operations: Mutex::default() }
    }

    fn operations(&self) -> MutexGuard<'_, HashMap<String, (Operation, Reply)>> {
        // A thread that panicked left at worst one operation unkept.
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, idempotency_key: &str, operation: &Operation) -> Reply {
        let mut operations = self.operations();
        if let Some((known, reply)) = operations.get(idempotency_key) {
            if known == operation {
                return reply.clone();
            }
            return error(409, "IDEMPOTENT_REPLAY", false);
        }
        let spent = CHARGE.saturating_mul(i64::try_from(operations.len()).unwrap_or(i64::MAX));
        if spent.saturating_add(CHARGE) > CAP {
            return error(429, "RATE_LIMITED", false);
        }
        let reply = executed(operation);
        operations.insert(idempotency_key.to_owned(), (operation.clone(), reply.clone()));
        reply
    }
}

impl Stand for Visa {
    type Question = Operation;

    /// The journal's keys are the idempotency key, the tool and the VINs in its
    /// input, in upper case.
    fn read(&self, heard: &Heard) -> Call<Operation> {
        let path: Vec<&str> = heard.path.split('/').filter(|part| !part.is_empty()).collect();
        let (endpoint, question) = match path.as_slice() {
            ["v1", "api", "tools", tool, "execute"] if heard.method == Method::POST => {
                ("execute", question(tool, heard))
            }
            _ => (NO_ENDPOINT, Err(error(404, "NOT_FOUND", false))),
        };
        let keys = heard.header("idempotency-key").map(str::to_ascii_uppercase);
        let asked = question.as_ref().map(Operation::keys).unwrap_or_default();
        Call { endpoint, keys: keys.into_iter().chain(asked).collect(), question }
    }

    fn answer(&self, heard: &Heard, call: &Call<Operation>, now: Instant) -> Reply {
        match heard.header("x-api-key") {
            None => return error(401, "AUTH_REQUIRED", false),
            Some(key) if key != self.key => return error(401, "AUTH_INVALID", false),
            Some(_) => {}
        }
        if let Err(wait) = self.door.admit(now) {
            let seconds = whole_seconds(wait);
            return error(429, "RATE_LIMITED", true).with_header("retry-after", &seconds);
        }
        match &call.question {
            Ok(operation) => {
                self.run(heard.header("idempotency-key").unwrap_or_default(), operation)
            }
            Err(refusal) => refusal.clone(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        match status {
            401 => error(401, "AUTH_INVALID", false),
            403 => error(403, "TOOL_NOT_PERMITTED", false),
            404 => error(404, "TOOL_NOT_FOUND", false),
            409 => error(409, "IDEMPOTENCY_IN_FLIGHT", true),
            429 => error(429, "RATE_LIMITED", true),
            503 => error(503, "IDEMPOTENCY_UNAVAILABLE", true),
            status @ 500.. => error(status, "INTERNAL_ERROR", true),
            402 => error(402, "RATE_LIMITED", false),
            status => error(status, "INVALID_REQUEST", false),
        }
    }
}

fn question(tool: &str, heard: &Heard) -> Result<Operation, Reply> {
    match tool {
        UNKNOWN => return Err(error(404, "TOOL_NOT_FOUND", false)),
        FORBIDDEN => return Err(error(403, "TOOL_NOT_PERMITTED", false)),
        _ => {}
    }
    let is_key = heard
        .header("idempotency-key")
        .is_some_and(|key| uuid::Uuid::parse_str(key).is_ok_and(|key| key.get_version_num() == 4));
    let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    let only_input = body.as_object().is_some_and(|fields| {
        fields.len() == 1 && fields.get("input").is_some_and(Value::is_object)
    });
    // An input that says so is refused, to try that out.
    let refused = body.pointer("/input/refuse").is_some_and(|refuse| *refuse == json!("yes"));
    if !is_key || !only_input || refused {
        return Err(error(400, "INVALID_REQUEST", false));
    }
    Ok(Operation { tool: tool.to_owned(), body: heard.body.to_vec() })
}

/// The tool repeats its input.
fn executed(operation: &Operation) -> Reply {
    let body: Value = serde_json::from_slice(&operation.body).unwrap_or_default();
    let reply = json!({
        "success": true,
        "object": "tool_execution",
        "tool": operation.tool,
        "result": { "echo": body.get("input") },
        "usage": { "charged_cents": CHARGE / 10_000, "charged_micros": CHARGE.to_string() },
        "receipt": null,
    });
    Reply::json(200, reply.to_string())
}

fn error(status: u16, code: &str, retryable: bool) -> Reply {
    let body = json!({
        "success": false,
        "error": "The sandbox refuses.",
        "error_code": code,
        "retryable": retryable,
    });
    Reply::json(status, body.to_string())
}
