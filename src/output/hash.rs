//! The hash of a row: a wrapping sum of one hash for each cell that is not null, of the
//! column's name and the cell's value. So neither the order of the columns counts, nor
//! a column without values.
//!
//! Cells are hashed a column at a time, as Arrow has them and before any format writes
//! them: all formats of one run say the same.

use std::io;

use arrow::array::{Array, ArrayRef};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::cells::Cells;

/// What the hashes of a column's cells begin with: its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(u64);

impl Seed {
    /// Of a column of ours.
    pub(super) fn of_ours(name: &str) -> Self {
        Self(xxh3_64(name.as_bytes()))
    }

    /// Of the input's column that is called `name` there; it is never one of ours.
    pub(super) fn of_input(name: &str) -> Self {
        Self(xxh3_64(format!("input\u{1f}{name}").as_bytes()))
    }
}

/// The hashes of consecutive rows.
pub(super) struct RowHashes(Vec<u128>);

impl RowHashes {
    /// Of rows without a cell so far.
    pub(super) fn of_rows(rows: usize) -> Self {
        Self(vec![0; rows])
    }

    /// Adds a column, with a cell for each row.
    pub(super) fn add(&mut self, seed: Seed, column: &ArrayRef) -> io::Result<()> {
        if column.null_count() == column.len() {
            return Ok(());
        }
        match Cells::of(column)? {
            Cells::Text(cells) => self.add_each(seed, cells, |text: &str| text),
            Cells::Bool(cells) => self.add_each(seed, cells, |yes| [u8::from(yes)]),
            Cells::Int(cells) => self.add_each(seed, cells, |n| i64::from(n).to_le_bytes()),
            Cells::Long(cells) => self.add_each(seed, cells, i64::to_le_bytes),
            // There are two zeros, which mean the same.
            Cells::Double(cells) => self.add_each(seed, cells, |n| (n + 0.0).to_le_bytes()),
            Cells::Cents(cells) => self.add_each(seed, cells, i128::to_le_bytes),
            Cells::Day(cells) => self.add_each(seed, cells, |day| i64::from(day).to_le_bytes()),
            Cells::Moment(cells) => self.add_each(seed, cells, i64::to_le_bytes),
        }
        Ok(())
    }

    fn add_each<V, B: AsRef<[u8]>>(
        &mut self,
        Seed(seed): Seed,
        cells: impl IntoIterator<Item = Option<V>>,
        bytes: impl Fn(V) -> B,
    ) {
        for (sum, cell) in self.0.iter_mut().zip(cells) {
            if let Some(value) = cell {
                *sum = sum.wrapping_add(xxh3_128_with_seed(bytes(value).as_ref(), seed));
            }
        }
    }

    /// The hash of each row.
    pub(super) fn each(&self) -> impl ExactSizeIterator<Item = u128> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
#[path = "tests/hash.rs"]
mod tests;
