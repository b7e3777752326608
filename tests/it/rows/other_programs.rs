//! Workbooks that `SheetJS` wrote, which share no code with ours (tests/data/sheetjs).

use std::path::PathBuf;

use arrow::datatypes::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::workbook::sheet;
use crate::support::{Work, csv_rows};

/// The columns of its sheet `Fleet`, and the cells below them.
const COLUMNS: [&str; 13] = [
    "VIN", "Unit", "Miles", "Price", "Bought", "Seen", "Leased", "Note", "Sum", "Fault", "Share",
    "Serial", "Lasted",
];
const CELLS: [[&str; 13]; 3] = [
    [
        "1HGCM82633A004352",
        "007",
        "120000",
        "19999.95",
        "2019-02-28",
        "2019-02-28T06:30:00",
        "true",
        "Пробег 🚚",
        "3",
        "#N/A",
        "0.125",
        "1234567890123456",
        "30:00:00",
    ],
    [
        "JH4KA7561PC008269",
        "=1+1",
        "-7",
        "0.5",
        "2019-03-01",
        "2019-03-01T12:00:00",
        "false",
        " two\nlines ",
        "ab",
        "#DIV/0!",
        "1",
        "1.2345678901234568E+16",
        "12:00:00",
    ],
    [
        "11111111111111111",
        "x,\"y\"",
        "0",
        "0.0000001",
        "2000-01-01",
        "2000-01-01T18:00:00",
        "true",
        "last",
        "true",
        "#VALUE!",
        "0",
        "5",
        "48:00:00",
    ],
];

fn copy(work: &Work, name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/sheetjs");
    std::fs::copy(folder.join(name), work.path(name)).expect("a copy");
}

#[test]
fn workbooks_of_other_programs_are_read_cell_by_cell() {
    for name in ["fleet.xlsx", "fleet.xlsm", "fleet.xlsb", "fleet.xls", "fleet-95.xls"] {
        let work = Work::configured(&[]);
        copy(&work, name);
        let enrich = |more: &[&str]| {
            let ended = work.vinrich(&[&["enrich", name, "--with", "decode", "-o"], more].concat());
            ended.exits(0).says(&["the sheet `Fleet` is read; not read: `Notes`, `Old` (hidden)"]);
        };
        enrich(&["out.csv"]);
        let mut expected = CELLS;
        if name == "fleet-95.xls" {
            // It is written in the letters of one code page.
            expected[0][7] = "______ __";
        }
        for (row, expected) in csv_rows(&work.read("out.csv")).iter().zip(expected) {
            let found = COLUMNS.map(|column| {
                let column = if column == "VIN" { "input_VIN" } else { column };
                row[column].as_str()
            });
            assert_eq!(found, expected, "{name}");
        }
        enrich(&["out.parquet", "--rejects", "bad.xlsx"]);
        let rejects = sheet(&work, "bad.xlsx", "Rejects");
        assert_eq!((rejects.len(), rejects[1][2].as_str()), (2, CELLS[2][0]), "{name}");
        let file = std::fs::File::open(work.path("out.parquet")).expect("a file");
        let parquet = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        assert_eq!(parquet.metadata().file_metadata().num_rows(), 2, "{name}");
        let field = |column| parquet.schema().field_with_name(column).expect("it").data_type();
        assert_eq!(field("miles"), &DataType::Int64, "{name}");
        assert_eq!(field("price"), &DataType::Float64, "{name}");
        assert_eq!(field("bought"), &DataType::Date32, "{name}");
        assert_eq!(field("seen"), &DataType::Timestamp(TimeUnit::Microsecond, None), "{name}");
        assert_eq!(field("leased"), &DataType::Boolean, "{name}");
    }
}

/// It writes neither hidden sheets nor errors, days and durations to .ods.
#[test]
fn an_ods_of_another_program_is_read() {
    let work = Work::configured(&[]);
    copy(&work, "fleet.ods");
    work.vinrich(&["validate", "fleet.ods"]).exits(64).says(&["`Notes`, `Fleet`, `Old`"]);
    let enrich = ["enrich", "fleet.ods", "--sheet", "Fleet", "--with", "decode", "-o", "out.csv"];
    work.vinrich(&enrich).exits(0);
    for (row, expected) in csv_rows(&work.read("out.csv")).iter().zip(CELLS) {
        for place in [1, 2, 3, 6, 7, 8, 10, 11] {
            assert_eq!(row[COLUMNS[place]], expected[place], "{}", COLUMNS[place]);
        }
    }
}

/// What a workbook is stands in its list of contents; its name may say something else.
#[test]
fn a_workbook_with_macros_is_known_by_its_content() {
    let work = Work::configured(&[]);
    copy(&work, "fleet.xlsm");
    let validate = |name: &str| work.vinrich(&["validate", name]).exits(0);
    let ended = validate("fleet.xlsm");
    assert!(!ended.stderr.contains("by its content"), "{}", ended.stderr);
    assert!(ended.stdout().contains("xlsx, sheet `Fleet`"), "{}", ended.stdout());
    for name in ["fleet.xlsb", "fleet.csv"] {
        std::fs::copy(work.path("fleet.xlsm"), work.path(name)).expect("a copy");
        let says = format!("`{name}` is an Excel workbook (.xlsx) by its content");
        validate(name).says(&[&says]);
    }
}

#[test]
fn a_sheet_of_rejects_may_be_edited_by_another_program() {
    let work = Work::configured(&[]);
    copy(&work, "mended.xlsx");
    work.write(
        "fleet.csv",
        "Unit,VIN\n007,1HGCM82633A004352\n008,1HGCM82633AOO4352\n009,see title\n",
    );
    let enrich = ["enrich", "fleet.csv", "--with", "decode", "-o", "out.csv"];
    let ended = work.vinrich(&[&enrich[..], &["--corrections", "mended.xlsx"]].concat()).exits(0);
    assert!(!ended.stderr.contains("corrections"), "{}", ended.stderr);
    let rows = csv_rows(&work.read("out.csv"));
    let said: Vec<_> = rows.iter().map(|row| (&*row["vin"], &*row["vin_status"])).collect();
    let vin = "1HGCM82633A004352";
    assert_eq!(said, [(vin, "ok"), (vin, "repaired"), (vin, "repaired")]);
}
