//! The run report: what a run did. The store keeps it; `--report` writes it, and
//! those who watch the run hear of it.

mod about;
mod builder;
mod data_age;
mod exit;
mod metrics;
mod notes;
mod watchers;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::config::Local;
use crate::domain::facts::{Campaign, RecallFacts};
use crate::domain::{Dataset, Error, Micros};
pub use crate::gate::{QuotaReport, VendorReport};
use crate::matching::conflicts::Conflicts;
use crate::output::record::{DatasetAnswer, Record};
use crate::output::{Renamed, Written};

pub(crate) use self::builder::{ReportBuilder, Wrote, run_id};
pub use self::exit::Gaps;
pub use self::watchers::Watchers;

/// What a run did. The store keeps its JSON form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Names the run in the store.
    pub run_id: String,
    /// vinrich's version.
    pub version: String,
    /// Version of the output columns.
    pub schema_version: u32,
    /// The command line, without secrets.
    pub command: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub ended_at: String,
    /// Wall time of the run.
    pub seconds: f64,
    /// Seconds by phase: reading, asking, writing.
    pub phase_seconds: BTreeMap<String, f64>,
    /// The process exit code.
    pub exit_code: u8,
    /// Its name.
    pub outcome: String,
    /// The error that ended the run, if one did.
    pub error: Option<String>,
    /// When running again makes sense, RFC 3339, UTC.
    pub resume_at: Option<String>,
    /// What makes the output incomplete: cells by the name of the exit code that
    /// follows, and by `<dataset>:<error>`. Empty where it is complete.
    pub incomplete: BTreeMap<String, BTreeMap<String, u64>>,
    /// Whether `--on-incomplete keep` left the old output as it was, and nothing was
    /// written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub output_kept: bool,
    /// The files read.
    pub inputs: Vec<InputReport>,
    /// The rows.
    pub rows: RowsReport,
    /// The datasets, by name.
    pub datasets: BTreeMap<String, DatasetReport>,
    /// The vendors, by the name written to the `<dataset>_vendor` columns.
    pub vendors: BTreeMap<String, VendorReport>,
    /// Data on this machine that were asked, by source.
    pub local: BTreeMap<String, LocalReport>,
    /// Rows' lookups that went wrong, by `<dataset>_error`.
    pub errors: BTreeMap<String, u64>,
    /// Rows whose decoders differ, by column.
    pub decode_conflicts: BTreeMap<String, u64>,
    /// Rows whose own make, model or year differs from their VIN, by column.
    pub input_conflicts: BTreeMap<String, u64>,
    /// What a person should read.
    pub warnings: Vec<String>,
    /// The files written.
    pub outputs: Vec<OutputReport>,
    /// Columns of the input that the output calls otherwise.
    pub renamed_columns: Vec<Renamed>,
    /// Whether cells of them that a spreadsheet would run have a `'` before them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub for_excel: bool,
}

/// One file read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "as in `input::InputFile`, `FileDigest` and `RowsFound`")]
pub struct InputReport {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    pub format: String,
    pub packing: Option<String>,
    pub sheet: Option<String>,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    pub escape: Option<String>,
    pub has_header: bool,
    pub header_line: Option<u64>,
    pub vin_column: String,
    pub vin_column_by: String,
    pub claim_columns: BTreeMap<String, String>,
    /// Records that are not rows, by what they are; and the lines of the first of them.
    pub skipped: BTreeMap<String, u64>,
    pub skipped_lines: BTreeMap<String, Vec<u64>>,
    pub short_rows: u64,
    pub long_rows: u64,
    pub cut_off_line: Option<u64>,
}

/// The rows of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowsReport {
    /// Rows read.
    pub read: u64,
    /// Rows written to the output.
    pub written: u64,
    /// Rows written to the rejects file instead.
    pub diverted: u64,
    /// Rows with a usable VIN.
    pub valid: u64,
    /// Distinct VINs; `None` where rows pass through once, and their VINs are not kept.
    pub distinct_vins: Option<u64>,
    /// Rows rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Usable VINs whose check digit fails.
    pub check_digit_warnings: u64,
}

/// One dataset of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetReport {
    /// Why it was left out, if it was.
    pub left_out: Option<String>,
    /// Vendors that nobody named, and that this machine has no way to.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unreachable: BTreeSet<String>,
    /// Distinct keys looked up.
    pub keys: u64,
    /// Answered by the store, fresh.
    pub hits: u64,
    /// Not in the store.
    pub misses: u64,
    /// In the store, but expired.
    pub stale: u64,
    /// Rows with an expired answer, as it could not be renewed.
    pub deferred_renewals: u64,
    /// Rows by status.
    pub rows: BTreeMap<String, u64>,
}

/// One file written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "as in `output::Written`")]
pub struct OutputReport {
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

impl Report {
    /// The JSON that the store keeps, and `--report` writes.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self)
            .map(|json| json + "\n")
            .map_err(|error| Error::internal("the run report cannot be written").because(error))
    }

    /// Reads the JSON back; `None` where it is not the report of a run that reads or
    /// writes rows, such as that of `vinrich check`.
    pub fn from_json(json: &str) -> Option<Self> {
        let report: Self = serde_json::from_str(json).ok()?;
        (!report.run_id.is_empty()).then_some(report)
    }

    /// Whether it put a whole output in its place, every requested cell of which has its
    /// answer.
    pub(crate) fn wrote_complete_output(&self) -> bool {
        self.error.is_none() && self.incomplete.is_empty() && !self.outputs.is_empty()
    }

    /// What its calls cost.
    pub fn spent(&self) -> Micros {
        self.vendors.values().map(|vendor| vendor.spent).sum()
    }
}

impl From<Written> for OutputReport {
    fn from(file: Written) -> Self {
        Self { path: file.path, rows: file.rows, bytes: file.bytes, sha256: file.sha256 }
    }
}

/// Data on this machine that answer for a dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalReport {
    /// What they answer.
    pub dataset: String,
    /// The month they were published, or the latest day they tell of.
    pub as_of: Option<String>,
    /// BLAKE3 of the decoder's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The decoder's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
    /// When the file was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<String>,
}

impl DatasetReport {
    /// Adds the counts of another question about the same dataset.
    pub fn add(&mut self, other: &Self) {
        self.keys += other.keys;
        self.hits += other.hits;
        self.misses += other.misses;
        self.stale += other.stale;
        self.unreachable.extend(other.unreachable.iter().cloned());
    }
}

/// The same, by names that a report which was read back has too.
fn owned<V>(counts: BTreeMap<&'static str, V>) -> BTreeMap<String, V> {
    counts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Rows by what their datasets tell, counted as they are written.
#[derive(Debug, Default)]
pub struct RowTally {
    /// Rows by dataset and status.
    pub by_status: BTreeMap<Dataset, BTreeMap<&'static str, u64>>,
    /// Rows by `<dataset>_error`.
    pub errors: BTreeMap<String, u64>,
    /// Rows with an answer that has expired.
    pub stale: BTreeMap<Dataset, u64>,
    /// What the cells lack.
    pub gaps: Gaps,
    /// Rows whose decoders differ, by column.
    pub decode_conflicts: BTreeMap<&'static str, u64>,
    /// Rows whose own words differ from their VIN, by column.
    pub input_conflicts: BTreeMap<&'static str, u64>,
    /// Rows that the recall file tells of equipment.
    pub equipment: u64,
}

impl RowTally {
    /// Counts one row.
    pub fn count(&mut self, record: &Record) {
        self.count_answer(Dataset::Decode, &record.decode);
        self.count_answer(Dataset::Recalls, &record.recalls);
        self.count_answer(Dataset::Listings, &record.listings);
        count_fields(&mut self.decode_conflicts, record.decode_conflicts.as_deref());
        self.equipment += u64::from(is_told_of_equipment(&record.recalls));
        count_fields(&mut self.input_conflicts, record.input_conflicts.as_deref());
    }

    fn count_answer<F>(&mut self, dataset: Dataset, answer: &DatasetAnswer<F>) {
        *self.by_status.entry(dataset).or_default().entry(answer.status.name()).or_default() += 1;
        let why = answer.error.as_ref().map(|error| format!("{}:{error}", dataset.name()));
        self.gaps.count(answer.status, answer.exit, why.as_deref().unwrap_or_default());
        if answer.error.as_ref().is_some_and(|error| error.starts_with("stale:")) {
            *self.stale.entry(dataset).or_default() += 1;
        }
        if let Some(why) = why {
            *self.errors.entry(why).or_default() += 1;
        }
    }
}

/// Whether the recall file tells of equipment, which NHTSA's service always told.
fn is_told_of_equipment(recalls: &DatasetAnswer<RecallFacts>) -> bool {
    let is_by_file = recalls.vendor.as_deref() == Some(Local::NhtsaFile.id());
    let mut campaigns = recalls.facts.iter().flat_map(|facts| &facts.campaigns);
    is_by_file && campaigns.any(Campaign::is_about_equipment)
}

fn count_fields(counts: &mut BTreeMap<&'static str, u64>, conflicts: Option<&Conflicts>) {
    for field in conflicts.into_iter().flat_map(|conflicts| &conflicts.fields) {
        *counts.entry(field).or_default() += 1;
    }
}
