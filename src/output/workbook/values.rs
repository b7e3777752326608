//! Columns of a batch as a spreadsheet keeps them.

use std::io;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Field, Float64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;

use crate::input::CellValue;
use crate::output::columns::{CONTENT_TYPE, SHEET_CELLS};

/// Spreadsheets keep 15 digits of a number, and show the rest of them as zeros.
const EXACT_DIGITS: u8 = 15;
/// What those digits stay below.
const EXACT: u128 = 10_u128.pow(EXACT_DIGITS as u32);
/// Digits of any whole number of 64 bits, signed or not.
const WHOLE_DIGITS: u8 = 20;
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
    /// Cells of a sheet, each of its kind.
    Mixed,
}

impl Kind {
    /// What becomes of a column.
    pub(super) fn of(field: &Field) -> Self {
        if field.metadata().get(CONTENT_TYPE).is_some_and(|content| content == SHEET_CELLS) {
            return Self::Mixed;
        }
        match field.data_type() {
            DataType::Boolean => Self::Truth,
            data_type if data_type.is_integer() || data_type.is_floating() => Self::Number,
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale) => match u8::try_from(*scale) {
                Ok(scale) if scale <= EXACT_DIGITS => Self::Decimal(scale),
                _ => Self::Text,
            },
            DataType::Date32 | DataType::Date64 => Self::Day,
            DataType::Timestamp(..) => Self::Moment,
            _ => Self::Text,
        }
    }

    /// As a person calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Truth => "true or false",
            Self::Number | Self::Decimal(_) => "number",
            Self::Day => "day",
            Self::Moment => "day and time",
            Self::Mixed => "as in the input",
        }
    }
}

/// A column, its type known.
pub(super) enum Values {
    Text(StringArray),
    Mixed(StringArray),
    Truth(BooleanArray),
    /// Whole numbers and amounts, as many digits behind the point as the type says.
    Exact(Decimal128Array),
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
    /// Also a day or a moment, by the day count of spreadsheets.
    Number(f64),
    /// Among cells of other kinds.
    Moment(f64),
}

impl Values {
    /// A column of that kind.
    pub(super) fn of(array: &ArrayRef, kind: Kind) -> io::Result<Self> {
        Self::cast(array, kind).map_err(io::Error::other)
    }

    fn cast(array: &ArrayRef, kind: Kind) -> Result<Self, ArrowError> {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        Ok(match (kind, array.data_type()) {
            (Kind::Truth, _) => Self::Truth(array.as_boolean().clone()),
            (Kind::Number, data_type) if data_type.is_integer() => {
                Self::exact(array, WHOLE_DIGITS, 0)?
            }
            (Kind::Decimal(scale), _) => {
                Self::exact(array, DECIMAL128_MAX_PRECISION, scale.cast_signed())?
            }
            // By its text: the double nearest to the single is not the number that was meant.
            (Kind::Number, DataType::Float16 | DataType::Float32) => {
                let text: ArrayRef = Arc::new(text_of(array)?);
                Self::Number(cast(&text, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            (Kind::Number, _) => {
                Self::Number(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            (Kind::Day | Kind::Moment, _) => {
                let moments = cast(array, &moment)?;
                let moments = moments.as_primitive::<TimestampMicrosecondType>().clone();
                Self::Moment(moments, ArrayRef::clone(array))
            }
            (Kind::Text, _) => Self::Text(text_of(array)?),
            (Kind::Mixed, _) => Self::Mixed(text_of(array)?),
        })
    }

    fn exact(array: &ArrayRef, digits: u8, scale: i8) -> Result<Self, ArrowError> {
        let decimals = cast(array, &DataType::Decimal128(digits, scale))?;
        Ok(Self::Exact(decimals.as_primitive::<Decimal128Type>().clone()))
    }

    /// The cell at `row`.
    pub(super) fn value(&self, row: usize) -> io::Result<Value<'_>> {
        let cells: &dyn Array = match self {
            Self::Text(cells) | Self::Mixed(cells) => cells,
            Self::Truth(cells) => cells,
            Self::Exact(cells) => cells,
            Self::Number(cells) => cells,
            Self::Moment(cells, _) => cells,
        };
        if cells.is_null(row) {
            return Ok(Value::Empty);
        }
        Ok(match self {
            Self::Text(cells) => Value::Text(cells.value(row)),
            Self::Mixed(cells) => mixed(cells.value(row)),
            Self::Truth(cells) => Value::Truth(cells.value(row)),
            Self::Exact(cells) => exact(cells, row),
            Self::Number(cells) => number(cells.value(row)),
            Self::Moment(cells, typed) => {
                if let Some(serial) = serial(cells.value(row)) {
                    Value::Number(serial)
                } else {
                    let text = text_of(&typed.slice(row, 1)).map_err(io::Error::other)?;
                    Value::Made(text.value(0).to_owned())
                }
            }
        })
    }
}

fn mixed(text: &str) -> Value<'_> {
    match CellValue::of(text) {
        Some(CellValue::Number(number)) => Value::Number(number),
        Some(CellValue::Truth(truth)) => Value::Truth(truth),
        Some(CellValue::Moment(micros)) => serial(micros).map_or(Value::Text(text), Value::Moment),
        None => Value::Text(text),
    }
}

fn text_of(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(array, &DataType::Utf8)?.as_string().clone())
}

fn exact(cells: &Decimal128Array, row: usize) -> Value<'static> {
    let digits = cells.value(row);
    if digits.unsigned_abs() < EXACT {
        // Both are exact, so that the quotient is the double nearest to what is meant.
        Value::Number(digits as f64 / 10_f64.powi(cells.scale().into()))
    } else {
        Value::Made(cells.value_as_string(row))
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
