//! `GET /usage`: what Visor counted and charged, by UTC day and metering class.
//! It is not billed, needs the scope `usage.read`, and lags behind the calls.

use jiff::civil::Date;
use serde_json::value::RawValue;

use super::dealers::DEALERS;
use super::facets::FACETS;
use super::{LISTINGS, VINS, get};
use crate::domain::{Fault, Micros};
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Counted, Probe, Reply, Usage, UsageRow};

/// The call. Without a query it is about the last 30 days.
pub(super) fn probe(query: Vec<(&'static str, String)>) -> Probe {
    Probe {
        endpoint: "usage",
        request: get("/usage".into(), query),
        scope: Some("usage.read"),
        read: |reply| read(reply).map(Some),
    }
}

/// A row that cannot be read makes the whole unreadable: a sum without it would
/// be a wrong one.
fn read(reply: &Reply) -> Result<Usage, Fault> {
    let usage = json::read(&reply.body).and_then(usage).map_err(|_| garbled(&reply.body))?;
    usage.ok_or_else(|| unrecognised(&reply.body))
}

fn usage(document: &RawValue) -> Result<Option<Usage>, Unreadable> {
    let Some(envelope) = Object::read(document)? else { return Ok(None) };
    let Some(data) = envelope.get(&["data"]) else { return Ok(None) };
    let Value::List(rows) = Value::read(data)? else { return Ok(None) };
    let rows = rows.into_iter().map(row).collect::<Result<Option<Vec<_>>, _>>()?;
    let totals = envelope.get(&["totals"]).map(Object::read).transpose()?.flatten();
    Ok(rows.map(|rows| Usage { rows, totals: totals.as_ref().and_then(counted) }))
}

fn row(raw: &RawValue) -> Result<Option<UsageRow>, Unreadable> {
    let Some(row) = Object::read(raw)? else { return Ok(None) };
    let day = row.scalar(&["date", "day"]).and_then(|text| day(&text));
    let Some((day, counted)) = day.zip(counted(&row)) else { return Ok(None) };
    let class = row.scalar(&["metering_class", "class"]).unwrap_or_default().into_owned();
    Ok(Some(UsageRow { day, endpoint: endpoint_of(&class), class, counted }))
}

/// `2026-06-09`; a time of day behind it is not looked at.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

fn counted(object: &Object<'_>) -> Option<Counted> {
    let number = |name| whole(&object.scalar(&[name])?);
    let charged = i64::try_from(number("charged_micros")?).ok()?;
    Some(Counted { calls: number("requests")?, charged_micros: Micros(charged) })
}

/// A number of things, also when written as `4.0`.
fn whole(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

/// Which endpoint a class is about. The vendor lists its classes nowhere, and
/// tells them apart by what else was asked for: `listing_search_historical`.
fn endpoint_of(class: &str) -> Option<&'static str> {
    const CLASSES: [(&str, &str); 4] = [
        ("listing_search", LISTINGS.id),
        ("vehicle_detail", VINS.id),
        ("dealer_lookup", DEALERS.id),
        ("facet_counts", FACETS.id),
    ];
    CLASSES.into_iter().find(|(prefix, _)| class.starts_with(prefix)).map(|(_, endpoint)| endpoint)
}

#[cfg(test)]
#[path = "tests/usage.rs"]
mod tests;
