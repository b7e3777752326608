//! Pass 1: which VINs are in the input, and what is wrong with the rest.

use std::collections::BTreeMap;

use crate::domain::vin::{Rules, VinError};
use crate::domain::vin_set::Distinct;
use crate::domain::{Cancel, Error, Events, Phase, Progress};
use crate::input::{FileDigest, Inputs, Row};

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
        rules: Rules,
        events: &dyn Events,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut survey = Self::default();
        let mut batches = inputs.vins()?;
        while let Some(batch) = batches.read()? {
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
            batch.rows().for_each(|row| survey.count(row, rules));
        }
        survey.digests = batches.finish()?;
        Ok(survey)
    }

    /// Counts one row.
    pub(crate) fn count(&mut self, row: Row<'_>, rules: Rules) {
        self.rows += 1;
        let reading = row.reading(rules);
        if let Some(vin) = reading.vin {
            self.valid += 1;
            self.check_digit_warnings += u64::from(reading.error == Some(VinError::CheckDigit));
            self.vins.insert(vin);
        } else {
            let why = reading.error.unwrap_or(VinError::NotAVin);
            *self.rejected.entry(why.as_str()).or_default() += 1;
        }
    }

    /// Rows without a usable VIN.
    pub(crate) fn rejects(&self) -> u64 {
        self.rows - self.valid
    }
}
