//! The stand-in for `CarStrel`, after its vendor's documentation: the list of an
//! organisation's vehicles, page by page.
//!
//! The documented vehicle has no VIN; here a quarter has one. The body of every
//! second page says 201 within the 200, as the documents' own samples do. A look
//! at one vehicle, which counts as an impression there, is not answered here.

mod query;
mod stock;

use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use self::query::ListQuery;
use super::handler::{Call, Heard, NO_ENDPOINT, Reply, Stand, to_json};
use super::per;
use super::quota::{Door, whole_seconds};
use super::registry::Profile;

/// Who it is.
pub(super) static PROFILE: Profile = Profile {
    id: "carstrel",
    key: Some("sandbox-carstrel"),
    endpoints: &["vehicles"],
    quotas: &[per(20, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    start: |key, quotas| Box::new(CarStrel { key, door: Door::new(quotas) }),
};

/// The stand-in.
#[derive(Debug)]
struct CarStrel {
    key: String,
    door: Door,
}

impl Stand for CarStrel {
    type Question = ListQuery;

    fn read(&self, heard: &Heard) -> Call<ListQuery> {
        if heard.path.trim_matches('/') != "external/vehicles" {
            let question = Err(refusal(404, &["Cannot find this path"]));
            return Call { endpoint: NO_ENDPOINT, keys: Vec::new(), question };
        }
        let question = match heard.method {
            Method::GET => ListQuery::read(&heard.query).map_err(|words| refusal(400, &words)),
            _ => Err(refusal(405, &["Use GET"])),
        };
        let keys = question.iter().map(|query| format!("PAGE {}", query.page)).collect();
        Call { endpoint: "vehicles", keys, question }
    }

    fn answer(&self, heard: &Heard, call: &Call<ListQuery>, now: Instant) -> Reply {
        if heard.header("x-api-key") != Some(&self.key) {
            return self.refusal(401);
        }
        if let Err(wait) = self.door.admit(now) {
            return self.refusal(429).with_header("retry-after", &whole_seconds(wait));
        }
        match &call.question {
            Ok(query) => stock::page(query),
            Err(refusal) => refusal.clone(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        let words = match status {
            400 => "Bad Request",
            401 => "Invalid or missing API key",
            403 => "This key does not have the required scopes",
            404 => "Not Found",
            429 => "Rate limit exceeded",
            _ => "Internal server error",
        };
        refusal(status, &[words])
    }
}

/// The vendor's error envelope; more than one complaint stand in a list.
fn refusal(status: u16, words: &[impl AsRef<str>]) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        #[serde(rename = "statusCode")]
        status_code: u16,
        message: Vec<&'a str>,
        error: &'static str,
        timestamp: &'static str,
    }
    let error = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        429 => "Too Many Requests",
        400..=499 => "Bad Request",
        _ => "Internal Server Error",
    };
    let message = words.iter().map(AsRef::as_ref).collect();
    let timestamp = "2026-06-09T11:40:57Z";
    Reply::json(status, to_json(&Envelope { status_code: status, message, error, timestamp }))
}
