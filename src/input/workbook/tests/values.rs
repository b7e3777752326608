use calamine::ExcelDateTimeType;

use super::*;

fn serial(days: f64, is_1904: bool) -> DataRef<'static> {
    DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, is_1904))
}

fn iso(text: &str) -> DataRef<'static> {
    DataRef::DateTimeIso(text.to_owned())
}

#[test]
fn moments_are_read_in_every_form() {
    let duration = ExcelDateTime::new(-1.25, ExcelDateTimeType::TimeDelta, false);
    for (value, kind, text) in [
        (serial(46_356.0, false), Kind::Day, "2026-11-30"),
        (serial(44_894.0, true), Kind::Day, "2026-11-30"),
        (serial(46_356.343_75, false), Kind::Moment, "2026-11-30T08:15:00"),
        (serial(0.343_75, false), Kind::Text, "8:15:00"),
        (serial(60.0, false), Kind::Text, "1900-02-29"),
        (serial(-3.0, false), Kind::Text, "-3"),
        (serial(1e300, false), Kind::Text, &1e300.to_string()),
        (DataRef::DateTime(duration), Kind::Text, "-30:00:00"),
        (iso("2026-11-30"), Kind::Day, "2026-11-30"),
        (iso("2026-11-30T00:00:00"), Kind::Day, "2026-11-30"),
        (iso("2026-11-30T08:15:00Z"), Kind::Moment, "2026-11-30T08:15:00"),
        (iso("08:15:00"), Kind::Text, "8:15:00"),
        (iso("2026-02-31"), Kind::Text, "2026-02-31"),
        (DataRef::DurationIso("PT30H05M00S".into()), Kind::Text, "30:05:00"),
        (DataRef::DurationIso("soon".into()), Kind::Text, "soon"),
    ] {
        assert_eq!(read(&value), (kind, Cow::Borrowed(text)), "{value:?}");
    }
}

#[test]
fn numbers_keep_every_digit_that_they_have() {
    for (number, kind, text) in [
        (12.0, Kind::WholeNumber, "12"),
        (-0.125, Kind::Fraction, "-0.125"),
        (999_999_999_999_999.0, Kind::WholeNumber, "999999999999999"),
        (1.234_57e16, Kind::Text, "1.23457E+16"),
        (1_234_567_890_123_456.0, Kind::WholeNumber, "1234567890123456"),
        (-9_007_199_254_740_991.0, Kind::WholeNumber, "-9007199254740991"),
        (9_007_199_254_740_992.0, Kind::Text, "9.007199254740992E+15"),
    ] {
        assert_eq!(read(&DataRef::Float(number)), (kind, Cow::Borrowed(text)));
    }
}
