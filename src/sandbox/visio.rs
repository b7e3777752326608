//! The stand-in for Visio, after its vendor's documentation: photo requests are
//! made, listed, shown and cancelled. It keeps them, so that a request whose
//! reply was lost can be found.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::handler::{Call, Heard, NO_ENDPOINT, Reply, Stand, vins_in};
use super::per;
use super::quota::{Door, Window, whole_seconds};
use super::registry::Profile;
use crate::config::Quota;

/// Who it is. The endpoints are the methods of `/photo-requests`, and `/status`.
pub(super) static PROFILE: Profile = Profile {
    id: "visio",
    key: Some("sandbox-visio"),
    endpoints: &["request", "show", "list", "cancel", "status"],
    quotas: &[per(60, Duration::from_mins(1)), per(1000, Duration::from_hours(1))],
    roomy: &[per(6000, Duration::from_mins(1)), per(100_000, Duration::from_hours(1))],
    start: |key, quotas| Box::new(Visio::new(key, quotas)),
};

/// Photo requests on one page of the list.
const PAGE: usize = 20;

/// Hours until a link expires unless the request says otherwise.
const EXPIRES_IN_HOURS: i64 = 24;

/// The stand-in.
#[derive(Debug)]
pub(super) struct Visio {
    key: String,
    door: Door,
    requests: Mutex<Vec<Value>>,
}

/// What a request asks.
#[derive(Debug)]
pub(super) enum Question {
    Request(Value),
    Show(String),
    List(usize),
    Cancel(String),
    Status,
}

impl Visio {
    fn new(key: String, quotas: Vec<Quota>) -> Self {
        Self { key, door: Door::new(quotas), requests: Mutex::default() }
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Value>> {
        // A thread that panicked left at worst one request unkept.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn respond(&self, question: &Question) -> Reply {
        let mut requests = self.requests();
        match question {
            Question::Request(wanted) => {
                let request = made(wanted, requests.len() + 1);
                requests.push(request.clone());
                data(201, &request, &json!({}))
            }
            Question::Show(id) => match requests.iter().find(|request| request["id"] == **id) {
                Some(request) => data(200, request, &json!({})),
                None => error(404, "not_found"),
            },
            Question::List(page) => listed(&requests, *page),
            Question::Status => data(200, &json!({ "status": "ok" }), &json!({})),
            Question::Cancel(id) => {
                let before = requests.len();
                requests.retain(|request| request["id"] != **id);
                if requests.len() == before { error(404, "not_found") } else { cancelled(id) }
            }
        }
    }
}

impl Stand for Visio {
    type Question = Question;

    /// The journal's key is the VIN in the wording, or the id in the path.
    fn read(&self, heard: &Heard) -> Call<Question> {
        let path: Vec<&str> = heard.path.split('/').filter(|part| !part.is_empty()).collect();
        let (endpoint, question) = match (&heard.method, path.as_slice()) {
            (&Method::POST, ["photo-requests"]) => ("request", wanted(heard)),
            (&Method::GET, ["status"]) => ("status", Ok(Question::Status)),
            (&Method::GET, ["photo-requests"]) => ("list", Ok(Question::List(page(heard)))),
            (&Method::GET, ["photo-requests", id]) => ("show", Ok(Question::Show((*id).into()))),
            (&Method::DELETE, ["photo-requests", id]) => {
                ("cancel", Ok(Question::Cancel((*id).into())))
            }
            _ => (NO_ENDPOINT, Err(error(404, "not_found"))),
        };
        Call { endpoint, keys: question.as_ref().map(Question::keys).unwrap_or_default(), question }
    }

    fn answer(&self, heard: &Heard, call: &Call<Question>, now: Instant) -> Reply {
        if heard.header("x-api-key") != Some(&self.key) {
            return error(401, "unauthorized");
        }
        let windows = match self.door.admit(now) {
            Ok(windows) => windows,
            Err(wait) => return limited(wait),
        };
        let reply = match &call.question {
            Ok(question) => self.respond(question),
            Err(refusal) => refusal.clone(),
        };
        with_limits(reply, &windows)
    }

    fn refusal(&self, status: u16) -> Reply {
        error(
            status,
            match status {
                401 => "unauthorized",
                403 => "forbidden",
                404 => "not_found",
                422 => "validation_error",
                429 => "rate_limit_exceeded",
                500.. => "internal_error",
                _ => "bad_request",
            },
        )
    }
}

impl Question {
    fn keys(&self) -> Vec<String> {
        match self {
            Self::Request(wanted) => vins_in(wanted["instructions"].as_str().unwrap_or_default()),
            Self::Show(id) | Self::Cancel(id) => vec![id.to_ascii_uppercase()],
            Self::List(_) | Self::Status => Vec::new(),
        }
    }
}

fn wanted(heard: &Heard) -> Result<Question, Reply> {
    let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let slots = body["photo_slots"].as_array().is_some_and(|slots| {
        !slots.is_empty()
            && slots
                .iter()
                .all(|slot| is_text(&slot["instructions"]) && slot["is_required"].is_boolean())
    });
    if is_text(&body["instructions"]) && slots {
        Ok(Question::Request(body))
    } else {
        Err(error(422, "validation_error"))
    }
}

fn page(heard: &Heard) -> usize {
    let named = heard.query.iter().find(|(name, _)| name == "page");
    named.and_then(|(_, page)| page.parse().ok()).unwrap_or(1).max(1)
}

/// The photo request as the vendor keeps it.
fn made(wanted: &Value, number: usize) -> Value {
    let now = Timestamp::now();
    let hours = wanted["expires_in_hours"].as_i64().unwrap_or(EXPIRES_IN_HOURS).clamp(1, 8760);
    let expires = now.checked_add(hours.hours()).unwrap_or(now);
    json!({
        "id": format!("req_{number:06}"),
        "unique_code": format!("{number:06}"),
        "status": "pending",
        "instructions": wanted["instructions"],
        "request_url": format!("https://visio.now/p/{number:06}"),
        "code_entry_url": "https://visio.now/code",
        "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "items": [],
    })
}

fn listed(requests: &[Value], page: usize) -> Reply {
    let pages = requests.len().div_ceil(PAGE).max(1);
    let on_page: Vec<&Value> =
        requests.iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).collect();
    let meta = json!({ "current_page": page, "last_page": pages, "total": requests.len() });
    data(200, &json!(on_page), &meta)
}

fn cancelled(id: &str) -> Reply {
    data(200, &json!({ "id": id, "status": "cancelled" }), &json!({}))
}

fn data(status: u16, data: &Value, meta: &Value) -> Reply {
    Reply::json(status, json!({ "data": data, "meta": meta }).to_string())
}

fn error(status: u16, code: &str) -> Reply {
    let body = json!({ "error": { "code": code, "message": "The sandbox refuses." } });
    Reply::json(status, body.to_string())
}

fn limited(wait: Duration) -> Reply {
    let seconds = whole_seconds(wait);
    error(429, "rate_limit_exceeded")
        .with_header("retry-after", &seconds)
        .with_header("x-ratelimit-remaining", &0)
        .with_header("x-ratelimit-reset", &reset_in(seconds))
}

/// The headers tell of the shortest window.
fn with_limits(reply: Reply, windows: &[Window]) -> Reply {
    let Some(window) = windows.iter().min_by_key(|window| window.quota.window) else {
        return reply;
    };
    reply
        .with_header("x-ratelimit-limit", &window.quota.calls)
        .with_header("x-ratelimit-remaining", &window.remaining)
        .with_header("x-ratelimit-reset", &reset_in(window.quota.window.as_secs()))
}

/// So many seconds from now, in seconds since 1970.
fn reset_in(seconds: u64) -> i64 {
    Timestamp::now().as_second().saturating_add(i64::try_from(seconds).unwrap_or(0))
}
