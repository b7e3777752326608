//! Visor: US dealer listings, by up to ten VINs a call or one VIN at a time.
//!
//! It has no filter by VIN, but a full VIN is a legal `vin_pattern`; one such
//! search costs less than one look-up. A search shows active inventory only, so
//! a VIN without a row is not for sale, whether or not Visor knows it.
//! Prices are US dollars and distances miles, as in the vendor's documents.

mod dealers;
mod detail;
mod envelope;
mod facets;
mod rows;
#[cfg(test)]
mod tests;
mod usage;

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Date;

use super::{
    Answers, Auth, Effect, Endpoint, EndpointSpec, Envelope, Parsed, Probe, Reply, Request, Role,
    ServerLimit, Vendor, VendorDefaults, VendorOption, VendorSpec, is_boolean,
};
use crate::config::VendorSettings;
use crate::domain::facts::{Facts, ListingFacts, PricePoint};
use crate::domain::{Dataset, Fault, Key, KeyKind, Micros, Vin};

use dealers::{DEALERS, Dealers};
use facets::{FACETS, Facets};

/// The vendor. Every successful request is charged, an empty search too.
#[derive(Debug)]
pub struct Visor;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "visor",
        base_url: "https://api.visor.vin/v1",
        api_key_env: Some("VISOR_API_KEY"),
        quotas: &["10/10s", "60/minute"],
        price_micros: &[("listings", 2000), ("vins", 3000), ("dealers", 1000), ("facets", 3000)],
        concurrency: 4,
        options: &[
            VendorOption {
                name: WITH_DEALERS,
                list: false,
                default: &["false"],
                check: is_boolean,
            },
            VendorOption { name: COMPARABLES, list: false, default: &[], check: is_price_points },
        ],
    },
    endpoints: &[&LISTINGS, &VINS, &DEALERS, &FACETS],
    contradiction: None,
};

/// The setting by which dealers that listings do not describe are looked up.
const WITH_DEALERS: &str = "dealers";

/// The setting by which the prices of comparable vehicles are asked for, and which.
const COMPARABLES: &str = "comparables";

fn is_price_points(text: &str) -> Result<(), String> {
    match text {
        "median" | "full" => Ok(()),
        _ => Err("must be `median` or `full`".into()),
    }
}

/// Where both endpoints of listings have comparable vehicles looked up.
fn comparables_of(
    settings: &VendorSettings,
) -> Option<(&'static dyn Endpoint, &'static [PricePoint])> {
    const FULL: &[PricePoint] = &[PricePoint::Median, PricePoint::P25, PricePoint::P75];
    let points = match settings.option(COMPARABLES)? {
        "full" => FULL,
        _ => &FULL[..1],
    };
    Some((&Facets, points))
}

/// Where both endpoints of listings have their dealers looked up.
fn dealers_of(settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
    settings.is_on(WITH_DEALERS).then_some(&Dealers)
}

impl Vendor for Visor {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&Listings, &Vins, &Dealers, &Facets]
    }

    fn envelope(&self) -> &'static Envelope {
        static ENVELOPE: Envelope =
            Envelope { own_errors: &["error.code", "error.type"], ..Envelope::USUAL };
        &ENVELOPE
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        envelope::fault(reply)
    }

    fn words(&self, reply: &Reply) -> Option<String> {
        envelope::words(reply)
    }

    fn limits(&self, reply: &Reply) -> Vec<ServerLimit> {
        const WINDOWS: [(u64, &str, &str); 2] = [
            (10, "x-ratelimit-limit-10s", "x-ratelimit-remaining-10s"),
            (60, "x-ratelimit-limit-60s", "x-ratelimit-remaining-60s"),
        ];
        let number = |name| reply.header(name).and_then(|value| value.trim().parse::<u32>().ok());
        WINDOWS
            .into_iter()
            .map(|(seconds, limit, remaining)| ServerLimit {
                window: Some(Duration::from_secs(seconds)),
                // A limit of zero would contradict the reply that states it.
                limit: number(limit).filter(|&limit| limit > 0),
                remaining: number(remaining),
                reset: None,
            })
            .filter(|window| window.limit.is_some() || window.remaining.is_some())
            .collect()
    }

    fn charged(&self, reply: &Reply) -> Option<Micros> {
        let micros: i64 = reply.header("x-usage-cost-micros")?.trim().parse().ok()?;
        (micros >= 0).then_some(Micros(micros))
    }

    fn probe(&self) -> Result<Probe, &'static str> {
        Ok(usage::probe(Vec::new()))
    }

    fn usage(&self, days: RangeInclusive<Date>) -> Option<Probe> {
        let (first, last) = days.into_inner();
        Some(usage::probe(vec![("start_date", first.to_string()), ("end_date", last.to_string())]))
    }
}

/// Fields of a listing that columns show, beside those that are there unless asked.
/// They cost no more.
const EXTRA_FIELDS: [&str; 6] =
    ["days_on_market", "msrp", "stock_number", "exterior_color", "photo_urls", "sold_date"];

/// `GET /listings?vin_pattern=A,B,…&limit=100&fields=default,…`.
#[derive(Debug)]
struct Listings;

/// The same without `fields`, for an API that does not know one of them.
#[derive(Debug)]
struct PlainListings;

static LISTINGS: EndpointSpec = EndpointSpec {
    id: "listings",
    dataset: Some(Dataset::Listings),
    key: KeyKind::Vin,
    batch: 10,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Listings {
    fn spec(&self) -> &'static EndpointSpec {
        &LISTINGS
    }

    fn request(&self, keys: &[Key], settings: &VendorSettings) -> Request {
        let mut request = PlainListings.request(keys, settings);
        request.query.push(("fields", format!("default,{}", EXTRA_FIELDS.join(","))));
        request
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        rows::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }

    fn refuses_shape(&self, fault: &Fault) -> bool {
        PlainListings.refuses_shape(fault)
    }

    fn plainer(&self, fault: &Fault) -> Option<&'static dyn Endpoint> {
        envelope::refuses_fields(fault).then_some(&PlainListings)
    }
}

impl Endpoint for PlainListings {
    fn spec(&self) -> &'static EndpointSpec {
        &LISTINGS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let vins: Vec<&str> = keys.iter().filter_map(Key::vin).map(Vin::as_str).collect();
        let query = vec![("vin_pattern", vins.join(",")), ("limit", rows::PAGE.to_string())];
        get("/listings".into(), query)
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        rows::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(&Listings)
    }

    fn refuses_shape(&self, fault: &Fault) -> bool {
        const REFUSALS: [&str; 3] =
            ["unknown_query_parameter", "validation_error", "unsupported_parameter"];
        match fault {
            Fault::Poisoned { code } => {
                REFUSALS.contains(&code.as_str())
                    || code.contains("vin_pattern")
                    || envelope::refuses_fields(fault)
            }
            fault => envelope::refuses_request(fault),
        }
    }
}

impl Answers for Listings {
    fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
        Facts::Listings(ListingFacts { listings: rows::listings(body) })
    }

    fn dealers(&self, settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
        dealers_of(settings)
    }

    fn comparables(
        &self,
        settings: &VendorSettings,
    ) -> Option<(&'static dyn Endpoint, &'static [PricePoint])> {
        comparables_of(settings)
    }

    fn dearer(&self) -> Option<&'static dyn Endpoint> {
        Some(&Vins)
    }
}

/// `GET /vins/{vin}`: also knows vehicles that are not for sale.
#[derive(Debug)]
struct Vins;

static VINS: EndpointSpec = EndpointSpec {
    id: "vins",
    dataset: Some(Dataset::Listings),
    key: KeyKind::Vin,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Vins {
    fn spec(&self) -> &'static EndpointSpec {
        &VINS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let vin = keys.first().and_then(Key::vin).map_or("", Vin::as_str);
        get(format!("/vins/{vin}"), Vec::new())
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        detail::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }

    fn refuses_shape(&self, fault: &Fault) -> bool {
        envelope::refuses_request(fault)
    }
}

impl Answers for Vins {
    fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
        Facts::Listings(ListingFacts { listings: detail::listings(body) })
    }

    fn dealers(&self, settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
        dealers_of(settings)
    }

    fn comparables(
        &self,
        settings: &VendorSettings,
    ) -> Option<(&'static dyn Endpoint, &'static [PricePoint])> {
        comparables_of(settings)
    }
}

fn get(path: String, query: Vec<(&'static str, String)>) -> Request {
    Request { query, ..Request::get(path) }
}
