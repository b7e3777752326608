//! The reply to a listing search: rows, and whether they are all there are.
//!
//! A VIN without a row is not for sale. That can be said only of a reply that
//! is whole, so one that is not, or that holds a row without a VIN, is a fault.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;

use bytes::Bytes;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::dealers;
use crate::domain::facts::{Listing, Price};
use crate::domain::{Fault, Key, Timestamp, Vin};
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Answer, KeyAnswer, Parsed, Reply};

/// Rows asked for in one call: the vendor's maximum.
pub(super) const PAGE: usize = 100;

/// The answers in `reply`: one for every key.
pub(super) fn parse(reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
    let unreadable = |_: Unreadable| garbled(&reply.body);
    let document = json::read(&reply.body).map_err(unreadable)?;
    let rows = whole_search(document).map_err(unreadable)?;
    let Some(rows) = rows else { return Err(unrecognised(&reply.body)) };

    let mut parsed = Parsed::default();
    let mut by_key: Vec<Vec<Row<'_>>> = keys.iter().map(|_| Vec::new()).collect();
    let mut seen = HashSet::new();
    for row in rows {
        parsed.type_drift += drift(&row.columns);
        match keys.iter().position(|key| key.vin() == Some(&row.vin)) {
            None => parsed.foreign += 1,
            Some(place) if row.id().is_some_and(|id| !seen.insert((place, id))) => {
                parsed.repeated.push(answer(reply, place, vec![row]));
            }
            Some(place) => by_key[place].push(row),
        }
    }
    if parsed.foreign > 0 && by_key.iter().all(Vec::is_empty) {
        // The search looked for something else than what was asked.
        return Err(unrecognised(&reply.body));
    }
    let answers = by_key.into_iter().enumerate().map(|(key, rows)| answer(reply, key, rows));
    parsed.answers = answers.collect();
    Ok(parsed)
}

/// The listings in a kept answer: one row, or a list of them in order.
pub(super) fn listings(body: &[u8]) -> Vec<Listing> {
    let listing_of = |raw| {
        let row = Object::read(raw).ok()??;
        Some(listing(&row, None, status(&row)))
    };
    let Ok(whole) = json::read(body) else { return Vec::new() };
    match Value::read(whole) {
        Ok(Value::List(rows)) => rows.into_iter().filter_map(listing_of).collect(),
        _ => listing_of(whole).into_iter().collect(),
    }
}

/// One listing: its own columns, those of its dealer where they are apart,
/// and its status.
pub(super) fn listing(
    row: &Object<'_>,
    dealer: Option<&Object<'_>>,
    status: Option<Cow<'_, str>>,
) -> Listing {
    let text = |names: &[&str]| row.scalar(names).map(Cow::into_owned);
    let of_dealer =
        |name: &str| text(&[name]).or_else(|| dealer?.scalar(&[name]).map(Cow::into_owned));
    let odometer = row.scalar(&["miles"]).and_then(|miles| miles_driven(&miles));
    Listing {
        id: text(&["id"]).unwrap_or_default(),
        active: status.as_deref() == Some(ACTIVE),
        price: row
            .scalar(&["price"])
            .and_then(|price| json::cents(&price))
            .map(|cents| Price { cents, currency: *b"USD" }),
        odometer,
        odometer_unit: odometer.map(|_| "mi"),
        availability: status.map(Cow::into_owned),
        offer: Some("sale"),
        condition: row.scalar(&["inventory_type"]).and_then(|word| condition(&word)),
        dealer: text(&["dealer_name"]).or_else(|| dealer?.scalar(&["name"]).map(Cow::into_owned)),
        city: of_dealer("city"),
        region: of_dealer("state"),
        url: text(&["vdp_url"]),
        // `2026-06-09 11:40:57.534384` names no zone: no moment, so no value.
        last_seen_at: row.scalar(LAST_SEEN).and_then(|text| text.parse().ok()),
        dealer_id: dealers::id(row).or_else(|| dealers::id(dealer?)),
    }
}

const ACTIVE: &str = "active";
const LAST_SEEN: &[&str] = &["last_checked_at", "last_seen_at"];

fn status<'a>(row: &Object<'a>) -> Option<Cow<'a, str>> {
    row.scalar(&["status", "inventory_status"])
}

fn condition(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "new" => Some("new"),
        "used" => Some("used"),
        "certified" | "cpo" => Some("certified"),
        _ => None,
    }
}

fn miles_driven(text: &str) -> Option<i32> {
    let whole = json::cents(text)?.checked_add(50)? / 100;
    i32::try_from(whole).ok()
}

/// The rows of a search, if it holds all there are and each names its VIN.
fn whole_search(document: &RawValue) -> Result<Option<Vec<Row<'_>>>, Unreadable> {
    let Some(Page { rows, is_whole: true }) = page(document)? else { return Ok(None) };
    rows.into_iter().map(Row::read).collect()
}

/// The rows of a reply.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<&'a RawValue>,
    /// Whether they are all there are.
    pub(super) is_whole: bool,
}

/// `{"data":[…],"pagination":{…}}`; nothing where it is something else.
pub(super) fn page(document: &RawValue) -> Result<Option<Page<'_>>, Unreadable> {
    let Some(envelope) = Object::read(document)? else { return Ok(None) };
    let Some(data) = envelope.get(&["data"]) else { return Ok(None) };
    let Value::List(rows) = Value::read(data)? else { return Ok(None) };
    let pagination = envelope.get(&["pagination"]).map(Object::read).transpose()?.flatten();
    let is_whole = is_whole(pagination.as_ref(), rows.len());
    Ok(Some(Page { rows, is_whole }))
}

/// Whether no page follows and the total is met; where nothing is said of pages,
/// whether the page is less than full.
fn is_whole(pagination: Option<&Object<'_>>, rows: usize) -> bool {
    let Some(pagination) = pagination else { return rows < PAGE };
    let last = pagination.get(&["next_offset"]).is_none_or(|next| next.get() == "null");
    let total = pagination.scalar(&["total"]).map(|total| total.parse::<usize>());
    last && match total {
        Some(Ok(total)) => total <= rows,
        Some(Err(_)) => false,
        None => rows < PAGE,
    }
}

/// One row of a search.
struct Row<'a> {
    vin: Vin,
    raw: &'a RawValue,
    columns: Object<'a>,
}

impl<'a> Row<'a> {
    fn read(raw: &'a RawValue) -> Result<Option<Self>, Unreadable> {
        let Some(columns) = Object::read(raw)? else { return Ok(None) };
        let vin = columns.scalar(&["vin"]).and_then(|vin| Vin::in_any_case(&vin));
        Ok(vin.map(|vin| Self { vin, raw, columns }))
    }

    fn id(&self) -> Option<Cow<'a, str>> {
        self.columns.scalar(&["id"])
    }

    /// Active first, then the latest seen, then the smallest id.
    fn rank(&self) -> (Reverse<bool>, Reverse<Option<Timestamp>>, Option<Cow<'a, str>>) {
        let active = status(&self.columns).as_deref() == Some(ACTIVE);
        let seen = self.columns.scalar(LAST_SEEN).and_then(|text| roughly_when(&text));
        (Reverse(active), Reverse(seen), self.id())
    }
}

/// Good enough to say which of two rows is the later: a moment without a zone
/// counts as UTC.
fn roughly_when(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().into())
    })
}

/// Numbers that are neither numbers nor null.
fn drift(row: &Object<'_>) -> u32 {
    let value = |name| row.get(&[name]).and_then(|raw| Value::read(raw).ok());
    let drifted = |name| !matches!(value(name), None | Some(Value::Null | Value::Number(_)));
    u32::from(drifted("price")) + u32::from(drifted("miles"))
}

fn answer(reply: &Reply, key: usize, mut rows: Vec<Row<'_>>) -> KeyAnswer {
    rows.sort_by_cached_key(Row::rank);
    match rows.as_slice() {
        [] => KeyAnswer { key, said: Answer::Absent, body: Bytes::new() },
        [row] => {
            let body = reply.body.slice_ref(row.raw.get().as_bytes());
            KeyAnswer { key, said: Answer::Found, body }
        }
        rows => {
            let rows: Vec<&str> = rows.iter().map(|row| row.raw.get()).collect();
            KeyAnswer { key, said: Answer::Found, body: format!("[{}]", rows.join(",")).into() }
        }
    }
}
