//! The reply to a look-up of one VIN:
//! `{"data":{"vin":"…","status":"active","build":{…},"latest_listing":{…}}}`.

use serde_json::value::RawValue;

use super::envelope;
use super::rows;
use crate::domain::facts::Listing;
use crate::domain::{Fault, Key, Vin};
use crate::vendors::json::{self, Object, Unreadable};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Answer, Parsed, Reply};

/// The answer in `reply` about the one VIN asked.
pub(super) fn parse(reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
    let Some(asked) = keys.first().and_then(Key::vin) else { return Ok(Parsed::default()) };
    if envelope::is_unknown(reply) {
        return Ok(Parsed::one(Answer::Absent, reply.body.clone()));
    }
    let unreadable = |_: Unreadable| garbled(&reply.body);
    let Some((raw, data)) = data(&reply.body).map_err(unreadable)? else {
        return Err(unrecognised(&reply.body));
    };
    let named = data.scalar(&["vin"]);
    if named.is_some_and(|named| Vin::in_any_case(&named) != Some(*asked)) {
        return Ok(Parsed { foreign: 1, ..Parsed::default() });
    }
    let said = said(&data).map_err(unreadable)?.ok_or_else(|| unrecognised(&reply.body))?;
    Ok(Parsed::one(said, reply.body.slice_ref(raw.get().as_bytes())))
}

/// The latest listing in a kept answer.
pub(super) fn listings(body: &[u8]) -> Vec<Listing> {
    let listing = || {
        let data = Object::read(json::read(body).ok()?).ok()??;
        let latest = Object::read(data.get(&["latest_listing"])?).ok()??;
        let dealer = latest.get(&["dealer"]).and_then(|raw| Object::read(raw).ok().flatten());
        let status = data.scalar(&["status"]).or_else(|| latest.scalar(&["status"]));
        Some(rows::listing(&latest, dealer.as_ref(), status))
    };
    listing().into_iter().collect()
}

/// The `data` of a reply, as written and read.
fn data(body: &[u8]) -> Result<Option<(&RawValue, Object<'_>)>, Unreadable> {
    let raw = Object::read(json::read(body)?)?.and_then(|envelope| envelope.get(&["data"]));
    let Some(raw) = raw else { return Ok(None) };
    Ok(Object::read(raw)?.map(|data| (raw, data)))
}

/// Found with a latest listing that can be read, absent where the reply says that
/// there is none; nothing where it says neither.
fn said(data: &Object<'_>) -> Result<Option<Answer>, Unreadable> {
    let status = data.scalar(&["status"]);
    let listing = data.get(&["latest_listing"]);
    if listing.map(Object::read).transpose()?.flatten().is_some() {
        return Ok(Some(Answer::Found));
    }
    Ok(match (listing.map(RawValue::get), status.as_deref()) {
        (None | Some("null"), Some("missing" | "sold")) => Some(Answer::Absent),
        (Some("null"), status) if status != Some("active") => Some(Answer::Absent),
        _ => None,
    })
}
