//! One row of a record batch after another, for the formats that are text.

use std::io::{self, Write};

use arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};

use crate::domain::Timestamp;

/// A column of a batch, its type known.
pub(super) enum Cells<'a> {
    Text(&'a StringArray),
    Bool(&'a BooleanArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Double(&'a Float64Array),
    Cents(&'a Decimal128Array),
    Day(&'a Date32Array),
    Moment(&'a TimestampMicrosecondArray),
}

/// What [`Cells::cell`] met.
pub(super) enum Cell<'a> {
    Null,
    /// Not appended yet.
    Text(&'a str),
    /// A number, `true` or `false`, appended; the same in every format.
    Bare,
    /// A date or time, appended; some formats want it quoted.
    Time,
}

/// The columns of `batch`.
pub(super) fn columns(batch: &RecordBatch) -> io::Result<Vec<Cells<'_>>> {
    batch.columns().iter().map(|array| Cells::of(array)).collect()
}

impl<'a> Cells<'a> {
    /// The cells of `array`, if it is of a type that an output has.
    pub(super) fn of(array: &'a dyn Array) -> io::Result<Self> {
        let cells = match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int32 => Self::Int(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Self::Long(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>()),
            DataType::Decimal128(_, 2) => Self::Cents(array.as_primitive::<Decimal128Type>()),
            DataType::Date32 => Self::Day(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Moment(array.as_primitive::<TimestampMicrosecondType>())
            }
            other => return Err(io::Error::other(format!("no text form for columns of {other}"))),
        };
        Ok(cells)
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(cells) => cells.is_null(row),
            Self::Bool(cells) => cells.is_null(row),
            Self::Int(cells) => cells.is_null(row),
            Self::Long(cells) => cells.is_null(row),
            Self::Double(cells) => cells.is_null(row),
            Self::Cents(cells) => cells.is_null(row),
            Self::Day(cells) => cells.is_null(row),
            Self::Moment(cells) => cells.is_null(row),
        }
    }

    /// The cell at `row`. Text is handed out, to be escaped as the format wants
    /// it; anything else is appended to `line`.
    pub(super) fn cell(&self, row: usize, line: &mut Vec<u8>) -> io::Result<Cell<'a>> {
        if self.is_null(row) {
            return Ok(Cell::Null);
        }
        match self {
            Self::Text(cells) => return Ok(Cell::Text(cells.value(row))),
            Self::Bool(cells) => write!(line, "{}", cells.value(row))?,
            Self::Int(cells) => write!(line, "{}", cells.value(row))?,
            Self::Long(cells) => write!(line, "{}", cells.value(row))?,
            Self::Double(cells) => write!(line, "{}", cells.value(row))?,
            Self::Cents(cells) => write_amount(cells.value(row), line)?,
            Self::Day(cells) => return write_day(cells.value(row), line),
            Self::Moment(cells) => {
                Timestamp::from_micros(cells.value(row)).write_rfc3339(line)?;
                return Ok(Cell::Time);
            }
        }
        Ok(Cell::Bare)
    }
}

/// Hundredths as `-12.34`.
fn write_amount(cents: i128, line: &mut Vec<u8>) -> io::Result<()> {
    let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
    write!(line, "{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Days since 1970 as `2025-07-01`.
fn write_day<'a>(days: i32, line: &mut Vec<u8>) -> io::Result<Cell<'a>> {
    const MICROS_A_DAY: i64 = 86_400_000_000;
    const DATE: usize = "2025-07-01".len();
    let start = line.len();
    Timestamp::from_micros(i64::from(days) * MICROS_A_DAY).write_rfc3339(line)?;
    line.truncate(start + DATE);
    Ok(Cell::Time)
}

#[cfg(test)]
#[path = "tests/cells.rs"]
mod tests;
