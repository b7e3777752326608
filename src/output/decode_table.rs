//! The columns of decodes that many rows share, each decode once: a column of a block is
//! put together from them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{concat, interleave};
use arrow::error::ArrowError;
use hashbrown::HashMap;

use super::hash::{RowHashes, Seed};
use super::record::Record;
use super::values::Values;
use crate::domain::facts::DecodeFacts;

/// Decodes in the table; beyond, it begins anew.
const MOST: usize = 32_768;

/// A part of a column takes more decodes up to this many. One array for all would be copied
/// whole, and be there twice meanwhile, each time a block has a new one.
const PART: usize = 4096;

/// Where a decode stands in the columns: in which part, and where in it.
pub(super) type Place = (usize, usize);

/// Where a row without a decode stands: nulls begin the first part.
const NONE: Place = (0, 0);

/// A column of decodes, and where it counts for the hash of a row.
type Column = (&'static Values<DecodeFacts>, Option<Seed>);

/// Decodes in columns.
#[derive(Debug)]
pub(super) struct DecodeTable {
    of: Vec<Column>,
    /// By address; the decodes are held, so that it stays theirs.
    places: HashMap<usize, (Arc<DecodeFacts>, Place)>,
    /// The parts of each column.
    parts: Vec<Vec<ArrayRef>>,
    /// What each decode adds to the hash of a row, part by part.
    sums: Vec<Vec<u128>>,
}

impl DecodeTable {
    /// No decode yet.
    pub(super) fn new(of: Vec<Column>) -> Self {
        let parts = vec![Vec::new(); of.len()];
        Self { of, places: HashMap::new(), parts, sums: Vec::new() }
    }

    /// The places of the decodes of `records`, which are added where they are new; `None`
    /// where so few rows share one that a table is not worth it.
    pub(super) fn places(&mut self, records: &[Record]) -> Result<Option<Vec<Place>>, ArrowError> {
        if self.of.is_empty() {
            return Ok(None);
        }
        let decodes = || records.iter().map(|record| record.decode.facts.as_ref());
        let is_known = |facts: &&Arc<DecodeFacts>| self.places.contains_key(&address(facts));
        let (known, mut new): (Vec<_>, Vec<_>) = decodes().flatten().partition(is_known);
        if !self.places.is_empty() && new.len() > known.len() * 3 {
            return Ok(None);
        }
        if self.places.len() + new.len() > MOST {
            *self = Self::new(std::mem::take(&mut self.of));
            new = decodes().flatten().collect();
        }
        new.sort_unstable_by_key(|facts| address(facts));
        new.dedup_by_key(|facts| address(facts));
        self.add(&new)?;
        let place =
            |facts: &Arc<DecodeFacts>| self.places.get(&address(facts)).map(|known| known.1);
        Ok(Some(decodes().map(|facts| facts.and_then(place).unwrap_or(NONE)).collect()))
    }

    /// Adds decodes, none of which is in the table, each once.
    fn add(&mut self, new: &[&Arc<DecodeFacts>]) -> Result<(), ArrowError> {
        if self.sums.is_empty() {
            self.append(&[None])?;
        } else if new.is_empty() {
            return Ok(());
        }
        let (part, first) =
            self.append(&new.iter().map(|facts| Some(&***facts)).collect::<Vec<_>>())?;
        for (row, facts) in (first..).zip(new) {
            self.places.insert(address(facts), (Arc::clone(facts), (part, row)));
        }
        Ok(())
    }

    /// Appends rows to the columns, and gives the place of the first.
    fn append(&mut self, rows: &[Option<&DecodeFacts>]) -> Result<Place, ArrowError> {
        let last = self.sums.last().map_or(0, Vec::len);
        let is_new_part = self.sums.is_empty() || last + rows.len() > PART;
        let mut sums = RowHashes::of_rows(rows.len());
        for ((values, seed), parts) in self.of.iter().zip(&mut self.parts) {
            let more = values.array(rows.iter().copied())?;
            if let Some(seed) = seed {
                sums.add(*seed, &more)?;
            }
            match parts.last_mut() {
                Some(part) if !is_new_part => *part = concat(&[part, &more])?,
                _ => parts.push(more),
            }
        }
        if is_new_part {
            self.sums.push(Vec::new());
        }
        let part = self.sums.len() - 1;
        let part_sums = &mut self.sums[part];
        let first = part_sums.len();
        part_sums.extend(sums.each());
        Ok((part, first))
    }

    /// The column for rows whose decodes stand at these `places`.
    pub(super) fn column(&self, column: usize, places: &[Place]) -> Result<ArrayRef, ArrowError> {
        let parts: Vec<&dyn Array> = self.parts[column].iter().map(|part| &**part).collect();
        if parts.iter().all(|part| part.null_count() == part.len()) {
            return Ok(new_null_array(&self.of[column].0.data_type(), places.len()));
        }
        interleave(&parts, places)
    }

    /// Adds to the hashes of rows what all columns are worth.
    pub(super) fn add_to(&self, hashes: &mut RowHashes, places: &[Place]) {
        hashes.add_sums(places.iter().map(|&(part, row)| self.sums[part][row]));
    }
}

fn address(facts: &Arc<DecodeFacts>) -> usize {
    Arc::as_ptr(facts).addr()
}
