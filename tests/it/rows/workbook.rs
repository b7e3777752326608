//! Workbooks out, and the rows that a person mended back in.

use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::support::command::vins;
use crate::support::{Work, csv_rows};

/// A fleet whose second row has a slip and whose third has no VIN.
fn fleet() -> (Work, String) {
    let work = Work::configured(&[]);
    let good = vins(1).remove(0);
    // An O for a 0, as people type.
    let slip = "1HGCM82633AOO4352";
    work.write("fleet.csv", &format!("Unit,VIN\n007,{good}\n008,{slip}\n009,see title\n"));
    (work, good)
}

/// The rows of a sheet, as texts.
pub(super) fn sheet(work: &Work, name: &str, sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = calamine::open_workbook(work.path(name)).expect("a workbook");
    let cells = book.worksheet_range(sheet).expect("a sheet");
    cells.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

/// Saves rows as a person does who edited the sheet of rejects.
fn save(work: &Work, name: &str, rows: &[Vec<String>]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Rejects").expect("a name");
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).expect("a cell");
        }
    }
    book.save(work.path(name)).expect("a workbook");
}

/// The place of the column `name`.
fn place(rows: &[Vec<String>], name: &str) -> usize {
    rows[0].iter().position(|header| header == name).expect("the column")
}

#[test]
fn an_edited_workbook_mends_the_rows() {
    let (work, good) = fleet();
    let enrich = ["enrich", "fleet.csv", "--with", "decode", "-o"];
    work.vinrich(&[&enrich[..], &["fleet.xlsx"]].concat()).exits(0);
    let units: Vec<String> =
        sheet(&work, "fleet.xlsx", "Fleet").iter().map(|row| row[0].clone()).collect();
    assert_eq!(units, ["Unit", "007", "008", "009"]);

    let mut rejects = sheet(&work, "fleet.xlsx", "Rejects");
    let accepted = place(&rejects, "accepted_vin");
    assert_eq!(
        rejects.iter().map(|row| row[2].as_str()).collect::<Vec<_>>(),
        ["vin_cell", "1HGCM82633AOO4352", "see title"]
    );
    rejects[1][accepted] = "1HGCM82633A004352".into();
    rejects[2][accepted] = good.to_lowercase();
    save(&work, "mended.xlsx", &rejects);

    let corrected = ["again.csv", "--corrections", "mended.xlsx"];
    let ended = work.vinrich(&[&enrich[..], &corrected].concat()).exits(0);
    assert!(!ended.stderr.contains("corrections"), "{}", ended.stderr);
    let rows = csv_rows(&work.read("again.csv"));
    let said: Vec<_> = rows
        .iter()
        .map(|row| {
            [&row["input_VIN"], &row["vin"], &row["vin_status"], &row["decode_status"]]
                .map(String::as_str)
        })
        .collect();
    let expected = [
        [good.as_str(), good.as_str(), "ok", "found"],
        ["1HGCM82633AOO4352", "1HGCM82633A004352", "repaired", "found"],
        ["see title", good.as_str(), "repaired", "found"],
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_edited_rejects_file_mends_the_rows() {
    let (work, good) = fleet();
    work.vinrich(&["validate", "fleet.csv", "--rejects", "bad.csv"]).exits(0);
    let text = work.read("bad.csv");
    assert!(text.lines().next().is_some_and(|header| header.ends_with(",vin_cell,accepted_vin")));
    let edited: Vec<String> = text
        .lines()
        .map(|line| if line.contains("see title") { format!("{line}{good}") } else { line.into() })
        .collect();
    // The row moves before the corrections come back.
    work.write("mended.csv", &edited.join("\n"));
    let corrections = ["--corrections", "mended.csv", "--format", "json"];
    let counted = |command: &str| {
        let ended = work.vinrich(&[&[command, "fleet.csv"], &corrections[..]].concat());
        ended.exits(0)
    };
    assert_eq!(counted("validate").json()["rows"]["valid"], 2);
    assert_eq!(counted("plan").json()["valid"], 2);

    work.write("fleet.csv", &format!("Unit,VIN\n007,{good}\n009,moved up\n"));
    let ended = counted("validate").says(&["1 of 1 corrections match no row of the input"]);
    assert_eq!(ended.json()["rows"]["valid"], 1);
}

#[test]
fn what_no_workbook_holds_costs_nothing() {
    let (work, good) = fleet();
    let note = "n".repeat(40_000);
    work.write("fleet.csv", &format!("Unit,VIN,Note\n007,{good},short\n008,{good},{note}\n"));
    let enrich = ["enrich", "fleet.csv", "--with", "decode", "-o"];
    let ended = work.vinrich(&[&enrich[..], &["fleet.xlsx"]].concat()).exits(65);
    ended.says(&["`Note`", "row 3", "40000 characters", "--keep"]);
    assert_eq!((work.sandbox.log().len(), work.path("fleet.xlsx").exists()), (0, false));

    work.vinrich(&[&enrich[..], &["fleet.xlsx", "--keep", "Unit,VIN"]].concat()).exits(0);
    assert_eq!(sheet(&work, "fleet.xlsx", "Fleet").len(), 3);
    work.vinrich(&[&enrich[..], &["fleet.csv.csv"]].concat()).exits(0);
}

#[test]
fn a_temporary_folder_that_is_gone_is_an_io_error() {
    let (work, _) = fleet();
    let mut command =
        work.command(&["enrich", "fleet.csv", "--with", "decode", "-o", "fleet.xlsx"]);
    command.env("TMPDIR", work.path("gone"));
    let ended = crate::support::command::Running::start(&mut command).end();
    ended.exits(74).says(&["fleet.xlsx", "TMPDIR"]);
    assert!(!work.path("fleet.xlsx").exists());
}

#[test]
fn a_workbook_goes_to_stdout_too() {
    let (work, _) = fleet();
    let ended =
        work.vinrich(&["enrich", "fleet.csv", "--with", "decode", "-o", "-", "--format", "xlsx"]);
    let ended = ended.exits(0);
    std::fs::write(work.path("piped.xlsx"), &ended.stdout).expect("a file");
    assert_eq!(sheet(&work, "piped.xlsx", "Fleet").len(), 4);
}

/// A fleet as a person keeps it: a number of the unit with zeros, text that looks like a
/// formula or a link, and a column of each kind.
fn typed_fleet(work: &Work) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Vehicles").expect("a name");
    let date = |number| ExcelDateTime::from_serial_datetime(number).expect("a day");
    let (day, moment) = (Format::new().set_num_format("dd.mm.yyyy"), Format::new());
    let moment = moment.set_num_format("dd.mm.yyyy hh:mm");
    let mut vins = vins(3);
    vins.push("1HGCM82633AOO4352".into());
    let header = ["Unit", "VIN", "Note", "Miles", "Price", "Bought", "Seen", "Leased", "Last"];
    let write = |sheet: &mut Worksheet| -> Result<(), XlsxError> {
        for (column, name) in (0..).zip(header) {
            sheet.write_string(0, column, name)?;
        }
        let notes = ["=1+1", "http://a.example/x", "two\nlines", "_x0041_ \u{7}"];
        for (place, (vin, note)) in (0..).zip(vins.iter().zip(notes)) {
            let (row, number) = (place + 1, f64::from(place));
            sheet.write_string(row, 0, format!("00{place}"))?.write_string(row, 1, vin)?;
            sheet.write_string(row, 2, note)?.write_number(row, 3, 120_000.0 + number)?;
            // The last vehicle has no price.
            if place < 3 {
                sheet.write_number(row, 4, 19_999.95 + number)?;
            }
            sheet.write_datetime_with_format(row, 5, date(45_000.0 + number), &day)?;
            sheet.write_datetime_with_format(row, 6, date(45_000.25 + number), &moment)?;
            sheet.write_boolean(row, 7, place % 2 == 0)?;
        }
        // A column of several kinds.
        sheet.write_datetime_with_format(1, 8, date(45_001.0), &day)?;
        sheet.write_string(2, 8, "unknown")?.write_number(3, 8, 7.5)?.write_boolean(4, 8, true)?;
        Ok(())
    };
    write(sheet).expect("a sheet");
    book.save(work.path("fleet.xlsx")).expect("a workbook");
}

/// The cells below the header of the first `columns` columns.
fn cells(work: &Work, name: &str, sheet: &str, columns: usize) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook(work.path(name)).expect("a workbook");
    let cells = book.worksheet_range(sheet).expect("a sheet");
    cells.rows().skip(1).map(|row| row[..columns].iter().map(as_kept).collect()).collect()
}

/// A cell without its style.
fn as_kept(cell: &Data) -> Data {
    match cell {
        Data::DateTime(moment) => {
            let kind = calamine::ExcelDateTimeType::DateTime;
            Data::DateTime(calamine::ExcelDateTime::new(moment.as_f64(), kind, false))
        }
        other => other.clone(),
    }
}

#[test]
fn own_cells_keep_their_values_and_types() {
    let work = Work::configured(&[]);
    typed_fleet(&work);
    let enrich = ["enrich", "fleet.xlsx", "--with", "decode", "-o"];
    work.vinrich(&[&enrich[..], &["out.xlsx"]].concat()).exits(0);
    let given = cells(&work, "fleet.xlsx", "Vehicles", 9);
    assert_eq!(cells(&work, "out.xlsx", "Fleet", 9), given);
    assert!(matches!(given[0][6..], [Data::DateTime(_), Data::Bool(true), Data::DateTime(_)]));
    assert_eq!(given[2][8], Data::Float(7.5));

    // The next night reads its own output, and only the rows in it.
    let next = work.vinrich(&["enrich", "out.xlsx", "--with", "decode", "-o", "next.xlsx"]);
    next.exits(0).says(&["the sheet `Fleet` is read", "`Rejects`, `About`"]);
    assert_eq!(cells(&work, "next.xlsx", "Fleet", 9), given);
    work.vinrich(&["enrich", "out.xlsx", "-o", "out.xlsx"]).exits(73).says(&["input"]);
}

#[test]
fn a_rejects_file_may_be_a_workbook() {
    let (work, good) = fleet();
    work.vinrich(&["validate", "fleet.csv", "--rejects", "bad.xlsx"]).exits(0);
    let mut rejects = sheet(&work, "bad.xlsx", "Rejects");
    assert_eq!(rejects.len(), 3);
    assert!(sheet(&work, "bad.xlsx", "About").len() > rejects[0].len());
    let (accepted, cell) = (place(&rejects, "accepted_vin"), place(&rejects, "vin_cell"));
    for row in rejects.iter_mut().skip(1) {
        row[accepted] = if row[cell] == "see title" { good.clone() } else { "yes".into() };
    }
    save(&work, "mended.xlsx", &rejects);

    let enrich = ["enrich", "fleet.csv", "--with", "decode", "-o"];
    work.vinrich(&[&enrich[..], &["out.xlsx", "--rejects", "bad.xlsx"]].concat()).exits(0);
    assert_eq!(sheet(&work, "out.xlsx", "Fleet").len(), 2);
    assert_eq!(sheet(&work, "bad.xlsx", "Rejects").len(), 3);
    let asked = work.sandbox.log().len();
    let corrected = ["out.xlsx", "--corrections", "mended.xlsx", "--rejects", "bad.xlsx"];
    work.vinrich(&[&enrich[..], &corrected].concat()).exits(0);
    let rows = sheet(&work, "out.xlsx", "Fleet");
    let (vin, status) = (place(&rows, "vin"), place(&rows, "decode_status"));
    let said: Vec<_> = rows[1..].iter().map(|row| [&row[vin], &row[status]]).collect();
    let mended = "1HGCM82633A004352";
    assert_eq!(said, [[good.as_str(), "found"], [mended, "found"], [good.as_str(), "found"]]);
    assert_eq!(work.sandbox.log().len(), asked + 1, "only the new VIN is asked");
    assert_eq!(sheet(&work, "bad.xlsx", "Rejects").len(), 1);
}

#[test]
fn a_plan_says_what_no_workbook_holds() {
    let (work, good) = fleet();
    work.write("fleet.csv", &format!("VIN,Note\n{good},{}\n", "n".repeat(32_768)));
    work.vinrich(&["plan", "fleet.csv"]).exits(0);
    work.vinrich(&["plan", "fleet.csv", "-o", "fleet.parquet"]).exits(0);
    let ended = work.vinrich(&["plan", "fleet.csv", "-o", "fleet.xlsx"]).exits(65);
    ended.says(&["`Note`", "32768 characters"]);
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let work = Work::configured(&[]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let mut write = || -> Result<(), XlsxError> {
        sheet.write_string(0, 0, "VIN")?.write_string(0, 1, "Code")?;
        for (row, vin) in (1..).zip(vins(2)) {
            sheet.write_string(row, 0, vin)?;
        }
        // Beside it a number is text too: what it was cannot be told apart.
        sheet.write_string(1, 1, "12")?.write_number(2, 1, 13)?;
        Ok(())
    };
    write().expect("a sheet");
    book.save(work.path("codes.xlsx")).expect("a workbook");
    work.vinrich(&["enrich", "codes.xlsx", "--with", "decode", "-o", "out.xlsx"]).exits(0);
    let codes: Vec<Data> =
        cells(&work, "out.xlsx", "Fleet", 2).iter().map(|row| row[1].clone()).collect();
    assert_eq!(codes, [Data::String("12".into()), Data::String("13".into())]);
}
