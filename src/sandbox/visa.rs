//! Visa Keys, after its vendor's documentation: paid tools run under idempotency
//! keys. It keeps every operation, so that a repetition is answered from the first
//! run and charged once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::handler::{Answer, Call, Handler, NO_ENDPOINT, Reply, Request, vins_in};
use super::registry::Profile;
use super::{lock, per};

pub(super) static PROFILE: Profile = Profile {
    id: "visa",
    key: Some("sandbox-visa"),
    endpoints: &["execute"],
    quotas: &[per(5, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    handler: || Box::<Visa>::default(),
};

/// What every run of a tool costs: one cent, as in the vendor's example.
const CHARGE: i64 = 10_000;

/// What the account may spend in all: a hundred dollars.
const CAP: i64 = 100_000_000;

/// A tool that no account may use, to try that out.
const FORBIDDEN: &str = "forbidden";

/// A tool that does not exist, to try that out.
const UNKNOWN: &str = "unknown";

/// Another name of the tool `try-me`, to try that out.
const ALIAS: (&str, &str) = ("try-it", "try-me");

/// The account's operations by idempotency key, each with its reply.
#[derive(Default)]
struct Visa(Mutex<HashMap<String, (Operation, Reply)>>);

/// A tool, and the bytes of the request to run it.
#[derive(Clone, PartialEq, Eq)]
struct Operation {
    tool: String,
    body: Vec<u8>,
}

impl Visa {
    fn run(&self, idempotency_key: &str, operation: Operation) -> Reply {
        let mut operations = lock(&self.0);
        if let Some((known, reply)) = operations.get(idempotency_key) {
            if *known == operation {
                return reply.clone();
            }
            return error(409, "IDEMPOTENT_REPLAY", false);
        }
        let spent = CHARGE.saturating_mul(i64::try_from(operations.len()).unwrap_or(i64::MAX));
        if spent.saturating_add(CHARGE) > CAP {
            return error(429, "RATE_LIMITED", false);
        }
        let reply = executed(&operation);
        operations.insert(idempotency_key.to_owned(), (operation, reply.clone()));
        reply
    }
}

impl Handler for Visa {
    /// The journal's keys are the idempotency key, the tool and the VINs in its
    /// input, in upper case.
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let (endpoint, operation) = match path.as_slice() {
            ["v1", "api", "tools", tool, "execute"] if request.method == Method::POST => {
                ("execute", operation(tool, request))
            }
            _ => (NO_ENDPOINT, Err(error(404, "NOT_FOUND", false))),
        };
        let key = request.header("idempotency-key");
        let mut keys: Vec<String> = key.into_iter().map(str::to_ascii_uppercase).collect();
        if let Ok(Operation { tool, .. }) = &operation {
            keys.push(tool.to_ascii_uppercase());
            keys.extend(vins_in(&String::from_utf8_lossy(&request.body)));
        }
        let answer = operation.map(|operation| -> Answer<'a> {
            Box::new(move || self.run(key.unwrap_or_default(), operation))
        });
        Call { endpoint, keys, answer }
    }

    fn error(&self, status: u16) -> Reply {
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

    fn check_key(&self, request: &Request, key: &str) -> Result<(), Reply> {
        match request.header("x-api-key") {
            None => Err(error(401, "AUTH_REQUIRED", false)),
            Some(given) if given != key => Err(self.error(401)),
            Some(_) => Ok(()),
        }
    }
}

/// What a request to run `tool` asks.
fn operation(tool: &str, request: &Request) -> Result<Operation, Reply> {
    match tool {
        UNKNOWN => return Err(error(404, "TOOL_NOT_FOUND", false)),
        FORBIDDEN => return Err(error(403, "TOOL_NOT_PERMITTED", false)),
        _ => {}
    }
    let is_key = request
        .header("idempotency-key")
        .is_some_and(|key| uuid::Uuid::parse_str(key).is_ok_and(|key| key.get_version_num() == 4));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let only_input = body.as_object().is_some_and(|fields| {
        fields.len() == 1 && fields.get("input").is_some_and(Value::is_object)
    });
    // An input that says so is refused, to try that out.
    let refused = body.pointer("/input/refuse").is_some_and(|refuse| *refuse == json!("yes"));
    if !is_key || !only_input || refused {
        return Err(error(400, "INVALID_REQUEST", false));
    }
    Ok(Operation { tool: tool.to_owned(), body: request.body.to_vec() })
}

/// The tool repeats its input.
fn executed(operation: &Operation) -> Reply {
    let body: Value = serde_json::from_slice(&operation.body).unwrap_or_default();
    let is_alias = operation.tool == ALIAS.0;
    let reply = json!({
        "success": true,
        "object": "tool_execution",
        "tool": if is_alias { ALIAS.1 } else { &operation.tool },
        "result": { "echo": body.get("input") },
        "usage": { "charged_cents": CHARGE / 10_000, "charged_micros": CHARGE.to_string() },
        "receipt": { "tool_runs": 1 },
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
