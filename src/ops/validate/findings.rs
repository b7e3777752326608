//! The rows that a person should look at: problems, and VINs that come again.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use crate::domain::vin::{Reading, Rules, VinError};
use crate::domain::{Cancel, Error, Vin};
use crate::enrich::survey::Survey;
use crate::input::{Inputs, Row};

/// Problem rows that are shown.
const MOST_PROBLEMS: usize = 20;

/// VINs of several rows that are shown, and the places of each.
const MOST_DUPLICATES: (usize, usize) = (5, 5);

/// Characters that are shown of a cell.
const MOST_CHARACTERS: usize = 100;

/// A row with something wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// The cell that should hold its VIN, or how that begins.
    pub cell: String,
    /// What is wrong, as in the column `vin_error`.
    pub error: &'static str,
    /// The same in more words, where there are any.
    pub detail: Option<String>,
    /// What the VIN may be.
    pub suggestion: Option<String>,
    /// Whether the row is rejected, and not only warned about.
    pub rejected: bool,
}

/// Where a row is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its file, as in the column `source_file`.
    pub file: String,
    /// The line on which it begins; the row of a sheet; its ordinal where there are no lines.
    pub line: u64,
}

/// Rows with the VIN of another row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// VINs of several rows.
    pub vins: u64,
    /// The rows that have them.
    pub rows: u64,
    /// Those VINs that most rows have.
    pub most: Vec<Duplicate>,
}

/// A VIN of several rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The VIN.
    pub vin: String,
    /// How many rows have it.
    pub rows: u64,
    /// The first of them.
    pub places: Vec<Place>,
}

/// Reads the input again as far as it takes to find them.
pub(super) fn find(
    inputs: &Inputs,
    survey: &Survey,
    rules: Rules,
    cancel: &Cancel,
) -> Result<(Vec<ProblemRow>, Duplicates), Error> {
    let mut findings = Findings::of(survey, rules, inputs.names());
    let mut batches = inputs.vins()?;
    while findings.missing > 0
        && let Some(batch) = batches.read()?
    {
        if let Some(exit) = cancel.asked() {
            return Err(Error::new(exit, "stopped while the input was read"));
        }
        batch.rows().for_each(|row| findings.look_at(row));
    }
    Ok((findings.problems(), findings.duplicates))
}

struct Findings {
    rules: Rules,
    files: Vec<String>,
    rejected: Wanted,
    doubtful: Wanted,
    duplicates: Duplicates,
    /// The place of each VIN in `duplicates.most`.
    by_vin: HashMap<Vin, usize>,
    /// How many rows are still looked for.
    missing: usize,
}

/// Problem rows of one kind, as many as are shown.
struct Wanted {
    rows: Vec<(usize, ProblemRow)>,
    most: usize,
}

impl Wanted {
    fn of(all: u64, most: usize) -> Self {
        Self { rows: Vec::new(), most: usize::try_from(all).unwrap_or(usize::MAX).min(most) }
    }
}

impl Findings {
    fn of(survey: &Survey, rules: Rules, files: Vec<String>) -> Self {
        let rejected = Wanted::of(survey.rejects(), MOST_PROBLEMS);
        let doubtful = Wanted::of(survey.check_digit_warnings, MOST_PROBLEMS - rejected.most);
        let (duplicates, by_vin) = duplicates(survey);
        let places = duplicates.most.iter().map(|vin| shown_places(vin.rows));
        let missing = rejected.most + doubtful.most + places.sum::<usize>();
        Self { rules, files, rejected, doubtful, duplicates, by_vin, missing }
    }

    fn look_at(&mut self, row: Row<'_>) {
        let reading = row.reading(self.rules);
        let place = || Place { file: self.files[row.file()].clone(), line: row.line() };
        if let Some(&number) = reading.vin.as_ref().and_then(|vin| self.by_vin.get(vin)) {
            let duplicate = &mut self.duplicates.most[number];
            if duplicate.places.len() < shown_places(duplicate.rows) {
                duplicate.places.push(place());
                self.missing -= 1;
            }
        }
        let wanted = match (&reading.vin, reading.error) {
            (None, _) => &mut self.rejected,
            (Some(_), Some(VinError::CheckDigit)) => &mut self.doubtful,
            (Some(_), _) => return,
        };
        if wanted.rows.len() < wanted.most {
            wanted.rows.push((row.file(), problem(place(), row.vin(), reading)));
            self.missing -= 1;
        }
    }

    /// All of them, in the order of the input.
    fn problems(&mut self) -> Vec<ProblemRow> {
        let mut all = std::mem::take(&mut self.rejected.rows);
        all.append(&mut self.doubtful.rows);
        all.sort_by_key(|(file, row)| (*file, row.place.line));
        all.into_iter().map(|(_, row)| row).collect()
    }
}

fn problem(place: Place, cell: &str, reading: Reading) -> ProblemRow {
    let mut characters = cell.chars();
    let mut shown: String = characters.by_ref().take(MOST_CHARACTERS).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    ProblemRow {
        place,
        cell: shown,
        error: reading.error.unwrap_or(VinError::NotAVin).as_str(),
        detail: reading.detail,
        suggestion: reading.suggestion.map(|vin| vin.to_string()),
        rejected: reading.vin.is_none(),
    }
}

/// The VINs of several rows, without the places of these; and those that are shown.
fn duplicates(survey: &Survey) -> (Duplicates, HashMap<Vin, usize>) {
    let vins = &survey.vins;
    let numbers = (0u32..).take(vins.len());
    let mut several: Vec<(u32, u64)> = numbers
        .map(|number| (number, u64::from(vins.times(number))))
        .filter(|(_, rows)| *rows > 1)
        .collect();
    let (count, rows) = (several.len() as u64, several.iter().map(|(_, rows)| rows).sum());
    // Of equals, those that come first in the input.
    several.sort_by_key(|(_, rows)| Reverse(*rows));
    several.truncate(MOST_DUPLICATES.0);
    let shown = several.iter().map(|&(number, rows)| (vins.vin(number), rows));
    let by_vin = shown.clone().enumerate().map(|(place, (vin, _))| (vin, place)).collect();
    let most = shown
        .map(|(vin, rows)| Duplicate { vin: vin.to_string(), rows, places: Vec::new() })
        .collect();
    (Duplicates { vins: count, rows, most }, by_vin)
}

fn shown_places(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX).min(MOST_DUPLICATES.1)
}
