//! What a spreadsheet keeps as it is, and what becomes text.

use std::sync::Arc;

use arrow::array::{Date32Array, Float32Array, Int64Array, UInt64Array};

use super::*;

fn values(array: impl Array + 'static) -> Vec<String> {
    let array: ArrayRef = Arc::new(array);
    let field = Field::new("a", array.data_type().clone(), true);
    let values = Values::of(&array, Kind::of(&field)).expect("a column");
    let shown = |row| format!("{:?}", values.value(row).expect("a cell"));
    (0..array.len()).map(shown).collect()
}

#[test]
fn whole_numbers_lose_no_digit() {
    let numbers = Int64Array::from(vec![
        Some(-7),
        Some(999_999_999_999_999),
        Some(-1_000_000_000_000_000),
        None,
        Some(i64::MIN),
    ]);
    let shown = [
        "Number(-7.0)",
        "Number(999999999999999.0)",
        "Made(\"-1000000000000000\")",
        "Empty",
        "Made(\"-9223372036854775808\")",
    ];
    assert_eq!(values(numbers), shown);
    let unsigned = values(UInt64Array::from(vec![12, u64::MAX]));
    assert_eq!(unsigned, ["Number(12.0)", "Made(\"18446744073709551615\")"]);
}

#[test]
fn numbers_are_those_that_were_meant() {
    assert_eq!(values(Float32Array::from(vec![0.1])), ["Number(0.1)"]);
    let unusual = values(Float64Array::from(vec![f64::NAN, f64::NEG_INFINITY, 2.5]));
    assert_eq!(unusual, ["Made(\"NaN\")", "Made(\"-inf\")", "Number(2.5)"]);
}

#[test]
fn wide_decimals_are_numbers_where_they_fit() {
    let cents = Decimal128Array::from(vec![1_999_995, -10, 999_999_999_999_999, 10_i128.pow(20)]);
    let cents = cents.with_precision_and_scale(38, 2).expect("digits");
    let shown = [
        "Number(19999.95)",
        "Number(-0.1)",
        "Number(9999999999999.99)",
        "Made(\"1000000000000000000.00\")",
    ];
    assert_eq!(values(cents), shown);
}

#[test]
fn days_before_march_1900_are_text() {
    // 1900-02-28, 1900-03-01, 2025-07-01, 10000-01-01.
    let days = Date32Array::from(vec![-25_509, -25_508, 20_270, 2_932_897]);
    let shown =
        ["Made(\"1900-02-28\")", "Number(61.0)", "Number(45839.0)", "Made(\"+10000-01-01\")"];
    assert_eq!(values(days), shown);
    let noon = TimestampMicrosecondArray::from(vec![20_270 * 86_400_000_000 + 43_200_000_000]);
    assert_eq!(values(noon.with_timezone("UTC")), ["Number(45839.5)"]);
}
