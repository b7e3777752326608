//! NHTSA's recall file, kept whole: campaigns once, and which make, model and
//! year each of them names.
//!
//! - `import` reads a file into temporary tables, then copies it in one
//!   transaction, so that there is always one whole edition.
//! - `checks` remembers when a published file was last compared with it.
//! - `lookup` reads what is held.
//! - `statuses` keeps what people and makers said of campaigns on single vehicles.
//! - `lookup_table` finds what the file says about one vehicle after another.

mod checks;
mod lookup_table;
mod import;
mod lookup;
pub(in crate::store) mod statuses;
#[cfg(test)]
mod tests;

use rusqlite::Row;

use crate::domain::Timestamp;
use crate::domain::facts::{Campaign, Days, Doubts};
use crate::reference::nhtsa_file::{Details, Part};

pub use checks::{RecallCheck, Validators, keep_recall_check};
pub use import::{Imported, import_recall_file};
pub use lookup_table::RecallLookup;
pub use statuses::{RecallStatus, StatusesKept, keep_recall_statuses, take_back_recall_status};

/// The year of a row that has none, as stored.
const UNKNOWN_YEAR: i32 = 0;

/// The row of `recall_campaigns` that holds a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignId(i64);

/// What the imported file knows of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecallMatch {
    /// Campaigns name it by names that it may bear.
    Found(RecallsFound),
    /// The file knows this make and model, and no campaign names them in this year.
    Zero,
    /// The file knows this make and model, and some campaign names them without a
    /// year, which may be this one: a zero would mean nothing.
    UnknownYear,
    /// The file knows this make and model, but campaigns about cars of that year
    /// may be in a part of it that was not imported, or in a later edition: a zero
    /// would mean nothing.
    Uncovered,
    /// The file does not know this make and model: a zero would mean nothing.
    UnknownName,
}

/// Campaigns that name a vehicle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecallsFound {
    /// The file's names under which they are, ascending.
    pub names: Vec<String>,
    /// At least one, ascending; each with why it may not concern the vehicle.
    pub campaigns: Vec<(CampaignId, Doubts)>,
    /// Whether the only name is the vehicle's very make and model.
    pub is_exact: bool,
}

impl RecallMatch {
    /// Whether no other source need be asked.
    pub fn settles(&self) -> bool {
        match self {
            Self::Found(_) | Self::Zero => true,
            Self::UnknownYear | Self::Uncovered | Self::UnknownName => false,
        }
    }
}

/// One imported part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecallFile {
    /// Which part.
    pub part: Part,
    /// The file's name, without folders.
    pub name: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The latest day it names.
    pub newest: Option<Days>,
    /// Distinct rows about vehicles.
    pub rows: u64,
    /// Distinct campaigns.
    pub campaigns: u64,
    /// Distinct makes, models and years.
    pub vehicles: u64,
    /// What a person should know about it.
    pub warnings: Vec<String>,
}

/// How old the imported file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecallFileInfo {
    /// When the part that still grows was imported: reports from before 2010 are closed history.
    pub imported_at: Timestamp,
    /// The latest day that the file names.
    pub data_as_of: Option<Days>,
}

/// The columns that [`read_campaign`] takes, in its order.
macro_rules! campaign_columns {
    () => {
        "number, component, summary, consequence, remedy, manufacturer, park_it, park_outside, reported_on"
    };
}
use campaign_columns;

/// The campaign in the columns from `first` on.
fn read_campaign(row: &Row<'_>, first: usize) -> rusqlite::Result<Campaign> {
    Ok(Campaign {
        number: row.get(first)?,
        component: row.get(first + 1)?,
        summary: row.get(first + 2)?,
        consequence: row.get(first + 3)?,
        remedy: row.get(first + 4)?,
        manufacturer: row.get(first + 5)?,
        park_it: row.get(first + 6)?,
        park_outside: row.get(first + 7)?,
        over_the_air: None,
        reported_on: row.get(first + 8)?,
    })
}

/// The columns that [`read_details`] takes, in its order.
macro_rules! detail_columns {
    () => {
        "maker_number, units_affected, built_from, built_to, owners_notified_on, entered_on, notes"
    };
}
use detail_columns;

/// Whether the details of a row of `recall_files` are held: an earlier build kept none.
macro_rules! has_details {
    () => {
        "EXISTS (SELECT 1 FROM recall_campaigns JOIN recall_details
             ON recall_details.campaign = recall_campaigns.id
             WHERE recall_campaigns.file = recall_files.id)"
    };
}
use has_details;

/// What the file alone tells of a campaign, in the columns from `first` on.
fn read_details(row: &Row<'_>, first: usize) -> rusqlite::Result<Details> {
    Ok(Details {
        maker_number: row.get(first)?,
        units_affected: row.get(first + 1)?,
        built_from: row.get(first + 2)?,
        built_to: row.get(first + 3)?,
        owners_notified_on: row.get(first + 4)?,
        entered_on: row.get(first + 5)?,
        notes: row.get(first + 6)?,
    })
}

/// Adds what another row says of the same campaign; true if that was news. The
/// order of the rows does not show, and a warning in one of them holds.
fn merge(known: &mut Campaign, other: &Campaign) -> bool {
    let texts = [
        least(&mut known.component, other.component.as_ref()),
        least(&mut known.summary, other.summary.as_ref()),
        least(&mut known.consequence, other.consequence.as_ref()),
        least(&mut known.remedy, other.remedy.as_ref()),
        least(&mut known.manufacturer, other.manufacturer.as_ref()),
    ];
    let warnings = [
        most(&mut known.park_it, other.park_it),
        most(&mut known.park_outside, other.park_outside),
        most(&mut known.reported_on, other.reported_on),
    ];
    texts.contains(&true) || warnings.contains(&true)
}

/// The same of what the file alone tells: the rows of a campaign name the vehicles of
/// different models, and the span in which each was built.
fn merge_details(known: &mut Details, other: &Details) -> bool {
    let news = [
        least(&mut known.maker_number, other.maker_number.as_ref()),
        least(&mut known.notes, other.notes.as_ref()),
        least(&mut known.built_from, other.built_from.as_ref()),
        least(&mut known.owners_notified_on, other.owners_notified_on.as_ref()),
        most(&mut known.built_to, other.built_to),
        most(&mut known.units_affected, other.units_affected),
        most(&mut known.entered_on, other.entered_on),
    ];
    news.contains(&true)
}

fn least<T: Ord + Clone>(known: &mut Option<T>, other: Option<&T>) -> bool {
    let is_news = other.is_some_and(|other| known.as_ref().is_none_or(|known| other < known));
    if is_news {
        *known = other.cloned();
    }
    is_news
}

fn most<T: Ord + Copy>(known: &mut Option<T>, other: Option<T>) -> bool {
    let is_news = other > *known;
    if is_news {
        *known = other;
    }
    is_news
}
