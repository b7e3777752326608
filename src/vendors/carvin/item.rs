//! One item of a batch decode: whose it is, and what it says.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::complaint;
use crate::domain::Key;
use crate::domain::facts::{DecodeFacts, is_blank, model_year};
use crate::vendors::Answer;
use crate::vendors::json::{self, Object, Unreadable};
use crate::vendors::vehicle::{self, IDENTITY, VIN};

/// One item, as far as the batch must know it.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Whose it says it is.
    pub(super) vin: Option<Cow<'a, str>>,
    /// What it says; `None` when it describes trouble that will pass, or has not one
    /// field that is known.
    pub(super) said: Option<Answer>,
    /// Whether it describes trouble that will pass.
    pub(super) is_passing: bool,
    /// Values of an unexpected type among those that decide `said`.
    pub(super) type_drift: u32,
}

/// An item in its place in the reply.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    /// What it says; `None` where it is not an object.
    pub(super) item: Option<Item<'a>>,
    /// Its own text.
    pub(super) text: &'a str,
    /// What follows it.
    pub(super) rest: &'a str,
}

/// Reads the item that `text` starts with.
pub(super) fn first(text: &str) -> Result<Placed<'_>, Unreadable> {
    let mut glances = serde_json::Deserializer::from_str(text).into_iter::<Glance<'_>>();
    if let Some(Ok(Glance { vin })) = glances.next() {
        let (text, rest) = text.split_at(glances.byte_offset());
        let item = Item {
            vin: Some(vin.into()),
            said: Some(Answer::Found),
            is_passing: false,
            type_drift: 0,
        };
        return Ok(Placed { item: Some(item), text, rest });
    }
    let mut raws = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let raw = raws.next().ok_or(Unreadable)??;
    let rest = &text[raws.byte_offset()..];
    let item = Object::read(raw)?.map(|object| read(&object)).transpose()?;
    Ok(Placed { item, text: raw.get(), rest })
}

/// The columns of an item that is wrapped once: `{"vin":…,"data":{…}}`.
pub(super) fn unwrapped<'a>(item: &Object<'a>) -> Result<Option<Object<'a>>, Unreadable> {
    const WRAPPERS: &[&str] = &["data", "result", "vehicle", "decoded"];
    match item.get(WRAPPERS) {
        Some(raw) if !is_about_a_vehicle(item) => Object::read(raw),
        _ => Ok(None),
    }
}

/// Whether an object looks like an item rather than like an envelope.
pub(super) fn is_about_a_vehicle(object: &Object<'_>) -> bool {
    IDENTITY.iter().any(|names| object.get(names).is_some())
}

/// The columns in a kept item; empty where it cannot be read.
pub(super) fn facts(key: &Key, body: &[u8]) -> DecodeFacts {
    let read = || -> Result<Option<DecodeFacts>, Unreadable> {
        let Some(item) = Object::of_body(body)? else { return Ok(None) };
        let inner = unwrapped(&item)?;
        Ok(Some(vehicle::facts(key, inner.as_ref().unwrap_or(&item))))
    };
    read().ok().flatten().unwrap_or_default()
}

fn read<'a>(item: &Object<'a>) -> Result<Item<'a>, Unreadable> {
    let failed = complaint::says_failed(item);
    let inner = unwrapped(item)?;
    let columns = inner.as_ref().unwrap_or(item);
    let decoded = vehicle::is_known(columns);
    let words = complaint::about_item(item).or_else(|| complaint::about_item(columns));
    let is_passing = words.as_deref().is_some_and(complaint::is_passing);
    let said = match words {
        _ if decoded && !failed => Some(Answer::Found),
        Some(_) if is_passing => None,
        Some(words) => Some(Answer::Refused(words)),
        None if failed => Some(Answer::Refused("failed without a word".into())),
        None => vehicle::has_known_field(columns).then_some(Answer::Absent),
    };
    let vin = item.scalar(VIN).or_else(|| columns.scalar(VIN));
    Ok(Item { vin, said, is_passing, type_drift: vehicle::type_drift(columns) })
}

/// The VIN of an item in the documented shape that says something, read in one
/// look at the text. Nearly every item is; this is the hot path.
///
/// It fails on any other: another spelling of a name that matters, an escape, a
/// value of another type, nothing decoded, a key that is there twice.
struct Glance<'a> {
    vin: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Glance<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GlanceVisitor).map(|vin| Self { vin })
    }
}

struct GlanceVisitor;

impl<'de> Visitor<'de> for GlanceVisitor {
    type Value = &'de str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decoded vehicle")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<&'de str, A::Error> {
        let uncommon = || A::Error::custom("not the documented shape");
        let (mut vin, mut decoded) = (None, false);
        let mut keys = Vec::with_capacity(32);
        while let Some(key) = map.next_key::<&'de str>()? {
            keys.push(key);
            match key {
                "VIN" => vin = Some(map.next_value::<&'de str>()?.trim()),
                "Make" | "Model" => decoded |= !is_blank(map.next_value::<&'de str>()?.trim()),
                "ModelYear" => {
                    decoded |= model_year(map.next_value::<&'de str>()?.trim()).is_some();
                }
                _ if matters(key) => return Err(uncommon()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let twice = json::has_duplicates(keys.into_iter());
        vin.filter(|vin| !vin.is_empty() && decoded && !twice).ok_or_else(uncommon)
    }
}

/// Whether a name, in any case, decides what an item says.
fn matters(key: &str) -> bool {
    [VIN, complaint::SUCCESS, &["error"]]
        .iter()
        .chain(&IDENTITY)
        .any(|names| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
#[path = "tests/item.rs"]
mod tests;
