//! The Visor API, after its vendor's documentation: listings by VIN mask, one VIN,
//! account usage, dealers and facets, all by GET.
//!
//! The sandbox has no inventory to search: listings are looked up by whole VIN
//! in `vin_pattern`, dealers by `dealer_id`, models by make and model year. Filters that visor knows and the
//! sandbox does not are answered 400 `unsupported_in_sandbox` instead of being
//! ignored.

mod bill;
mod facets;
mod query;
mod rows;

use std::time::Duration;

use hyper::Method;

use self::bill::{Bill, Charge};
use self::query::{DealersQuery, FacetsQuery, ListingsQuery, Refusal, UsageQuery};
use super::handler::{Answer, Call, Handler, NO_ENDPOINT, Reply, Request};
use super::per;
use super::quota::{Window, whole_seconds};
use super::registry::Profile;
use crate::domain::Vin;

/// The endpoints are the first parts of its paths; the quotas are its tier T3.
pub(super) static PROFILE: Profile = Profile {
    id: "visor",
    key: Some("sandbox-visor"),
    endpoints: &["listings", "vins", "usage", "dealers", "facets"],
    quotas: &[per(200, Duration::from_secs(10)), per(600, Duration::from_mins(1))],
    roomy: &[per(5000, Duration::from_secs(10)), per(20_000, Duration::from_mins(1))],
    handler: || Box::<Visor>::default(),
};

/// The tier whose limits are the defaults.
const TIER: &str = "T3";

/// The version of the price list in `bill.rs`.
const PRICING_VERSION: &str = "5a0d6f1e-0000-4000-8000-000000002026";

/// What the account owes.
#[derive(Default)]
struct Visor(Bill);

impl Handler for Visor {
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let endpoint = PROFILE.endpoints.iter().find(|endpoint| path.first() == Some(endpoint));
        let question = self.question(request, &path).map_err(Reply::from);
        Call::new(endpoint.copied().unwrap_or(NO_ENDPOINT), question)
    }

    fn error(&self, status: u16) -> Reply {
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

    fn check_key(&self, request: &Request, key: &str) -> Result<(), Reply> {
        match request.bearer() {
            _ if query::holds_a_key(&request.query) => Err(Refusal::QUERY_KEY.into()),
            None => Err(Refusal::MISSING_KEY.into()),
            Some(given) if given != key => Err(Refusal::INVALID_KEY.into()),
            Some(_) => Ok(()),
        }
    }

    /// The wait stands in the body too.
    fn limited(&self, wait: Duration) -> Reply {
        let seconds = whole_seconds(wait);
        let refusal = Reply::from(Refusal::RATE_LIMIT);
        let body =
            refusal.body.into_text().replacen('{', &format!(r#"{{"retryAfter":{seconds},"#), 1);
        Reply::json(refusal.status, body).with_header("retry-after", &seconds)
    }

    /// Adds `X-RateLimit-Limit-10s` and its like.
    fn with_limits(&self, reply: Reply, windows: &[Window]) -> Reply {
        if reply.status != 200 {
            return reply;
        }
        let tiered = reply.with_header("x-ratelimit-tier", &TIER);
        windows.iter().fold(tiered, |reply, window| {
            let seconds = window.quota.window.as_secs();
            reply
                .with_header(format!("x-ratelimit-limit-{seconds}s"), &window.quota.calls)
                .with_header(format!("x-ratelimit-remaining-{seconds}s"), &window.remaining)
        })
    }
}

impl Visor {
    fn question<'a>(
        &'a self,
        request: &Request,
        path: &[&str],
    ) -> Result<(Vec<String>, Answer<'a>), Refusal> {
        if request.method != Method::GET {
            return Err(Refusal::METHOD);
        }
        let query = &request.query;
        Ok(match path {
            ["listings"] => {
                let query = ListingsQuery::read(query)?;
                let keys = query.vins.iter().map(Vin::to_string).collect();
                (keys, Box::new(move || self.charged(rows::listings(&query), query.charge())))
            }
            ["vins", vin] => {
                let enriched = query::includes_only(query)?;
                let vin = Vin::in_any_case(vin)
                    .ok_or_else(|| Refusal::invalid("invalid_vin", "A VIN has 17 characters."))?;
                let answer = move || match rows::vin(&vin, enriched) {
                    Some(reply) => self.charged(reply, Charge::vin(enriched)),
                    None => Refusal::not_found("vin_not_found", "No such VIN.").into(),
                };
                (vec![vin.to_string()], Box::new(answer))
            }
            ["usage"] => {
                let query = UsageQuery::read(query)?;
                (Vec::new(), Box::new(move || self.0.usage(&query)))
            }
            ["dealers"] => {
                let query = DealersQuery::read(query)?;
                let keys = query.ids.clone();
                (keys, Box::new(move || self.charged(rows::dealers(&query), Charge::DEALERS)))
            }
            ["facets"] => {
                let query = FacetsQuery::read(query)?;
                let keys = facets::keys(&query);
                (keys, Box::new(move || self.charged(facets::models(&query), Charge::FACETS)))
            }
            _ => {
                let words = "There is no such endpoint.";
                return Err(Refusal::not_found("endpoint_not_found", words));
            }
        })
    }

    /// Adds a reply to the bill, and what it costs to its headers.
    fn charged(&self, reply: Reply, charge: Charge) -> Reply {
        self.0.add(charge);
        reply
            .with_header("x-usage-class", &charge.class)
            .with_header("x-pricing-version", &PRICING_VERSION)
            .with_header("x-usage-cost-micros", &charge.micros)
    }
}
