use vinrich::report::{OutputReport, RowsReport};

use super::*;

#[test]
fn the_counts_are_read_in_five_seconds() {
    let report = Report {
        inputs: vec![InputReport {
            name: "fleet.csv".into(),
            rows: 2000,
            bytes: 48_200,
            encoding: "utf-8".into(),
            delimiter: "\t".into(),
            quote: "\"".into(),
            escape: "backslash".into(),
            has_header: true,
            header_line: Some(3),
            vin_column: "VIN".into(),
            vin_column_by: "name_and_content".into(),
            ..InputReport::default()
        }],
        rows: RowsReport {
            read: 2000,
            valid: 1988,
            distinct_vins: 1900,
            rejected: [("empty".to_owned(), 2), ("length".to_owned(), 10)].into(),
            check_digit_warnings: 1,
            ..RowsReport::default()
        },
        outputs: vec![OutputReport { path: "bad.csv".into(), rows: 12, ..OutputReport::default() }],
        ..Report::default()
    };
    insta::assert_snapshot!(as_text(&report), @r#"
        fleet.csv: 2,000 rows, 48 kB, utf-8, delimiter `\t`, quotes escaped by `\`, header on line 3, VINs in `VIN` (name and content)
        2,000 rows: 1,988 usable, 1,900 distinct, 12 rejected
          rejected: 10 length, 2 empty
          warning: 1 usable VIN with a check digit that fails; --strict rejects them
        wrote bad.csv (12 rows)
        "#);
}
