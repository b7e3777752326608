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
    option("brand_id", is_id),
    option("model_id", is_id),
    option("body_type_id", is_id),
];

const CURRENCY: &str = "currency";

/// The filters: the setting and what the vendor calls it.
const FILTERS: [(&str, &str); 8] = [
    ("listing_type", "listingType"),
    ("min_price", "minPrice"),
    ("max_price", "maxPrice"),
    ("min_year", "minYear"),
    ("max_year", "maxYear"),
    ("brand_id", "brandId"),
    ("model_id", "modelId"),
    ("body_type_id", "bodyTypeId"),
];

/// The filters that are set, in a fixed order.
pub(super) fn filters(settings: &VendorSettings) -> Vec<(&'static str, String)> {
    let set = |(option, name): (&str, _)| Some((name, settings.option(option)?.to_owned()));
    FILTERS.into_iter().filter_map(set).collect()
}

/// Filters that no vehicle can pass: every VIN would look absent.
pub(super) fn contradiction(options: &Options) -> Option<String> {
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

fn must(fits: bool, what: &str, text: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("must be {what}, not `{text}`")) }
}
