//! The values of a column of ours: how each is taken, of what type it is, and a column of
//! them in Arrow.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Array, PrimitiveArray, PrimitiveBuilder, StringArray,
    StringBuilder, new_null_array,
};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;

use crate::domain::Timestamp;
use crate::domain::facts::Days;

/// Decimals hold amounts up to 9,999,999,999.99.
const DECIMAL_PRECISION: u8 = 12;
/// Decimals hold hundredths.
const DECIMAL_SCALE: i8 = 2;

/// Bytes of a usual text cell, to size a builder by.
const USUAL_TEXT: usize = 12;

/// The most cents a decimal(12,2) holds.
const MAX_CENTS: i64 = 999_999_999_999;
/// Years 1 to 9998: what every reader of dates, and `jiff`, can hold.
const DAYS: RangeInclusive<i32> = -719_162..=2_932_531;
/// The same years in microseconds.
const MICROS: RangeInclusive<i64> = -62_135_596_800_000_000..=253_370_764_799_999_999;

/// How a value is taken from an `R`, and so its type.
#[derive(Debug)]
pub(super) enum Values<R> {
    /// Text that it holds.
    Text(for<'a> fn(&'a R) -> Option<&'a str>),
    /// 16 bytes, as 32 hex digits.
    Id(fn(&R) -> u128),
    /// Text made on the way.
    Made(fn(&R) -> Option<String>),
    Bool(fn(&R) -> Option<bool>),
    Int(fn(&R) -> Option<i32>),
    Long(fn(&R) -> Option<i64>),
    Double(fn(&R) -> Option<f64>),
    /// Hundredths.
    Cents(fn(&R) -> Option<i64>),
    Day(fn(&R) -> Option<Days>),
    Moment(fn(&R) -> Option<Timestamp>),
}

impl<R> Values<R> {
    /// Their type's name, such as `decimal(12,2)`.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Id(_) | Self::Made(_) => "utf8",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int32",
            Self::Long(_) => "int64",
            Self::Double(_) => "double",
            Self::Cents(_) => "decimal(12,2)",
            Self::Day(_) => "date",
            Self::Moment(_) => "timestamp(us, UTC)",
        }
    }

    /// Their type in Arrow, and so in Parquet.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) | Self::Id(_) | Self::Made(_) => DataType::Utf8,
            Self::Bool(_) => DataType::Boolean,
            Self::Int(_) => DataType::Int32,
            Self::Long(_) => DataType::Int64,
            Self::Double(_) => DataType::Float64,
            Self::Cents(_) => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
            Self::Day(_) => DataType::Date32,
            Self::Moment(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// A column with the value of each of `rows`.
    pub(super) fn array<'r>(
        &self,
        rows: impl ExactSizeIterator<Item = Option<&'r R>>,
    ) -> Result<ArrayRef, ArrowError>
    where
        R: 'r,
    {
        match self {
            Self::Text(take) => text_array(rows.map(|row| take(row?))),
            Self::Id(take) => hex_array(rows.map(|row| row.map_or(0, take))),
            Self::Made(take) => text_array(rows.map(|row| take(row?))),
            Self::Bool(take) => Ok(bool_array(rows.map(|row| take(row?)))),
            Self::Int(take) => Ok(Arc::new(numbers::<Int32Type>(rows.map(|row| take(row?))))),
            Self::Long(take) => Ok(Arc::new(numbers::<Int64Type>(rows.map(|row| take(row?))))),
            Self::Double(take) => {
                let finite = |row| take(row).filter(|value| value.is_finite());
                Ok(Arc::new(numbers::<Float64Type>(rows.map(|row| finite(row?)))))
            }
            Self::Cents(take) => decimal_array(rows.map(|row| take(row?))),
            Self::Day(take) => {
                let sane = |row| take(row).filter(|day| DAYS.contains(day));
                Ok(Arc::new(numbers::<Date32Type>(rows.map(|row| sane(row?)))))
            }
            Self::Moment(take) => {
                let sane =
                    |row| take(row).map(Timestamp::micros).filter(|micros| MICROS.contains(micros));
                let moments = numbers::<TimestampMicrosecondType>(rows.map(|row| sane(row?)));
                Ok(Arc::new(moments.with_timezone("UTC")))
            }
        }
    }
}

pub(super) fn text_array<T: AsRef<str>>(
    mut values: impl ExactSizeIterator<Item = Option<T>>,
) -> Result<ArrayRef, ArrowError> {
    let rows = values.len();
    let mut nulls = 0;
    // Many columns are null in all rows; they cost no builder.
    let first = loop {
        match values.next() {
            None => return Ok(new_null_array(&DataType::Utf8, rows)),
            Some(None) => nulls += 1,
            Some(Some(value)) => break value,
        }
    };
    let mut builder = StringBuilder::with_capacity(rows, rows * USUAL_TEXT);
    builder.append_nulls(nulls);
    for value in std::iter::once(Some(first)).chain(values) {
        let Some(value) = value else {
            builder.append_null();
            continue;
        };
        // The builder panics past 2 GiB; a block of that size is the caller's fault.
        let length = builder.values_slice().len() + value.as_ref().len();
        if i32::try_from(length).is_err() {
            return Err(ArrowError::OffsetOverflowError(length));
        }
        builder.append_value(value);
    }
    Ok(Arc::new(builder.finish()))
}

/// Each as 32 lower-case hex digits.
pub(super) fn hex_array(ids: impl ExactSizeIterator<Item = u128>) -> Result<ArrayRef, ArrowError> {
    /// Digits of 128 bits.
    const LENGTH: usize = 32;
    let offsets = OffsetBuffer::from_repeated_length(LENGTH, ids.len());
    let mut text = Vec::with_capacity(ids.len() * LENGTH);
    for id in ids {
        let digits = id.to_be_bytes().map(|byte| {
            [byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)])
        });
        text.extend_from_slice(digits.as_flattened());
    }
    Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(text), None)?))
}

fn bool_array(values: impl ExactSizeIterator<Item = Option<bool>>) -> ArrayRef {
    let mut builder = BooleanBuilder::with_capacity(values.len());
    values.for_each(|value| builder.append_option(value));
    Arc::new(builder.finish())
}

fn numbers<T: ArrowPrimitiveType>(
    values: impl ExactSizeIterator<Item = Option<T::Native>>,
) -> PrimitiveArray<T> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(values.len());
    values.for_each(|value| builder.append_option(value));
    builder.finish()
}

/// Amounts in hundredths; one too large for the type becomes null.
fn decimal_array(
    values: impl ExactSizeIterator<Item = Option<i64>>,
) -> Result<ArrayRef, ArrowError> {
    let mut builder = Decimal128Array::builder(values.len());
    for cents in values {
        let fits = cents.filter(|cents| (-MAX_CENTS..=MAX_CENTS).contains(cents));
        builder.append_option(fits.map(i128::from));
    }
    let decimals = builder.finish().with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE)?;
    Ok(Arc::new(decimals))
}
