//! Columns of a batch as a spreadsheet keeps them.

use std::io;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;

/// A spreadsheet keeps numbers as doubles: whole ones are exact up to here.
const MOST_EXACT: u64 = 1 << 53;
/// Digits that a double holds of any decimal.
const EXACT_DIGITS: u8 = 15;
/// 1970-01-01 by the day count of spreadsheets.
const FIRST_OF_1970: f64 = 25_569.0;
/// 1900-03-01, before which spreadsheets count a day that never was …
const FIRST_DAY: f64 = 61.0;
/// … and 9999-12-31, the last they know.
const LAST_DAY: f64 = 2_958_465.0;
const MICROS_A_DAY: f64 = 86_400e6;

/// What a spreadsheet makes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Truth,
    Number,
    /// A number that always shows so many digits behind the point.
    Decimal(u8),
    Day,
    Moment,
}

impl Kind {
    /// What becomes of a column of that type.
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Truth,
            data_type if data_type.is_integer() || data_type.is_floating() => Self::Number,
            DataType::Decimal32(digits, scale)
            | DataType::Decimal64(digits, scale)
            | DataType::Decimal128(digits, scale)
            | DataType::Decimal256(digits, scale) => match u8::try_from(*scale) {
                Ok(scale) if *digits <= EXACT_DIGITS => Self::Decimal(scale),
                _ => Self::Text,
            },
            DataType::Date32 | DataType::Date64 => Self::Day,
            DataType::Timestamp(..) => Self::Moment,
            _ => Self::Text,
        }
    }
}

/// A column, its type known.
pub(super) enum Values {
    Text(StringArray),
    Truth(BooleanArray),
    Whole(Int64Array),
    Number(Float64Array),
    /// Days and moments, and their text for those that no spreadsheet has.
    Moment(TimestampMicrosecondArray, ArrayRef),
}

/// A cell.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Empty,
    Text(&'a str),
    /// Text of a number or a time that a spreadsheet cannot keep.
    Made(String),
    Truth(bool),
    Number(f64),
    /// A day or a moment, by the day count of spreadsheets.
    Serial(f64),
}

impl Values {
    pub(super) fn of(array: &ArrayRef) -> io::Result<Self> {
        Self::cast(array).map_err(io::Error::other)
    }

    fn cast(array: &ArrayRef) -> Result<Self, ArrowError> {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        Ok(match (Kind::of(array.data_type()), array.data_type()) {
            (Kind::Truth, _) => Self::Truth(array.as_boolean().clone()),
            (Kind::Number, DataType::UInt64) => Self::Text(text_of(array)?),
            (Kind::Number, data_type) if data_type.is_integer() => {
                Self::Whole(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            // By its text: the double nearest to the single is not the number that was meant.
            (Kind::Number, DataType::Float16 | DataType::Float32) => {
                let text: ArrayRef = std::sync::Arc::new(text_of(array)?);
                Self::Number(cast(&text, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            (Kind::Number | Kind::Decimal(_), _) => {
                Self::Number(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            (Kind::Day | Kind::Moment, _) => {
                let moments = cast(array, &moment)?;
                let moments = moments.as_primitive::<TimestampMicrosecondType>().clone();
                Self::Moment(moments, ArrayRef::clone(array))
            }
            (Kind::Text, _) => Self::Text(text_of(array)?),
        })
    }

    /// The cell at `row`.
    pub(super) fn value(&self, row: usize) -> io::Result<Value<'_>> {
        let cells: &dyn Array = match self {
            Self::Text(cells) => cells,
            Self::Truth(cells) => cells,
            Self::Whole(cells) => cells,
            Self::Number(cells) => cells,
            Self::Moment(cells, _) => cells,
        };
        if cells.is_null(row) {
            return Ok(Value::Empty);
        }
        Ok(match self {
            Self::Text(cells) => Value::Text(cells.value(row)),
            Self::Truth(cells) => Value::Truth(cells.value(row)),
            Self::Whole(cells) => whole(cells.value(row)),
            Self::Number(cells) => number(cells.value(row)),
            Self::Moment(cells, typed) => match serial(cells.value(row)) {
                Some(serial) => Value::Serial(serial),
                None => {
                    let text = text_of(&typed.slice(row, 1)).map_err(io::Error::other)?;
                    Value::Made(text.value(0).to_owned())
                }
            },
        })
    }
}

fn text_of(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(array, &DataType::Utf8)?.as_string().clone())
}

fn whole(number: i64) -> Value<'static> {
    if number.unsigned_abs() <= MOST_EXACT {
        Value::Number(number as f64)
    } else {
        Value::Made(number.to_string())
    }
}

fn number(number: f64) -> Value<'static> {
    if number.is_finite() { Value::Number(number) } else { Value::Made(number.to_string()) }
}

/// Microseconds since 1970 as days since 1899-12-30.
fn serial(micros: i64) -> Option<f64> {
    let serial = FIRST_OF_1970 + micros as f64 / MICROS_A_DAY;
    (FIRST_DAY..LAST_DAY + 1.0).contains(&serial).then_some(serial)
}

#[cfg(test)]
#[path = "tests/values.rs"]
mod tests;
