use vinrich::report::{OutputReport, RowsReport};

use super::*;

fn file() -> InputReport {
    InputReport {
        name: "fleet.csv".into(),
        rows: 2000,
        bytes: 48_200,
        format: "csv".into(),
        encoding: Some("utf-8".into()),
        delimiter: Some("\t".into()),
        quote: Some("\"".into()),
        escape: Some("backslash".into()),
        has_header: true,
        header_line: Some(3),
        vin_column: "VIN".into(),
        vin_column_by: "name_and_content".into(),
        ..InputReport::default()
    }
}

fn at(line: u64) -> Place {
    Place { file: "fleet.csv".into(), line }
}

fn found() -> Validation {
    let report = Report {
        inputs: vec![file()],
        rows: RowsReport {
            read: 2000,
            valid: 1988,
            distinct_vins: Some(1900),
            rejected: [("empty".to_owned(), 2), ("length".to_owned(), 10)].into(),
            check_digit_warnings: 1,
            ..RowsReport::default()
        },
        outputs: vec![OutputReport { path: "bad.csv".into(), rows: 12, ..OutputReport::default() }],
        ..Report::default()
    };
    let row = |line, cell: &str, error| ProblemRow {
        place: at(line),
        cell: cell.into(),
        error,
        rejected: error != "check_digit",
        ..ProblemRow::default()
    };
    let twice =
        Duplicate { vin: "1HGCM82633A004352".into(), rows: 88, places: vec![at(4), at(5), at(9)] };
    Validation {
        report,
        problems: vec![
            row(7, "", "empty"),
            ProblemRow {
                detail: Some("O is U+004F".into()),
                suggestion: Some("1HGCM82633A004352".into()),
                ..row(12, "1HGCM82633AOO4352", "illegal_character")
            },
            row(1900, "\u{1b}[31m1FTFW1ET0DF000001", "check_digit"),
        ],
        duplicates: Duplicates { vins: 1, rows: 88, most: vec![twice] },
        refused: None,
    }
}

#[test]
fn the_counts_are_read_in_five_seconds() {
    insta::assert_snapshot!(as_text(&found()), @r#"
    fleet.csv: 2,000 rows, 48 kB, utf-8, delimiter `\t`, quotes escaped by `\`, header on line 3, VINs in `VIN` (name and content)
    2,000 rows: 1,988 usable, 1,900 distinct, 12 rejected
      rejected: 10 length, 2 empty
      warning: 1 usable VIN with a check digit that fails; --strict rejects them

    line  cell                         problem                         suggestion
       7                               empty
      12  1HGCM82633AOO4352            illegal_character: O is U+004F  1HGCM82633A004352
    1900  \u{1b}[31m1FTFW1ET0DF000001  check_digit (kept)
    and 10 more rows with a problem

    VIN in several rows  rows  lines
    1HGCM82633A004352      88  4, 5, 9, …

    wrote bad.csv (12 rows)
    "#);
}

#[test]
fn several_files_are_named_in_each_line() {
    let mut found = found();
    found.report.inputs.push(InputReport { name: "b.csv".into(), ..file() });
    found.report.outputs.clear();
    found.duplicates.vins = 1_001;
    let text = as_text(&found);
    assert!(text.contains("\nfleet.csv:7 ") && text.contains("fleet.csv:4, fleet.csv:5"), "{text}");
    assert!(text.contains("and 10 more rows with a problem; `--rejects FILE`"), "{text}");
    assert!(text.contains("and 1,000 more VINs; 88 rows in all"), "{text}");
}
