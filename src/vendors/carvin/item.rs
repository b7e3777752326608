//! One item of a batch decode: whose it is, and what it says.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::complaint;
use crate::vendors::Said;
use crate::vendors::json::{self, Object, Unreadable, Value};

const VIN: &[&str] = &["VIN"];
const MAKE: &[&str] = &["Make"];
const MODEL: &[&str] = &["Model"];
const YEAR: &[&str] = &["ModelYear", "Year", "model_year"];

/// One item, as far as the batch must know it.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Whose it says it is.
    pub(super) vin: Option<Cow<'a, str>>,
    /// What it says; nothing when it tells of trouble that will pass.
    pub(super) said: Option<Said>,
    /// Values of an unexpected type among those that decide `said`.
    pub(super) type_drift: u32,
}

/// Reads items; kept from one to the next, so that its memory is.
#[derive(Debug, Default)]
pub(super) struct Reader {
    keys: Vec<u64>,
}

impl Reader {
    /// What `raw` says; nothing where it is no object.
    pub(super) fn read<'a>(&mut self, raw: &'a RawValue) -> Result<Option<Item<'a>>, Unreadable> {
        match self.glance(raw) {
            Some(vin) => {
                Ok(Some(Item { vin: Some(vin.into()), said: Some(Said::Found), type_drift: 0 }))
            }
            None => Object::read(raw)?.map(|object| read(&object)).transpose(),
        }
    }

    /// The VIN of an item in the documented shape that says something, in one
    /// look at the text. Nearly every item is; this is the hot path.
    fn glance<'a>(&mut self, raw: &'a RawValue) -> Option<&'a str> {
        self.keys.clear();
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        Glance { keys: &mut self.keys }.deserialize(&mut deserializer).ok()
    }
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
    [MAKE, MODEL, YEAR].iter().any(|names| object.get(names).is_some())
}

/// Whether vPIC means "nothing" by this text.
pub(super) fn is_blank(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("Not Applicable")
}

/// A model year; vPIC knows vehicles from 1886 on.
pub(super) fn model_year(text: &str) -> Option<i32> {
    json::integer(text).filter(|year| (1886..2200).contains(year))
}

fn read<'a>(item: &Object<'a>) -> Result<Item<'a>, Unreadable> {
    let failed = complaint::says_failed(item);
    let inner = unwrapped(item)?;
    let columns = inner.as_ref().unwrap_or(item);
    let text = |names| columns.scalar(names).filter(|text| !is_blank(text));
    let decoded = text(MAKE).is_some()
        || text(MODEL).is_some()
        || text(YEAR).is_some_and(|year| model_year(&year).is_some());
    let words = complaint::about_item(item).or_else(|| complaint::about_item(columns));
    let said = match words {
        _ if decoded && !failed => Some(Said::Found),
        Some(words) if complaint::is_passing(&words) => None,
        Some(words) => Some(Said::Refused(words)),
        None if failed => Some(Said::Refused("success: false".into())),
        None => Some(Said::Absent),
    };
    let type_drift = [VIN, MAKE, MODEL, YEAR].iter().map(|names| drift(columns, names)).sum();
    Ok(Item { vin: item.scalar(VIN).or_else(|| columns.scalar(VIN)), said, type_drift })
}

/// 1 where a value is neither text nor null.
fn drift(item: &Object<'_>, names: &[&str]) -> u32 {
    let value = item.get(names).and_then(|raw| Value::read(raw).ok());
    u32::from(!matches!(value, None | Some(Value::Null | Value::Text(_))))
}

/// Reads the VIN of an item in the documented shape, and fails on any other:
/// another spelling of a key that matters, an escape, a value of another type,
/// nothing decoded, a `success` flag, a key that stands twice.
struct Glance<'k> {
    /// The hashes of the keys seen.
    keys: &'k mut Vec<u64>,
}

impl<'de> DeserializeSeed<'de> for Glance<'_> {
    type Value = &'de str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'de str, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Glance<'_> {
    type Value = &'de str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decoded vehicle")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<&'de str, A::Error> {
        let uncommon = || A::Error::custom("not the documented shape");
        let (mut vin, mut decoded) = (None, false);
        while let Some(key) = map.next_key::<&'de str>()? {
            self.keys.push(xxh3_64(key.as_bytes()));
            match key {
                "VIN" => vin = Some(map.next_value::<&'de str>()?),
                "Make" | "Model" => decoded |= !is_blank(map.next_value::<&'de str>()?.trim()),
                "ModelYear" => decoded |= model_year(map.next_value::<&'de str>()?).is_some(),
                _ if key.eq_ignore_ascii_case("success") => return Err(uncommon()),
                _ if key.eq_ignore_ascii_case("ok") => return Err(uncommon()),
                _ if key.eq_ignore_ascii_case("vin") => return Err(uncommon()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.keys.sort_unstable();
        let twice = self.keys.windows(2).any(|pair| pair[0] == pair[1]);
        vin.filter(|_| decoded && !twice).ok_or_else(uncommon)
    }
}
