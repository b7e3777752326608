//! Recall campaigns as NHTSA writes them, and as those write them who pass its
//! data on: where the list is, and what a campaign says.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::json::{self, Object, Unreadable, Value};
use crate::domain::facts::{Campaign, Days, RecallFacts};
use crate::domain::text::clean;

/// Distinct campaigns, ascending by number; `None` where the shape is unknown,
/// an entry is not a recall, or a count says that entries are missing.
pub(super) fn read(document: &RawValue) -> Result<Option<Vec<Campaign>>, Unreadable> {
    let Some(Listed { entries, count }) = listed(document)? else { return Ok(None) };
    let mut found = Vec::with_capacity(entries.len());
    for entry in &entries {
        match Object::read(entry)?.as_ref().and_then(campaign) {
            Some(campaign) => found.push(campaign),
            None => return Ok(None),
        }
    }
    let complete = count.is_none_or(|count| found.len() >= count);
    Ok(complete.then(|| distinct(found)))
}

/// The campaigns in a kept reply; none where it cannot be read.
pub(super) fn facts(body: &[u8]) -> RecallFacts {
    let campaigns = json::read(body).and_then(read).ok().flatten();
    RecallFacts { campaigns: campaigns.unwrap_or_default() }
}

struct Listed<'a> {
    entries: Vec<&'a RawValue>,
    /// How many there are to be, where the reply says.
    count: Option<usize>,
}

/// The list at `recalls`, `data.recalls`, `data`, `results`, `data.results`, or
/// at the top.
fn listed(document: &RawValue) -> Result<Option<Listed<'_>>, Unreadable> {
    let envelope = match Value::read(document)? {
        Value::List(entries) => return Ok(Some(Listed { entries, count: None })),
        Value::Object(envelope) => envelope,
        _ => return Ok(None),
    };
    let data = envelope.get(&["data"]).map(Object::read).transpose()?.flatten();
    let places = [
        envelope.get(&["recalls"]),
        data.as_ref().and_then(|data| data.get(&["recalls"])),
        envelope.get(&["data"]),
        envelope.get(&["results"]),
        data.as_ref().and_then(|data| data.get(&["results"])),
    ];
    let count = count(&envelope).or_else(|| count(data.as_ref()?));
    for place in places.into_iter().flatten() {
        if let Value::List(entries) = Value::read(place)? {
            return Ok(Some(Listed { entries, count }));
        }
    }
    Ok(None)
}

fn count(object: &Object<'_>) -> Option<usize> {
    object.scalar(&["count", "total", "recall_count", "recallCount"])?.parse().ok()
}

/// The campaign in an entry; `None` where there is none.
fn campaign(entry: &Object<'_>) -> Option<Campaign> {
    let text = |names: &[&str]| entry.scalar(names).and_then(|text| clean(text.as_bytes()));
    let flag = |names: &[&str]| entry.scalar(names).as_deref().and_then(json::flag);
    let campaign = Campaign {
        number: text(&["NHTSACampaignNumber", "CampaignNumber", "campaign_number", "CampNo"])
            .unwrap_or_default()
            .to_uppercase(),
        component: text(&["Component", "components"]),
        summary: text(&["Summary", "description"]),
        consequence: text(&["Consequence", "Conequence"]),
        remedy: text(&["Remedy", "corrective_action"]),
        manufacturer: text(&["Manufacturer"]),
        park_it: flag(&["parkIt", "park_it"]),
        park_outside: flag(&["parkOutSide", "park_outside"]),
        over_the_air: flag(&["overTheAirUpdate", "over_the_air_update"]),
        reported_on: text(&["ReportReceivedDate", "report_received_date", "ReportDate"])
            .as_deref()
            .and_then(day),
    };
    let is_one =
        !campaign.number.is_empty() || campaign.component.is_some() || campaign.summary.is_some();
    is_one.then_some(campaign)
}

/// One campaign for each number, ascending. Entries are sorted first, so that
/// the order of the reply does not show; a later one fills what is empty, and a
/// warning in one of them holds.
///
/// A recall without a number still names the vehicle, so it is counted: as
/// `unnumbered-` and a hash of its component and summary, which is not
/// a number NHTSA could give, and the same every night.
fn distinct(mut campaigns: Vec<Campaign>) -> Vec<Campaign> {
    for campaign in &mut campaigns {
        if campaign.number.is_empty() {
            campaign.number = made_up_number(campaign);
        }
    }
    campaigns.sort_by(|a, b| {
        (&a.number, &a.component, &a.summary).cmp(&(&b.number, &b.component, &b.summary))
    });
    let mut distinct: BTreeMap<String, Campaign> = BTreeMap::new();
    for campaign in campaigns {
        match distinct.get_mut(&campaign.number) {
            Some(first) => merge(first, campaign),
            None => drop(distinct.insert(campaign.number.clone(), campaign)),
        }
    }
    distinct.into_values().collect()
}

fn made_up_number(campaign: &Campaign) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let text = format!("{}\n{}", part(&campaign.component), part(&campaign.summary));
    format!("unnumbered-{:016x}", xxh3_64(text.as_bytes()))
}

fn merge(first: &mut Campaign, other: Campaign) {
    let warn = |a: Option<bool>, b: Option<bool>| match (a, b) {
        (None, None) => None,
        (a, b) => Some(a == Some(true) || b == Some(true)),
    };
    first.component = first.component.take().or(other.component);
    first.summary = first.summary.take().or(other.summary);
    first.consequence = first.consequence.take().or(other.consequence);
    first.remedy = first.remedy.take().or(other.remedy);
    first.manufacturer = first.manufacturer.take().or(other.manufacturer);
    first.park_it = warn(first.park_it, other.park_it);
    first.park_outside = warn(first.park_outside, other.park_outside);
    first.over_the_air = warn(first.over_the_air, other.over_the_air);
    first.reported_on = first.reported_on.max(other.reported_on);
}

/// The day in `14/03/2025` (NHTSA's API: day first), `2025-03-14…` or
/// `20250314`. A date that does not exist in its own form is not guessed.
fn day(text: &str) -> Option<Days> {
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        (&text[..4], &text[4..6], &text[6..])
    } else if let Some((day, rest)) = text.split_once('/') {
        let (month, year) = rest.split_once('/')?;
        (year, month, day)
    } else {
        let date = text.split(['T', ' ']).next()?;
        let (year, rest) = date.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        (year, month, day)
    };
    if year.len() != 4 {
        return None;
    }
    let date =
        jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    date.since(jiff::civil::Date::constant(1970, 1, 1)).ok().map(|span| span.get_days())
}
