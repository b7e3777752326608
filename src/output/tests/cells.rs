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
fn times_are_utc_with_six_digits() {
    let moment = |micros| shown(|line| drop(write_moment(micros, line)));
    assert_eq!(moment(0), "1970-01-01T00:00:00.000000Z");
    assert_eq!(moment(1_751_373_000_000_001), "2025-07-01T12:30:00.000001Z");
    assert_eq!(moment(-1), "1969-12-31T23:59:59.999999Z");
    let day = |days| shown(|line| drop(write_day(days, line)));
    assert_eq!([0, 20_270, -1].map(day), ["1970-01-01", "2025-07-01", "1969-12-31"]);
}

#[test]
fn the_years_that_columns_allow_can_be_written() {
    let day = |days| shown(|line| drop(write_day(days, line)));
    assert_eq!([-719_162, 2_932_531].map(day), ["0001-01-01", "9998-12-31"]);
    assert!(write_moment(253_370_764_799_999_999, &mut Vec::new()).is_ok());
    assert!(write_moment(-62_135_596_800_000_000, &mut Vec::new()).is_ok());
}
