//! A batch's reply: `{"Count","Message","SearchCriteria","Results":[{…}]}`, an
//! item of flat texts for each VIN.

use serde_json::value::RawValue;

use crate::domain::{Fault, Key};
use crate::matching::model_year::only_repeats;
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Answer, KeyAnswer, Parsed, Reply, vehicle};

/// The code of a VIN that holds characters no VIN has.
const INVALID_CHARACTERS: &str = "400";

/// The answers in `reply`, matched by the VIN each item repeats.
pub(super) fn parse(reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
    let unreadable = |_: Unreadable| garbled(&reply.body);
    let document = json::read(&reply.body).map_err(unreadable)?;
    let items = items(document).map_err(unreadable)?;
    let items = items.ok_or_else(|| unrecognised(&reply.body))?;
    let mut parsed = Parsed::default();
    let mut answered = vec![false; keys.len()];
    for raw in items {
        let Some(item) = Object::read(raw).map_err(unreadable)? else { continue };
        parsed.type_drift += vehicle::type_drift(&item);
        match place(&item, keys) {
            None => parsed.foreign += 1,
            Some(_) if !vehicle::has_known_field(&item) => parsed.unreadable += 1,
            Some(place) => {
                let body = reply.body.slice_ref(raw.get().as_bytes());
                let answer = KeyAnswer { key: place, said: said(&item, &keys[place]), body };
                let again = std::mem::replace(&mut answered[place], true);
                if again { &mut parsed.repeated } else { &mut parsed.answers }.push(answer);
            }
        }
    }
    Ok(parsed)
}

/// The list at `Results`. `Count` is not relied on: items are known by their VIN.
fn items(document: &RawValue) -> Result<Option<Vec<&RawValue>>, Unreadable> {
    let Some(envelope) = Object::read(document)? else { return Ok(None) };
    let list = envelope.get(&["Results"]).map(Value::read).transpose()?;
    Ok(match list {
        Some(Value::List(items)) => Some(items),
        _ => None,
    })
}

/// The place of the key that an item is about.
fn place(item: &Object<'_>, keys: &[Key]) -> Option<usize> {
    let vin = item.scalar(vehicle::VIN)?;
    let is_it = |key: &Key| key.vin().is_some_and(|asked| vin.eq_ignore_ascii_case(asked.as_str()));
    keys.iter().position(is_it)
}

/// Codes come with good decodes too; a VIN is refused only where its characters
/// kept it from being decoded at all. A year that was only repeated finds no vehicle where
/// the VIN may be one whose position 7 tells another.
fn said(item: &Object<'_>, key: &Key) -> Answer {
    if vehicle::is_known(item) {
        return match key {
            Key::VinOfYear(vin, year) if only_repeats(vin, *year, &vehicle::facts(key, item)) => {
                Answer::Absent
            }
            _ => Answer::Found,
        };
    }
    let codes = item.scalar(&["ErrorCode"]).unwrap_or_default();
    if codes.split(',').any(|code| code.trim() == INVALID_CHARACTERS) {
        return Answer::Refused(INVALID_CHARACTERS.into());
    }
    Answer::Absent
}
