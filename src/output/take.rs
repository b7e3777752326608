//! Column values that take a thought: what a record says where it is not
//! simply one of its fields.

use std::cmp::Reverse;

use crate::domain::facts::{Campaign, Listing, MatchBasis, Price, RecallFacts};
use crate::domain::vin::VinError;
use crate::domain::{Status, Vin};
use crate::output::record::Record;

/// `ok`, `repaired` or `rejected`.
pub(super) fn vin_status(row: &Record) -> &'static str {
    match (&row.reading.vin, row.reading.repaired) {
        (None, _) => "rejected",
        (Some(_), true) => "repaired",
        (Some(_), false) => "ok",
    }
}

/// The word for `vin_error`.
pub(super) fn vin_error(row: &Record) -> Option<&str> {
    row.reading.error.map(VinError::as_str)
}

/// The one repair that passes the check digit.
pub(super) fn suggestion(row: &Record) -> Option<&str> {
    row.reading.suggestion.as_ref().map(Vin::as_str)
}

/// The six characters of a maker of few vehicles.
pub(super) fn wmi_extended(row: &Record) -> Option<String> {
    row.reading.vin.as_ref().and_then(Vin::wmi_extended)
}

/// Campaigns found, 0 where a source knows there are none, else null.
pub(super) fn campaign_count(row: &Record) -> Option<i32> {
    count(row.recalls.status, recalls(row).map(|facts| facts.campaigns.len()))
}

/// The campaign numbers as a JSON array; `[]` where a source knows there are none.
pub(super) fn campaign_numbers(row: &Record) -> Option<String> {
    if row.recalls.status == Status::Absent {
        return Some("[]".into());
    }
    let numbers: Vec<&str> =
        recalls(row)?.campaigns.iter().map(|campaign| campaign.number.as_str()).collect();
    serde_json::to_string(&numbers).ok()
}

/// The campaign that matters most: one about the vehicle before one about equipment, one
/// that surely concerns it, one that says not to drive, then one that says to park outside,
/// then the latest; among equals the smallest number.
pub(super) fn top_campaign(row: &Record) -> Option<&Campaign> {
    fn rank<'c>(row: &Record, campaign: &'c Campaign) -> (impl Ord, &'c str) {
        let urgency = (
            !campaign.is_about_equipment(),
            !is_doubtful(row, campaign),
            campaign.park_it == Some(true),
            campaign.park_outside == Some(true),
            campaign.reported_on,
        );
        (Reverse(urgency), &campaign.number)
    }
    recalls(row)?.campaigns.iter().min_by(|a, b| rank(row, a).cmp(&rank(row, b)))
}

/// Whether any campaign that surely concerns the vehicle says so; null where only one in
/// doubt does, and where none says yes or no.
pub(super) fn surely_any(row: &Record, says: fn(&Campaign) -> Option<bool>) -> Option<bool> {
    let campaigns = &recalls(row)?.campaigns;
    let mut saying = campaigns.iter().filter(|campaign| says(campaign) == Some(true)).peekable();
    if saying.peek().is_none() {
        return campaigns.iter().filter_map(says).max();
    }
    saying.any(|campaign| !is_doubtful(row, campaign)).then_some(true)
}

/// Why the campaigns in doubt are.
pub(super) fn doubt_reasons(row: &Record) -> Option<String> {
    row.recall_doubt.as_ref().map(|doubt| doubt.reasons.to_string())
}

/// The numbers of campaigns in doubt as a JSON array.
pub(super) fn doubtful_campaigns(row: &Record) -> Option<String> {
    serde_json::to_string(&row.recall_doubt.as_ref()?.campaigns).ok()
}

/// Campaigns about equipment, 0 where a source knows there are none, else null.
pub(super) fn equipment_count(row: &Record) -> Option<i32> {
    let about = |facts: &RecallFacts| {
        facts.campaigns.iter().filter(|campaign| campaign.is_about_equipment()).count()
    };
    count(row.recalls.status, recalls(row).map(about))
}

fn is_doubtful(row: &Record, campaign: &Campaign) -> bool {
    row.recall_doubt.as_ref().is_some_and(|doubt| doubt.contains(&campaign.number))
}

/// How the recalls, or the lack of them, were matched.
pub(super) fn match_basis(row: &Record) -> Option<&str> {
    match row.recalls.status {
        Status::Found | Status::Absent => row.recall_match_basis.map(MatchBasis::name),
        Status::Pending | Status::Failed | Status::Refused | Status::NotRequested => None,
    }
}

/// Listings found, 0 where a source knows there are none, else null.
pub(super) fn listing_count(row: &Record) -> Option<i32> {
    let found = row.listings.facts.as_ref().map(|facts| facts.listings.len());
    count(row.listings.status, found)
}

/// The listing that is written: the first.
pub(super) fn listing(row: &Record) -> Option<&Listing> {
    row.listings.facts.as_ref()?.listings.first()
}

/// The currency of the amounts that a listing states.
pub(super) fn listing_currency(listing: &Listing) -> Option<&str> {
    listing.price.as_ref().or(listing.msrp.as_ref()).map(Price::currency)
}

/// Whether any column of the recalls may have a value.
pub(super) fn has_recalls(row: &Record) -> bool {
    row.recalls.facts.is_some() || row.recalls.has_answer() || row.recall_doubt.is_some()
}

fn recalls(row: &Record) -> Option<&RecallFacts> {
    row.recalls.facts.as_deref()
}

fn count(status: Status, found: Option<usize>) -> Option<i32> {
    match status {
        Status::Absent => Some(0),
        Status::Found
        | Status::Pending
        | Status::Failed
        | Status::Refused
        | Status::NotRequested => i32::try_from(found?).ok(),
    }
}

#[cfg(test)]
#[path = "tests/take.rs"]
mod tests;
