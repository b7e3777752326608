//! The organisation's vehicles: drawn from the sample fleet, so that it meets
//! itself here. Some vehicles are of the fleet and say so by their VIN; most are
//! others of the same makes, models and years, without a VIN.

use std::sync::LazyLock;

use serde::Serialize;

use super::super::dealer_stock;
use super::super::fleet::{self, Vehicle, draw, pick};
use super::super::handler::{Body, Item, Reply, to_json};
use super::query::ListQuery;
use crate::domain::vin::Vin;

/// Vehicles in all: three pages of 100, the last of them half full.
const VEHICLES: usize = 250;

/// Every so many vehicles one has a VIN.
const WITH_VIN: usize = 4;

/// The fleet that most examples are about.
const FLEET: &str = include_str!("../../../sample-data/fleet.csv");

static STOCK: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let cells = FLEET.lines().flat_map(|line| line.split(',')).map(str::trim);
    let known = |cell| Vin::new(cell).and_then(|vin| Some((vin, fleet::vehicle(&vin)?)));
    let mut fleet: Vec<(Vin, Vehicle)> = Vec::new();
    for (vin, vehicle) in cells.filter_map(known) {
        // Some of the fleet stand in the list twice.
        if fleet.iter().all(|(other, _)| *other != vin) {
            fleet.push((vin, vehicle));
        }
    }
    fleet.iter().cycle().take(VEHICLES).enumerate().map(|(place, of)| Row::new(place, of)).collect()
});

/// The page that a query asks for.
pub(super) fn page(query: &ListQuery) -> Reply {
    let fits = |row: &&Row| row.fits(query);
    let total = STOCK.iter().filter(fits).count();
    let rows = STOCK.iter().filter(fits).skip((query.page - 1).saturating_mul(query.limit));
    let item = |row: &Row| Item { vin: row.vin.clone().unwrap_or_default(), json: to_json(row) };
    let items = rows.take(query.limit).map(item).collect();
    let status = if query.page.is_multiple_of(2) { 201 } else { 200 };
    let head = format!(r#"{{"statusCode":{status},"message":"data has been received","data":["#);
    let (page, limit, pages) = (query.page, query.limit, total.div_ceil(query.limit));
    let tail = format!(r#"],"total":{total},"page":{page},"limit":{limit},"totalPages":{pages}}}"#);
    Reply { status: 200, headers: Vec::new(), body: Body::List { head, items, tail } }
}

/// A vehicle as the list has it.
#[derive(Debug, Serialize)]
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
    rental_options: Option<RentalOptions>,
    pickup_details: PickupDetails,
    created_date: String,
    updated_date: String,
}

#[derive(Debug, Serialize)]
struct Model {
    id: String,
    name: &'static str,
    brand: Brand,
}

#[derive(Debug, Serialize)]
struct Brand {
    id: String,
    name: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SaleOptions {
    price: u64,
    is_negotiable: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RentalOptions {
    daily_rate: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PickupDetails {
    address: &'static str,
    location_name: &'static str,
}

impl Row {
    fn new(place: usize, (vin, vehicle): &(Vin, Vehicle)) -> Self {
        let drawn = |of: &str| draw(&format!("carstrel {place}"), of);
        let (make, model) = (vehicle.make, vehicle.model.name);
        let year = vehicle.year;
        let is_rental = drawn("type") % 8 == 0;
        let age = u64::from(fleet::NEWEST.saturating_sub(year.unwrap_or(fleet::NEWEST)));
        let name =
            format!("{} {make} {model}", year.map(|year| year.to_string()).unwrap_or_default());
        let day = 1 + drawn("day") % 28;
        Self {
            id: uuid(drawn("id")),
            slug: name.trim().to_lowercase().replace(' ', "-"),
            name: name.trim().to_owned(),
            year,
            mileage: age * 15_000 + drawn("mileage") % 9_000,
            exterior_color: pick(&["Silver", "White", "Blue", "Black"], drawn("color")),
            listing_type: if is_rental { "rental" } else { "sale" },
            status: "available",
            vin: place.is_multiple_of(WITH_VIN).then(|| vin.as_str().to_owned()),
            model: Model {
                id: uuid(draw(model, "model")),
                name: model,
                brand: Brand { id: uuid(draw(make, "brand")), name: make },
            },
            sale_options: (!is_rental).then(|| SaleOptions {
                price: dealer_stock::price(vehicle.model.body, age, drawn("price")),
                is_negotiable: drawn("negotiable") % 2 == 0,
            }),
            rental_options: is_rental
                .then(|| RentalOptions { daily_rate: 30 + drawn("rate") % 90 }),
            pickup_details: PickupDetails {
                address: "123 Main St, Nairobi",
                location_name: pick(&["Nairobi", "Mombasa", "Kisumu"], drawn("town")),
            },
            created_date: format!("2026-05-{day:02}T10:30:00Z"),
            updated_date: format!("2026-06-{day:02}T14:15:00Z"),
        }
    }

    fn fits(&self, query: &ListQuery) -> bool {
        let year = self.year.map(u64::from);
        let price = self.sale_options.as_ref().map(|sale| sale.price);
        let above = |value: Option<u64>, least: Option<u64>| {
            least.is_none_or(|least| value.is_some_and(|value| value >= least))
        };
        let below = |value: Option<u64>, most: Option<u64>| {
            most.is_none_or(|most| value.is_some_and(|value| value <= most))
        };
        !query.by_id
            && query.listing_type.as_deref().is_none_or(|wanted| wanted == self.listing_type)
            && above(year, query.min_year)
            && below(year, query.max_year)
            && above(price, query.min_price)
            && below(price, query.max_price)
    }
}

/// An id as the vendor's are, from a drawn number.
fn uuid(drawn: u64) -> String {
    let (high, low) = (drawn >> 32, drawn & 0xffff_ffff);
    format!("{high:08x}-{:04x}-4000-8000-{low:012x}", high & 0xffff)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_stock_fills_three_pages_and_some_of_it_has_a_vin() {
        assert_eq!(STOCK.len(), VEHICLES);
        let ids: BTreeSet<&str> = STOCK.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), VEHICLES);
        let vins: BTreeSet<&String> = STOCK.iter().filter_map(|row| row.vin.as_ref()).collect();
        assert_eq!(vins.len(), VEHICLES.div_ceil(WITH_VIN));
        assert!(STOCK.iter().any(|row| row.listing_type == "rental"));
    }
}
