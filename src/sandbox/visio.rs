//! Visio, after its vendor's documentation: photo requests are made, listed, shown
//! and cancelled. It keeps them, so that a request whose reply was lost can be
//! found.

use std::sync::Mutex;
use std::time::Duration;

use hyper::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::handler::{Call, Handler, NO_ENDPOINT, Question, Reply, Request, value_of, vins_in};
use super::quota::{Window, whole_seconds};
use super::registry::Profile;
use super::{lock, per};

/// The endpoints are the methods of `/photo-requests`, and `/status`.
pub(super) static PROFILE: Profile = Profile {
    id: "visio",
    key: Some("sandbox-visio"),
    endpoints: &["request", "show", "list", "cancel", "status"],
    quotas: &[per(60, Duration::from_mins(1)), per(1000, Duration::from_hours(1))],
    roomy: &[per(6000, Duration::from_mins(1)), per(100_000, Duration::from_hours(1))],
    handler: || Box::<Visio>::default(),
};

/// Photo requests on one page of the list.
const PAGE: usize = 20;

/// Hours until a link expires unless the request says otherwise.
const EXPIRES_IN_HOURS: i64 = 24;

/// The account's photo requests.
#[derive(Default)]
struct Visio(Mutex<Vec<Value>>);

impl Visio {
    fn make(&self, wanted: &Value) -> Reply {
        let mut requests = lock(&self.0);
        let request = made(wanted, requests.len() + 1);
        requests.push(request.clone());
        data(201, &request, &json!({}))
    }

    fn show(&self, id: &str) -> Reply {
        match lock(&self.0).iter().find(|request| request["id"] == *id) {
            Some(request) => data(200, request, &json!({})),
            None => error(404, "not_found"),
        }
    }

    fn list(&self, page: usize, after: &str) -> Reply {
        let requests = lock(&self.0);
        // Its own times are all in one form.
        let is_after =
            |request: &&Value| request["created_at"].as_str().is_some_and(|at| at > after);
        let requests: Vec<&Value> = requests.iter().filter(is_after).collect();
        let pages = requests.len().div_ceil(PAGE).max(1);
        let on_page: Vec<&&Value> =
            requests.iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).collect();
        let meta = json!({ "current_page": page, "last_page": pages, "total": requests.len() });
        data(200, &json!(on_page), &meta)
    }

    fn cancel(&self, id: &str) -> Reply {
        let mut requests = lock(&self.0);
        let before = requests.len();
        requests.retain(|request| request["id"] != *id);
        if requests.len() == before {
            return error(404, "not_found");
        }
        data(200, &json!({ "id": id, "status": "cancelled" }), &json!({}))
    }
}

impl Handler for Visio {
    /// The journal's key is the VIN in the wording, or the id in the path.
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let (endpoint, question): (_, Question<'a>) = match (&request.method, path.as_slice()) {
            (&Method::POST, ["photo-requests"]) => ("request", self.request_question(request)),
            (&Method::GET, ["status"]) => {
                let answer = || data(200, &json!({ "status": "ok" }), &json!({}));
                ("status", Ok((Vec::new(), Box::new(answer))))
            }
            (&Method::GET, ["photo-requests"]) => {
                let page = page(request);
                let after = value_of(&request.query, "created_after").unwrap_or_default();
                ("list", Ok((Vec::new(), Box::new(move || self.list(page, after)))))
            }
            (&Method::GET, &["photo-requests", id]) => {
                ("show", Ok((vec![id.to_ascii_uppercase()], Box::new(move || self.show(id)))))
            }
            (&Method::DELETE, &["photo-requests", id]) => {
                ("cancel", Ok((vec![id.to_ascii_uppercase()], Box::new(move || self.cancel(id)))))
            }
            _ => (NO_ENDPOINT, Err(error(404, "not_found"))),
        };
        Call::new(endpoint, question)
    }

    fn error(&self, status: u16) -> Reply {
        let code = match status {
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            422 => "validation_error",
            429 => "rate_limit_exceeded",
            500.. => "internal_error",
            _ => "bad_request",
        };
        error(status, code)
    }

    fn limited(&self, wait: Duration) -> Reply {
        let seconds = whole_seconds(wait);
        self.error(429)
            .with_header("retry-after", &seconds)
            .with_header("x-ratelimit-remaining", &0)
            .with_header("x-ratelimit-reset", &reset_in(seconds))
    }

    /// The headers show the shortest window.
    fn with_limits(&self, reply: Reply, windows: &[Window]) -> Reply {
        let Some(window) = windows.iter().min_by_key(|window| window.quota.window) else {
            return reply;
        };
        reply
            .with_header("x-ratelimit-limit", &window.quota.calls)
            .with_header("x-ratelimit-remaining", &window.remaining)
            .with_header("x-ratelimit-reset", &reset_in(window.quota.window.as_secs()))
    }
}

impl Visio {
    fn request_question(&self, request: &Request) -> Question<'_> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let is_slot =
            |slot: &Value| is_text(&slot["instructions"]) && slot["is_required"].is_boolean();
        let slots = [&body["photo_slots"], &body["items"]].into_iter().find_map(Value::as_array);
        if !is_text(&body["instructions"])
            || !slots.is_some_and(|slots| !slots.is_empty() && slots.iter().all(is_slot))
        {
            return Err(error(422, "validation_error"));
        }
        let keys = vins_in(body["instructions"].as_str().unwrap_or_default());
        Ok((keys, Box::new(move || self.make(&body))))
    }
}

fn page(request: &Request) -> usize {
    value_of(&request.query, "page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1)
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
        "metadata": wanted["metadata"],
    })
}

fn data(status: u16, data: &Value, meta: &Value) -> Reply {
    Reply::json(status, json!({ "data": data, "meta": meta }).to_string())
}

fn error(status: u16, code: &str) -> Reply {
    let body = json!({ "error": { "code": code, "message": "The sandbox refuses." } });
    Reply::json(status, body.to_string())
}

/// So many seconds from now, in seconds since 1970.
fn reset_in(seconds: u64) -> i64 {
    Timestamp::now().as_second().saturating_add(i64::try_from(seconds).unwrap_or(0))
}
