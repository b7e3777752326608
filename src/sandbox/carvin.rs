//! The Car Vin API, after its vendor's integration guide: single and batch decodes
//! and recalls, all by POST.
//!
//! What the guide leaves open is answered so: an ill-formed VIN of a batch is
//! an item with `success: false` and `error`; recalls are at the top level,
//! as the guide's own code reads them; every call with a valid key counts
//! towards the quota, also one answered 400; `X-RateLimit-Reset` is in seconds
//! since 1970 and names the moment when the window is empty again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::handler::{Call, Handler, Item, NO_ENDPOINT, Question, Reply, Request, to_json};
use super::quota::{Window, whole_seconds};
use super::recalls::{self, Campaign};
use super::registry::Profile;
use super::{decode, per};
use crate::domain::Vin;

/// The endpoints are its paths, and `recalls-vin` for `/recalls` asked by VIN.
pub(super) static PROFILE: Profile = Profile {
    id: "carvin",
    key: Some("sandbox-carvin"),
    endpoints: &["batch-decode", "decode", "recalls", "recalls-vin"],
    quotas: &[per(5000, Duration::from_hours(24))],
    roomy: &[per(100_000, Duration::from_hours(24))],
    handler: || Box::new(Carvin),
};

/// The most VINs a batch may hold.
const BATCH: usize = 20;

/// The vendor's words for a text that is not a VIN.
const NO_VIN: &str = "Invalid VIN format: 17 characters, excluding I, O and Q";

struct Carvin;

impl Handler for Carvin {
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let (endpoint, read): (_, fn(&[u8]) -> Question<'static>) =
            match request.path.trim_matches('/') {
                "batch-decode" => ("batch-decode", batch),
                "decode" => ("decode", single),
                "recalls" => ("recalls", recall_question),
                _ => (NO_ENDPOINT, |_| Err(error(404, "Not found"))),
            };
        let question = match request.method {
            Method::POST => read(&request.body),
            _ => Err(error(405, "Method not allowed")),
        };
        let is_vin = |(keys, _): &(Vec<String>, _)| keys.iter().all(|key| Vin::new(key).is_some());
        let by_vin = endpoint == "recalls" && question.as_ref().is_ok_and(is_vin);
        Call::new(if by_vin { "recalls-vin" } else { endpoint }, question)
    }

    fn error(&self, status: u16) -> Reply {
        let words = match status {
            400 => "Invalid request",
            401 => "Invalid API key",
            402 => "Payment required",
            403 => "Forbidden",
            404 => "Not found",
            429 => "Rate limit exceeded",
            503 => "Service unavailable",
            _ => "Internal server error",
        };
        error(status, words)
    }

    fn check_key(&self, request: &Request, key: &str) -> Result<(), Reply> {
        match request.bearer() {
            None => Err(error(401, "Missing API key")),
            Some(given) if given != key => Err(self.error(401)),
            Some(_) => Ok(()),
        }
    }

    fn limited(&self, wait: Duration) -> Reply {
        self.error(429)
            .with_header("x-ratelimit-remaining", &0)
            .with_header("retry-after", &whole_seconds(wait))
    }

    /// The headers show the window that has the fewest calls left.
    fn with_limits(&self, reply: Reply, windows: &[Window]) -> Reply {
        let Some(window) = windows.iter().min_by_key(|window| window.remaining) else {
            return reply;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let reset = now.saturating_add(window.quota.window).saturating_add(Duration::from_secs(1));
        reply
            .with_header("x-ratelimit-limit", &window.quota.calls)
            .with_header("x-ratelimit-remaining", &window.remaining)
            .with_header("x-ratelimit-reset", &reset.as_secs())
    }
}

fn error(status: u16, words: &str) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        success: bool,
        error: &'a str,
    }
    Reply::json(status, to_json(&Envelope { success: false, error: words }))
}

fn batch(body: &[u8]) -> Question<'static> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        vins: Vec<String>,
    }
    let Asked { vins } = json(body)?;
    match vins.len() {
        0 => return Err(error(400, "vins must not be empty")),
        1..=BATCH => {}
        _ => return Err(error(400, "Maximum 20 VINs per request")),
    }
    let keys = vins.iter().map(|vin| vin.to_ascii_uppercase()).collect();
    let answer = move || {
        let items = vins.iter().map(|vin| item(vin)).collect();
        Reply::list(r#"{"success":true,"data":["#, items, "]}")
    };
    Ok((keys, Box::new(answer)))
}

fn single(body: &[u8]) -> Question<'static> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        vin: String,
    }
    let Asked { vin } = json(body)?;
    let vin = read_vin(&vin).ok_or_else(|| error(400, NO_VIN))?;
    let answer = move || {
        Reply::json(200, format!(r#"{{"success":true,"data":{}}}"#, to_json(&decode::of(&vin))))
    };
    Ok((vec![vin.to_string()], Box::new(answer)))
}

fn recall_question(body: &[u8]) -> Question<'static> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        vin: Option<String>,
        make: Option<String>,
        model: Option<String>,
        year: Option<String>,
    }
    let Asked { vin, make, model, year } = json(body)?;
    match (vin, make, model, year) {
        (Some(vin), None, None, None) => {
            let vin = read_vin(&vin).ok_or_else(|| error(400, NO_VIN))?;
            let answer = move || recall_list(&recalls::by_vin(&vin));
            Ok((vec![vin.to_string()], Box::new(answer)))
        }
        (None, Some(make), Some(model), Some(year)) => {
            let year = year.parse().map_err(|_| error(400, "Invalid year"))?;
            let key = format!("{make} {model} {year}").to_uppercase();
            let answer = move || recall_list(&recalls::by_vehicle(&make, &model, year));
            Ok((vec![key], Box::new(answer)))
        }
        _ => Err(error(400, "Give either vin, or make, model and year")),
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Reply> {
    serde_json::from_slice(body).map_err(|what| error(400, &format!("Invalid request: {what}")))
}

/// The VIN in a text, in either case.
fn read_vin(text: &str) -> Option<Vin> {
    Vin::in_any_case(text)
}

fn recall_list(recalls: &[Campaign]) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        success: bool,
        count: usize,
        recalls: &'a [Campaign],
    }
    Reply::json(200, to_json(&Envelope { success: true, count: recalls.len(), recalls }))
}

/// One item of a batch.
fn item(asked: &str) -> Item {
    #[derive(Serialize)]
    struct Refused<'a> {
        #[serde(rename = "VIN")]
        vin: &'a str,
        success: bool,
        error: &'a str,
    }
    match read_vin(asked) {
        Some(vin) => Item { vin: vin.to_string(), json: to_json(&decode::of(&vin)) },
        None => Item {
            vin: asked.to_owned(),
            json: to_json(&Refused { vin: asked, success: false, error: NO_VIN }),
        },
    }
}
