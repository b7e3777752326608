use std::io::Write;

use arrow::datatypes::TimeUnit;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

use super::*;
use crate::domain::Exit;

const VIN: &str = "1HGCM82633A004352";

/// A workbook with the sheets that `fill` fills, as a file.
fn source(names: &[&str], fill: impl Fn(&str, &mut Worksheet) -> Result<(), XlsxError>) -> Source {
    let mut workbook = Workbook::new();
    for name in names {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).expect("a name");
        fill(name, sheet).expect("cells");
    }
    of_bytes(&workbook.save_to_buffer().expect("a workbook"))
}

fn of_bytes(bytes: &[u8]) -> Source {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    let mut opened = crate::input::source::open_all(
        &[file.path().to_string_lossy().into_owned()],
        &mut Vec::new(),
    );
    opened.as_mut().expect("opened").remove(0)
}

fn records(sheet: &Sheet) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(sheet.records.reader());
    reader
        .records()
        .map(|record| record.expect("a record").iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn cells_are_read_as_the_sheet_means_them() {
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let source = source(&["Fleet"], |_, sheet| {
        sheet.write(2, 0, "Unit")?.write(2, 1, "VIN")?.write(2, 2, "In service")?;
        sheet.write(3, 0, 12)?.write(3, 1, VIN)?;
        sheet.write_with_format(3, 2, &ExcelDateTime::from_ymd(2026, 11, 30)?, &day)?;
        sheet.write(4, 0, 0.5)?.write(4, 1, "with, comma\nand line")?.write(4, 3, true)?;
        let eight = ExcelDateTime::from_ymd(2026, 1, 2)?.and_hms(8, 15, 0)?;
        sheet.write_with_format(4, 2, &eight, &moment)?;
        // A VIN of digits alone, typed as a number, has lost some of them.
        sheet.write(6, 1, 12_345_678_901_234_567.0)?;
        sheet.write(6, 4, Formula::new("=1+1").set_result("2"))?.write_blank(9, 9, &day)?;
        Ok(())
    });
    let sheet = unpack(&source, WorkbookKind::Xlsx, None).expect("a sheet");
    let expected: [&[&str]; 7] = [
        &[""],
        &[""],
        &["Unit", "VIN", "In service"],
        &["12", VIN, "2026-11-30"],
        &["0.5", "with, comma\nand line", "2026-01-02T08:15:00", "true"],
        &[""],
        &["", "1.23457E+16", "", "", "2"],
    ];
    assert_eq!(records(&sheet), expected);
    let types = |above| sheet.columns.iter().map(move |column| column.data_type(above));
    let expected = [
        DataType::Float64,
        DataType::Utf8,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Boolean,
        DataType::Int64,
    ];
    assert!(types(3).take(5).eq(expected), "{:?}", types(3).collect::<Vec<_>>());
    assert!(types(2).take(3).all(|data_type| data_type == DataType::Utf8), "their names are text");
}

#[test]
fn a_sheet_is_chosen_by_its_vins() {
    let fill = |name: &str, sheet: &mut Worksheet| {
        match name {
            "Old" => sheet.set_hidden(true).write(0, 0, VIN)?,
            "Notes" => sheet.write(0, 0, "read me")?,
            "Cars" | "Vans" => sheet.write(500, 3, VIN)?,
            _ => sheet,
        };
        Ok(())
    };
    let named = |names: &[&str], wanted| {
        let sheet = unpack(&source(names, fill), WorkbookKind::Xlsx, wanted);
        sheet
            .map(|sheet| (sheet.name, sheet.others))
            .map_err(|error| (error.exit(), error.to_string()))
    };
    let chosen = |name: &str, others: &[&str]| {
        Ok((name.to_owned(), others.iter().map(|&name| name.to_owned()).collect()))
    };
    assert_eq!(
        named(&["Notes", "Old", "Cars", "Empty"], None),
        chosen("Cars", &["`Notes`", "`Old` (hidden)", "`Empty`"])
    );
    assert_eq!(named(&["Notes", "Empty"], None), chosen("Notes", &["`Empty`"]));
    assert_eq!(named(&["Cars", "Old"], Some("old")), chosen("Old", &["`Cars`"]));
    assert_eq!(named(&["Cars", "Vans"], Some("2")), chosen("Vans", &["`Cars`"]));
    let (exit, message) = named(&["Cars", "Vans"], None).expect_err("two may be meant");
    assert!(exit == Exit::Usage && message.contains("`Cars`, `Vans`"), "{message}");
    let (exit, message) = named(&["Cars"], Some("Lorries")).expect_err("there is none");
    assert!(exit == Exit::Usage && message.contains("no sheet `Lorries`"), "{message}");
}

#[test]
fn a_formula_without_its_value_is_refused() {
    let source = source(&["Fleet"], |_, sheet| {
        sheet.write(0, 0, VIN)?.write(4, 27, Formula::new("=A1").set_result(""))?;
        Ok(())
    });
    // What rust_xlsxwriter writes for an empty result is a stored text without characters.
    let error = unpack(&source, WorkbookKind::Xlsx, None).map(|sheet| records(&sheet));
    match error {
        Err(error) => assert!(error.to_string().contains("cell AB5"), "{error}"),
        Ok(records) => assert_eq!(records[0], [VIN]),
    }
}

#[test]
fn a_workbook_cut_off_is_refused() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..2_000 {
        sheet
            .write(row, 0, VIN)
            .expect("a cell")
            .write(row, 1, f64::from(row) / 7.0)
            .expect("a cell");
    }
    let whole = workbook.save_to_buffer().expect("a workbook");
    for length in [30, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let error = unpack(&of_bytes(&whole[..length]), WorkbookKind::Xlsx, None).expect_err("cut");
        assert_eq!(error.exit(), Exit::BadInput, "{length}");
    }
    // A member damaged inside the archive.
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xA5);
    let error = unpack(&of_bytes(&damaged), WorkbookKind::Xlsx, None).expect_err("damaged");
    assert_eq!(error.exit(), Exit::BadInput);
}
