//! Visor's rows: listings, one VIN, dealers.

use serde::Serialize;
use serde_json::Value;

use super::super::dealer_stock::{self, DEALERS, Dealer, Offer};
use super::super::fleet::{self, Vehicle};
use super::super::handler::{Item, Reply, to_json};
use super::query::{DealersQuery, EXTRA_FIELDS, ListingsQuery, PageQuery};
use crate::domain::Vin;

/// The page of listings that a query asks for.
pub(super) fn listings(query: &ListingsQuery) -> Reply {
    let offers: Vec<(&Vin, Offer)> =
        query.vins.iter().filter_map(|vin| Some((vin, dealer_stock::offer(vin)?))).collect();
    let page = offers.iter().skip(query.page.offset).take(query.page.limit);
    let items = page.map(|(vin, offer)| listing(vin, offer, query)).collect();
    let tail = format!("],{}}}", footer(query.page, offers.len()));
    Reply::list(r#"{"data":["#, items, tail)
}

/// What is known of one VIN; nothing when its maker is unknown.
pub(super) fn vin(vin: &Vin, enriched: bool) -> Option<Reply> {
    let vehicle = fleet::vehicle(vin)?;
    let offer = dealer_stock::offer(vin);
    let detail = Detail {
        vin: vin.as_str(),
        status: if offer.is_some() { "active" } else { "missing" },
        build: Build::new(&vehicle, enriched),
        latest_listing: offer.as_ref().map(|offer| LatestListing::new(offer, enriched)),
    };
    Some(Reply::json(200, format!(r#"{{"data":{},"meta":{{}}}}"#, to_json(&detail))))
}

/// The page of dealers that a query asks for.
pub(super) fn dealers(query: &DealersQuery) -> Reply {
    #[derive(Serialize)]
    struct Row {
        #[serde(flatten)]
        dealer: &'static Dealer,
        country: &'static str,
    }
    let DealersQuery { page, ids } = query;
    let wanted = |dealer: &&Dealer| ids.is_empty() || ids.contains(&dealer.id);
    let dealers: Vec<&Dealer> = DEALERS.iter().filter(wanted).collect();
    let on_page = dealers.iter().skip(page.offset).take(page.limit);
    let rows: Vec<Row> = on_page.map(|dealer| Row { dealer, country: "US" }).collect();
    let footer = footer(*page, dealers.len());
    Reply::json(200, format!(r#"{{"data":{},{footer}}}"#, to_json(&rows)))
}

/// `"pagination":{…},"meta":{}`.
fn footer(page: PageQuery, total: usize) -> String {
    #[derive(Serialize)]
    struct Pagination {
        limit: usize,
        offset: usize,
        total: usize,
        next_offset: Option<usize>,
    }
    let PageQuery { limit, offset } = page;
    let next = offset.saturating_add(limit);
    let pagination =
        Pagination { limit, offset, total, next_offset: (next < total).then_some(next) };
    format!(r#""pagination":{},"meta":{{}}"#, to_json(&pagination))
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    vin: &'a str,
    year: Option<u16>,
    make: String,
    model: &'a str,
    trim: Option<&'a str>,
    price: Option<u64>,
    miles: u64,
    status: &'a str,
    inventory_status: &'a str,
    inventory_type: &'a str,
    dealer_id: &'a str,
    dealer_name: Option<&'a str>,
    city: Option<&'a str>,
    state: &'a str,
    vdp_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_history: Option<[Priced; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<[Value; 0]>,
}

/// A price and the day it was seen.
#[derive(Serialize)]
struct Priced {
    date: String,
    price: Option<u64>,
}

fn listing(vin: &Vin, offer: &Offer, query: &ListingsQuery) -> Item {
    let row = Row {
        id: &offer.id,
        vin: vin.as_str(),
        year: offer.vehicle.year,
        make: title_case(&offer.vehicle.maker.make),
        model: &offer.vehicle.model.name,
        trim: known(offer.vehicle.trim),
        price: offer.price,
        miles: offer.miles,
        status: "active",
        inventory_status: "active",
        inventory_type: offer.condition,
        dealer_id: &offer.dealer.id,
        dealer_name: offer.describes_dealer.then_some(&offer.dealer.name),
        city: offer.describes_dealer.then_some(&offer.dealer.city),
        state: &offer.dealer.state,
        vdp_url: url(offer),
        price_history: query.enriched.then(|| price_history(offer)),
        options: query.enriched.then_some([]),
    };
    let json = match &query.fields {
        None => to_json(&row),
        Some(fields) => to_json(&chosen(&row, fields)),
    };
    Item { vin: vin.to_string(), json }
}

/// The fields asked for, and `id` and `vin` in any case.
fn chosen(row: &Row<'_>, fields: &[String]) -> Value {
    let asked = |name: &str| fields.iter().any(|field| field == name);
    let mut row = serde_json::to_value(row).unwrap_or_default();
    if let Value::Object(row) = &mut row {
        row.retain(|name, _| {
            ["id", "vin", "price_history", "options"].contains(&name.as_str())
                || asked("default")
                || asked(name)
        });
        let extra = EXTRA_FIELDS.split(' ').filter(|&extra| extra != "default" && asked(extra));
        for extra in extra {
            row.insert(extra.to_owned(), Value::Null);
        }
    }
    row
}

fn price_history(offer: &Offer) -> [Priced; 1] {
    let date = offer.last_checked_at.get(..10).unwrap_or_default().to_owned();
    [Priced { date, price: offer.price }]
}

/// A page that does not exist: the domain is reserved (RFC 2606).
fn url(offer: &Offer) -> String {
    format!("https://example.invalid/vdp/{}", offer.id)
}

#[derive(Serialize)]
struct Detail<'a> {
    vin: &'a str,
    status: &'static str,
    build: Build,
    latest_listing: Option<LatestListing<'a>>,
}

#[derive(Serialize)]
struct Build {
    year: Option<u16>,
    make: String,
    model: &'static str,
    trim: Option<&'static str>,
    body_type: &'static str,
    drivetrain: Option<&'static str>,
    fuel_type: Option<&'static str>,
    transmission: Option<&'static str>,
    engine: Option<String>,
    cylinders: Option<u8>,
    doors: Option<u8>,
    seating_capacity: Option<u8>,
    options: Option<[Value; 0]>,
}

impl Build {
    fn new(vehicle: &Vehicle, enriched: bool) -> Self {
        let Vehicle { model, engine, .. } = *vehicle;
        Self {
            year: vehicle.year,
            make: title_case(&vehicle.maker.make),
            model: &model.name,
            trim: known(vehicle.trim),
            body_type: first_part(&model.body.class),
            drivetrain: known(first_part(vehicle.drive_type)),
            fuel_type: known(&engine.fuel),
            transmission: known(&vehicle.transmission.style),
            engine: known(&engine.litres).map(|litres| format!("{litres}L")),
            cylinders: engine.cylinders.parse().ok(),
            doors: model.body.doors.parse().ok(),
            seating_capacity: model.body.seats.parse().ok(),
            options: enriched.then_some([]),
        }
    }
}

#[derive(Serialize)]
struct LatestListing<'a> {
    id: &'a str,
    price: Option<u64>,
    miles: u64,
    inventory_type: &'static str,
    vdp_url: String,
    sold_date: Option<&'a str>,
    last_checked_at: &'a str,
    dealer: &'static Dealer,
    price_history: Vec<Priced>,
}

impl<'a> LatestListing<'a> {
    fn new(offer: &'a Offer, enriched: bool) -> Self {
        Self {
            id: &offer.id,
            price: offer.price,
            miles: offer.miles,
            inventory_type: offer.condition,
            vdp_url: url(offer),
            sold_date: None,
            last_checked_at: &offer.last_checked_at,
            dealer: offer.dealer,
            price_history: if enriched { price_history(offer).into() } else { Vec::new() },
        }
    }
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// `FWD` of `FWD/Front-Wheel Drive`.
fn first_part(words: &str) -> &str {
    words.split('/').next().unwrap_or(words)
}

/// `Mercedes-Benz` for `MERCEDES-BENZ`; makes that are initials stay as they are.
fn title_case(make: &str) -> String {
    if ["BMW", "GMC", "IC BUS", "MINI", "RAM"].contains(&make) {
        return make.to_owned();
    }
    let mut starts = true;
    let cased = make.chars().map(|letter| {
        let cased = if starts { letter } else { letter.to_ascii_lowercase() };
        starts = !letter.is_alphanumeric();
        cased
    });
    cased.collect()
}

#[cfg(test)]
#[path = "tests/rows.rs"]
mod tests;
