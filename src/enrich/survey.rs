//! Pass 1: which VINs are in the input, and what is wrong with the rest.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::numbers::thousands;
use crate::domain::vin::{Rules, VinError};
use crate::domain::vin_set::Distinct;
use crate::domain::{Cancel, Error, Events, Exit, Phase, Progress};
use crate::enrich::plan::Plan;
use crate::input::{Batch, FileDigest, Inputs, Row};
use crate::output::schema::REJECT_COLUMNS;
use crate::output::workbook::{MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS, first_too_long};
use crate::output::{Format, OutputSpec};

/// What pass 1 found.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The distinct usable VINs.
    pub vins: Distinct,
    /// Rows in all.
    pub rows: u64,
    /// Rows with a usable VIN.
    pub valid: u64,
    /// Rows rejected, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Usable VINs whose check digit fails.
    pub check_digit_warnings: u64,
    /// What was read of each file.
    pub digests: Vec<FileDigest>,
}

impl Survey {
    /// Reads the whole input once.
    pub(crate) fn of(
        inputs: &Inputs,
        plan: &Plan,
        events: &dyn Events,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut survey = Self::default();
        let is_workbook = plan.output.format == Format::Xlsx;
        // Whether all cells have room is of interest for a workbook alone.
        let batches = if is_workbook { inputs.batches()? } else { inputs.vins()? };
        let digests = batches.for_each(|batch| {
            // An input of one batch is read in no time.
            if survey.rows > 0 {
                if let Some(exit) = cancel.asked() {
                    return Err(Error::new(exit, "stopped while the input was read"));
                }
                events.progress(&Progress {
                    phase: Phase::Reading,
                    rows: survey.rows,
                    ..Progress::default()
                });
            }
            survey.count(batch.rows(), plan.rules);
            if is_workbook {
                check_cells(inputs, &batch)?;
            }
            Ok(true)
        });
        survey.digests = digests?.unwrap_or_default();
        Ok(survey)
    }

    /// Counts `rows`.
    pub(crate) fn count<'r>(&mut self, rows: impl Iterator<Item = Row<'r>>, rules: Rules) {
        let (mut vins, mut years) = (Vec::new(), Vec::new());
        for row in rows {
            self.rows += 1;
            let reading = row.reading(rules);
            if let Some(vin) = reading.vin {
                self.valid += 1;
                self.check_digit_warnings += u64::from(reading.error == Some(VinError::CheckDigit));
                vins.push(vin);
                years.push(row.year());
            } else {
                let why = reading.error.unwrap_or(VinError::NotAVin);
                *self.rejected.entry(why.as_str()).or_default() += 1;
            }
        }
        for (id, year) in self.vins.insert_each(&vins).into_iter().zip(years) {
            if let Some(year) = year {
                self.vins.state_year(id, year);
            }
        }
    }

    /// Counts the rows of `batch`, and gives its distinct usable VINs, which are not kept.
    pub(crate) fn count_part(&mut self, batch: &Batch, rules: Rules) -> Distinct {
        self.count(batch.rows(), rules);
        std::mem::take(&mut self.vins)
    }

    /// How many distinct usable VINs there are; `None` where they were not kept.
    pub(crate) fn distinct(&self) -> Option<u64> {
        let are_kept = self.valid == 0 || !self.vins.is_empty();
        are_kept.then_some(self.vins.len() as u64)
    }

    /// Rows without a usable VIN.
    pub(crate) fn rejects(&self) -> u64 {
        self.rows - self.valid
    }

    /// Whether workbooks have room for the rows and columns, where files of the output are
    /// some.
    pub(crate) fn check_room(&self, inputs: &Inputs, output: &OutputSpec) -> Result<(), Error> {
        if output.format == Format::Xlsx {
            let rows = if output.rejects.is_some() { self.valid } else { self.rows };
            check_sheet(rows, inputs.columns().len() + output.columns.columns().len())?;
        }
        if output.lists_rejects_in_workbook() && self.rejects() > 0 {
            check_sheet(self.rejects(), inputs.columns().len() + REJECT_COLUMNS.len())?;
        }
        Ok(())
    }
}

/// Fails with 65 where a sheet has no room for so many rows or columns.
fn check_sheet(rows: u64, columns: usize) -> Result<(), Error> {
    let (have, most, hint) = if rows > MOST_ROWS {
        let hint = "write CSV or Parquet, or split the input";
        (format!("{} rows", thousands(rows)), MOST_ROWS, hint)
    } else if columns as u64 > MOST_COLUMNS {
        let hint = "write CSV or Parquet, or name the columns to carry with `--keep`";
        (format!("{} columns", thousands(columns as u64)), MOST_COLUMNS, hint)
    } else {
        return Ok(());
    };
    let most = thousands(most);
    let message = format!("a sheet of the workbook would have {have}, and it has room for {most}");
    Err(Error::new(Exit::BadInput, message).hint(hint))
}

/// Fails with 65 where a cell is too long for a workbook.
fn check_cells(inputs: &Inputs, batch: &Batch) -> Result<(), Error> {
    for (name, cells) in inputs.columns().iter().zip(batch.columns()) {
        if let Some((row, length)) = first_too_long(&cells) {
            let row = batch.row(row);
            let (file, row) = (&inputs.files()[row.file()].name, row.source_row());
            let what = format!(
                "the cell of `{name}` in row {row} has {length} characters, and a cell of a workbook has room for {MOST_CHARACTERS}"
            );
            return Err(Error::bad_input(Path::new(file), what)
                .hint("write CSV or Parquet, or name the columns to carry with `--keep`"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/survey.rs"]
mod tests;
