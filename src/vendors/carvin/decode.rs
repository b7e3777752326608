//! A kept item as columns. Its names are those of NHTSA's vPIC.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::item;
use crate::facts::DecodeFacts;
use crate::key::Key;
use crate::vendors::json::{self, Object, Unreadable};

/// The columns in `body`; empty where it cannot be read.
pub(super) fn facts(key: &Key, body: &[u8]) -> DecodeFacts {
    read(key, body).ok().flatten().unwrap_or_default()
}

fn read(key: &Key, body: &[u8]) -> Result<Option<DecodeFacts>, Unreadable> {
    let Some(item) = Object::read(json::read(body)?)? else { return Ok(None) };
    let inner = item::unwrapped(&item)?;
    let entries = inner.as_ref().unwrap_or(&item).entries.iter();
    let mut left: Vec<Entry<'_>> =
        entries.filter_map(|(name, raw)| Entry::read(name, raw, key)).collect();

    let mut facts = DecodeFacts::default();
    left.retain(|entry| !fill(&mut facts, &entry.column, &entry.text));
    left.retain(|entry| !fill(&mut facts, second_choice(&entry.column), &entry.text));
    facts.decode_extra = extra(&left);
    Ok(Some(facts))
}

/// A name and what stands under it, unless that is nothing or the VIN itself.
struct Entry<'a> {
    name: &'a str,
    /// The name as [`fill`] knows it.
    column: String,
    /// A word or number; "" for a list or an object.
    text: Cow<'a, str>,
    raw: &'a RawValue,
}

impl<'a> Entry<'a> {
    fn read(name: &'a str, raw: &'a RawValue, key: &Key) -> Option<Self> {
        let text = match json::scalar(raw) {
            Some(text) => text,
            None if matches!(raw.get().as_bytes(), [b'[' | b'{', _, _, ..]) => "".into(),
            None => return None,
        };
        let is_vin = name.eq_ignore_ascii_case("VIN")
            || key.vin().is_some_and(|vin| text.eq_ignore_ascii_case(vin.as_str()));
        let is_nothing = !text.is_empty() && item::is_blank(&text);
        (!is_vin && !is_nothing).then(|| Self { name, column: column(name), text, raw })
    }
}

/// `model_year`, `Model Year` and `ModelYear` are one name.
fn column(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | ' ' | '-')).flat_map(char::to_lowercase).collect()
}

/// The column that a name stands in for where its own name is absent.
fn second_choice(column: &str) -> &str {
    match column {
        "year" => "modelyear",
        "wheelbase" | "wheelbaselong" => "wheelbaseshort",
        "cabtype" => "bodycabtype",
        "bedlength" => "bedlengthin",
        "brakesystem" => "brakesystemtype",
        _ => "",
    }
}

/// Puts `text` into its column; `false` where it has none, does not fit it, or
/// the column is taken.
fn fill(facts: &mut DecodeFacts, column: &str, text: &str) -> bool {
    let words = match column {
        "model" => &mut facts.model,
        "trim" => &mut facts.trim,
        "series" => &mut facts.series,
        "vehicletype" => &mut facts.vehicle_type,
        "bodyclass" => &mut facts.body_class,
        "drivetype" => &mut facts.drive_type,
        "fueltypeprimary" => &mut facts.fuel_type_primary,
        "fueltypesecondary" => &mut facts.fuel_type_secondary,
        "electrificationlevel" => &mut facts.electrification_level,
        "engineconfiguration" => &mut facts.engine_configuration,
        "enginemodel" => &mut facts.engine_model,
        "transmissionstyle" => &mut facts.transmission_style,
        "bodycabtype" => &mut facts.cab_type,
        "brakesystemtype" => &mut facts.brake_system,
        "manufacturer" => &mut facts.manufacturer,
        "plantcity" => &mut facts.plant_city,
        "plantstate" => &mut facts.plant_state,
        "plantcountry" => &mut facts.plant_country,
        "errorcode" => &mut facts.decode_error_codes,
        "gvwr" => {
            facts.gvwr_class = facts.gvwr_class.or_else(|| gvwr_class(text));
            &mut facts.gvwr
        }
        "make" => return set(&mut facts.make, (!text.is_empty()).then(|| text.to_uppercase())),
        _ => return fill_number(facts, column, text),
    };
    set(words, (!text.is_empty()).then(|| text.to_owned()))
}

fn fill_number(facts: &mut DecodeFacts, column: &str, text: &str) -> bool {
    match column {
        "modelyear" => set(&mut facts.model_year, item::model_year(text)),
        "enginecylinders" => set(&mut facts.engine_cylinders, json::integer(text)),
        "transmissionspeeds" => set(&mut facts.transmission_speeds, json::integer(text)),
        "doors" => set(&mut facts.doors, json::integer(text)),
        "seats" => set(&mut facts.seats, json::integer(text)),
        "displacementl" => set(&mut facts.displacement_l, json::real(text).map(thousandths)),
        "enginehp" => set(&mut facts.engine_hp, json::real(text)),
        "bedlengthin" => set(&mut facts.bed_length_in, json::real(text)),
        "wheelbaseshort" => set(&mut facts.wheelbase_in, json::real(text)),
        "baseprice" => set(&mut facts.base_price_usd, json::cents(text)),
        _ => false,
    }
}

fn set<T>(column: &mut Option<T>, value: Option<T>) -> bool {
    let fits = column.is_none() && value.is_some();
    if fits {
        *column = value;
    }
    fits
}

/// vPIC's litres are converted from cubic inches, with noise behind the third decimal.
fn thousandths(litres: f64) -> f64 {
    (litres * 1000.0).round() / 1000.0
}

/// The 2 in `Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)`.
fn gvwr_class(gvwr: &str) -> Option<i32> {
    let class = gvwr.strip_prefix("Class ")?.split(|c: char| !c.is_ascii_digit()).next()?;
    class.parse().ok().filter(|class| (1..=8).contains(class))
}

/// What fits no column: one JSON object with sorted keys.
fn extra(left: &[Entry<'_>]) -> Option<String> {
    let values: BTreeMap<&str, Box<RawValue>> =
        left.iter().filter_map(|entry| Some((entry.name, tidy(entry)?))).collect();
    if values.is_empty() { None } else { serde_json::to_string(&values).ok() }
}

/// Trimmed text, or the value as written without white space.
fn tidy(entry: &Entry<'_>) -> Option<Box<RawValue>> {
    if entry.raw.get().starts_with('"') {
        to_raw_value(&entry.text).ok()
    } else {
        RawValue::from_string(json::compact(entry.raw.get())).ok()
    }
}
