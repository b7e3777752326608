//! The stand-in for the Visor API, after its vendor's documentation: listings
//! by VIN mask, one VIN, account usage and dealers, all by GET.
//!
//! The sandbox has no inventory to search: listings are looked up by whole VIN
//! in `vin_pattern`, dealers by `dealer_id`. Filters that visor knows and the sandbox does not are
//! answered 400 `unsupported_in_sandbox` instead of being ignored.

mod bill;
mod query;
mod rows;

use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use self::bill::{Bill, Charge};
use self::query::{DealersQuery, ListingsQuery, Refusal, UsageQuery};
use super::handler::{Call, Heard, NO_ENDPOINT, Reply, Stand, to_json};
use super::per;
use super::quota::{Door, Window, whole_seconds};
use super::registry::Profile;
use crate::config::Quota;
use crate::domain::vin::Vin;

/// Who it is. The endpoints are the first parts of its paths; the quotas are its tier T3.
pub(super) static PROFILE: Profile = Profile {
    id: "visor",
    key: Some("sandbox-visor"),
    endpoints: &["listings", "vins", "usage", "dealers"],
    quotas: &[per(200, Duration::from_secs(10)), per(600, Duration::from_mins(1))],
    roomy: &[per(5000, Duration::from_secs(10)), per(20_000, Duration::from_mins(1))],
    start: |key, quotas| Box::new(Visor::new(key, quotas)),
};

/// The tier whose limits are the defaults.
const TIER: &str = "T3";

/// The version of the price list in `bill.rs`.
const PRICING_VERSION: &str = "sandbox-1";

/// The stand-in.
#[derive(Debug)]
pub(super) struct Visor {
    key: String,
    door: Door,
    bill: Bill,
}

/// What a request asks.
#[derive(Debug)]
pub(super) enum Question {
    Listings(ListingsQuery),
    Vin { vin: Vin, enriched: bool },
    Usage(UsageQuery),
    Dealers(DealersQuery),
}

impl Visor {
    pub(super) fn new(key: String, quotas: Vec<Quota>) -> Self {
        Self { key, door: Door::new(quotas), bill: Bill::default() }
    }

    fn respond(&self, question: &Question) -> (Reply, Option<Charge>) {
        match question {
            Question::Listings(query) => (rows::listings(query), Some(query.charge())),
            Question::Vin { vin, enriched } => match rows::vin(vin, *enriched) {
                Some(reply) => (reply, Some(Charge::vin(*enriched))),
                None => (Refusal::not_found("vin_not_found", "No such VIN.").into(), None),
            },
            Question::Usage(query) => (self.bill.usage(query), None),
            Question::Dealers(query) => (rows::dealers(query), Some(Charge::DEALERS)),
        }
    }
}

impl Stand for Visor {
    type Question = Question;

    fn read(&self, heard: &Heard) -> Call<Question> {
        let path: Vec<&str> = heard.path.split('/').filter(|part| !part.is_empty()).collect();
        let endpoint = PROFILE.endpoints.iter().find(|endpoint| path.first() == Some(endpoint));
        let question = question(heard, &path).map_err(Reply::from);
        Call {
            endpoint: endpoint.copied().unwrap_or(NO_ENDPOINT),
            keys: question.as_ref().map(Question::keys).unwrap_or_default(),
            question,
        }
    }

    fn answer(&self, heard: &Heard, call: &Call<Question>, now: Instant) -> Reply {
        if query::holds_a_key(&heard.query) {
            return Refusal::QUERY_KEY.into();
        }
        match heard.bearer() {
            None => return Refusal::MISSING_KEY.into(),
            Some(key) if key != self.key => return Refusal::INVALID_KEY.into(),
            Some(_) => {}
        }
        let windows = match self.door.admit(now) {
            Ok(windows) => windows,
            Err(wait) => {
                return Reply::from(Refusal::RATE_LIMIT)
                    .with_header("retry-after", &whole_seconds(wait));
            }
        };
        let question = match &call.question {
            Ok(question) => question,
            Err(refusal) => return refusal.clone(),
        };
        let (reply, charge) = self.respond(question);
        let reply = if reply.status == 200 { with_limits(reply, &windows) } else { reply };
        match charge {
            Some(charge) => {
                self.bill.add(charge);
                with_charge(reply, charge)
            }
            None => reply,
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        match status {
            400 => Refusal::client("invalid_request", "The request was refused."),
            401 => Refusal::INVALID_KEY,
            402 => Refusal::BLOCKED,
            403 => Refusal::MISSING_SCOPE,
            404 => Refusal::not_found("not_found", "There is nothing here."),
            429 => Refusal::RATE_LIMIT,
            503 => Refusal::platform(503, "data_unavailable"),
            status => Refusal::platform(status, "internal_error"),
        }
        .into()
    }
}

fn question(heard: &Heard, path: &[&str]) -> Result<Question, Refusal> {
    if heard.method != Method::GET {
        return Err(Refusal { status: 405, ..Refusal::client("method_not_allowed", "Use GET.") });
    }
    match path {
        ["listings"] => ListingsQuery::read(&heard.query).map(Question::Listings),
        ["vins", vin] => {
            let enriched = query::includes_only(&heard.query)?;
            let vin = Vin::new(&vin.to_ascii_uppercase())
                .ok_or_else(|| Refusal::invalid("invalid_vin", "A VIN has 17 characters."))?;
            Ok(Question::Vin { vin, enriched })
        }
        ["usage"] => UsageQuery::read(&heard.query).map(Question::Usage),
        ["dealers"] => DealersQuery::read(&heard.query).map(Question::Dealers),
        _ => Err(Refusal::not_found("endpoint_not_found", "There is no such endpoint.")),
    }
}

impl Question {
    fn keys(&self) -> Vec<String> {
        match self {
            Self::Listings(query) => query.vins.iter().map(Vin::to_string).collect(),
            Self::Vin { vin, .. } => vec![vin.to_string()],
            Self::Dealers(query) => query.ids.clone(),
            Self::Usage(_) => Vec::new(),
        }
    }
}

/// Adds `X-RateLimit-Limit-10s` and its like.
fn with_limits(reply: Reply, windows: &[Window]) -> Reply {
    let tiered = reply.with_header("x-ratelimit-tier", &TIER);
    windows.iter().fold(tiered, |reply, window| {
        let seconds = window.quota.window.as_secs();
        reply
            .with_header(format!("x-ratelimit-limit-{seconds}s"), &window.quota.calls)
            .with_header(format!("x-ratelimit-remaining-{seconds}s"), &window.remaining)
    })
}

fn with_charge(reply: Reply, charge: Charge) -> Reply {
    reply
        .with_header("x-usage-class", &charge.class)
        .with_header("x-pricing-version", &PRICING_VERSION)
        .with_header("x-usage-cost-micros", &charge.micros)
}

impl From<Refusal> for Reply {
    /// `{"error":{"type","code","message"},"_tag"}`.
    fn from(refusal: Refusal) -> Self {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: Inner<'a>,
            #[serde(rename = "_tag")]
            tag: &'a str,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            code: &'a str,
            message: &'a str,
        }
        let Refusal { status, kind, tag, code, ref message } = refusal;
        Self::json(status, to_json(&Envelope { error: Inner { kind, code, message }, tag }))
    }
}
