//! Workbooks in: the sheet that is meant, its rows and its types.

use arrow::datatypes::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

use crate::support::command::vins;
use crate::support::{Work, csv_rows};

type Filled = Result<(), XlsxError>;
/// A sheet's name, and what fills it.
type Named<'a> = (&'a str, &'a dyn Fn(&mut Worksheet) -> Filled);

/// Saves a workbook with these sheets.
fn save(work: &Work, name: &str, sheets: &[Named<'_>]) {
    let mut book = Workbook::new();
    for (sheet, fill) in sheets {
        let added = book.add_worksheet();
        added.set_name(*sheet).expect("a name");
        fill(added).expect("cells");
    }
    book.save(work.path(name)).expect("a workbook");
}

/// Titles, a header merged across and down, units, blank rows and columns, the header
/// again, a total; a slip in row 12.
fn messy(sheet: &mut Worksheet) -> Filled {
    let (plain, vins) = (Format::new(), vins(2));
    sheet.write(1, 1, "Fleet report")?.write(2, 1, "as of 30 November 2026")?;
    sheet.merge_range(4, 1, 4, 3, "Vehicle", &plain)?.merge_range(4, 4, 4, 5, "Cost", &plain)?;
    sheet.merge_range(4, 6, 5, 6, "Note", &plain)?;
    for row in [5, 10] {
        sheet.write_row(row, 1, ["Unit", "VIN", "Year", "Fuel", "Service"])?;
    }
    sheet.write_row(6, 4, ["EUR", "EUR"])?;
    for (row, vin) in [(7, &vins[0]), (8, &vins[1]), (11, &"1HGCM82633AOO4352".into())] {
        sheet.write(row, 1, row)?.write(row, 2, vin)?.write(row, 3, 2003)?;
        sheet.write(row, 4, 100.5)?.write(row, 5, 20)?.write(row, 6, "kept")?;
    }
    sheet.write(13, 1, "Total")?.write(13, 4, 301.5)?;
    Ok(())
}

#[test]
fn a_messy_sheet_is_read_by_its_rows() {
    let work = Work::configured(&[]);
    save(&work, "fleet.xlsx", &[("Fleet", &messy)]);
    let ended = work.vinrich(&["validate", "fleet.xlsx", "--rejects", "bad.csv"]).exits(0);
    assert!(ended.stdout().contains("xlsx, sheet `Fleet`, header on row 6"), "{}", ended.stdout());
    assert!(ended.stdout().contains("1 total row (row 14)"), "{}", ended.stdout());
    assert!(!ended.stdout().contains("(line"), "{}", ended.stdout());
    assert!(!ended.stdout().contains("more cells"), "the note has a column: {}", ended.stdout());
    let enrich = ["enrich", "fleet.xlsx", "--with", "decode", "-o", "out.csv"];
    work.vinrich(&enrich).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv"))[2]["Note"], "kept");
    let rejects = csv_rows(&work.read("bad.csv"));
    assert_eq!((rejects.len(), rejects[0]["source_row"].as_str()), (1, "12"));

    let json = work.vinrich(&["validate", "fleet.xlsx", "--format", "json"]).exits(0).json();
    let input = &json["inputs"][0];
    assert_eq!((&input["sheet"], &input["rows"]), (&"Fleet".into(), &3.into()));
    assert_eq!(input["skipped_lines"]["units"], serde_json::json!([7]), "{input}");

    let named = ["validate", "fleet.xlsx", "--header-row"];
    work.vinrich(&[&named[..], &["6"]].concat()).exits(0);
    work.vinrich(&[&named[..], &["900"]].concat()).exits(64).says(&["down to row 14"]);
}

/// Values of each kind beside two VINs.
fn values(sheet: &mut Worksheet) -> Filled {
    let (day, moment) = (
        Format::new().set_num_format("dd.mm.yyyy"),
        Format::new().set_num_format("dd.mm.yyyy hh:mm"),
    );
    let names = ["VIN", "Km", "Price", "Bought", "Seen", "Leased", "Mixed", "Slots"];
    sheet.write_row(0, 0, names)?;
    for (row, vin) in (1..).zip(vins(2)) {
        sheet.write(row, 0, vin)?.write(row, 1, 1000 + row)?.write(row, 2, 0.5 + f64::from(row))?;
        let bought = ExcelDateTime::from_ymd(2026, 11, 30)?;
        sheet.write_with_format(row, 3, &bought, &day)?;
        let seen = ExcelDateTime::from_ymd(2026, 1, 2)?.and_hms(8, 15, 0)?;
        sheet.write_with_format(row, 4, &seen, &moment)?.write(row, 5, row == 1)?;
        if row == 1 {
            sheet.write(row, 6, "five")?
        } else {
            sheet.write(row, 6, 5)?
        };
        sheet.write(row, 7, Formula::new("=2+2").set_result("4"))?;
    }
    Ok(())
}

#[test]
fn values_keep_their_types_and_their_text() {
    let work = Work::configured(&[]);
    save(&work, "fleet.xlsx", &[("Fleet", &values)]);
    let enrich = |input: &str, out: &str| {
        work.vinrich(&["enrich", input, "-o", out, "--with", "decode", "--keep-names"]).exits(0);
    };
    enrich("fleet.xlsx", "out.parquet");
    let file = std::fs::File::open(work.path("out.parquet")).expect("the output");
    let parquet = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
    for (name, data_type) in [
        ("Km", DataType::Int64),
        ("Price", DataType::Float64),
        ("Bought", DataType::Date32),
        ("Seen", moment),
        ("Leased", DataType::Boolean),
        ("Mixed", DataType::Utf8),
        ("Slots", DataType::Int64),
        ("input_VIN", DataType::Utf8),
    ] {
        let field = parquet.schema().field_with_name(name).expect("a column");
        assert_eq!(*field.data_type(), data_type, "{name}");
    }

    enrich("fleet.xlsx", "out.csv");
    let names = "VIN,Km,Price,Bought,Seen,Leased,Mixed,Slots\n";
    let [one, two] = &vins(2)[..] else { panic!("two VINs") };
    let first = ["1001", "1.5", "2026-11-30", "2026-01-02T08:15:00", "true", "five", "4"];
    let second = ["1002", "2.5", "2026-11-30", "2026-01-02T08:15:00", "false", "5", "4"];
    let line = |vin: &str, cells: [&str; 7]| format!("{vin},{}\n", cells.join(","));
    work.write("same.csv", &format!("{names}{}{}", line(one, first), line(two, second)));
    enrich("same.csv", "again.csv");
    let (sheet, text) = (csv_rows(&work.read("out.csv")), csv_rows(&work.read("again.csv")));
    let hashed = |rows: &[std::collections::BTreeMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["record_hash"].clone()).collect()
    };
    assert_eq!(hashed(&sheet), hashed(&text), "the same values, from a sheet and from text");
    assert_eq!(sheet[0]["Seen"], "2026-01-02T08:15:00");
}

#[test]
fn a_sheet_in_doubt_is_asked_for() {
    let work = Work::configured(&[]);
    let one = |place: usize| {
        move |sheet: &mut Worksheet| {
            sheet.write(0, 0, "VIN")?.write(1, 0, vins(3).remove(place))?;
            Ok(())
        }
    };
    let hidden = |sheet: &mut Worksheet| {
        sheet.write(0, 0, "VIN")?.write(1, 0, vins(3).remove(2))?;
        sheet.set_hidden(true);
        Ok(())
    };
    let sheets: [Named<'_>; 3] = [("Cars", &one(0)), ("Vans", &one(1)), ("Sold", &hidden)];
    save(&work, "fleet.xlsx", &sheets);
    let validate = ["validate", "fleet.xlsx"];
    let ended = work.vinrich(&validate).exits(64);
    ended.says(&["`Cars`", "`Vans`", "several of them hold VINs", "--sheet"]);
    for (sheet, read, others) in
        [("vans", "Vans", "`Cars`, `Sold` (hidden)"), ("3", "Sold", "`Cars`, `Vans`")]
    {
        let ended = work.vinrich(&[&validate[..], &["--sheet", sheet]].concat()).exits(0);
        let warning = format!("the sheet `{read}` is read; not read: {others}");
        assert!(ended.stdout().contains(&warning), "{}", ended.stdout());
    }
    let wrong = [&validate[..], &["--sheet", "Lorries"]].concat();
    work.vinrich(&wrong).exits(64).says(&["no sheet `Lorries`", "`Cars`, `Vans`, `Sold`"]);
}

#[test]
fn a_sheets_rejects_are_mended_by_row() {
    let work = Work::configured(&[]);
    save(&work, "fleet.xlsx", &[("Fleet", &messy)]);
    let enrich = ["enrich", "fleet.xlsx", "--with", "decode", "-o"];
    work.vinrich(&[&enrich[..], &["out.csv", "--rejects", "bad.csv"]].concat()).exits(0);
    let edited = work.read("bad.csv");
    let edited: Vec<String> = edited
        .lines()
        .map(|line| if line.contains("AOO4352") { format!("{line}yes") } else { line.into() })
        .collect();
    work.write("mended.csv", &edited.join("\n"));
    work.vinrich(&[&enrich[..], &["again.csv", "--corrections", "mended.csv"]].concat()).exits(0);
    let rows = csv_rows(&work.read("again.csv"));
    let last = rows.last().expect("a row");
    let said = [&last["source_row"], &last["vin"], &last["vin_status"]].map(String::as_str);
    assert_eq!(said, ["12", "1HGCM82633A004352", "repaired"]);

    save(&work, "other.xlsx", &[("Prices", &|sheet| sheet.write(0, 0, "EUR").map(drop))]);
    let other = [&enrich[..], &["again.csv", "--corrections", "other.xlsx"]].concat();
    work.vinrich(&other).exits(64).says(&["no sheet `Rejects`", "hint: take the file"]);
}
