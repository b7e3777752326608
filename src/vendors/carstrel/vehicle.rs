//! One vehicle of the list.
//!
//! The documented vehicle has no VIN; one is read wherever a field of a usual
//! name holds one.

use std::borrow::Cow;

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Vin;
use crate::domain::facts::{Listing, Price, StockVehicle};
use crate::domain::numbers;
use crate::domain::vin::{self, Rules};
use crate::vendors::json::{self, Object, Value};

/// Where a VIN has been seen; frame and chassis number are other names for it, and
/// for numbers that are not VINs.
const VIN: [&str; 8] = [
    "vin",
    "vinNumber",
    "vehicleIdentificationNumber",
    "chassisNumber",
    "chassisNo",
    "chassis",
    "frameNumber",
    "chassis_number",
];

/// The vehicle that `raw` describes, its price in `currency`.
pub(super) fn read(raw: &RawValue, currency: Option<[u8; 3]>) -> Option<StockVehicle> {
    let row = Object::read(raw).ok()??;
    let model = object(&row, &["model"]);
    let brand = |of: &Object<'_>| name(of, &["brand", "make"]);
    Some(StockVehicle {
        vin: vin_of(&row),
        make: model.as_ref().and_then(brand).or_else(|| brand(&row)),
        model: name(&row, &["model", "modelName"]),
        year: row.scalar(&["year", "modelYear"]).and_then(|year| numbers::integer(&year)),
        listing: listing(&row, raw, currency),
    })
}

/// Whether an entry says more of a vehicle than its VIN.
pub(super) fn is_one(raw: &RawValue) -> bool {
    const SCALARS: [&str; 7] = ["id", "_id", "uuid", "year", "modelYear", "price", "make"];
    const NAMES: [&str; 3] = ["model", "modelName", "brand"];
    let row = Object::read(raw).ok().flatten();
    row.is_some_and(|row| row.scalar(&SCALARS).is_some() || name(&row, &NAMES).is_some())
}

fn listing(row: &Object<'_>, raw: &RawValue, currency: Option<[u8; 3]>) -> Listing {
    let text = |names: &[&str]| row.scalar(names).map(Cow::into_owned);
    let place = object(row, &["pickupDetails", "location"]);
    let text_of_place = |names: &[&str]| place.as_ref()?.scalar(names).map(Cow::into_owned);
    let availability = text(&["status", "availability"]);
    let offer = row.scalar(&["listingType"]).and_then(|word| offer(&word));
    Listing {
        id: text(&["id", "_id", "uuid"]).unwrap_or_else(|| made_up_id(raw)),
        active: availability.as_deref().is_some_and(is_available),
        price: price(row, offer, currency),
        odometer: row.scalar(&["mileage", "odometer"]).and_then(|text| distance(&text)),
        odometer_unit: row.scalar(&["mileageUnit", "odometerUnit"]).and_then(|word| unit(&word)),
        availability,
        offer,
        condition: row.scalar(&["condition", "vehicleCondition"]).and_then(|word| condition(&word)),
        city: text(&["city"]).or_else(|| text_of_place(&["city", "locationName"])),
        region: text(&["region", "state"])
            .or_else(|| text_of_place(&["region", "state", "county"])),
        url: text(&["url", "publicUrl", "listingUrl"]),
        last_seen_at: row.scalar(&["updatedDate", "updatedAt"]).and_then(|text| text.parse().ok()),
        exterior_color: text(&["exteriorColor", "exteriorColour"]),
        photo_url: photo(row),
        ..Listing::default()
    }
}

/// The photo that the seller puts first: the featured one, else the first in order.
fn photo(row: &Object<'_>) -> Option<String> {
    let Ok(Value::List(media)) = Value::read(row.get(&["media", "photos"])?) else { return None };
    let photos = media.into_iter().filter_map(|entry| {
        let entry = Object::read(entry).ok()??;
        let is_photo = entry.scalar(&["type"]).is_none_or(|kind| {
            ["photo", "image"].iter().any(|word| kind.eq_ignore_ascii_case(word))
        });
        let url = entry.scalar(&["url"]).filter(|url| is_photo && url.starts_with("http"))?;
        let is_featured = entry.scalar(&["isFeatured"]).is_some_and(|word| word == "true");
        let place = entry.scalar(&["sortOrder"]).and_then(|text| numbers::integer(&text));
        Some(((!is_featured, place.unwrap_or(i32::MAX)), url.into_owned()))
    });
    photos.min_by_key(|(rank, _)| *rank).map(|(_, url)| url)
}

/// What the vehicle is for sale at. A rent a day and a first bid are not prices
/// of the vehicle.
fn price(row: &Object<'_>, offer: Option<&str>, currency: Option<[u8; 3]>) -> Option<Price> {
    if matches!(offer, Some("rental" | "auction")) {
        return None;
    }
    let sale = object(row, &["saleOptions"]);
    let of_sale = |names: &[&str]| sale.as_ref()?.scalar(names);
    let amount = of_sale(&["price"]).or_else(|| row.scalar(&["price"]))?;
    let named = of_sale(&["currency"]).or_else(|| row.scalar(&["currency"]));
    let named = named.and_then(|code| iso_4217(&code));
    Some(Price { cents: json::cents(&amount)?, currency: named.or(currency)? })
}

fn iso_4217(code: &str) -> Option<[u8; 3]> {
    let code: [u8; 3] = code.to_ascii_uppercase().into_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

fn vin_of(row: &Object<'_>) -> Option<Vin> {
    VIN.iter().find_map(|name| vin::read(&row.scalar(&[name])?, Rules::default()).vin)
}

fn is_available(word: &str) -> bool {
    ["available", "active", "published", "listed"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
}

fn offer(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "sale" => Some("sale"),
        "rental" | "rent" => Some("rental"),
        "auction" => Some("auction"),
        _ => None,
    }
}

fn condition(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    if word.contains("certified") || word == "cpo" {
        Some("certified")
    } else if word.contains("used") {
        Some("used")
    } else if word == "new" || word == "brand new" {
        Some("new")
    } else {
        None
    }
}

fn unit(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "mi" | "mile" | "miles" => Some("mi"),
        "km" | "kms" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => Some("km"),
        _ => None,
    }
}

fn distance(text: &str) -> Option<i32> {
    let whole = json::cents(text)?.checked_add(50)? / 100;
    i32::try_from(whole).ok()
}

/// The object under one of `names`, if there is one.
fn object<'a>(row: &Object<'a>, names: &[&str]) -> Option<Object<'a>> {
    row.get(names).and_then(|raw| Object::read(raw).ok().flatten())
}

/// A name under one of `names`, there itself or as the `name` of an object.
fn name(row: &Object<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let raw = row.get(&[name])?;
        match Value::read(raw).ok()? {
            Value::Object(object) => object.scalar(&["name"]).map(Cow::into_owned),
            _ => json::scalar(raw).map(Cow::into_owned),
        }
    })
}

/// An id for a vehicle that has none.
fn made_up_id(raw: &RawValue) -> String {
    format!("{:016x}", xxh3_64(raw.get().as_bytes()))
}
