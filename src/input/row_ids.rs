//! The id of each row.
//!
//! It is made of the source's name and the row's place in it, or of the cells that
//! `--row-key` names. The same row then has the same id in every run.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;

use xxhash_rust::xxh3::xxh3_128;

use super::{InputFile, Inputs, Row, columns};
use crate::domain::Error;
use crate::domain::vin::Reading;

/// A part of the row key.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyPart {
    /// The normalised VIN; the cell itself where there is none.
    Vin,
    /// The cell of that column of a batch.
    Cell(usize),
}

/// `vin`, in any case, is the normalised VIN, whatever the input calls its column.
fn is_vin(named: &str) -> bool {
    named.trim().eq_ignore_ascii_case("vin")
}

/// The names of the columns that `key` names, but for the VIN: 64 where a file does not
/// have one. `all` are the columns of all files.
pub(super) fn columns_of(
    files: &[InputFile],
    all: &[String],
    key: &[String],
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for named in key.iter().filter(|named| !is_vin(named)) {
        let index = columns::place_of("the input", named, all)?;
        let lacks = |file: &&InputFile| {
            !file.table.columns.is_empty() && !file.table.columns.contains(&all[index])
        };
        if let Some(file) = files.iter().find(lacks) {
            return Err(columns::unknown(
                format_args!("`{}`", file.name),
                named,
                &file.table.columns,
            ));
        }
        names.push(all[index].clone());
    }
    Ok(names)
}

/// The parts of `key`, of which `names` are the columns that are not the VIN.
pub(super) fn parts(
    key: &[String],
    names: &[String],
    place_of: impl Fn(&str) -> Option<usize>,
) -> Vec<KeyPart> {
    let mut names = names.iter();
    let part = |named: &String| {
        if is_vin(named) {
            return Some(KeyPart::Vin);
        }
        names.next().and_then(|name| place_of(name)).map(KeyPart::Cell)
    };
    key.iter().filter_map(part).collect()
}

/// Gives each row its id, in the order of the input.
#[derive(Debug)]
pub struct RowIds<'a> {
    inputs: &'a Inputs,
    text: Vec<u8>,
    /// Half of the hash of each row key so far: 8 bytes instead of the key. Of 10
    /// million keys, two are taken for one with a chance of 1 in 300,000; the later row
    /// is then numbered for nothing.
    seen: HashSet<u64>,
    /// How often those came that came again.
    repeats: HashMap<u64, u64>,
    repeated: u64,
}

impl<'a> RowIds<'a> {
    pub(super) fn of_inputs(inputs: &'a Inputs) -> Self {
        Self {
            inputs,
            text: Vec::new(),
            seen: HashSet::new(),
            repeats: HashMap::new(),
            repeated: 0,
        }
    }

    /// The id of the next row.
    pub fn next(&mut self, row: Row<'_>, reading: &Reading) -> u128 {
        self.text.clear();
        match &self.inputs.row_key[..] {
            [] => {
                self.text.extend_from_slice(&self.inputs.files()[row.file()].source_name);
                self.number(row.source_row().cast_unsigned());
                xxh3_128(&self.text)
            }
            key => {
                for part in key {
                    self.add(*part, row, reading);
                }
                self.of_key()
            }
        }
    }

    /// Rows with the row key of an earlier row.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    fn add(&mut self, part: KeyPart, row: Row<'_>, reading: &Reading) {
        let cell = match part {
            KeyPart::Vin => Some(reading.vin.as_ref().map_or(row.vin(), AsRef::as_ref)),
            KeyPart::Cell(column) => row.text(column),
        };
        // Neither byte occurs in UTF-8, so that no two keys run into each other.
        self.text.extend_from_slice(cell.map_or(&[0xfe], str::as_bytes));
        self.text.push(0xff);
    }

    /// The hash of the key in `text`; that of a repeated one has its number in it.
    fn of_key(&mut self) -> u128 {
        let hash = xxh3_128(&self.text);
        #[expect(clippy::cast_possible_truncation, reason = "half of it is meant")]
        let half = hash as u64;
        if self.seen.insert(half) {
            return hash;
        }
        self.repeated += 1;
        let times = self.repeats.entry(half).or_insert(1);
        *times += 1;
        let times = *times;
        self.number(times);
        xxh3_128(&self.text)
    }

    fn number(&mut self, number: u64) {
        self.text.push(0x1f);
        // A vector takes whatever is written.
        let _written = write!(self.text, "{number}");
    }
}

#[cfg(test)]
#[path = "tests/row_ids.rs"]
mod tests;
