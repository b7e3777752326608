//! A file that says of vehicles which campaigns are done on them, as makers' portals and
//! bulk recall searches return it: any format that rows are read from, a row for each
//! vehicle and campaign.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use crate::domain::facts::{Days, campaign_number, number_of_day};
use crate::domain::vin::{self, Rules};
use crate::domain::{Error, Timestamp};
use crate::input::{InputSpec, Inputs, Row};
use crate::matching::bare;
use crate::store::RecallStatus;

/// Names of the columns, as letters and digits alone.
const CAMPAIGN: &[&str] = &[
    "campaign",
    "campaignid",
    "campaignnumber",
    "nhtsacampaign",
    "nhtsacampaignid",
    "nhtsacampaignnumber",
    "nhtsaid",
    "nhtsanumber",
    "nhtsarecallid",
    "nhtsarecallnumber",
    "recallcampaign",
    "recallcampaignnumber",
    "recallid",
    "recallnumber",
    "recall",
];
const STATUS: &[&str] = &[
    "status",
    "recallstatus",
    "campaignstatus",
    "remedystatus",
    "repairstatus",
    "completionstatus",
];
const DATE: &[&str] = &[
    "date",
    "statusdate",
    "completiondate",
    "completedon",
    "datecompleted",
    "closedon",
    "dateclosed",
    "repairdate",
    "daterepaired",
    "remedydate",
];
const NOTE: &[&str] = &["note", "notes", "comment", "comments", "remarks"];

/// What makers and recall searches call a campaign that is done on a vehicle.
const DONE: &[&str] = &[
    "closed",
    "done",
    "complete",
    "completed",
    "repaired",
    "remedied",
    "fixed",
    "remedycomplete",
    "recallcomplete",
    "performed",
];
/// And one that is not.
const OPEN: &[&str] = &[
    "open",
    "incomplete",
    "notcomplete",
    "notcompleted",
    "outstanding",
    "pending",
    "unrepaired",
    "recallincomplete",
    "remedynotyetavailable",
    "recallincompleteremedynotyetavailable",
];

/// What a file says.
#[derive(Debug, Default)]
pub struct StatusFile {
    /// Its name, without folders.
    pub name: String,
    /// Data rows.
    pub rows: u64,
    /// What can be read, in the order of the rows.
    pub statuses: Vec<RecallStatus>,
    /// Rows that name no campaign: of vehicles without any.
    pub without_campaign: u64,
    /// Why other rows were left out.
    pub refused: BTreeMap<Refusal, Refused>,
    /// Dates that could not be read; the status counts as of today.
    pub unread_dates: u64,
}

/// Why a row was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Its VIN is not one.
    Vin,
    /// Its campaign is not a number of NHTSA's.
    Campaign,
    /// Its status is neither open nor done.
    Status,
}

/// Rows that were left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub rows: u64,
    /// The line of the first.
    pub line: u64,
    /// What stands there.
    pub cell: String,
}

impl Refusal {
    /// What is wrong with the rows.
    pub fn what(self) -> &'static str {
        match self {
            Self::Vin => "not a VIN",
            Self::Campaign => "not a campaign number of NHTSA's",
            Self::Status => "neither open nor done",
        }
    }
}

/// The columns that are needed, by place.
struct Columns {
    campaign: usize,
    status: usize,
    date: Option<usize>,
    note: Option<usize>,
}

/// Reads a file. `said_by` is who says it; else the file's name stands for them.
pub(super) fn read(
    input: &InputSpec,
    said_by: Option<&str>,
    now: Timestamp,
) -> Result<StatusFile, Error> {
    let inputs = Inputs::open(input)?;
    let base = |name: &String| {
        Path::new(name).file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    let name = inputs.names().iter().map(base).collect::<Vec<_>>().join(", ");
    let columns = Columns::of(&name, inputs.columns())?;
    let mut file = StatusFile { name, ..StatusFile::default() };
    let said_by = said_by.unwrap_or(&file.name).to_owned();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        batch.rows().for_each(|row| file.add(row, &columns, &said_by, now));
    }
    batches.finish()?;
    if file.statuses.is_empty() && !file.refused.is_empty() {
        let refused = file.refused.iter().map(|(why, refused)| {
            format!("line {}: `{}` is {}", refused.line, refused.cell, why.what())
        });
        let refused = refused.collect::<Vec<_>>().join("; ");
        let what = format!("it says nothing of any recall: {refused}");
        return Err(Error::bad_input(Path::new(&file.name), what));
    }
    Ok(file)
}

impl StatusFile {
    fn add(&mut self, row: Row<'_>, columns: &Columns, said_by: &str, now: Timestamp) {
        self.rows += 1;
        let cell = |column: usize| row.cell(column).unwrap_or_default().trim();
        let campaign = cell(columns.campaign);
        if campaign.is_empty() {
            self.without_campaign += 1;
            return;
        }
        let Some(vin) = vin::read(row.vin(), Rules::default()).vin else {
            return self.refuse(Refusal::Vin, row, row.vin());
        };
        let Some(campaign) = campaign_number(campaign) else {
            return self.refuse(Refusal::Campaign, row, campaign);
        };
        let status = cell(columns.status);
        let Some(is_done) = is_done(status) else {
            return self.refuse(Refusal::Status, row, status);
        };
        let date = columns.date.map(cell).filter(|date| !date.is_empty());
        let day = date.and_then(day);
        self.unread_dates += u64::from(date.is_some() && day.is_none());
        let note = columns.note.map(cell).filter(|note| !note.is_empty()).map(str::to_owned);
        let said_by = said_by.to_owned();
        self.statuses.push(RecallStatus {
            vin,
            campaign,
            is_done,
            day,
            note,
            said_by,
            said_at: now,
        });
    }

    fn refuse(&mut self, why: Refusal, row: Row<'_>, cell: &str) {
        let first = || Refused { rows: 0, line: row.line(), cell: cell.to_owned() };
        self.refused.entry(why).or_insert_with(first).rows += 1;
    }
}

impl Columns {
    fn of(name: &str, columns: &[String]) -> Result<Self, Error> {
        let find = |names: &[&str]| {
            // The earlier name is the better one, wherever the columns are.
            names.iter().find_map(|name| columns.iter().position(|column| bare(column) == *name))
        };
        let need = |names: &[&str], what: &str| {
            find(names).ok_or_else(|| {
                Error::usage(format!("`{name}` has no column of {what}")).hint(format!(
                    "call it `{}`; beside the VIN, the campaign and the status are needed, and \
                     `date` and `note` are read",
                    names[0]
                ))
            })
        };
        Ok(Self {
            campaign: need(CAMPAIGN, "campaign numbers")?,
            status: need(STATUS, "statuses")?,
            date: find(DATE),
            note: find(NOTE),
        })
    }
}

fn is_done(status: &str) -> Option<bool> {
    let status = bare(status);
    let is_one_of = |words: &[&str]| words.contains(&&*status);
    is_one_of(DONE).then_some(true).or_else(|| is_one_of(OPEN).then_some(false))
}

/// The day in `2026-11-20` with or without a time, `20261120`, `11/20/2026` (month first, as
/// in the United States) or `20.11.2026`.
fn day(text: &str) -> Option<Days> {
    let date = text.split(['T', ' ']).next()?;
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [year, month, day] = match parts[..] {
        [date] if date.len() == 8 && date.is_ascii() => [&date[..4], &date[4..6], &date[6..]],
        [year, month, day] if year.len() == 4 => [year, month, day],
        [month, day, year] if date.contains('/') => [year, month, day],
        [day, month, year] if date.contains('.') => [year, month, day],
        _ => return None,
    };
    let year = (year.len() == 4).then(|| year.parse().ok())??;
    number_of_day(Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()?)
}

#[cfg(test)]
#[path = "tests/status_file.rs"]
mod tests;
