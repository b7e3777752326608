//! The stand-in for the Car Vin API, after its vendor's integration guide:
//! single and batch decodes and recalls, all by POST.
//!
//! What the guide leaves open is answered so: an ill-formed VIN of a batch is
//! an item with `success: false` and `error`; recalls stand at the top level,
//! as the guide's own code reads them; every call with a valid key counts
//! towards the quota, also one answered 400; `X-RateLimit-Reset` is in seconds
//! since 1970 and tells when the window is empty again.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::decode;
use super::handler::{Body, Call, Heard, Item, NO_ENDPOINT, Reply, Stand, to_json};
use super::per;
use super::quota::{Door, Window, whole_seconds};
use super::recalls::{self, Campaign};
use super::registry::Profile;
use crate::config::Quota;
use crate::domain::vin::Vin;

/// Who it is. The endpoints are its paths, and `recalls-vin` for `/recalls` asked by VIN.
pub(super) static PROFILE: Profile = Profile {
    id: "carvin",
    key: Some("sandbox-carvin"),
    endpoints: &["batch-decode", "decode", "recalls", "recalls-vin"],
    quotas: &[per(5000, Duration::from_hours(24))],
    roomy: &[per(100_000, Duration::from_hours(24))],
    start: |key, quotas| Box::new(Carvin::new(key, quotas)),
};

/// The most VINs a batch may hold.
const BATCH: usize = 20;

/// The vendor's words for a text that is no VIN.
const NO_VIN: &str = "Invalid VIN format: 17 characters, excluding I, O and Q";

/// The stand-in.
#[derive(Debug)]
pub(super) struct Carvin {
    key: String,
    door: Door,
}

/// What a request asks.
#[derive(Debug)]
pub(super) enum Question {
    Batch(Vec<String>),
    One(Vin),
    RecallsOf(Vin),
    RecallsOfModel { make: String, model: String, year: u16 },
}

impl Carvin {
    pub(super) fn new(key: String, quotas: Vec<Quota>) -> Self {
        Self { key, door: Door::new(quotas) }
    }
}

impl Stand for Carvin {
    type Question = Question;

    fn read(&self, heard: &Heard) -> Call<Question> {
        match heard.path.trim_matches('/') {
            "batch-decode" => call("batch-decode", heard, batch),
            "decode" => call("decode", heard, single),
            "recalls" => call("recalls", heard, recall_question),
            _ => call(NO_ENDPOINT, heard, |_| Err(error(404, "Not found"))),
        }
    }

    fn answer(&self, heard: &Heard, call: &Call<Question>, now: Instant) -> Reply {
        match heard.bearer() {
            None => return error(401, "Missing API key"),
            Some(key) if key != self.key => return error(401, "Invalid API key"),
            Some(_) => {}
        }
        let windows = match self.door.admit(now) {
            Ok(windows) => windows,
            Err(wait) => {
                return error(429, "Rate limit exceeded")
                    .with_header("x-ratelimit-remaining", &0)
                    .with_header("retry-after", &whole_seconds(wait));
            }
        };
        let reply = match &call.question {
            Ok(question) => question.answer(),
            Err(refusal) => refusal.clone(),
        };
        with_limits(reply, &windows)
    }

    fn refusal(&self, status: u16) -> Reply {
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
}

fn call(
    endpoint: &'static str,
    heard: &Heard,
    read: impl FnOnce(&[u8]) -> Result<Question, Reply>,
) -> Call<Question> {
    let question = match heard.method {
        Method::POST => read(&heard.body),
        _ => Err(error(405, "Method not allowed")),
    };
    Call {
        endpoint: if let Ok(Question::RecallsOf(_)) = question { "recalls-vin" } else { endpoint },
        keys: question.as_ref().map(Question::keys).unwrap_or_default(),
        question,
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

/// Adds the headers of the window that has the fewest calls left.
fn with_limits(reply: Reply, windows: &[Window]) -> Reply {
    let Some(window) = windows.iter().min_by_key(|window| window.remaining) else { return reply };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let reset = now.saturating_add(window.quota.window).saturating_add(Duration::from_secs(1));
    reply
        .with_header("x-ratelimit-limit", &window.quota.calls)
        .with_header("x-ratelimit-remaining", &window.remaining)
        .with_header("x-ratelimit-reset", &reset.as_secs())
}

fn batch(body: &[u8]) -> Result<Question, Reply> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        vins: Vec<String>,
    }
    let Asked { vins } = json(body)?;
    match vins.len() {
        0 => Err(error(400, "vins must not be empty")),
        1..=BATCH => Ok(Question::Batch(vins)),
        _ => Err(error(400, "Maximum 20 VINs per request")),
    }
}

fn single(body: &[u8]) -> Result<Question, Reply> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        vin: String,
    }
    let Asked { vin } = json(body)?;
    read_vin(&vin).map(Question::One).ok_or_else(|| error(400, NO_VIN))
}

fn recall_question(body: &[u8]) -> Result<Question, Reply> {
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
            read_vin(&vin).map(Question::RecallsOf).ok_or_else(|| error(400, NO_VIN))
        }
        (None, Some(make), Some(model), Some(year)) => match year.parse() {
            Ok(year) => Ok(Question::RecallsOfModel { make, model, year }),
            Err(_) => Err(error(400, "Invalid year")),
        },
        _ => Err(error(400, "Give either vin, or make, model and year")),
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Reply> {
    serde_json::from_slice(body).map_err(|what| error(400, &format!("Invalid request: {what}")))
}

/// The VIN in a text, in either case.
fn read_vin(text: &str) -> Option<Vin> {
    Vin::new(&text.trim().to_ascii_uppercase())
}

impl Question {
    fn keys(&self) -> Vec<String> {
        match self {
            Self::Batch(vins) => vins.iter().map(|vin| vin.to_ascii_uppercase()).collect(),
            Self::One(vin) | Self::RecallsOf(vin) => vec![vin.to_string()],
            Self::RecallsOfModel { make, model, year } => {
                vec![format!("{make} {model} {year}").to_uppercase()]
            }
        }
    }

    fn answer(&self) -> Reply {
        match self {
            Self::Batch(vins) => {
                let items = vins.iter().map(|vin| item(vin)).collect();
                let body = Body::List {
                    head: r#"{"success":true,"data":["#.into(),
                    items,
                    tail: "]}".into(),
                };
                Reply { status: 200, headers: Vec::new(), body }
            }
            Self::One(vin) => {
                Reply::json(200, format!(r#"{{"success":true,"data":{}}}"#, decode::json(vin)))
            }
            Self::RecallsOf(vin) => recall_list(&recalls::by_vin(vin)),
            Self::RecallsOfModel { make, model, year } => {
                recall_list(&recalls::by_vehicle(make, model, *year))
            }
        }
    }
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
        Some(vin) => Item { vin: vin.to_string(), json: decode::json(&vin) },
        None => Item {
            vin: asked.to_owned(),
            json: to_json(&Refused { vin: asked, success: false, error: NO_VIN }),
        },
    }
}
