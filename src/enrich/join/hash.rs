//! The hash of a record: the same values give the same hash, whenever they were fetched.

use xxhash_rust::xxh3::Xxh3;

use crate::domain::Status;
use crate::domain::facts::{Comparables, MatchBasis};
use crate::domain::vin::{Reading, VinError};
use crate::input::Row;
use crate::matching::conflicts::Conflicts;
use crate::output::record::DatasetAnswer;

/// Hashes a record's values without fetch times and stale marks.
pub(super) struct RowHash(Xxh3);

impl RowHash {
    pub(super) fn of(row: Row<'_>, reading: &Reading) -> Self {
        let mut hash = Self(Xxh3::new());
        for cell in row.cells() {
            hash.text(cell);
        }
        hash.text(reading.vin.as_ref().map(AsRef::as_ref));
        hash.text(reading.error.map(VinError::as_str));
        hash.text(reading.suggestion.as_ref().map(AsRef::as_ref));
        hash
    }

    pub(super) fn add<F>(&mut self, answer: &DatasetAnswer<F>, facts: u64) {
        self.text(Some(answer.status.name()));
        self.text(answer.vendor.as_deref());
        // Why a key was refused is in the hash of what was said: a stale mark takes its place.
        let error = answer.error.as_deref().filter(|_| answer.status != Status::Refused);
        self.text(error.filter(|error| !error.starts_with("stale:")));
        self.0.update(&facts.to_le_bytes());
    }

    pub(super) fn basis(&mut self, basis: Option<MatchBasis>) {
        self.text(basis.map(MatchBasis::name));
    }

    pub(super) fn conflicts(&mut self, conflicts: Option<&Conflicts>) {
        self.text(conflicts.map(|conflicts| &*conflicts.json));
    }

    /// Rows of a run without an inventory keep the hash they have without one.
    pub(super) fn comparables(&mut self, comparables: Option<&Comparables>) {
        let Some(Comparables { count, prices }) = comparables else { return };
        self.0.update(&count.to_le_bytes());
        for cents in prices.iter().flat_map(|prices| [prices.median, prices.min, prices.max]) {
            self.0.update(&cents.to_le_bytes());
        }
    }

    fn text(&mut self, text: Option<&str>) {
        // Neither byte occurs in UTF-8, so that no two rows run into each other.
        self.0.update(text.map_or(&[0xfe], str::as_bytes));
        self.0.update(&[0xff]);
    }

    pub(super) fn finish(self) -> u128 {
        self.0.digest128()
    }
}
