//! What a cell was, by its text.

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};

use super::super::values;
use super::*;

fn moment(serial: f64) -> DataRef<'static> {
    DataRef::DateTime(ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, false))
}

#[test]
fn values_come_back_from_their_text() {
    const DAY: i64 = 86_400_000_000;
    let cells = [
        (DataRef::Int(-7), Some(CellValue::Number(-7.0))),
        (DataRef::Float(0.1), Some(CellValue::Number(0.1))),
        (DataRef::Float(999_999_999_999_999.0), Some(CellValue::Number(999_999_999_999_999.0))),
        (DataRef::Bool(false), Some(CellValue::Truth(false))),
        (moment(45_839.0), Some(CellValue::Moment(20_270 * DAY))),
        (moment(45_839.25), Some(CellValue::Moment(20_270 * DAY + DAY / 4))),
        // What is carried as text: digits that are gone, and a time of day.
        (DataRef::Float(1e16), None),
        (moment(0.5), None),
    ];
    for (cell, value) in cells {
        assert_eq!(CellValue::of(&values::read(&cell).1), value, "{cell:?}");
    }
}

#[test]
fn text_is_not_a_value() {
    let texts = [
        "",
        "007",
        "1.50",
        "+1",
        "1e3",
        "1,5",
        "-",
        "n/a",
        "TRUE",
        "nan",
        "inf",
        "0x1",
        "2026-11-3",
        "2026-02-30",
        "2026-11-30 08:15",
        "2026-11-30T08:15:00Z",
        "2026-11-30T08:15",
        "8:30:00",
        "1HGCM82633A004352",
        "#N/A",
    ];
    for text in texts {
        assert_eq!(CellValue::of(text), None, "{text}");
    }
}
