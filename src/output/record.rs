//! A record: one row of output, before it is laid out in columns.

use std::sync::Arc;

use arrow::array::ArrayRef;

use crate::domain::facts::{
    Comparables, DecodeFacts, ListingFacts, MatchBasis, RecallDoubt, RecallFacts,
};
use crate::domain::vin::{Reading, VinError};
use crate::domain::{Exit, Status, Timestamp};
use crate::matching::conflicts::Conflicts;

/// One row of output, before it is laid out in columns.
#[derive(Clone, Debug)]
pub struct Record {
    /// The row's id, 16 bytes in hex when written: see
    /// [`RowIds`](crate::input::RowIds).
    pub row_id: u128,
    /// The place of the row's file in the input.
    pub file: usize,
    /// Ordinal of the record in its file.
    pub source_row: i64,
    /// What became of the VIN cell.
    pub reading: Reading,
    /// The number of its VIN in the run's set of keys; `None` where it has none.
    pub vin_id: Option<u32>,
    /// That cell, where it holds no VIN.
    pub vin_cell: Option<Box<str>>,
    /// The vehicle.
    pub decode: DatasetAnswer<DecodeFacts>,
    /// Its recalls.
    pub recalls: DatasetAnswer<RecallFacts>,
    /// How the recalls were matched.
    pub recall_match_basis: Option<MatchBasis>,
    /// Those of its recalls that may not concern it, and why.
    pub recall_doubt: Option<Arc<RecallDoubt>>,
    /// Its listings.
    pub listings: DatasetAnswer<ListingFacts>,
    /// Other vehicles like it, in an inventory.
    pub comparables: Option<Arc<Comparables>>,
    /// Conflicts between decoders: one JSON object.
    pub decode_conflicts: Option<Arc<Conflicts>>,
    /// Conflicts between the row's own words and its VIN: one JSON object.
    pub input_conflicts: Option<Arc<Conflicts>>,
    /// Rows of the input with this VIN.
    pub vin_occurrences: Option<i32>,
}

/// What a dataset says about a row.
#[derive(Clone, Debug)]
pub struct DatasetAnswer<F> {
    /// The status.
    pub status: Status,
    /// The vendor that answered, as written.
    pub vendor: Option<Arc<str>>,
    /// When it was fetched.
    pub fetched_at: Option<Timestamp>,
    /// What went wrong, or `stale:<why>`.
    pub error: Option<Arc<str>>,
    /// What it makes of the exit code: [`Exit::Success`] where the row has its answer.
    pub exit: Exit,
    /// The answer's column values, for `Status::Found`.
    pub facts: Option<Arc<F>>,
}

impl<F> DatasetAnswer<F> {
    /// Whether a vendor has answered: found or absent.
    pub fn has_answer(&self) -> bool {
        matches!(self.status, Status::Found | Status::Absent)
    }

    /// Nothing was asked.
    pub fn not_requested(error: Option<Arc<str>>) -> Self {
        Self {
            status: Status::NotRequested,
            vendor: None,
            fetched_at: None,
            error,
            exit: Exit::Success,
            facts: None,
        }
    }
}

/// Consecutive rows on their way to the output.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The records, in input order.
    pub records: Vec<Record>,
    /// The input's own columns, with a cell for each record.
    pub input: Vec<ArrayRef>,
}

impl Record {
    /// A row about which no vendor was asked.
    pub fn unasked(file: usize, source_row: i64, reading: Reading, row_id: u128) -> Self {
        Self {
            row_id,
            file,
            source_row,
            vin_id: None,
            vin_cell: None,
            reading,
            decode: DatasetAnswer::not_requested(None),
            recalls: DatasetAnswer::not_requested(None),
            recall_match_basis: None,
            recall_doubt: None,
            listings: DatasetAnswer::not_requested(None),
            comparables: None,
            decode_conflicts: None,
            input_conflicts: None,
            vin_occurrences: None,
        }
    }

    /// Whether the row was rejected.
    pub fn rejected(&self) -> Option<VinError> {
        if self.reading.vin.is_none() { self.reading.error } else { None }
    }
}
