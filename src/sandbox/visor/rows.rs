//! Visor's rows: listings, one VIN, dealers.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::dealer_stock::{self, DEALERS, Dealer, Offer};
use super::super::fleet::{self, Vehicle, draw, pick};
use super::super::handler::{Item, Reply, to_json};
use super::query::{DealersQuery, ListingsQuery, PageQuery};
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
        build: Build::new(&vehicle, Colors::of(vin), enriched),
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
        latitude: Option<f64>,
        longitude: Option<f64>,
        #[serde(rename = "type")]
        kind: Option<&'static str>,
        website: Option<&'static str>,
        makes: [&'static str; 0],
        listing_count: u64,
    }
    let row = |dealer| Row {
        dealer,
        country: "US",
        latitude: None,
        longitude: None,
        kind: None,
        website: None,
        makes: [],
        listing_count: draw(&dealer.id, "listings") % 900,
    };
    let DealersQuery { page, ids } = query;
    let wanted = |dealer: &&Dealer| ids.is_empty() || ids.contains(&dealer.id);
    let dealers: Vec<&Dealer> = DEALERS.iter().filter(wanted).collect();
    let on_page = dealers.iter().skip(page.offset).take(page.limit);
    let rows: Vec<Row> = on_page.map(|dealer| row(dealer)).collect();
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

/// The price before the latest change, and after.
#[derive(Serialize)]
struct Priced {
    changed_at: String,
    miles: u64,
    price_before: Option<u64>,
    price_after: Option<u64>,
}

fn listing(vin: &Vin, offer: &Offer, query: &ListingsQuery) -> Item {
    let build = Build::new(&offer.vehicle, Colors::of(vin), false);
    let mut row = match serde_json::to_value(&build) {
        Ok(Value::Object(row)) => row,
        _ => serde_json::Map::new(),
    };
    let of_listing = json!({
        "id": offer.id,
        "vin": vin.as_str(),
        "msrp": build.combined_msrp,
        "discount_from_msrp": null,
        "price": offer.price,
        "miles": offer.miles,
        "days_on_market": offer.days_on_market,
        "status": "active",
        "inventory_status": "active",
        "inventory_type": offer.condition,
        "stock_number": offer.stock_number,
        "vdp_url": url(offer),
        "sold_date": null,
        "dealer_id": offer.dealer.id,
        "dealer_name": offer.describes_dealer.then_some(&offer.dealer.name),
        "dealer_type": null,
        "city": offer.describes_dealer.then_some(&offer.dealer.city),
        "state": offer.dealer.state,
        "latitude": null,
        "longitude": null,
        "distance_miles": null,
        "photo_urls": photos(offer),
        "features": [],
        "options_packages": [],
    });
    if let Value::Object(of_listing) = of_listing {
        row.extend(of_listing);
    }
    row.retain(|name, _| query.wants(name));
    if query.enriched {
        row.insert("price_history".into(), json!(price_history(offer)));
        row.insert("options".into(), json!([]));
    }
    Item { vin: vin.to_string(), json: to_json(&row) }
}

fn price_history(offer: &Offer) -> [Priced; 1] {
    let before = offer.price.map(|price| price + price / 40);
    [Priced {
        changed_at: offer.last_checked_at.clone(),
        miles: offer.miles,
        price_before: before,
        price_after: offer.price,
    }]
}

/// Photos that do not exist, the primary one first.
fn photos(offer: &Offer) -> [String; 2] {
    [1, 2].map(|number| format!("https://example.invalid/photos/{}-{number}.jpg", offer.id))
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
    version: Option<&'static str>,
    body_type: &'static str,
    drivetrain: Option<&'static str>,
    fuel_type: Option<&'static str>,
    powertrain_type: Option<&'static str>,
    transmission: Option<&'static str>,
    engine: Option<String>,
    cylinders: Option<u8>,
    doors: Option<u8>,
    seating_capacity: Option<u8>,
    exterior_color: &'static str,
    interior_color: &'static str,
    base_exterior_color: &'static str,
    base_interior_color: &'static str,
    assembly_location: Option<&'static str>,
    window_sticker_verified: bool,
    base_msrp: u64,
    combined_msrp: u64,
    options: Option<[Value; 0]>,
}

/// How a vehicle is painted, and its base color.
struct Colors((&'static str, &'static str));

impl Colors {
    fn of(vin: &Vin) -> Self {
        const PAINTS: [(&str, &str); 6] = [
            ("Harbor Blue Metallic", "Blue"),
            ("Oxford White", "White"),
            ("Ember Red", "Red"),
            ("Graphite Gray", "Gray"),
            ("Midnight Black", "Black"),
            ("Sterling Silver", "Silver"),
        ];
        Self(*pick(&PAINTS, draw(vin.as_str(), "paint")))
    }
}

impl Build {
    fn new(vehicle: &Vehicle, Colors((exterior, base)): Colors, enriched: bool) -> Self {
        let Vehicle { model, engine, .. } = *vehicle;
        Self {
            year: vehicle.year,
            make: title_case(&vehicle.maker.make),
            model: &model.name,
            trim: known(vehicle.trim),
            version: None,
            body_type: first_part(&model.body.class),
            drivetrain: known(first_part(vehicle.drive_type)),
            fuel_type: known(&engine.fuel),
            powertrain_type: None,
            transmission: known(&vehicle.transmission.style),
            engine: known(&engine.litres).map(|litres| format!("{litres}L")),
            cylinders: engine.cylinders.parse().ok(),
            doors: model.body.doors.parse().ok(),
            seating_capacity: model.body.seats.parse().ok(),
            exterior_color: exterior,
            interior_color: "Black",
            base_exterior_color: base,
            base_interior_color: "Black",
            assembly_location: None,
            window_sticker_verified: false,
            base_msrp: model.body.price_new,
            combined_msrp: model.body.price_new + PACKAGES,
            options: enriched.then_some([]),
        }
    }
}

/// What the options of a new vehicle cost, in US dollars.
const PACKAGES: u64 = 1_250;

#[derive(Serialize)]
struct LatestListing<'a> {
    id: &'a str,
    price: Option<u64>,
    miles: u64,
    inventory_type: &'static str,
    stock_number: &'a str,
    vdp_url: String,
    vhr_url: Option<&'a str>,
    photo_urls: [String; 2],
    photo_url_primary: String,
    inventory_date: Option<&'a str>,
    sold_date: Option<&'a str>,
    last_checked_at: &'a str,
    dealer: Value,
    price_history: Option<[Priced; 1]>,
}

impl<'a> LatestListing<'a> {
    fn new(offer: &'a Offer, enriched: bool) -> Self {
        let Dealer { id, name, city, state } = offer.dealer;
        Self {
            id: &offer.id,
            price: offer.price,
            miles: offer.miles,
            inventory_type: offer.condition,
            stock_number: &offer.stock_number,
            vdp_url: url(offer),
            vhr_url: None,
            photo_url_primary: photos(offer)[0].clone(),
            photo_urls: photos(offer),
            inventory_date: None,
            sold_date: None,
            last_checked_at: &offer.last_checked_at,
            dealer: json!({
                "dealer_id": id, "name": name, "city": city, "state": state,
                "latitude": null, "longitude": null, "phone": null,
            }),
            price_history: enriched.then(|| price_history(offer)),
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
