use arrow::datatypes::DataType;

use super::*;
use crate::input::batch::Roles;
use crate::input::filling::Filling;

const VINS: [&str; 3] = ["1G1BE5SM7H7100001", "WDB9634031L738112", "YV2RT40A8JB850344"];

/// The records that these lines hold, with `;` between cells.
fn records(lines: &[&str]) -> Vec<Record> {
    let record = |(line, text): (u64, &&str)| Record::of(line, text.split(';'));
    (1..).zip(lines).map(record).collect()
}

/// `lines` with the VINs where `V1` to `V3` are.
fn with_vins(lines: &[&str]) -> Vec<String> {
    let named =
        |text: String, (number, vin): (usize, &str)| text.replace(&format!("V{number}"), vin);
    let line = |line: &&str| (1..).zip(VINS).fold((*line).to_owned(), named);
    lines.iter().map(line).collect()
}

/// What a user sees of a table: its VIN column, the lines of its rows, what was found.
struct Seen {
    table: Table,
    rows: Vec<i64>,
    vins: Vec<String>,
    found: RowsFound,
}

fn try_see(lines: &[&str], spec: &InputSpec) -> Result<Seen, Error> {
    let lines = with_vins(lines);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let records = records(&lines);
    let table = Table::of("fleet", Unit::Line, &records, spec)?;
    let mut batch = Filling::new(&[DataType::Utf8], 1);
    batch.start_file(0, 1, Roles { vin: Some(0), ..Roles::default() });
    let mut rows = table.rows();
    for record in &records {
        rows.push(record, &[Some(table.vin_index)], &mut batch);
    }
    let count = rows.finish();
    let batch = batch.take().expect("a batch");
    assert_eq!(batch.len() as u64, count);
    Ok(Seen {
        rows: batch.rows().map(crate::input::Row::source_row).collect(),
        vins: batch.rows().map(|row| row.vin().to_owned()).collect(),
        found: table.found().expect("a whole pass").clone(),
        table,
    })
}

fn see(lines: &[&str]) -> Seen {
    try_see(lines, &InputSpec::default()).unwrap_or_else(|error| panic!("{error}: {lines:?}"))
}

fn skipped(seen: &Seen) -> Vec<(&'static str, Vec<u64>)> {
    let lines = seen.found.skipped.iter();
    lines.map(|(kind, lines)| (kind.name(), lines.first.clone())).collect()
}

#[test]
fn the_header_is_found_below_titles() {
    for (lines, header, columns, rows) in [
        (
            &["Rental cars;;", "Q4 2026;;", ";;", "Site;Serial;Cost", "Oslo;V1;10", "Bergen;V2;12"]
                [..],
            4,
            ["Site", "Serial", "Cost"],
            &[5, 6][..],
        ),
        (
            &["Rental cars", "Site;VIN;Cost", "Oslo;unknown;10", "Bergen;V2;12"],
            2,
            ["Site", "VIN", "Cost"],
            &[3, 4],
        ),
        (
            &["made by;Ann Lee;", "Site;Number;Cost", "Oslo;V1;10", "Bergen;V2;12"],
            2,
            ["Site", "Number", "Cost"],
            &[3, 4],
        ),
        // Nothing but the names of the columns says where the header is.
        (&["Rental cars;;", "Site;Chassis No;Cost"], 2, ["Site", "Chassis No", "Cost"], &[]),
    ] {
        let seen = see(lines);
        assert_eq!(seen.table.header_line, Some(header), "{lines:?}");
        assert_eq!(seen.table.columns, columns, "{lines:?}");
        assert_eq!(seen.rows, rows, "{lines:?}");
        assert_eq!(seen.table.vin_index, 1, "{lines:?}");
    }
}

#[test]
fn headers_of_several_lines_are_joined_where_need_be() {
    let seen =
        see(&["Vehicle;;Lease;;Meter", "Unit;VIN;start;end;km", "7;V1;2026-01-01;2027-01-01;12"]);
    assert_eq!(seen.table.columns, ["Unit", "VIN", "start", "end", "km"]);
    let seen = see(&["Unit;VIN;Lease;;Meter", ";;start;end;", "7;V1;2026-01-01;2027-01-01;12"]);
    assert_eq!(seen.table.columns, ["Unit", "VIN", "Lease start", "Lease end", "Meter"]);
    assert_eq!(seen.rows, [3]);
    let seen = see(&["Car;;Price;;", "VIN;;list;list;", "V1;x;1;2;3", "V2;y;1;2;3"]);
    assert_eq!(seen.table.columns, ["VIN", "column_2", "Price list", "Price list_2", "column_5"]);
    let seen = see(&["Unit;Vehicle;;Meter;Leased", ";VIN;Model;km", "7;V1;x;12;yes"]);
    assert_eq!(seen.table.columns, ["Unit", "VIN", "Model", "Meter km", "Leased"]);
}

#[test]
fn units_below_the_header_are_no_row() {
    let seen = see(&["Unit;VIN;Meter;Power", ";;(km);kW", "7;V1;12;80", "8;;(km);kW"]);
    assert_eq!(skipped(&seen), [("units", vec![2])]);
    assert_eq!(seen.rows, [3, 4], "further down it may be a row");
    assert_eq!(seen.vins, [VINS[0], ""]);
}

#[test]
fn a_first_row_with_a_bad_vin_is_kept_without_a_header() {
    for bad in ["WDB96340", "CLRCSAPU7", "n/a", "", "1G1BE5SM7H71O0001X", "-"] {
        let first = format!("7;{bad};12");
        let seen = see(&[&first, "8;V1;13", "9;V2;14"]);
        assert_eq!(seen.table.header_line, None, "{bad:?}");
        assert_eq!(seen.rows, [1, 2, 3], "{bad:?}");
        assert_eq!(seen.vins, [bad, VINS[0], VINS[1]]);
        if !bad.is_empty() {
            assert_eq!(see(&[bad, "V1", "V2"]).rows, [1, 2, 3], "{bad:?} in a list");
        }
    }
    let seen = see(&["blue;n/a", "red;V1", "green;V2"]);
    assert_eq!((seen.table.header_line, seen.rows.len()), (None, 3));
}

#[test]
fn the_line_of_the_header_may_be_named() {
    let lines = ["Unit;VIN;Note", "1;V1;old list", "Nr;Fin;Text", "2;V2;new list"];
    let spec = |header_row| InputSpec { header_row: Some(header_row), ..InputSpec::default() };
    let seen = try_see(&lines, &spec(3)).expect("a table");
    assert_eq!(seen.table.columns, ["Nr", "Fin", "Text"]);
    assert_eq!(seen.vins, [VINS[0], VINS[1]], "a VIN above it is not lost");
    assert_eq!(skipped(&seen), [("title", vec![1])]);
    let seen = try_see(&lines, &spec(0)).expect("a table");
    assert_eq!((seen.table.header_line, &seen.table.columns[0][..]), (None, "column_1"));
    assert_eq!(seen.rows, [2, 4], "what names columns is still no vehicle");
    let error = try_see(&lines, &spec(9)).err().expect("refused");
    assert_eq!(error.exit(), crate::domain::Exit::Usage);
    assert!(error.to_string().contains("line 4, not on line 9"), "{error}");
}

#[test]
fn content_decides_the_vin_column_and_names_break_ties() {
    for (lines, index, by, warns) in [
        (&["VIN;Key", "7;V1", "8;V2"][..], 1, ChosenBy::Content, true),
        (&["VIN;Key", "V1;7", "V2;8"], 0, ChosenBy::NameAndContent, false),
        (&["Old VIN;Fin", "V1;V2", "V2;V3"], 1, ChosenBy::NameAndContent, false),
        (&["Fin;Key", "x1;7", "x2;8"], 0, ChosenBy::Name, false),
        (&["Nr;Key", "7;x", "8;y", "9;V1"], 1, ChosenBy::Content, false),
        (&["VIN;Trailer", "V1;V2", ";V3", ";V1", ";V2"], 0, ChosenBy::NameAndContent, false),
    ] {
        let seen = see(lines);
        assert_eq!((seen.table.vin_index, seen.table.chosen_by), (index, by), "{lines:?}");
        let warnings = seen.table.warnings("fleet").join("\n");
        assert_eq!(warnings.contains("VINs are read from `Key`"), warns, "{lines:?}: {warnings}");
    }
    for lines in [&["FIN;Chassis no.", "V1;V2"][..], &["A;B", "V1;V2", "V2;V3"]] {
        let error = try_see(lines, &InputSpec::default()).err().expect("refused");
        let hint = error.hint_text().unwrap_or_default();
        assert_eq!(hint.matches("--vin-column").count(), 2, "{hint}");
        assert!(
            !lines[0].contains("FIN") || hint.contains("`--vin-column 'Chassis no.'`"),
            "{hint}"
        );
    }
}

#[test]
fn what_is_no_vehicle_is_counted_with_its_lines() {
    let seen = see(&[
        "Depot list;;",
        "Unit;VIN;Cost",
        "1;V1;10",
        ";;",
        "Subtotal;1;10",
        "Depot list;;",
        "Unit;VIN;Cost",
        "2;V2;12",
        "\u{1a}",
        "Total:;;22",
        "Total Energies;;Oslo",
        "Summe;V3;",
        "Total;1G1BE5SM7H71;5",
    ]);
    assert_eq!(
        skipped(&seen),
        [
            ("title", vec![1, 6]),
            ("blank", vec![4, 9]),
            ("repeated_header", vec![7]),
            ("total", vec![5, 10]),
        ]
    );
    assert_eq!(seen.rows, [3, 8, 11, 12, 13]);
    assert_eq!(seen.vins, [VINS[0], VINS[1], "", VINS[2], "1G1BE5SM7H71"]);
    let warning = seen.table.warnings("fleet").join("\n");
    assert!(warning.contains("2 total rows (lines 5, 10)"), "{warning}");
}

#[test]
fn a_file_that_ends_in_a_line_is_told_to_be_cut_off() {
    let cut = |lines: &[&str]| {
        let mut records = records(lines);
        records.last_mut().expect("a record").is_last_and_open = true;
        let table =
            Table::of("fleet", Unit::Line, &records, &InputSpec::default()).expect("a table");
        let mut batch = Filling::new(&[DataType::Utf8], 1);
        batch.start_file(0, 1, Roles::default());
        let mut rows = table.rows();
        for record in &records {
            rows.push(record, &[Some(0)], &mut batch);
        }
        rows.finish();
        table.found().and_then(|found| found.cut_off)
    };
    let lines = with_vins(&["VIN;Unit;Site", "V1;1;Oslo", "V2;2"]);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(cut(&lines), Some(3));
    assert_eq!(cut(&lines[..2]), None, "the last line end may be missing");
    assert_eq!(cut(&[VINS[0], VINS[1], &VINS[2][..9]]), Some(3));
    let short = [lines[0], lines[2], lines[1], lines[2]];
    assert_eq!(cut(&short), None, "short rows are usual there");
}
