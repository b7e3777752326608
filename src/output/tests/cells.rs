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
