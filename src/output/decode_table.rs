//! The columns of decodes that many rows share, each decode once: a column of a block is
//! taken from them by number.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, StringDictionaryBuilder, UInt32Array, new_empty_array, new_null_array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;
use hashbrown::HashMap;

use super::hash::{RowHashes, Seed};
use super::record::Record;
use super::values::Values;
use crate::domain::facts::DecodeFacts;

/// Decodes in the table; beyond, it begins anew.
const MOST: usize = 32_768;

/// A column of decodes, and where it counts for the hash of a row.
type Column = (&'static Values<DecodeFacts>, Option<Seed>);

/// Decodes in columns.
pub(super) struct DecodeTable {
    of: Vec<Column>,
    /// Text leaves it as dictionaries: rows share it uncopied.
    as_dictionaries: bool,
    /// By address; the decodes are held, so that it stays theirs.
    numbers: HashMap<usize, u32>,
    held: Vec<Arc<DecodeFacts>>,
    columns: Vec<Growing>,
    /// What each adds to the hash of a row.
    sums: Vec<u128>,
}

/// The values of one column.
enum Growing {
    /// One for each decode.
    Plain(ArrayRef),
    /// Text that is there once, however many decodes say it.
    Dictionary(Box<StringDictionaryBuilder<UInt32Type>>, ArrayRef),
}

impl DecodeTable {
    /// No decode yet.
    pub(super) fn new(of: Vec<Column>) -> Self {
        let (columns, sums) = (Vec::new(), Vec::new());
        let as_dictionaries = false;
        Self { of, as_dictionaries, numbers: HashMap::new(), held: Vec::new(), columns, sums }
    }

    /// The same, whose text leaves it as dictionaries.
    pub(super) fn with_dictionaries(self) -> Self {
        Self { as_dictionaries: true, ..self }
    }

    /// The numbers of the decodes of `records`, which are added where they are new; `None`
    /// where so few rows share one that a table is not worth it.
    pub(super) fn numbers(
        &mut self,
        records: &[Record],
    ) -> Result<Option<UInt32Array>, ArrowError> {
        if self.of.is_empty() {
            return Ok(None);
        }
        let decodes = || records.iter().map(|record| record.decode.facts.as_ref());
        let number = |facts: Option<&Arc<_>>| self.numbers.get(&address(facts?)).copied();
        let mut found: Vec<Option<u32>> = decodes().map(number).collect();
        let known = found.iter().flatten().count();
        let new = decodes().flatten().count() - known;
        if !self.held.is_empty() && new > known * 3 {
            return Ok(None);
        }
        if self.held.len() + new > MOST {
            self.numbers.clear();
            self.held.clear();
            self.columns.clear();
            self.sums.clear();
            found.fill(None);
        }
        let first = self.held.len();
        let number = |(facts, found): (Option<&_>, Option<u32>)| {
            found.or_else(|| facts.map(|facts| self.number(facts)))
        };
        let numbers = decodes().zip(found).map(number).collect();
        self.add_from(first)?;
        Ok(Some(numbers))
    }

    fn number(&mut self, facts: &Arc<DecodeFacts>) -> u32 {
        *self.numbers.entry(address(facts)).or_insert_with(|| {
            self.held.push(Arc::clone(facts));
            u32::try_from(self.held.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Adds the decodes from number `first` on to the columns.
    fn add_from(&mut self, first: usize) -> Result<(), ArrowError> {
        let new = &self.held[first..];
        if new.is_empty() {
            return Ok(());
        }
        let mut sums = RowHashes::of_rows(new.len());
        for (place, (values, seed)) in self.of.iter().enumerate() {
            let more = values.array(new.iter().map(|facts| Some(&**facts)))?;
            if let Some(seed) = seed {
                sums.add(*seed, &more)?;
            }
            if place == self.columns.len() {
                self.columns.push(Growing::new(more.data_type(), self.as_dictionaries));
            }
            self.columns[place].extend(&more)?;
        }
        self.sums.extend(sums.each());
        Ok(())
    }

    /// The column at `place` for rows whose decodes have these `numbers`.
    pub(super) fn column(
        &self,
        place: usize,
        numbers: &UInt32Array,
    ) -> Result<ArrayRef, ArrowError> {
        match self.columns.get(place).map(Growing::values) {
            Some(values) if values.null_count() < values.len() => take(values, numbers, None),
            _ => Ok(new_null_array(&self.of[place].0.data_type(), numbers.len())),
        }
    }

    /// Adds to the hashes of rows what all columns are worth.
    pub(super) fn add_to(&self, hashes: &mut RowHashes, numbers: &UInt32Array) {
        let sum = |number: Option<u32>| number.map_or(0, |number| self.sums[number as usize]);
        hashes.add_sums(numbers.iter().map(sum));
    }
}

impl Growing {
    /// No value yet.
    fn new(data_type: &DataType, as_dictionary: bool) -> Self {
        let none = new_empty_array(data_type);
        match data_type {
            DataType::Utf8 if as_dictionary => Self::Dictionary(Box::default(), none),
            _ => Self::Plain(none),
        }
    }

    fn extend(&mut self, more: &ArrayRef) -> Result<(), ArrowError> {
        match self {
            Self::Plain(values) => *values = concat(&[values, more])?,
            Self::Dictionary(builder, values) => {
                for value in more.as_string::<i32>() {
                    match value {
                        Some(value) => _ = builder.append(value)?,
                        None => builder.append_null(),
                    }
                }
                *values = Arc::new(builder.finish_cloned());
            }
        }
        Ok(())
    }

    fn values(&self) -> &ArrayRef {
        match self {
            Self::Plain(values) | Self::Dictionary(_, values) => values,
        }
    }
}

fn address(facts: &Arc<DecodeFacts>) -> usize {
    Arc::as_ptr(facts).addr()
}
