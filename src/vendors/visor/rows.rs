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
use crate::domain::facts::{Days, Listing, Price, number_of_day};
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
    let search = search(document).map_err(unreadable)?;
    let Some(Search { rows, has_more }) = search else { return Err(unrecognised(&reply.body)) };

    let mut parsed = Parsed { has_more, ..Parsed::default() };
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
    if (parsed.foreign > 0 || has_more) && by_key.iter().all(Vec::is_empty) {
        // The search looked for something else than what was asked.
        return Err(unrecognised(&reply.body));
    }
    let by_key = by_key.into_iter().enumerate();
    // What has no row yet may have one on a further page.
    let said = by_key.filter(|(_, rows)| !has_more || !rows.is_empty());
    let answers = said.map(|(key, rows)| answer(reply, key, rows));
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
    let odometer = row.scalar(&["miles"]).and_then(|miles| rounded(&miles));
    Listing {
        id: text(&["id"]).unwrap_or_default(),
        price: dollars(row, &["price"]),
        odometer,
        odometer_unit: odometer.map(|_| "mi"),
        condition: row.scalar(&["inventory_type"]).and_then(|word| condition(&word)),
        dealer: text(&["dealer_name"]).or_else(|| dealer?.scalar(&["name"]).map(Cow::into_owned)),
        city: of_dealer("city"),
        region: of_dealer("state"),
        url: text(&["vdp_url"]),
        last_seen_at: row.scalar(LAST_SEEN).and_then(|text| moment(&text)),
        days_on_market: row.scalar(&["days_on_market"]).and_then(|days| rounded(&days)),
        msrp: dollars(row, &["msrp"]),
        stock_number: text(&["stock_number"]),
        exterior_color: text(&["exterior_color"]),
        photo_url: text(&["photo_url_primary"]).or_else(|| first_photo(row)),
        sold_date: row.scalar(&["sold_date"]).and_then(|text| day(&text)),
        dealer_id: dealers::id(row).or_else(|| dealers::id(dealer?)),
        ..of_status(status)
    }
}

/// All that is known of a listing of which only the status is.
pub(super) fn of_status(status: Option<Cow<'_, str>>) -> Listing {
    Listing {
        active: status.as_deref() == Some(ACTIVE),
        availability: status.map(Cow::into_owned),
        offer: Some("sale"),
        ..Listing::default()
    }
}

/// A price in `row`, which is in US dollars.
pub(super) fn dollars(row: &Object<'_>, names: &[&str]) -> Option<Price> {
    let cents = json::cents(&row.scalar(names)?)?;
    Some(Price { cents, currency: *b"USD" })
}

/// The first photo is the primary one.
fn first_photo(row: &Object<'_>) -> Option<String> {
    let Value::List(photos) = Value::read(row.get(&["photo_urls"])?).ok()? else { return None };
    photos.into_iter().find_map(json::scalar).map(Cow::into_owned)
}

/// The status of what is for sale.
pub(super) const ACTIVE: &str = "active";
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

/// A number as a whole one.
fn rounded(text: &str) -> Option<i32> {
    let whole = json::cents(text)?.checked_add(50)? / 100;
    i32::try_from(whole).ok()
}

/// The rows of a search, each of which names its VIN.
struct Search<'a> {
    rows: Vec<Row<'a>>,
    /// Whether there are more on a further page.
    has_more: bool,
}

/// Nothing where it is not said where the other rows are, or whose a row is.
fn search(document: &RawValue) -> Result<Option<Search<'_>>, Unreadable> {
    let Some(Page { rows, rest }) = page(document)? else { return Ok(None) };
    if rest == Rest::Unknown {
        return Ok(None);
    }
    let rows = rows.into_iter().map(Row::read).collect::<Result<Option<Vec<_>>, _>>()?;
    Ok(rows.map(|rows| Search { rows, has_more: rest == Rest::FurtherPage }))
}

/// The rows of a reply.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<&'a RawValue>,
    pub(super) rest: Rest,
}

/// What a page says of rows that it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// There are none.
    None,
    /// They are on a further page.
    FurtherPage,
    /// Some may be missing, and nobody says where they are.
    Unknown,
}

/// `{"data":[…],"pagination":{…}}`; nothing where it is something else.
pub(super) fn page(document: &RawValue) -> Result<Option<Page<'_>>, Unreadable> {
    let Some(envelope) = Object::read(document)? else { return Ok(None) };
    let Some(data) = envelope.get(&["data"]) else { return Ok(None) };
    let Value::List(rows) = Value::read(data)? else { return Ok(None) };
    let pagination = envelope.get(&["pagination"]).map(Object::read).transpose()?.flatten();
    let rest = rest(pagination.as_ref(), rows.len());
    Ok(Some(Page { rows, rest }))
}

/// No page follows where the total is met; where nothing is said of pages, where the
/// page is less than full.
fn rest(pagination: Option<&Object<'_>>, rows: usize) -> Rest {
    let unless_full = || if rows < PAGE { Rest::None } else { Rest::Unknown };
    let Some(pagination) = pagination else { return unless_full() };
    if pagination.get(&["next_offset"]).is_some_and(|next| next.get() != "null") {
        return Rest::FurtherPage;
    }
    match pagination.scalar(&["total"]).map(|total| total.parse::<usize>()) {
        Some(Ok(total)) if total <= rows => Rest::None,
        Some(_) => Rest::Unknown,
        None => unless_full(),
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
        let seen = self.columns.scalar(LAST_SEEN).and_then(|text| moment(&text));
        (Reverse(active), Reverse(seen), self.id())
    }
}

/// The day in `2026-06-09` or `2026-06-09T11:40:57Z`.
fn day(text: &str) -> Option<Days> {
    const LENGTH: usize = 10;
    number_of_day(text.get(..LENGTH)?.parse().ok()?)
}

/// `2026-06-09 11:40:57.534384` names no zone and is UTC.
fn moment(text: &str) -> Option<Timestamp> {
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

#[cfg(test)]
#[path = "tests/rows.rs"]
mod tests;
