//! The hash of a row: a wrapping sum of one hash for each cell that is not null, of the
//! column's name and the cell's value. So neither the order of the columns counts, nor
//! a column without values.
//!
//! Cells are hashed a column at a time, as Arrow has them and before any format writes
//! them: all formats of one run say the same.

use std::io;

use arrow::array::{Array, ArrayRef};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::cells::{Cell, Cells};

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
            Cells::Other(_) => {
                let what = format!("columns of {} are hashed by their text", column.data_type());
                return Err(io::Error::other(what));
            }
        }
        Ok(())
    }

    /// Adds a column of the input, each cell by its text in CSV: a table hashes alike
    /// whichever format it came in. Empty text is not a value there.
    pub(super) fn add_as_text(&mut self, seed: Seed, column: &ArrayRef) -> io::Result<()> {
        let cells = Cells::of(column)?;
        if let Cells::Text(cells) = cells {
            let filled = cells.iter().map(|text| text.filter(|text| !text.is_empty()));
            self.add_each(seed, filled, |text: &str| without_fraction(text.as_bytes()));
            return Ok(());
        }
        let mut line = Vec::new();
        for (row, sum) in self.0.iter_mut().enumerate() {
            line.clear();
            let text = match cells.cell(row, &mut line)? {
                Cell::Null => continue,
                Cell::Text(text) => text.as_bytes(),
                Cell::Bare | Cell::Time => without_fraction(&line),
            };
            *sum = sum.wrapping_add(xxh3_128_with_seed(text, seed.0));
        }
        Ok(())
    }

    /// Adds what was summed up before, for each row.
    pub(super) fn add_sums(&mut self, sums: impl Iterator<Item = u128>) {
        self.0.iter_mut().zip(sums).for_each(|(sum, more)| *sum = sum.wrapping_add(more));
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

/// A whole number without the `.0` that some writers put behind it: others leave it out,
/// and a column of whole numbers becomes one of floats where a cell is missing.
fn without_fraction(text: &[u8]) -> &[u8] {
    let Some(whole) = text.strip_suffix(b".0") else { return text };
    let digits = whole.strip_prefix(b"-").unwrap_or(whole);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if is_number { whole } else { text }
}

#[cfg(test)]
#[path = "tests/hash.rs"]
mod tests;
