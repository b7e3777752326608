//! `CarStrel`, after its vendor's documentation: the list of an organisation's
//! vehicles, page by page.
//!
//! The vehicles are drawn from the sample fleet, so that it meets itself here.
//! The documented vehicle has no VIN; here a quarter has one and is of the fleet,
//! most are others of the same makes, models and years. The body of every second
//! page says 201 within the 200, as the documents' own samples do. A look at one
//! vehicle, which counts as an impression there, is not answered here.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use hyper::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::fleet::{self, Vehicle, draw, pick};
use super::handler::{Answer, Call, Handler, Item, NO_ENDPOINT, Reply, Request, to_json, value_of};
use super::per;
use super::registry::Profile;
use crate::domain::Vin;

pub(super) static PROFILE: Profile = Profile {
    id: "carstrel",
    key: Some("sandbox-carstrel"),
    endpoints: &["vehicles", "names", "stats"],
    quotas: &[per(20, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    handler: || Box::new(CarStrel),
};

struct CarStrel;

impl Handler for CarStrel {
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        if let Some(list) = names(request) {
            let keys = vec![request.path.trim_matches('/').to_uppercase()];
            let answer: Answer<'a> = Box::new(move || list);
            return Call::new("names", Ok((keys, answer)));
        }
        if request.method == Method::GET && request.path.trim_matches('/') == STATS {
            let answer: Answer<'a> = Box::new(stats);
            return Call::new("stats", Ok((vec!["STATS".to_owned()], answer)));
        }
        if request.path.trim_matches('/') != "external/vehicles" {
            return Call::new(NO_ENDPOINT, Err(error(404, &["Cannot find this path"])));
        }
        let query = match request.method {
            Method::GET => ListQuery::read(&request.query).map_err(|words| error(400, &words)),
            _ => Err(error(405, &["Use GET"])),
        };
        let question = query.map(|query| {
            let keys = vec![format!("PAGE {}", query.page)];
            let answer: Answer<'a> = Box::new(move || page(&query));
            (keys, answer)
        });
        Call::new("vehicles", question)
    }

    fn error(&self, status: u16) -> Reply {
        let words = match status {
            400 => "Bad Request",
            401 => "Invalid or missing API key",
            403 => "This key does not have the required scopes",
            404 => "Not Found",
            429 => "Rate limit exceeded",
            _ => "Internal server error",
        };
        error(status, &[words])
    }
}

/// The vendor's error envelope; several complaints are a list.
fn error(status: u16, words: &[impl AsRef<str>]) -> Reply {
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

/// Vehicles on a page unless the request says otherwise.
const PAGE: usize = 20;

/// The most vehicles on a page.
const LARGEST_PAGE: usize = 100;

/// The orders a list can be had in.
const ORDERS: [&str; 6] = ["createdDate", "impressionsCount", "year", "mileage", "price", "name"];

/// The filters by id.
const BY_ID: [&str; 3] = ["brandId", "modelId", "bodyTypeId"];

/// Names on a page of the list of brands unless the request says otherwise.
const NAMES: usize = 50;

/// A well-formed request.
#[derive(Default)]
struct ListQuery {
    /// From 1.
    page: usize,
    limit: usize,
    listing_type: Option<String>,
    min_year: Option<u64>,
    max_year: Option<u64>,
    min_price: Option<u64>,
    max_price: Option<u64>,
    /// In the order of `BY_ID`.
    by_id: [Option<String>; 3],
}

impl ListQuery {
    /// Reads the parameters, or gives everything that is wrong with them.
    fn read(pairs: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut query = Self { page: 1, limit: PAGE, ..Self::default() };
        let wrong: Vec<String> =
            pairs.iter().filter_map(|(name, value)| query.take(name, value).err()).collect();
        if wrong.is_empty() { Ok(query) } else { Err(wrong) }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "page" => self.page = number(name, value, 1)?,
            "limit" => self.limit = number(name, value, 1)?,
            "minYear" => self.min_year = Some(number(name, value, 0)?),
            "maxYear" => self.max_year = Some(number(name, value, 0)?),
            "minPrice" => self.min_price = Some(number(name, value, 0)?),
            "maxPrice" => self.max_price = Some(number(name, value, 0)?),
            "listingType" if ["sale", "rental", "auction"].contains(&value) => {
                self.listing_type = Some(value.to_owned());
            }
            "sort" if ORDERS.contains(&value) => {}
            "order" if ["asc", "desc"].contains(&value) => {}
            "listingType" | "sort" | "order" => {
                return Err(format!("{name} must be one of the documented values"));
            }
            name => match BY_ID.iter().position(|known| *known == name) {
                Some(place) => self.by_id[place] = Some(value.to_owned()),
                None => return Err(format!("property {name} should not exist")),
            },
        }
        if self.limit > LARGEST_PAGE {
            self.limit = LARGEST_PAGE;
            return Err(format!("limit must not be greater than {LARGEST_PAGE}"));
        }
        Ok(())
    }
}

fn number<T: Copy + FromStr + PartialOrd + Display>(
    name: &str,
    value: &str,
    least: T,
) -> Result<T, String> {
    match value.parse::<T>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("{name} must be a number not less than {least}")),
    }
}

/// Vehicles in all: three pages of 100, the last of them half full.
const VEHICLES: usize = 250;

/// Every so many vehicles one has a VIN.
const WITH_VIN: usize = 4;

/// The fleet that most examples are about.
const FLEET: &str = include_str!("../../sample-data/fleet.csv");

static STOCK: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let cells = FLEET.lines().flat_map(|line| line.split(',')).map(str::trim);
    let known = |cell| Vin::new(cell).and_then(|vin| Some((vin, fleet::vehicle(&vin)?)));
    let mut fleet: Vec<(Vin, Vehicle)> = Vec::new();
    for (vin, vehicle) in cells.filter_map(known) {
        // Some of the fleet are in the list twice.
        if fleet.iter().all(|(other, _)| *other != vin) {
            fleet.push((vin, vehicle));
        }
    }
    fleet.iter().cycle().take(VEHICLES).enumerate().map(|(place, of)| Row::new(place, of)).collect()
});

/// The page that a query asks for.
fn page(query: &ListQuery) -> Reply {
    let fits = |row: &&Row| row.fits(query);
    let total = STOCK.iter().filter(fits).count();
    let rows = STOCK.iter().filter(fits).skip((query.page - 1).saturating_mul(query.limit));
    let item = |row: &Row| Item { vin: row.vin.clone().unwrap_or_default(), json: to_json(row) };
    let items = rows.take(query.limit).map(item).collect();
    let status = if query.page.is_multiple_of(2) { 201 } else { 200 };
    let head = format!(r#"{{"statusCode":{status},"message":"data has been received","data":["#);
    let (page, limit, pages) = (query.page, query.limit, total.div_ceil(query.limit));
    let tail = format!(r#"],"total":{total},"page":{page},"limit":{limit},"totalPages":{pages}}}"#);
    Reply::list(head, items, tail)
}

/// Where the vendor says how many vehicles there are.
const STATS: &str = "external/vehicles/stats/summary";

/// How many vehicles there are, in all and by what they are.
fn stats() -> Reply {
    let by = |of: fn(&Row) -> &str| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        STOCK.iter().for_each(|row| *counts.entry(of(row)).or_default() += 1);
        counts
    };
    let available = STOCK.iter().filter(|row| row.status == "available").count();
    let body = json!({
        "statusCode": 200,
        "data": {
            "totalVehicles": STOCK.len(),
            "availableVehicles": available,
            "byListingType": by(|row| row.listing_type),
            "byBodyType": by(|row| row.model.body_type["name"].as_str().unwrap_or_default()),
            "byBrand": by(|row| row.model.brand["name"].as_str().unwrap_or_default()),
        },
    });
    Reply::json(200, body.to_string())
}

/// The list of brands, of a brand's models, or of body types, where a request is for one.
fn names(request: &Request) -> Option<Reply> {
    let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let named = |of: &dyn Fn(&Row) -> Option<(String, Value)>| -> Vec<Value> {
        let distinct: BTreeMap<String, Value> = STOCK.iter().filter_map(of).collect();
        distinct.into_values().collect()
    };
    let by_name = |value: &Value| Some((value["name"].to_string(), value.clone()));
    let entries = match (&request.method, path.as_slice()) {
        (&Method::GET, ["external", "brands"]) => named(&|row| by_name(&row.model.brand)),
        (&Method::GET, ["external", "brands", id, "models"]) => named(&|row| {
            let model = json!({ "id": row.model.id, "name": row.model.name });
            by_name(&model).filter(|_| row.model.brand["id"] == **id)
        }),
        (&Method::GET, ["external", "body-types"]) => named(&|row| by_name(&row.model.body_type)),
        _ => return None,
    };
    let number =
        |name, or| value_of(&request.query, name).and_then(|text| text.parse().ok()).unwrap_or(or);
    let (page, limit) = (number("page", 1_usize).max(1), number("limit", NAMES).max(1));
    let shown: Vec<&Value> = entries.iter().skip((page - 1) * limit).take(limit).collect();
    let body = json!({
        "statusCode": 200, "message": "data has been received", "data": shown,
        "total": entries.len(), "page": page, "limit": limit,
    });
    Some(Reply::json(200, body.to_string()))
}

/// A vehicle as the list has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    name: String,
    slug: String,
    year: Option<u16>,
    mileage: u64,
    exterior_color: &'static str,
    listing_type: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vin: Option<String>,
    model: Model,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_options: Option<SaleOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rental_options: Option<Value>,
    pickup_details: Value,
    created_date: String,
    updated_date: String,
}

#[derive(Serialize)]
struct Model {
    id: String,
    name: &'static str,
    brand: Value,
    #[serde(rename = "bodyType")]
    body_type: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SaleOptions {
    price: u64,
    is_negotiable: bool,
}

impl Row {
    fn new(place: usize, (vin, vehicle): &(Vin, Vehicle)) -> Self {
        let drawn = |of: &str| draw(&format!("carstrel {place}"), of);
        let (make, model) = (&vehicle.maker.make, &vehicle.model.name);
        let body = &vehicle.model.body.class;
        let year = vehicle.year;
        let is_rental = drawn("type") % 8 == 0;
        let name =
            format!("{} {make} {model}", year.map(|year| year.to_string()).unwrap_or_default());
        let day = 1 + drawn("day") % 28;
        Self {
            id: uuid(drawn("id")),
            slug: name.trim().to_lowercase().replace(' ', "-"),
            name: name.trim().to_owned(),
            year,
            mileage: vehicle.age() * 15_000 + drawn("mileage") % 9_000,
            exterior_color: *pick(&["Silver", "White", "Blue", "Black"], drawn("color")),
            listing_type: if is_rental { "rental" } else { "sale" },
            status: "available",
            vin: place.is_multiple_of(WITH_VIN).then(|| vin.as_str().to_owned()),
            model: Model {
                id: uuid(draw(model, "model")),
                name: model,
                brand: json!({ "id": uuid(draw(make, "brand")), "name": make }),
                body_type: json!({ "id": uuid(draw(body, "body")), "name": body }),
            },
            sale_options: (!is_rental).then(|| SaleOptions {
                price: vehicle.price(drawn("price")),
                is_negotiable: drawn("negotiable") % 2 == 0,
            }),
            rental_options: is_rental.then(|| json!({ "dailyRate": 30 + drawn("rate") % 90 })),
            pickup_details: json!({
                "address": "123 Main St, Nairobi",
                "locationName": pick(&["Nairobi", "Mombasa", "Kisumu"], drawn("town")),
            }),
            created_date: format!("2026-05-{day:02}T10:30:00Z"),
            updated_date: format!("2026-06-{day:02}T14:15:00Z"),
        }
    }

    fn fits(&self, query: &ListQuery) -> bool {
        let year = self.year.map(u64::from);
        let price = self.sale_options.as_ref().map(|sale| sale.price);
        let within = |value: Option<u64>, least: Option<u64>, most: Option<u64>| {
            least.is_none_or(|least| value.is_some_and(|value| value >= least))
                && most.is_none_or(|most| value.is_some_and(|value| value <= most))
        };
        let ids = [&self.model.brand["id"], &json!(self.model.id), &self.model.body_type["id"]];
        let mut by_id = query.by_id.iter().zip(ids);
        by_id.all(|(wanted, id)| wanted.as_ref().is_none_or(|wanted| *id == **wanted))
            && query.listing_type.as_deref().is_none_or(|wanted| wanted == self.listing_type)
            && within(year, query.min_year, query.max_year)
            && within(price, query.min_price, query.max_price)
    }
}

/// An id as the vendor's are, from a drawn number.
fn uuid(drawn: u64) -> String {
    let (high, low) = (drawn >> 32, drawn & 0xffff_ffff);
    format!("{high:08x}-{:04x}-4000-8000-{low:012x}", high & 0xffff)
}

#[cfg(test)]
#[path = "tests/carstrel.rs"]
mod tests;
