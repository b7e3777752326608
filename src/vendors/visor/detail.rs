//! The reply to a look-up of one VIN:
//! `{"data":{"vin":"…","status":"active","build":{…},"latest_listing":{…}}}`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::envelope;
use super::rows;
use crate::domain::facts::Listing;
use crate::domain::{Fault, Key, Vin};
use crate::vendors::json::{Object, Unreadable};
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
    let Some(named) = data.scalar(&["vin"]) else { return Err(unrecognised(&reply.body)) };
    if Vin::in_any_case(&named) != Some(*asked) {
        return Ok(Parsed { foreign: 1, ..Parsed::default() });
    }
    let said = said(&data).map_err(unreadable)?.ok_or_else(|| unrecognised(&reply.body))?;
    Ok(Parsed::one(said, reply.body.slice_ref(raw.get().as_bytes())))
}

/// The latest listing in a kept answer. What a VIN is, its `build`, says how it looks
/// and what it cost when new.
pub(super) fn listings(body: &[u8]) -> Vec<Listing> {
    let listing = || {
        let data = Object::of_body(body).ok()??;
        let status = data.scalar(&["status"]);
        let Some(latest) = part(&data, "latest_listing") else {
            let is_active = status.as_deref() == Some(rows::ACTIVE);
            return is_active.then(|| rows::of_status(status));
        };
        let dealer = part(&latest, "dealer");
        let status = status.or_else(|| latest.scalar(&["status"]));
        let mut listing = rows::listing(&latest, dealer.as_ref(), status);
        if let Some(build) = part(&data, "build") {
            listing.msrp = listing.msrp.or_else(|| rows::dollars(&build, &["combined_msrp"]));
            let color = || build.scalar(&["exterior_color"]).map(Cow::into_owned);
            listing.exterior_color = listing.exterior_color.or_else(color);
        }
        Some(listing)
    };
    listing().into_iter().collect()
}

fn part<'a>(of: &Object<'a>, name: &str) -> Option<Object<'a>> {
    Object::read(of.get(&[name])?).ok()?
}

/// The `data` of a reply, as written and read.
fn data(body: &[u8]) -> Result<Option<(&RawValue, Object<'_>)>, Unreadable> {
    let raw = Object::of_body(body)?.and_then(|envelope| envelope.get(&["data"]));
    let Some(raw) = raw else { return Ok(None) };
    Ok(Object::read(raw)?.map(|data| (raw, data)))
}

/// Found with a latest listing that can be read, and where the vendor says no more
/// than that the VIN is for sale: what it knows of the listing may be too little to
/// show. Absent where there is none; nothing where the reply does not say.
fn said(data: &Object<'_>) -> Result<Option<Answer>, Unreadable> {
    let status = data.scalar(&["status"]);
    let listing = data.get(&["latest_listing"]);
    if listing.map(Object::read).transpose()?.flatten().is_some() {
        return Ok(Some(Answer::Found));
    }
    Ok(match (listing.map(RawValue::get), status.as_deref()) {
        (Some("null"), Some(rows::ACTIVE)) => Some(Answer::Found),
        (None | Some("null"), Some("missing" | "sold")) => Some(Answer::Absent),
        _ => None,
    })
}

#[cfg(test)]
#[path = "tests/detail.rs"]
mod tests;
