//! `GET /dealers?dealer_id=A,B,…&limit=100`: who the dealers behind listings are.
//!
//! Any field of a listing may be null; its dealer, looked up by id, may be known
//! by name and place all the same. A dealer without a row is not known.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::rows::{self, Rest};
use super::{envelope, get};
use crate::config::VendorSettings;
use crate::domain::facts::Dealer;
use crate::domain::{Fault, Key, KeyKind};
use crate::vendors::json::{self, Object, Unreadable};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{
    Answer, Effect, Endpoint, EndpointSpec, KeyAnswer, Parsed, Reply, Request, Role,
};

/// Dealers by their ids.
#[derive(Debug)]
pub(super) struct Dealers;

pub(super) static DEALERS: EndpointSpec = EndpointSpec {
    id: "dealers",
    dataset: None,
    key: KeyKind::Name,
    // The most ids a call may name, so that one page holds every row.
    batch: rows::PAGE,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Dealers {
    fn spec(&self) -> &'static EndpointSpec {
        &DEALERS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let ids: Vec<&str> = keys.iter().filter_map(Key::name).collect();
        let query = vec![("dealer_id", ids.join(",")), ("limit", rows::PAGE.to_string())];
        get("/dealers".into(), query)
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        if envelope::is_unknown(reply) {
            return unknown(keys);
        }
        let unreadable = |_: Unreadable| garbled(&reply.body);
        let document = json::read(&reply.body).map_err(unreadable)?;
        let parsed = answers(reply, document, keys).map_err(unreadable)?;
        parsed.ok_or_else(|| unrecognised(&reply.body))
    }

    fn role(&'static self) -> Role {
        Role::Dealers(dealer)
    }

    fn refuses_shape(&self, fault: &Fault) -> bool {
        envelope::refuses_request(fault)
    }
}

/// The dealer in a kept answer.
fn dealer(body: &[u8]) -> Option<Dealer> {
    let row = Object::of_body(body).ok()??;
    let text = |name| row.scalar(&[name]).map(Cow::into_owned);
    Some(Dealer { name: text("name"), city: text("city"), region: text("state") })
}

/// The id of the dealer that `row` names, where it can be asked about: a comma
/// would make it two, and no other separator belongs in an id.
pub(super) fn id(row: &Object<'_>) -> Option<String> {
    const LONGEST: usize = 64;
    let id = row.scalar(&["dealer_id"])?;
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (id.len() <= LONGEST && id.chars().all(belongs)).then(|| id.into_owned())
}

/// The vendor says that it does not know a dealer. Of several it does not say
/// which, so they are asked about again in smaller numbers.
fn unknown(keys: &[Key]) -> Result<Parsed, Fault> {
    match keys {
        [_] => Ok(Parsed::one(Answer::Absent, Bytes::new())),
        _ => Err(Fault::Poisoned { code: "not_found".into() }),
    }
}

/// An answer for every key; nothing where a row does not say whose it is, or
/// where rows may be missing.
fn answers(reply: &Reply, document: &RawValue, keys: &[Key]) -> Result<Option<Parsed>, Unreadable> {
    let Some(page) = rows::page(document)? else { return Ok(None) };
    let mut parsed = Parsed::default();
    let mut found: Vec<Option<KeyAnswer>> = keys.iter().map(|_| None).collect();
    for raw in page.rows {
        let Some(row) = Object::read(raw)? else { return Ok(None) };
        let Some(id) = row.scalar(&["dealer_id"]) else { return Ok(None) };
        match keys.iter().position(|key| key.name() == Some(id.as_ref())) {
            None => parsed.foreign += 1,
            Some(key) => {
                let body = reply.body.slice_ref(raw.get().as_bytes());
                let answer = KeyAnswer { key, said: Answer::Found, body };
                match &mut found[key] {
                    Some(_) => parsed.repeated.push(answer),
                    place => *place = Some(answer),
                }
            }
        }
    }
    // Rows about others only: the vendor looked for something else than was asked.
    let off_the_point = parsed.foreign > 0 && found.iter().all(Option::is_none);
    let nothing_yet = page.rest == Rest::FurtherPage && found.iter().all(Option::is_none);
    let may_lack_some = page.rest == Rest::Unknown && found.iter().any(Option::is_none);
    if off_the_point || nothing_yet || may_lack_some {
        return Ok(None);
    }
    parsed.has_more = page.rest == Rest::FurtherPage;
    parsed.answers = if parsed.has_more {
        found.into_iter().flatten().collect()
    } else {
        let answers = found.into_iter().enumerate();
        answers.map(|(key, found)| found.unwrap_or_else(|| absent(key))).collect()
    };
    Ok(Some(parsed))
}

fn absent(key: usize) -> KeyAnswer {
    KeyAnswer { key, said: Answer::Absent, body: Bytes::new() }
}

#[cfg(test)]
#[path = "tests/dealers.rs"]
mod tests;
