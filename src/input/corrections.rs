//! Corrections: a rejects file, or the sheet of rejects of a workbook, in which a person
//! has accepted or typed VINs.
//!
//! A correction holds for the row whose file, place and VIN cell are still those of the
//! rejects. What matches no row any more, or is not a VIN, is counted and warned about.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file::InputFile;
use super::workbook::REJECTS;
use super::{InputSpec, Inputs, Row};
use crate::domain::vin::{self, Rules};
use crate::domain::{Error, Vin};

/// The column of the VINs that a person accepted or typed.
const ACCEPTED: &str = "accepted_vin";
/// What accepts the suggestion, in any case.
const ACCEPTING: [&str; 5] = ["yes", "y", "x", "ok", "true"];

/// The corrections of one file.
#[derive(Debug)]
pub(super) struct Corrections {
    /// The file, as typed.
    name: String,
    /// By the place of the input file and the row in it.
    by_row: HashMap<(usize, i64), Correction>,
    /// Rows that were filled in.
    filled: u64,
    not_vins: Unused,
    /// For files that are not in the input.
    elsewhere: Unused,
}

#[derive(Debug)]
struct Correction {
    /// The VIN cell as it was.
    cell: Box<str>,
    vin: Vin,
    /// Row of the corrections.
    row: i64,
    is_matched: AtomicBool,
}

/// Corrections that are not used.
#[derive(Clone, Copy, Debug, Default)]
struct Unused {
    count: u64,
    /// Their first row in the corrections.
    first: Option<i64>,
}

impl Unused {
    fn add(&mut self, row: i64) {
        self.count += 1;
        self.first = Some(self.first.map_or(row, |first| first.min(row)));
    }
}

/// The columns that are needed, by place.
struct Columns {
    file: usize,
    row: usize,
    cell: usize,
    suggestion: usize,
}

impl Corrections {
    /// Reads the file `name`, which corrects rows of `files`.
    ///
    /// Fails with 64 where it is not a rejects file, and as every input.
    pub(super) fn open(name: &str, files: &[InputFile]) -> Result<Self, Error> {
        let inputs = opened(name)?;
        let columns = Columns::of(name, &inputs)?;
        let places: HashMap<&str, usize> =
            files.iter().enumerate().map(|(place, file)| (file.name.as_str(), place)).collect();
        let mut corrections = Self {
            name: name.to_owned(),
            by_row: HashMap::new(),
            filled: 0,
            not_vins: Unused::default(),
            elsewhere: Unused::default(),
        };
        let mut batches = inputs.batches()?;
        while let Some(batch) = batches.read()? {
            batch.rows().for_each(|row| corrections.add(row, &columns, &places));
        }
        batches.finish()?;
        Ok(corrections)
    }

    /// The VIN that a person gave to the row `place` of a file whose VIN cell is `cell`.
    pub(super) fn vin_of(&self, file: usize, source_row: i64, cell: &str) -> Option<Vin> {
        let correction = self.by_row.get(&(file, source_row))?;
        if !is_same(&correction.cell, cell) {
            return None;
        }
        correction.is_matched.store(true, Ordering::Relaxed);
        Some(correction.vin)
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(&self.name)
    }

    /// What was not used; complete once a pass is over.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut unmatched = self.elsewhere;
        let unmatched_rows = self.by_row.values();
        unmatched_rows
            .filter(|correction| !correction.is_matched.load(Ordering::Relaxed))
            .for_each(|correction| unmatched.add(correction.row));
        let kinds = [
            (self.not_vins, "are not VINs"),
            (unmatched, "match no row of the input any more, by file, row and VIN cell"),
        ];
        let said = kinds.into_iter().filter_map(|(unused, why)| {
            let (name, count, filled) = (&self.name, unused.count, self.filled);
            let first = unused.first?;
            Some(format!(
                "`{name}`: {count} of {filled} corrections {why}, the first in row {first}; they are not used"
            ))
        });
        said.collect()
    }

    fn add(&mut self, row: Row<'_>, columns: &Columns, places: &HashMap<&str, usize>) {
        let cell = |column: usize| row.cell(column).unwrap_or_default().trim();
        let accepted = row.vin().trim();
        if accepted.is_empty() {
            return;
        }
        self.filled += 1;
        let at = row.source_row();
        let accepts = ACCEPTING.iter().any(|word| word.eq_ignore_ascii_case(accepted));
        let typed = if accepts { cell(columns.suggestion) } else { accepted };
        let Some(vin) = vin::read(typed, Rules::default()).vin else {
            return self.not_vins.add(at);
        };
        let place = places.get(cell(columns.file)).zip(cell(columns.row).parse().ok());
        let Some((&file, source_row)) = place else {
            return self.elsewhere.add(at);
        };
        let cell = cell(columns.cell).into();
        let correction = Correction { cell, vin, row: at, is_matched: AtomicBool::new(false) };
        if let Some(earlier) = self.by_row.insert((file, source_row), correction) {
            self.elsewhere.add(earlier.row);
        }
    }
}

impl Columns {
    fn of(name: &str, inputs: &Inputs) -> Result<Self, Error> {
        let place = |wanted: &str| {
            let found = inputs.columns().iter().position(|column| column == wanted);
            found.ok_or_else(|| {
                Error::usage(format!("`{name}` is not a rejects file: it has no column `{wanted}`"))
                    .hint("take the file that `--rejects` wrote, or a workbook with its sheet `Rejects`, and fill in `accepted_vin`")
            })
        };
        place(ACCEPTED)?;
        Ok(Self {
            file: place("source_file")?,
            row: place("source_row")?,
            cell: place("vin_cell")?,
            suggestion: place("vin_suggestion")?,
        })
    }
}

/// Whether a cell is the one that was rejected: spaces around it may be lost, and
/// `--for-excel` puts a quote before what a spreadsheet would run.
fn is_same(rejected: &str, cell: &str) -> bool {
    let cell = cell.trim();
    rejected == cell || rejected.strip_prefix('\'') == Some(cell)
}

/// The file as an input.
fn opened(name: &str) -> Result<Inputs, Error> {
    let spec = InputSpec {
        sources: vec![name.to_owned()],
        vin_column: Some(ACCEPTED.into()),
        sheet: Some(REJECTS.into()),
        ..InputSpec::default()
    };
    Inputs::open(&spec).map_err(|error| {
        error.hint("take the file that `--rejects` wrote, or a workbook with its sheet `Rejects`")
    })
}

#[cfg(test)]
#[path = "tests/corrections.rs"]
mod tests;
