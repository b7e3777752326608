//! A kept item as columns. Its names are those of NHTSA's vPIC.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::item;
use crate::facts::{DecodeColumn, DecodeFacts, is_blank};
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
    let mut fill = |column: Option<DecodeColumn>, text: &str| {
        column.is_some_and(|column| column.fill(&mut facts, text))
    };
    left.retain(|entry| !fill(DecodeColumn::named(entry.name), &entry.text));
    left.retain(|entry| !fill(DecodeColumn::stood_in_for(entry.name), &entry.text));
    facts.decode_extra = extra(&left);
    Ok(Some(facts))
}

/// A name and what stands under it, unless that is nothing or the VIN itself.
struct Entry<'a> {
    name: &'a str,
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
        let is_nothing = !text.is_empty() && is_blank(&text);
        (!is_vin && !is_nothing).then_some(Self { name, text, raw })
    }
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
