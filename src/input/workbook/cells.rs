//! Cells into records of text, and what kinds of values a column has.

use std::fs::File;
use std::io::{self, BufWriter, Seek};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use calamine::DataRef;

use super::cell_value::CellValue;
use super::open::{Place, to_be_saved_again};
use super::sizes;
use super::values::{self, Kind};
use crate::domain::{Error, Exit};
use crate::input::content::SAVE_AS_CSV;
use crate::input::random::Random;
use crate::input::record::{MAX_FIELDS, MAX_RECORD};
use crate::input::unpack::is_bomb;

/// Parts the fields of a record.
pub(super) const DELIMITER: u8 = b',';

/// A sheet has no more rows and columns.
pub(super) const MAX_ROWS: u32 = 1_048_576;
pub(super) const MAX_COLUMNS: u32 = 16_384;

/// So many places between the cells of a sheet may be empty, …
const MOST_SKIPPED: u64 = 16 << 20;

/// … and more where these are at most so many for each cell.
const SPARSEST: u64 = 200;

/// Where a column holds what: of each kind of value the number of the last row, from 1;
/// 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) text: u32,
    pub(super) whole_number: u32,
    pub(super) fraction: u32,
    pub(super) day: u32,
    pub(super) moment: u32,
    pub(super) truth: u32,
    /// Text that reads like one of the other kinds.
    pub(super) look_alike: u32,
}

impl Column {
    /// The type that holds all of its values below the first `above` rows; text where they
    /// are of several kinds.
    pub(super) fn data_type(&self, above: usize) -> DataType {
        let holds = |last: u32| last as usize > above;
        let numbers = holds(self.whole_number) || holds(self.fraction);
        let times = holds(self.day) || holds(self.moment);
        match (holds(self.text), numbers, times, holds(self.truth)) {
            (false, true, false, false) if holds(self.fraction) => DataType::Float64,
            (false, true, false, false) => DataType::Int64,
            (false, false, true, false) if holds(self.moment) => {
                DataType::Timestamp(TimeUnit::Microsecond, None)
            }
            (false, false, true, false) => DataType::Date32,
            (false, false, false, true) => DataType::Boolean,
            _ => DataType::Utf8,
        }
    }

    fn note(&mut self, kind: Kind, text: &str, row: u32) {
        if kind == Kind::Text && CellValue::of(text).is_some() {
            self.look_alike = row;
        }
        let last = match kind {
            Kind::Text => &mut self.text,
            Kind::WholeNumber => &mut self.whole_number,
            Kind::Fraction => &mut self.fraction,
            Kind::Day => &mut self.day,
            Kind::Moment => &mut self.moment,
            Kind::Truth => &mut self.truth,
        };
        *last = row;
    }
}

/// The records of a sheet, as they are written.
pub(super) struct Cells<'a> {
    file: &'a str,
    sheet: &'a str,
    /// Length of the workbook.
    packed: u64,
    records: csv::Writer<BufWriter<File>>,
    /// Bytes in them.
    written: u64,
    /// Cells that a sheet has, and those between them that it does not have.
    filled: u64,
    skipped: u64,
    /// The place behind the last cell, from 0.
    row: u32,
    column: usize,
    /// Bytes in that row.
    row_bytes: usize,
    columns: Vec<Column>,
}

impl<'a> Cells<'a> {
    /// Of the workbook `file` of this length.
    pub(super) fn new(file: &'a str, packed: u64, sheet: &'a str) -> Result<Self, Error> {
        let unnamed = tempfile::tempfile().map_err(|error| unwritten(file, error))?;
        let records = csv::WriterBuilder::new()
            .delimiter(DELIMITER)
            .flexible(true)
            .from_writer(BufWriter::new(unnamed));
        let (written, filled, skipped) = (0, 0, 0);
        let (row, column, row_bytes, columns) = (0, 0, 0, Vec::new());
        Ok(Self {
            file,
            sheet,
            packed,
            records,
            written,
            filled,
            skipped,
            row,
            column,
            row_bytes,
            columns,
        })
    }

    /// Takes the cell at `place`, which must be behind the one before.
    pub(super) fn push(
        &mut self,
        place: Place,
        value: &DataRef<'_>,
        is_formula: bool,
    ) -> Result<(), Error> {
        let (row, column) = (place.0, place.1 as usize);
        if *value == DataRef::Empty {
            return if is_formula { Err(self.without_value(place)) } else { Ok(()) };
        }
        if row < self.row || (row == self.row && column < self.column) {
            return Err(self.damaged("its cells are out of order"));
        }
        if row >= MAX_ROWS || place.1 >= MAX_COLUMNS {
            return Err(self.damaged("it has cells behind the last row or column of a sheet"));
        }
        if column >= MAX_FIELDS {
            let what = format!("holds something, and {MAX_FIELDS} columns at most are read");
            return Err(self.far(place, &what));
        }
        self.filled += 1;
        let next = if row == self.row { self.column } else { 0 };
        self.skipped += (column - next) as u64;
        if self.skipped > MOST_SKIPPED && self.skipped / SPARSEST > self.filled {
            return Err(self.far(place, "is the next of too few cells that lie too far apart"));
        }
        self.end_rows(row)?;
        while self.column < column {
            self.write("")?;
        }
        let (kind, text) = values::read(value);
        self.write(&text)?;
        if self.row_bytes > MAX_RECORD {
            return Err(too_wide(self.file, row));
        }
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Column::default());
        }
        self.columns[column].note(kind, &text, row + 1);
        Ok(())
    }

    /// The records, and what the columns hold.
    pub(super) fn finish(mut self) -> Result<(Random, Vec<Column>), Error> {
        if self.column > 0 {
            self.end_rows(self.row + 1)?;
        }
        let Self { file, records, columns, .. } = self;
        let unwritten = |error| unwritten(file, error);
        let buffer =
            records.into_inner().map_err(|error| unwritten(io::Error::other(error.to_string())))?;
        let mut unnamed = buffer.into_inner().map_err(|error| unwritten(error.into_error()))?;
        let length = unnamed.stream_position().map_err(unwritten)?;
        Ok((Random { file: Arc::new(unnamed), length }, columns))
    }

    /// Writes the rows before `row`; those without a cell are empty records.
    fn end_rows(&mut self, row: u32) -> Result<(), Error> {
        while self.row < row {
            if self.column == 0 {
                self.write("")?;
            }
            let ended = self.records.write_record(None::<&[u8]>);
            ended.map_err(|error| unwritten(self.file, error.into()))?;
            (self.column, self.row_bytes) = (0, 0);
            self.row += 1;
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        let written = self.records.write_field(text);
        written.map_err(|error| unwritten(self.file, error.into()))?;
        self.column += 1;
        self.row_bytes += text.len();
        self.written += 1 + text.len() as u64;
        if is_bomb(self.written, self.packed) { Err(sizes::bomb(self.file)) } else { Ok(()) }
    }

    fn without_value(&self, place: Place) -> Error {
        self.damaged(&self.of_cell(place, "holds a formula whose value was never stored"))
    }

    /// 65: the cell at `place` lies far from a table.
    fn far(&self, place: Place, what: &str) -> Error {
        Error::bad_input(Path::new(self.file), self.of_cell(place, what))
            .hint(format!("clear what lies far from the table, or {SAVE_AS_CSV}"))
    }

    fn of_cell(&self, place: Place, what: &str) -> String {
        format!("cell {} of the sheet `{}` {what}", name_of(place), self.sheet.escape_debug())
    }

    fn damaged(&self, what: &str) -> Error {
        to_be_saved_again(self.file, what)
    }
}

/// 65: a row of a sheet of the workbook `name` is too long to be a record.
pub(super) fn too_wide(name: &str, row: u32) -> Error {
    let (row, most) = (u64::from(row) + 1, MAX_RECORD >> 20);
    let what =
        format!("row {row} of the sheet has over {MAX_COLUMNS} cells, or {most} MiB in them");
    Error::bad_input(Path::new(name), what).hint("is it a table at all?")
}

fn unwritten(name: &str, error: io::Error) -> Error {
    Error::new(Exit::Io, format!("cannot keep the sheet of `{name}` in a temporary file"))
        .because(error)
        .hint("free some space, or point TMPDIR at a roomier folder")
}

/// `C5`.
fn name_of((row, column): Place) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        left -= 1;
        letters.push(b'A' + u8::try_from(left % 26).unwrap_or_default());
        left /= 26;
    }
    letters.reverse();
    format!("{}{}", String::from_utf8_lossy(&letters), row + 1)
}
