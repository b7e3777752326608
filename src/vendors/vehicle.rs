//! A decoded vehicle as columns, from an object under the names of NHTSA's vPIC.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{self, Object, Value};
use crate::domain::Key;
use crate::domain::facts::{DecodeColumn, DecodeFacts, is_blank};

/// The name of the VIN.
pub(super) const VIN: &[&str] = &["VIN"];

const MAKE: &[&str] = &["Make"];
const MODEL: &[&str] = &["Model"];
const YEAR: &[&str] = &["ModelYear", "Year", "model_year"];

/// The names by which a vehicle is recognised.
pub(super) const IDENTITY: [&[&str]; 3] = [MAKE, MODEL, YEAR];

/// Whether the object says what the vehicle is: whether its make, its model or
/// its year will be among its [`facts`], by any of their names.
pub(super) fn is_known(vehicle: &Object<'_>) -> bool {
    let mut facts = DecodeFacts::default();
    vehicle.entries.iter().any(|(name, raw)| {
        let column = DecodeColumn::named(name).or_else(|| DecodeColumn::stood_in_for(name));
        let identifies = |column: &DecodeColumn| {
            matches!(column, DecodeColumn::Make | DecodeColumn::Model | DecodeColumn::ModelYear)
        };
        let Some(column) = column.filter(identifies) else { return false };
        let text = json::scalar(raw).filter(|text| !is_blank(text));
        text.is_some_and(|text| column.fill(&mut facts, &text))
    })
}

/// Whether the object has any field that is known, filled or not: one that has none is
/// not about a vehicle, whatever VIN it names.
pub(super) fn has_known_field(vehicle: &Object<'_>) -> bool {
    const CODES: [&str; 2] = ["ErrorCode", "ErrorText"];
    vehicle.entries.iter().any(|(name, _)| {
        DecodeColumn::named(name).or_else(|| DecodeColumn::stood_in_for(name)).is_some()
            || CODES.iter().any(|code| code.eq_ignore_ascii_case(name))
    })
}

/// How many of the values that matter most are neither text nor null.
pub(super) fn type_drift(vehicle: &Object<'_>) -> u32 {
    let is_drift = |names: &&[&str]| {
        let value = vehicle.get(names).and_then(|raw| Value::read(raw).ok());
        !matches!(value, None | Some(Value::Null | Value::Text(_)))
    };
    [VIN].into_iter().chain(IDENTITY).map(|names| u32::from(is_drift(&names))).sum()
}

/// The columns in what was said about the VIN `key`.
pub(super) fn facts(key: &Key, vehicle: &Object<'_>) -> DecodeFacts {
    let entries = vehicle.entries.iter();
    let mut left: Vec<Entry<'_>> =
        entries.filter_map(|(name, raw)| Entry::read(name, raw, key)).collect();

    let mut facts = DecodeFacts::default();
    let mut fill = |column: Option<DecodeColumn>, text: &str| {
        column.is_some_and(|column| column.fill(&mut facts, text))
    };
    left.retain(|entry| !fill(DecodeColumn::named(entry.name), &entry.text));
    left.retain(|entry| !fill(DecodeColumn::stood_in_for(entry.name), &entry.text));
    facts.decode_extra = extra(left);
    facts
}

/// A name and its value, unless that is nothing or the VIN itself.
struct Entry<'a> {
    name: &'a str,
    /// Text or a number; "" for a list or an object.
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
        let is_nothing = !text.is_empty() && is_blank(&text);
        (!is_vin && !is_nothing).then_some(Self { name, text, raw })
    }

    /// Appends trimmed text, or the value as written without white space. One that holds
    /// a number beyond a double, at which readers of JSON stop, is kept as text.
    fn write(&self, object: &mut Vec<u8>) -> Option<()> {
        if self.raw.get().starts_with('"') {
            return serde_json::to_writer(object, &self.text).ok();
        }
        let value = json::compact(self.raw.get());
        match serde_json::from_str::<serde_json::Value>(&value) {
            Ok(_) => object.extend_from_slice(value.as_bytes()),
            Err(_) => serde_json::to_writer(object, &value).ok()?,
        }
        Some(())
    }
}

/// What fits no column: one JSON object with sorted keys.
fn extra(mut left: Vec<Entry<'_>>) -> Option<String> {
    if left.is_empty() {
        return None;
    }
    left.sort_unstable_by_key(|entry| entry.name);
    let mut object = Vec::new();
    for entry in &left {
        object.push(if object.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut object, entry.name).ok()?;
        object.push(b':');
        entry.write(&mut object)?;
    }
    object.push(b'}');
    // Many are kept for long.
    object.shrink_to_fit();
    String::from_utf8(object).ok()
}
