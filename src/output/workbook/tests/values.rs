//! What a spreadsheet keeps as it is, and what becomes text.

use std::sync::Arc;

use arrow::array::{
    Date32Array, Decimal128Array, Float32Array, Float64Array, TimestampMicrosecondArray,
    UInt64Array,
};

use super::*;

fn values(array: impl Array + 'static) -> Vec<String> {
    let array: ArrayRef = Arc::new(array);
    let values = Values::of(&array).expect("a column");
    let shown = |row| format!("{:?}", values.value(row).expect("a cell"));
    (0..array.len()).map(shown).collect()
}

#[test]
fn whole_numbers_lose_no_digit() {
    let numbers = Int64Array::from(vec![Some(-7), Some(1 << 53), Some((1 << 53) + 1), None]);
    let shown =
        ["Number(-7.0)", "Number(9007199254740992.0)", "Made(\"9007199254740993\")", "Empty"];
    assert_eq!(values(numbers), shown);
    assert_eq!(values(UInt64Array::from(vec![u64::MAX])), ["Text(\"18446744073709551615\")"]);
}

#[test]
fn numbers_are_those_that_were_meant() {
    assert_eq!(values(Float32Array::from(vec![0.1])), ["Number(0.1)"]);
    assert_eq!(values(Float64Array::from(vec![f64::NAN, 2.5])), ["Made(\"NaN\")", "Number(2.5)"]);
    let cents = |digits| {
        let cents = Decimal128Array::from(vec![999_999_999_999]);
        cents.with_precision_and_scale(digits, 2).expect("digits")
    };
    assert_eq!(values(cents(12)), ["Number(9999999999.99)"]);
    assert_eq!(values(cents(16)), ["Text(\"9999999999.99\")"]);
}

#[test]
fn days_before_march_1900_are_text() {
    // 1900-02-28, 1900-03-01, 2025-07-01, 10000-01-01.
    let days = Date32Array::from(vec![-25_509, -25_508, 20_270, 2_932_897]);
    let shown =
        ["Made(\"1900-02-28\")", "Serial(61.0)", "Serial(45839.0)", "Made(\"+10000-01-01\")"];
    assert_eq!(values(days), shown);
    let noon = TimestampMicrosecondArray::from(vec![20_270 * 86_400_000_000 + 43_200_000_000]);
    assert_eq!(values(noon.with_timezone("UTC")), ["Serial(45839.5)"]);
}
