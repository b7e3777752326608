//! Cells into records of text, and what kinds of values a column has.

use std::fs::File;
use std::io::{self, BufWriter, Seek};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use calamine::{CellErrorType, DataRef, ExcelDateTime};

use super::open::Place;
use super::value::CellValue;
use crate::domain::{Error, Exit};
use crate::input::random::Random;

/// Parts the fields of a record.
pub(super) const DELIMITER: u8 = b',';

/// From here on a spreadsheet keeps 15 digits of a number and shows `1.23457E+16`.
pub(super) const INEXACT: f64 = 1e15;

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

    fn note(&mut self, value: &DataRef<'_>, text: &str, row: u32) {
        let is_text = matches!(value, DataRef::String(_) | DataRef::SharedString(_));
        if is_text && CellValue::of(text).is_some() {
            self.look_alike = row;
        }
        let last = match value {
            DataRef::Int(_) => &mut self.whole_number,
            DataRef::Float(number) if is_whole(*number) => &mut self.whole_number,
            DataRef::Float(number) if number.abs() < INEXACT => &mut self.fraction,
            DataRef::Bool(_) => &mut self.truth,
            DataRef::DateTime(moment) if is_time_of_day(*moment) => &mut self.text,
            DataRef::DateTime(moment) if has_time(*moment) => &mut self.moment,
            DataRef::DateTime(_) => &mut self.day,
            _ => &mut self.text,
        };
        *last = row;
    }
}

/// The records of a sheet, as they are written.
pub(super) struct Cells<'a> {
    file: &'a str,
    sheet: &'a str,
    records: csv::Writer<BufWriter<File>>,
    /// The row being filled, from 0, and its fields.
    row: u32,
    fields: Vec<String>,
    columns: Vec<Column>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(file: &'a str, sheet: &'a str) -> Result<Self, Error> {
        let unnamed = tempfile::tempfile().map_err(|error| unwritten(file, error))?;
        let records = csv::WriterBuilder::new()
            .delimiter(DELIMITER)
            .flexible(true)
            .from_writer(BufWriter::new(unnamed));
        Ok(Self { file, sheet, records, row: 0, fields: Vec::new(), columns: Vec::new() })
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
        if row < self.row || (row == self.row && column < self.fields.len()) {
            return Err(self.refused("its cells are out of order"));
        }
        self.end_rows(row)?;
        self.fields.resize(column, String::new());
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Column::default());
        }
        let text = text(value);
        self.columns[column].note(value, &text, row + 1);
        self.fields.push(text);
        Ok(())
    }

    /// The records, and what the columns hold.
    pub(super) fn finish(mut self) -> Result<(Random, Vec<Column>), Error> {
        if !self.fields.is_empty() {
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
            if self.fields.is_empty() {
                self.fields.push(String::new());
            }
            let written = self.records.write_record(&self.fields);
            written.map_err(|error| unwritten(self.file, error.into()))?;
            self.fields.clear();
            self.row += 1;
        }
        Ok(())
    }

    fn without_value(&self, place: Place) -> Error {
        let (cell, sheet) = (name_of(place), self.sheet.escape_debug());
        self.refused(&format!(
            "cell {cell} of the sheet `{sheet}` holds a formula whose value was never stored"
        ))
    }

    fn refused(&self, what: &str) -> Error {
        Error::bad_input(Path::new(self.file), what)
            .hint("open it in a spreadsheet program and save it again")
    }
}

fn unwritten(name: &str, error: io::Error) -> Error {
    Error::new(Exit::Io, format!("cannot keep the sheet of `{name}` in a temporary file"))
        .because(error)
        .hint("free some space, or point TMPDIR at a roomier folder")
}

/// A cell as the sheet means it: `12`, `0.5`, `2026-11-30`, `2026-11-30T08:15:00`,
/// `1:30:00`, `true`, `#N/A`.
pub(super) fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => moment_text(*moment),
        DataRef::Error(error) => error_text(error).to_owned(),
    }
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < INEXACT
}

/// A number that lost digits is shown so that it can be seen.
pub(super) fn number_text(number: f64) -> String {
    if number.abs() < INEXACT {
        return number.to_string();
    }
    let text = format!("{number:.5E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            format!("{mantissa}E+{exponent}")
        }
        _ => text,
    }
}

fn has_time(moment: ExcelDateTime) -> bool {
    moment.as_f64().fract() != 0.0
}

/// A duration, or a time without a day: `1:30`.
fn is_time_of_day(moment: ExcelDateTime) -> bool {
    moment.is_duration() || (0.0..1.0).contains(&moment.as_f64())
}

fn moment_text(moment: ExcelDateTime) -> String {
    if is_time_of_day(moment) {
        const SECONDS_A_DAY: f64 = 86_400.0;
        let seconds = (moment.as_f64() * SECONDS_A_DAY).round();
        let (sign, seconds) = if seconds < 0.0 { ("-", -seconds) } else { ("", seconds) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let seconds = seconds as u64;
        return format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (has_time(moment), milli) {
        (false, _) => date,
        (true, 0) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        (true, _) => format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
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
