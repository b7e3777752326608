//! The type in which a column is carried through: the one of a few that every warehouse
//! reads which holds all of its values. What has no such type is text.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringViewBuilder, new_null_array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, FieldRef, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow::error::ArrowError;
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};

use super::nested;
use crate::input::source::hex;

/// The most digits of a decimal that are kept as one.
const MAX_DIGITS: u8 = 38;

/// The zone of all times that have one, as Arrow reads it without a table of zones.
const UTC: &str = "+00:00";

/// How a column is carried through.
#[derive(Debug)]
pub(super) struct Kept {
    field: FieldRef,
    to: DataType,
}

impl Kept {
    pub(super) fn of(field: &FieldRef) -> Self {
        Self { field: Arc::clone(field), to: kept_type(field.data_type()) }
    }

    pub(super) fn name(&self) -> &str {
        self.field.name()
    }

    /// What it is carried through as.
    pub(super) fn data_type(&self) -> &DataType {
        &self.to
    }

    /// What it is in the file.
    pub(super) fn source_type(&self) -> &DataType {
        self.field.data_type()
    }

    pub(super) fn is_nested(&self) -> bool {
        values_of(self.source_type()).is_nested()
    }

    pub(super) fn is_number(&self) -> bool {
        values_of(self.source_type()).is_numeric()
    }

    /// Cells of the column in the type that is kept; text as views. Digits of times that
    /// are cut off are noted as `lossy`.
    pub(super) fn carry(
        &self,
        cells: &ArrayRef,
        lossy: &AtomicBool,
    ) -> Result<ArrayRef, ArrowError> {
        let values = values_of(self.source_type());
        // A dictionary, or runs of one value, as its values.
        let cells =
            if values == self.source_type() { Arc::clone(cells) } else { cast(cells, values)? };
        if self.to == DataType::Utf8 {
            return self.text(&cells);
        }
        let options = CastOptions { safe: false, ..CastOptions::default() };
        if has_finer_times(&cells) {
            lossy.store(true, Ordering::Relaxed);
        }
        let kept = cast_with_options(&cells, &self.to, &options)?;
        check_times(&kept)?;
        Ok(kept)
    }

    fn text(&self, cells: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        use DataType::{
            Binary, BinaryView, FixedSizeBinary, LargeBinary, LargeUtf8, Null, Utf8, Utf8View,
        };
        match cells.data_type() {
            Null => Ok(new_null_array(&Utf8View, cells.len())),
            Utf8 | LargeUtf8 | Utf8View => cast(cells, &Utf8View),
            Binary | LargeBinary | BinaryView => {
                let cells = cast(cells, &BinaryView)?;
                Ok(texts(cells.as_binary_view().iter(), true))
            }
            FixedSizeBinary(_) => Ok(texts(cells.as_fixed_size_binary().iter(), false)),
            nested if nested.is_nested() => nested::json(&self.field, cells),
            _ => cast(cells, &Utf8View),
        }
    }
}

/// The type of the values in a dictionary or in runs; that of any other column.
fn values_of(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values_of(values),
        DataType::RunEndEncoded(_, values) => values_of(values.data_type()),
        other => other,
    }
}

fn kept_type(data_type: &DataType) -> DataType {
    use DataType::{
        Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Float16, Float32,
        Float64, Int8, Int16, Int32, Int64, Time32, Time64, Timestamp, UInt8, UInt16, UInt32,
        UInt64, Utf8,
    };
    const DIGITS_OF_U64: u8 = 20;
    match values_of(data_type) {
        same @ (Boolean | Int8 | Int16 | Int32 | Int64 | Float32 | Float64) => same.clone(),
        UInt8 => Int16,
        UInt16 => Int32,
        UInt32 => Int64,
        UInt64 => Decimal128(DIGITS_OF_U64, 0),
        Float16 => Float32,
        Decimal32(digits, scale)
        | Decimal64(digits, scale)
        | Decimal128(digits, scale)
        | Decimal256(digits, scale)
            if *digits <= MAX_DIGITS && *scale >= 0 =>
        {
            Decimal128(*digits, *scale)
        }
        Date32 | Date64 => Date32,
        Time32(_) | Time64(_) => Time64(TimeUnit::Microsecond),
        Timestamp(_, zone) => Timestamp(TimeUnit::Microsecond, zone.as_ref().map(|_| UTC.into())),
        _ => Utf8,
    }
}

/// Bytes as text: what is UTF-8 as that, where it may be, and other bytes in hex.
fn texts<'a>(cells: impl Iterator<Item = Option<&'a [u8]>>, may_be_text: bool) -> ArrayRef {
    let mut texts = StringViewBuilder::new();
    for cell in cells {
        let text =
            cell.map(|cell| std::str::from_utf8(cell).ok().filter(|_| may_be_text).ok_or(cell));
        match text {
            None => texts.append_null(),
            Some(Ok(text)) => texts.append_value(text),
            Some(Err(bytes)) => {
                let hex = hex(bytes);
                texts.append_value(if may_be_text { format!("\\x{hex}") } else { hex });
            }
        }
    }
    Arc::new(texts.finish())
}

/// Whether some times have digits beyond the microsecond.
fn has_finer_times(cells: &ArrayRef) -> bool {
    const NANOS: i64 = 1_000;
    fn any_finer<T: arrow::datatypes::ArrowPrimitiveType<Native = i64>>(
        cells: &PrimitiveArray<T>,
    ) -> bool {
        cells.iter().flatten().any(|time| time % NANOS != 0)
    }
    match cells.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            any_finer(cells.as_primitive::<TimestampNanosecondType>())
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            any_finer(cells.as_primitive::<Time64NanosecondType>())
        }
        _ => false,
    }
}

/// Fails where a date or time is in no calendar, and so has no text.
fn check_times(cells: &ArrayRef) -> Result<(), ArrowError> {
    let outside = match cells.data_type() {
        DataType::Date32 => {
            let days = cells.as_primitive::<Date32Type>().iter().flatten();
            days.map(i64::from)
                .find(|&day| i32::try_from(day).ok().and_then(date32_to_datetime).is_none())
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => cells
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .flatten()
            .find(|&time| timestamp_us_to_datetime(time).is_none()),
        _ => None,
    };
    match outside {
        Some(value) => {
            Err(ArrowError::CastError(format!("a date or time is in no calendar ({value})")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "tests/kept.rs"]
mod tests;
