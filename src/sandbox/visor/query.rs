//! How visor reads a query string, and how it refuses one.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;

use super::super::handler::{Reply, to_json};
use super::bill::Charge;
use crate::domain::Vin;

/// The most masks in one `vin_pattern`.
const MASKS: usize = 10;

/// The most ids in one `dealer_id` of `/dealers`.
const DEALER_IDS: usize = 100;

/// The most rows of a page, and how many there are unless asked.
const MOST: usize = 100;
const USUAL: usize = 50;

/// Parameters that look like an API key.
const KEY_LIKE: [&str; 5] = ["api_key", "apikey", "key", "access_token", "token"];

/// Fields of a listing row that are always there.
const DEFAULT_FIELDS: &str = "id vin year make model trim price miles status inventory_status \
                              inventory_type dealer_id dealer_name city state vdp_url";

/// Fields of a listing row that are there when asked for.
const EXTRA_FIELDS: &str = "default version body_type drivetrain fuel_type powertrain_type \
                            transmission engine cylinders doors seating_capacity exterior_color \
                            interior_color base_exterior_color base_interior_color msrp \
                            discount_from_msrp days_on_market stock_number sold_date dealer_type \
                            latitude longitude distance_miles photo_urls features options_packages";

/// What `include=` may ask for.
const INCLUDES: &str = "price_history options";

/// Filters of visor's that need an inventory to search.
const UNSUPPORTED: &str = "sort make model trim year dealer_id dealer_type state country type q \
     inventory_type availability_status keywords inventory_status sold_within_days \
     snapshot_date min_price max_price min_mileage max_mileage min_msrp max_msrp \
     min_days_on_market max_days_on_market postal_code latitude longitude radius bbox \
     body_type transmission drivetrain assembly_location assembly_country fuel_type \
     powertrain_type engine version exterior_color interior_color base_exterior_color \
     base_interior_color seating_capacity cylinders doors options_packages features \
     exclude_make exclude_model exclude_trim exclude_year exclude_state exclude_inventory_type \
     exclude_body_type exclude_transmission exclude_drivetrain exclude_version exclude_engine \
     exclude_assembly_location exclude_assembly_country exclude_exterior_color \
     exclude_interior_color exclude_base_exterior_color exclude_base_interior_color \
     exclude_options_packages exclude_features exclude_fuel_type exclude_powertrain_type \
     exclude_keywords vin_pattern";

/// Facets that are counted in the sandbox.
const FACET: &str = "model";

/// What a facet's metric may be.
const MEASURES: &str = "price miles msrp days_on_market discount_from_msrp";
const AGGREGATES: &str = "mean p5 p25 median p75 p95";

/// Whether `name` is one of the words in `list`.
fn is_in(list: &str, name: &str) -> bool {
    list.split(' ').any(|word| word == name)
}

/// A refusal in visor's words.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    kind: Kind,
    /// `error.code`, what clients branch on.
    code: &'static str,
    message: Cow<'static, str>,
}

/// `error.type` and `_tag`.
#[derive(Clone, Copy, Debug)]
struct Kind(&'static str, &'static str);

const CLIENT: Kind = Kind("client_error", "PublicApiValidationError");
const AUTHENTICATION: Kind = Kind("authentication_error", "PublicApiAuthenticationError");
const BILLING: Kind = Kind("billing_error", "PublicApiBillingError");
const PERMISSION: Kind = Kind("permission_error", "PublicApiPermissionError");
const RATE_LIMIT: Kind = Kind("rate_limit_error", "PublicApiRateLimitError");
const VALIDATION: Kind = Kind("validation_error", "PublicApiValidationError");
const NOT_FOUND: Kind = Kind("not_found_error", "PublicApiNotFoundError");
const PLATFORM: Kind = Kind("platform_error", "PublicApiPlatformError");

const fn refusal(status: u16, kind: Kind, code: &'static str, message: &'static str) -> Refusal {
    Refusal { status, kind, code, message: Cow::Borrowed(message) }
}

#[rustfmt::skip] // a table
impl Refusal {
    pub(super) const QUERY_KEY: Self = refusal(400, CLIENT, "query_string_api_key_rejected", "Send API keys in the Authorization header.");
    pub(super) const MISSING_KEY: Self = refusal(401, AUTHENTICATION, "missing_api_key", "No bearer token was provided.");
    pub(super) const INVALID_KEY: Self = refusal(401, AUTHENTICATION, "invalid_api_key", "The token is malformed, revoked, or unknown.");
    pub(super) const BLOCKED: Self = refusal(402, BILLING, "billing_state_blocked", "The account cannot make paid requests.");
    pub(super) const MISSING_SCOPE: Self = refusal(403, PERMISSION, "missing_scope", "The key lacks the scope this endpoint requires.");
    pub(super) const METHOD: Self = refusal(405, CLIENT, "method_not_allowed", "Use GET.");
    pub(super) const RATE_LIMIT: Self = refusal(429, RATE_LIMIT, "rate_limit_exceeded", "Too many requests.");

    pub(super) const fn client(code: &'static str, message: &'static str) -> Self {
        refusal(400, CLIENT, code, message)
    }

    pub(super) fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..refusal(400, VALIDATION, code, "") }
    }

    pub(super) const fn not_found(code: &'static str, message: &'static str) -> Self {
        refusal(404, NOT_FOUND, code, message)
    }

    pub(super) const fn platform(status: u16, code: &'static str) -> Self {
        refusal(status, PLATFORM, code, "Try again later.")
    }
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
        let Refusal { status, kind: Kind(kind, tag), code, ref message } = refusal;
        Self::json(status, to_json(&Envelope { error: Inner { kind, code, message }, tag }))
    }
}

/// Whether a parameter looks like an API key.
pub(super) fn holds_a_key(query: &[(String, String)]) -> bool {
    query.iter().any(|(name, _)| KEY_LIKE.contains(&name.to_ascii_lowercase().as_str()))
}

/// `limit` and `offset`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageQuery {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { limit: USUAL, offset: 0 }
    }
}

impl PageQuery {
    /// Whether the parameter was one of ours.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        let number = || value.parse::<usize>().ok();
        let wrong = |message| Refusal::invalid("invalid_query_parameter", message);
        match name {
            "limit" => {
                self.limit = number()
                    .filter(|limit| (1..=MOST).contains(limit))
                    .ok_or_else(|| wrong("limit is a number from 1 to 100."))?;
            }
            "offset" => {
                self.offset = number().ok_or_else(|| wrong("offset is a number from 0."))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A query to `/listings`.
#[derive(Debug, Default)]
pub(super) struct ListingsQuery {
    /// Distinct, in the order asked.
    pub(super) vins: Vec<Vin>,
    pub(super) page: PageQuery,
    /// The fields of a row, unless it is to have the default ones.
    pub(super) fields: Option<Vec<String>>,
    /// Whether price history and options are asked for too.
    pub(super) enriched: bool,
}

impl ListingsQuery {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for (name, value) in query {
            match name.as_str() {
                "vin_pattern" => read.vins = vins(value)?,
                "fields" => read.fields = fields(value)?,
                "include" => read.enriched = includes(value)?,
                _ if read.page.take(name, value)? => {}
                _ => return Err(unknown(name)),
            }
        }
        Ok(read)
    }

    /// Whether a row is to have the field `name`.
    pub(super) fn wants(&self, name: &str) -> bool {
        let is_default = is_in(DEFAULT_FIELDS, name);
        match &self.fields {
            None => is_default,
            Some(fields) => {
                let asked = |name: &str| fields.iter().any(|field| field == name);
                ["id", "vin"].contains(&name) || asked(name) || is_default && asked("default")
            }
        }
    }

    pub(super) fn charge(&self) -> Charge {
        if self.enriched { Charge::LISTINGS_ENRICHED } else { Charge::LISTINGS }
    }
}

/// A query to `/dealers`.
#[derive(Debug, Default)]
pub(super) struct DealersQuery {
    pub(super) page: PageQuery,
    /// As asked; none for every dealer.
    pub(super) ids: Vec<String>,
}

impl DealersQuery {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for (name, value) in query {
            match name.as_str() {
                "dealer_id" => read.ids = dealer_ids(value)?,
                _ if read.page.take(name, value)? => {}
                _ => return Err(unknown(name)),
            }
        }
        Ok(read)
    }
}

/// A query to `/vins/{vin}`: whether it asks for price history and options.
pub(super) fn includes_only(query: &[(String, String)]) -> Result<bool, Refusal> {
    let mut enriched = false;
    for (name, value) in query {
        match name.as_str() {
            "include" => enriched = includes(value)?,
            _ => return Err(unknown(name)),
        }
    }
    Ok(enriched)
}

/// A query to `/usage`.
#[derive(Clone, Debug, Default)]
pub(super) struct UsageQuery {
    /// The first and the last day, UTC.
    pub(super) days: (Option<Date>, Option<Date>),
    pub(super) class: Option<String>,
}

impl UsageQuery {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for (name, value) in query {
            match name.as_str() {
                "start_date" => read.days.0 = Some(day(value)?),
                "end_date" => read.days.1 = Some(day(value)?),
                "metering_class" => read.class = Some(value.clone()),
                _ => return Err(unknown(name)),
            }
        }
        Ok(read)
    }
}

/// A query to `/facets`: the models of makes and model years.
#[derive(Debug)]
pub(super) struct FacetsQuery {
    pub(super) makes: Vec<String>,
    pub(super) years: Vec<u16>,
    /// `count`, or a measure and an aggregate, such as `price.p25`.
    pub(super) metric: String,
    /// The most models that are named.
    pub(super) most: usize,
}

impl FacetsQuery {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        const USUAL: usize = 20;
        let wrong = |message: &'static str| Refusal::invalid("invalid_query_parameter", message);
        let mut read =
            Self { makes: Vec::new(), years: Vec::new(), metric: "count".into(), most: USUAL };
        let mut facets = None;
        for (name, value) in query {
            let parts = || value.split(',').map(str::trim);
            match name.as_str() {
                "facets" => facets = Some(value.as_str()),
                "make" => read.makes = parts().map(str::to_owned).collect(),
                "year" => {
                    let years = parts().map(str::parse).collect::<Result<_, _>>();
                    read.years = years.map_err(|_| wrong("year is a list of model years."))?;
                }
                "metric" => read.metric = metric(value)?,
                "facet_value_limit" => {
                    let most = value.parse().ok().filter(|most| (1..=MOST).contains(most));
                    let most = most.ok_or_else(|| wrong("facet_value_limit is 1 to 100."))?;
                    read.most = most;
                }
                _ => return Err(unknown(name)),
            }
        }
        match facets {
            Some(FACET) => Ok(read),
            Some(_) => Err(unknown("facets")),
            None => Err(wrong("facets is required.")),
        }
    }
}

fn metric(value: &str) -> Result<String, Refusal> {
    let is_known = match value.split_once('.') {
        Some((measure, aggregate)) => is_in(MEASURES, measure) && is_in(AGGREGATES, aggregate),
        None => value == "count",
    };
    let unknown = || Refusal::invalid("invalid_metric", format!("Unknown metric: {value}"));
    is_known.then(|| value.to_owned()).ok_or_else(unknown)
}

fn day(value: &str) -> Result<Date, Refusal> {
    value.parse().map_err(|_| Refusal::invalid("invalid_query_parameter", "A day is YYYY-MM-DD."))
}

fn unknown(name: &str) -> Refusal {
    if is_in(UNSUPPORTED, name) || name == "facets" {
        return Refusal::invalid(
            "unsupported_in_sandbox",
            format!("The sandbox has no inventory to filter by {name}; ask by vin_pattern."),
        );
    }
    Refusal::invalid("unknown_query_parameter", format!("Unknown query parameter: {name}"))
}

fn vins(masks: &str) -> Result<Vec<Vin>, Refusal> {
    let mut distinct: Vec<String> = Vec::new();
    for mask in masks.split(',').map(|mask| mask.trim().to_ascii_uppercase()) {
        if !mask.is_empty() && !distinct.contains(&mask) {
            distinct.push(mask);
        }
    }
    if distinct.is_empty() || distinct.len() > MASKS {
        return Err(Refusal::invalid("invalid_vin_pattern", "vin_pattern takes 1 to 10 masks."));
    }
    distinct.iter().map(|mask| whole_vin(mask)).collect()
}

fn dealer_ids(value: &str) -> Result<Vec<String>, Refusal> {
    let ids = value.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if ids.is_empty() || ids.len() > DEALER_IDS {
        return Err(Refusal::invalid("invalid_dealer_id", "dealer_id takes 1 to 100 ids."));
    }
    Ok(ids)
}

fn whole_vin(mask: &str) -> Result<Vin, Refusal> {
    if let Some(vin) = Vin::new(mask) {
        return Ok(vin);
    }
    let body = mask.strip_suffix('*').unwrap_or(mask);
    if body.len() <= 17 && body.bytes().all(|byte| byte == b'?' || byte.is_ascii_alphanumeric()) {
        return Err(Refusal::invalid(
            "unsupported_in_sandbox",
            "The sandbox knows listings by whole VIN only.",
        ));
    }
    Err(Refusal::invalid("invalid_vin_pattern", "A mask is a VIN with ? for one position, * last."))
}

fn fields(value: &str) -> Result<Option<Vec<String>>, Refusal> {
    let asked: Vec<&str> = value.split(',').map(str::trim).collect();
    let known = |field: &str| is_in(DEFAULT_FIELDS, field) || is_in(EXTRA_FIELDS, field);
    if let Some(field) = asked.iter().find(|field| !known(field)) {
        return Err(Refusal::invalid("unknown_field", format!("Unknown field: {field}")));
    }
    Ok(Some(asked.into_iter().map(str::to_owned).collect()))
}

fn includes(value: &str) -> Result<bool, Refusal> {
    match value.split(',').find(|asked| !is_in(INCLUDES, asked)) {
        Some(asked) => {
            Err(Refusal::invalid("invalid_include", format!("Unknown include: {asked}")))
        }
        None => Ok(true),
    }
}
