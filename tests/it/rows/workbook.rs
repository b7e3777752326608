//! Workbooks out, and the rows that a person mended back in.

use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::Workbook;

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
fn sheet(work: &Work, name: &str, sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = calamine::open_workbook(work.path(name)).expect("a workbook");
    let cells = book.worksheet_range(sheet).expect("a sheet");
    cells.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

/// Saves rows as a person does who edited a sheet and saved it as another workbook.
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

#[test]
fn an_edited_workbook_mends_the_rows() {
    let (work, good) = fleet();
    let enrich = ["enrich", "fleet.csv", "--with", "decode", "-o"];
    work.vinrich(&[&enrich[..], &["fleet.xlsx"]].concat()).exits(0);
    let units: Vec<String> =
        sheet(&work, "fleet.xlsx", "Fleet").iter().map(|row| row[0].clone()).collect();
    assert_eq!(units, ["Unit", "007", "008", "009"]);

    let mut rejects = sheet(&work, "fleet.xlsx", "Rejects");
    let accepted = rejects[0].iter().position(|name| name == "accepted_vin").expect("the column");
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
