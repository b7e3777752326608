//! A workbook, read back by another reader than its writer.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ::arrow::array::{Array as _, StringArray};
use calamine::{Data, Range, Reader as _, Xlsx};

use super::{Folder, Table, block, full, rejected, spec, texts, write};
use crate::domain::facts::DecodeFacts;
use crate::output::OutputSpec;
use crate::output::record::Block;
use crate::output::workbook::first_too_long;

fn sheet(path: &Path, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = calamine::open_workbook(path).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Fleet", "Rejects", "About"]);
    book.worksheet_range(name).expect("a sheet")
}

/// A cell as the CSV output has it.
fn as_csv(cell: &Data, digits: usize) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(number) => format!("{number:.digits$}"),
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if moment.as_f64().fract() == 0.0 {
                return date;
            }
            format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}")
        }
        other => other.to_string(),
    }
}

#[test]
fn a_workbook_has_the_cells_of_the_csv() {
    let folder = Folder::new();
    let (csv, xlsx) = (folder.path("out.csv"), folder.path("out.xlsx"));
    write(&spec(&csv), &[block(), block()]);
    let written = write(&spec(&xlsx), &[block(), block()]);
    assert_eq!((written[0].rows, written[0].warnings.len()), (6, 0));

    let (table, sheet) = (Table::read(&csv), sheet(&xlsx, "Fleet"));
    let header: Vec<String> =
        sheet.rows().next().expect("a header").iter().map(Data::to_string).collect();
    assert_eq!(header, table.header.iter().collect::<Vec<_>>());
    assert_eq!(sheet.height(), 1 + table.rows.len());
    for (row, cells) in sheet.rows().skip(1).enumerate() {
        for (name, cell) in header.iter().zip(cells) {
            let expected = table.cell(row, name);
            let digits = expected.split_once('.').map_or(0, |(_, digits)| digits.len());
            let same = if matches!(cell, Data::DateTime(_)) {
                // A spreadsheet keeps milliseconds.
                expected.starts_with(&as_csv(cell, digits))
            } else {
                as_csv(cell, digits) == expected
            };
            assert!(same, "{name} in row {row}: {cell:?}, not {expected}");
        }
    }
}

#[test]
fn cells_have_the_types_of_their_columns() {
    let folder = Folder::new();
    let out = folder.path("out.xlsx");
    write(&spec(&out), &[block()]);
    let sheet = sheet(&out, "Fleet");
    let cell = |row: u32, name: &str| {
        let named = |cell: &Data| cell == &Data::String(name.into());
        let place = sheet.rows().next().and_then(|header| header.iter().position(named));
        sheet.get((row as usize, place.expect(name))).cloned().expect("a cell")
    };
    assert_eq!(cell(1, "model_year"), Data::Float(2003.0));
    assert_eq!(cell(1, "base_price_usd"), Data::Float(24_999.5));
    assert_eq!(cell(1, "recall_park_it"), Data::Bool(true));
    assert!(matches!(cell(1, "recall_latest_date"), Data::DateTime(_)));
    assert!(matches!(cell(1, "decode_fetched_at"), Data::DateTime(_)));
    assert_eq!(cell(1, "vin"), Data::String("1HGCM82633A004352".into()));
    // What looks like a formula is a text, and so are line breaks.
    assert_eq!(cell(1, "Miles Driven"), Data::String("=1+1".into()));
    assert_eq!(cell(3, "Miles Driven"), Data::String("two\nlines".into()));
}

/// The part `name` of the archive.
fn part(path: &Path, name: &str) -> String {
    let mut book = zip::ZipArchive::new(File::open(path).expect("a file")).expect("an archive");
    let mut text = String::new();
    book.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
    text
}

#[test]
fn no_cell_is_a_formula_and_rows_are_marked() {
    let folder = Folder::new();
    let out = folder.path("out.xlsx");
    let nasty = [
        "=cmd|'/c calc'!A0",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "{=1}",
        "http://a.example",
        "_x0041_",
        "\u{1}",
    ];
    let input = vec![texts(nasty.map(Some)), texts(nasty.map(Some))];
    let records = vec![rejected(); nasty.len()];
    write(&spec(&out), &[Block { records, input }]);
    let fleet = part(&out, "xl/worksheets/sheet1.xml");
    assert!(!fleet.contains("<f>"), "{fleet}");
    let read: Vec<String> =
        sheet(&out, "Fleet").rows().skip(1).map(|row| row[0].to_string()).collect();
    assert_eq!(read, nasty);

    let rules: Vec<&str> = fleet.split("<formula>").skip(1).collect();
    assert!(rules[0].starts_with("OR($") && rules[1].contains("=\"rejected\""), "{rules:?}");
    assert!(fleet.contains("<autoFilter ref=\"A1:"), "{fleet}");
    assert!(fleet.contains("ySplit=\"1\"") && fleet.contains("state=\"frozen\""), "{fleet}");
}

#[test]
fn rejects_are_listed_whether_diverted_or_not() {
    let folder = Folder::new();
    for (out, rejects, rows) in [("a.xlsx", None, 4), ("b.xlsx", Some("bad.csv"), 3)] {
        let out = folder.path(out);
        let rejects = rejects.map(|name| folder.path(name));
        let block = Block { records: vec![full(), rejected(), full()], ..block() };
        write(&OutputSpec { rejects, ..spec(&out) }, &[block]);
        assert_eq!(sheet(&out, "Fleet").height(), rows);
        let rejects = sheet(&out, "Rejects");
        let rows: Vec<Vec<String>> =
            rejects.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
        let header = [
            "source_file",
            "source_row",
            "vin_cell",
            "vin_error",
            "detail",
            "vin_suggestion",
            "accepted_vin",
        ];
        assert_eq!(rows[0][..7], header);
        let row = [
            "a.csv",
            "4",
            "1HGOM82633A004352",
            "illegal_character",
            "`O` at 4",
            "1HGCM82633A004352",
            "",
        ];
        assert_eq!(rows[1][..7], row);
        assert_eq!(
            (rows[1][8].as_str(), rows.len()),
            ("", 2),
            "the row's own cells follow: {rows:?}"
        );
    }
}

#[test]
fn a_text_that_no_cell_holds_is_cut_and_counted() {
    let folder = Folder::new();
    let out = folder.path("out.xlsx");
    let extra = format!("{{\"notes\":\"{}\"}}", "n".repeat(40_000));
    let mut record = full();
    record.decode.facts =
        Some(Arc::new(DecodeFacts { decode_extra: Some(extra), ..DecodeFacts::default() }));
    let block = Block { records: vec![record, full()], input: vec![texts([None, None]); 2] };
    let written = write(&spec(&out), &[block]);
    let warning = "1 cells of `decode_extra` in the sheet Fleet were cut";
    assert!(written[0].warnings[0].starts_with(warning), "{:?}", written[0].warnings);
    let about = sheet(&out, "About");
    let said = about.rows().flatten().map(Data::to_string).collect::<Vec<_>>();
    assert!(said.iter().any(|cell| cell.starts_with(warning)), "{said:?}");
    assert!(said.iter().any(|cell| cell == "b.csv") && said.iter().any(|cell| cell == super::RUN));
}

#[test]
fn a_cell_too_long_for_a_workbook_is_found() {
    let fits = "é".repeat(32_767);
    let column = texts([Some("x"), None, Some(&fits), Some(&format!("{fits}x"))]);
    assert_eq!(first_too_long(&column), Some((3, 32_768)));
    assert_eq!(first_too_long(&column.slice(0, 3)), None);
    let other: StringArray = std::iter::once(Some("")).collect();
    assert_eq!(first_too_long(&(Arc::new(other) as _)), None);
}
