//! The settings that only this vendor has: the currency of its prices, and the
//! filters of its list.

use crate::config::VendorSettings;
use crate::vendors::{Options, VendorOption};

/// Every setting below `[vendors.carstrel]` that no other vendor has.
pub(super) static ALL: &[VendorOption] = &[
    option(CURRENCY, is_currency),
    option("listing_type", is_listing_type),
    option("min_price", is_amount),
    option("max_price", is_amount),
    option("min_year", is_year),
    option("max_year", is_year),
    option(BRAND_ID, is_id),
    option(MODEL_ID, is_id),
    option(BODY_TYPE_ID, is_id),
    option(BRAND, is_name),
    option(MODEL, is_name),
    option(BODY_TYPE, is_name),
];

/// Filters by id, and those by name for which the id is looked up.
pub(super) const BRAND_ID: &str = "brand_id";
pub(super) const MODEL_ID: &str = "model_id";
pub(super) const BODY_TYPE_ID: &str = "body_type_id";
pub(super) const BRAND: &str = "brand";
pub(super) const MODEL: &str = "model";
pub(super) const BODY_TYPE: &str = "body_type";

const CURRENCY: &str = "currency";

/// The filters: the setting and what the vendor calls it.
const FILTERS: [(&str, &str); 8] = [
    ("listing_type", "listingType"),
    ("min_price", "minPrice"),
    ("max_price", "maxPrice"),
    ("min_year", "minYear"),
    ("max_year", "maxYear"),
    (BRAND_ID, "brandId"),
    (MODEL_ID, "modelId"),
    (BODY_TYPE_ID, "bodyTypeId"),
];

/// The filters that are set, in a fixed order.
pub(super) fn filters(settings: &VendorSettings) -> Vec<(&'static str, String)> {
    let set = |(option, name): (&str, _)| Some((name, settings.option(option)?.to_owned()));
    FILTERS.into_iter().filter_map(set).collect()
}

/// The filters in the name of a list, which [`filters`] made.
pub(super) fn filters_in(list: &str) -> Vec<(&'static str, String)> {
    let query = list.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let known = |(name, value): (&str, &str)| {
        let (_, known) = FILTERS.into_iter().find(|(_, known)| *known == name)?;
        Some((known, value.to_owned()))
    };
    pairs.filter_map(known).collect()
}

/// Filters that no vehicle can pass: every VIN would look absent.
pub(super) fn contradiction(options: &Options) -> Option<String> {
    let twice = [(BRAND, BRAND_ID), (MODEL, MODEL_ID), (BODY_TYPE, BODY_TYPE_ID)];
    let is_set = |name: &str| options.get(name).is_some_and(|values| !values.is_empty());
    if let Some((name, id)) = twice.into_iter().find(|(name, id)| is_set(name) && is_set(id)) {
        return Some(format!("`{name}` and `{id}` are both set"));
    }
    if is_set(MODEL) && !is_set(BRAND) && !is_set(BRAND_ID) {
        return Some(format!("`{MODEL}` needs `{BRAND}` or `{BRAND_ID}` beside it"));
    }
    let number = |name| options.get(name)?.first()?.parse::<u64>().ok();
    [("min_price", "max_price"), ("min_year", "max_year")].into_iter().find_map(|(min, max)| {
        let is_empty = number(min)? > number(max)?;
        is_empty.then(|| format!("`{min}` is above `{max}`"))
    })
}

/// The ISO 4217 code of the currency that prices are in, where the user says.
pub(super) fn currency(settings: &VendorSettings) -> Option<[u8; 3]> {
    settings.option(CURRENCY)?.as_bytes().try_into().ok()
}

const fn option(name: &'static str, check: fn(&str) -> Result<(), String>) -> VendorOption {
    VendorOption { name, list: false, default: &[], check }
}

fn is_currency(text: &str) -> Result<(), String> {
    let fits = text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_uppercase());
    must(fits, "the ISO 4217 code of a currency, such as `KES` or `USD`", text)
}

fn is_listing_type(text: &str) -> Result<(), String> {
    must(["sale", "rental", "auction"].contains(&text), "`sale`, `rental` or `auction`", text)
}

fn is_amount(text: &str) -> Result<(), String> {
    let fits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    must(fits && text.len() <= 12, "a price in whole units of its currency, such as `50000`", text)
}

fn is_year(text: &str) -> Result<(), String> {
    let fits = text.parse::<u16>().is_ok_and(|year| (1900..=2100).contains(&year));
    must(fits, "a year such as `2020`", text)
}

fn is_id(text: &str) -> Result<(), String> {
    const LONGEST: usize = 64;
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits);
    must(fits, "an id as the vendor's `/external/brands` and `/external/models` list them", text)
}

fn is_name(text: &str) -> Result<(), String> {
    let fits = (1..=80).contains(&text.trim().len()) && !text.chars().any(char::is_control);
    must(fits, "a name as the vendor lists it, such as `Toyota`", text)
}

fn must(fits: bool, what: &str, text: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("must be {what}, not `{text}`")) }
}
