use super::*;

fn shown(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut line = Vec::new();
    write(&mut line);
    String::from_utf8(line).expect("cells are UTF-8")
}

#[test]
fn amounts_have_two_digits() {
    let amount = |cents| shown(|line| write_amount(cents, line).expect("writes to memory"));
    assert_eq!(
        [0, 5, -5, 100, -123_456, 999_999_999_999].map(amount),
        ["0.00", "0.05", "-0.05", "1.00", "-1234.56", "9999999999.99"]
    );
}

#[test]
fn days_are_dates_of_ten_characters() {
    let day = |days| shown(|line| drop(write_day(days, line)));
    assert_eq!([0, 20_270, -1].map(day), ["1970-01-01", "2025-07-01", "1969-12-31"]);
}

#[test]
fn the_years_that_columns_allow_can_be_written() {
    let day = |days| shown(|line| drop(write_day(days, line)));
    assert_eq!([-719_162, 2_932_531].map(day), ["0001-01-01", "9998-12-31"]);
    for micros in [253_370_764_799_999_999, -62_135_596_800_000_000] {
        assert!(Timestamp::from_micros(micros).write_rfc3339(&mut Vec::new()).is_ok());
    }
}

/// The first cell of a column, in CSV and in JSON.
fn written(column: impl Array + 'static) -> (String, bool) {
    let cells = Cells::of(&column).expect("a text form");
    let mut line = Vec::new();
    let quoted = match cells.cell(0, &mut line).expect("a cell") {
        Cell::Text(text) => return (text.to_owned(), true),
        Cell::Time => true,
        Cell::Bare | Cell::Null => false,
    };
    (String::from_utf8(line).expect("cells are UTF-8"), quoted)
}

#[test]
fn every_type_of_the_input_has_a_text_form() {
    use arrow::array::{Float32Array, Int8Array, Time64MicrosecondArray};
    let decimal = Decimal128Array::from(vec![-1_234_567]).with_precision_and_scale(20, 4);
    let local = || TimestampMicrosecondArray::from(vec![1_764_547_200_000_001]);
    let number = |text: &str| (text.to_owned(), false);
    let quoted = |text: &str| (text.to_owned(), true);
    assert_eq!(written(decimal.expect("a decimal")), number("-123.4567"));
    assert_eq!(written(Int8Array::from(vec![-5])), number("-5"));
    assert_eq!(written(Float32Array::from(vec![0.5])), number("0.5"));
    assert_eq!(written(local()), quoted("2025-12-01T00:00:00.000001"));
    assert_eq!(written(local().with_timezone("UTC")), quoted("2025-12-01T00:00:00.000001Z"));
    assert_eq!(written(Time64MicrosecondArray::from(vec![1])), quoted("00:00:00.000001"));
}

#[test]
fn what_is_no_number_is_text_in_json() {
    use arrow::array::Float32Array;
    for (value, text) in
        [(f32::NAN, "NaN"), (f32::INFINITY, "Infinity"), (-f32::INFINITY, "-Infinity")]
    {
        assert_eq!(written(Float32Array::from(vec![value])), (text.to_owned(), true));
        assert_eq!(written(Float64Array::from(vec![f64::from(value)])), (text.to_owned(), true));
    }
}

#[test]
fn a_typo_in_a_year_is_written_as_it_is() {
    let day = Date32Array::from(vec![6_667_000]);
    assert_eq!(written(day), ("+20223-08-18".to_owned(), true));
}
