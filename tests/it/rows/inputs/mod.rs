//! Inputs as they come: each has its rows, its reasons and its exit code.

mod formats;
mod kinds;
mod layouts;
mod places;
mod sizes;

use std::collections::BTreeMap;

use crate::support::command::{DECODE, Ended, eventually, vins};
use crate::support::{Work, csv_rows, sample};

type Rows = Vec<BTreeMap<String, String>>;

/// `vinrich enrich INPUTS -o out.csv --with decode`.
fn enrich(work: &Work, inputs: &[&str]) -> Ended {
    let words = [&["enrich"], inputs, &["-o", "out.csv", "--with", "decode"]].concat();
    work.vinrich(&words)
}

fn rows(work: &Work) -> Rows {
    csv_rows(&work.read("out.csv"))
}

fn column<'a>(rows: &'a Rows, name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[name].as_str()).collect()
}

/// The VINs of every file in sample-data/messy.
const THREE: [&str; 3] = ["2T1BURHE9KC391854", "SALGS2VF8FA281221", "WBA8E9G59GK025310"];

#[test]
fn every_layout_gives_the_same_rows() {
    let work = Work::configured(&[]);
    for (name, encoding, delimiter) in [
        ("crlf.csv", "utf-8", ","),
        ("separator-line.csv", "utf-8", ";"),
        ("tabs.tsv", "utf-8", "\t"),
        ("utf-16.csv", "utf-16le", "\t"),
        ("windows-1252.csv", "windows-1252", ";"),
        ("headerless.txt", "utf-8", ","),
    ] {
        let path = sample("messy").join(name).display().to_string();
        enrich(&work, &[&path]).exits(0);
        let rows = rows(&work);
        assert_eq!(column(&rows, "vin"), THREE, "{name}");
        assert_eq!(column(&rows, "decode_status"), ["found"; 3], "{name}");
        let report = work.report("out.csv");
        let input = &report["inputs"][0];
        assert_eq!(
            (&input["encoding"], &input["delimiter"]),
            (&encoding.into(), &delimiter.into()),
            "{name}"
        );
        assert_eq!(input["rows"], 3);
    }
    assert_eq!(work.calls("batch-decode"), 1, "they are the same three VINs");
}

#[test]
fn text_in_other_columns_survives_its_encoding() {
    let work = Work::configured(&[]);
    let path = |name| sample("messy").join(name).display().to_string();
    enrich(&work, &[&path("windows-1252.csv")]).exits(0).says(&["warning: ", "Windows-1252"]);
    assert_eq!(column(&rows(&work), "Standort"), ["München", "Köln – Süd", "Gütersloh"]);
    enrich(&work, &[&path("utf-16.csv")]).exits(0);
    let text = work.read("out.csv");
    assert!(text.contains("Camion n°1") && !text.contains('\0'));
    enrich(&work, &[&path("separator-line.csv")]).exits(0);
    assert_eq!(column(&rows(&work), "Note"), ["ok", "later; maybe", ""]);
}

#[test]
fn a_list_without_a_header_is_told_so() {
    let work = Work::configured(&[]);
    let path = sample("messy").join("headerless.txt").display().to_string();
    enrich(&work, &[&path]).exits(0).says(&["has no header"]);
    let rows = rows(&work);
    assert_eq!(column(&rows, "source_row"), ["1", "2", "3"]);
    assert_eq!(column(&rows, "vin_normalized"), ["false", "true", "true"]);
    assert_eq!(column(&rows, "input_vin"), [THREE[0], "salgs2vf8fa281221", "WBA 8E9G59GK025310"]);
    assert_eq!(work.report("out.csv")["inputs"][0]["has_header"], false);
}

#[test]
fn short_and_long_rows_keep_their_vins() {
    let work = Work::configured(&[]);
    let path = sample("messy").join("ragged.csv").display().to_string();
    enrich(&work, &[&path]).exits(0).says(&["1 short row", "1 row with more cells", "line 4"]);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin_error"), [""; 4]);
    assert_eq!(column(&rows, "decode_status"), ["found"; 4]);
    assert_eq!(column(&rows, "Plate"), ["AB 12", "", "X", ""]);
    assert_eq!(column(&rows, "Unit"), ["1", "2", "3", "4"]);
}

#[test]
fn a_row_of_an_unknown_vin_column_is_rejected_alone() {
    let work = Work::configured(&[]);
    let vins = vins(3);
    let [one, two, three] = [&vins[0], &vins[1], &vins[2]];
    work.write("in.csv", &format!("Unit,VIN,Plate\n1,{one},A\n2,Oslo, Sør,{two},B\n3,{three}\n"));
    enrich(&work, &["in.csv"]).exits(0).says(&["1 rejected: 1 ragged_row"]);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin_error"), ["", "ragged_row", ""]);
    assert_eq!(column(&rows, "decode_status"), ["found", "not_requested", "found"]);
}

#[test]
fn what_is_left_out_is_in_the_report() {
    let work = Work::configured(&[]);
    let vins = vins(3);
    let rows_of = |vin: &str| format!("7;{vin};Ford;2013\r\n");
    let text = format!(
        "Poolfahrzeuge;;;\r\n;;;\r\nNr.;FIN;Marke;Jahr\r\n{}{}Nr.;FIN;Marke;Jahr\r\n{}Gesamt;3;;\r\n\u{1a}",
        rows_of(&vins[0]),
        rows_of(&vins[1]),
        rows_of(&vins[2])
    );
    work.write("in.csv", &text);
    let warning = "1 title row (line 1), 2 blank rows (lines 2, 9), \
                   1 repeated header row (line 6), 1 total row (line 8)";
    enrich(&work, &["in.csv"]).exits(0).says(&[warning]);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin"), vins);
    assert_eq!(column(&rows, "source_row"), ["4", "5", "7"]);
    let report = work.report("out.csv");
    let input = &report["inputs"][0];
    assert_eq!(input["rows"], 3);
    assert_eq!(input["header_line"], 3);
    assert_eq!(input["vin_column_by"], "name_and_content");
    assert_eq!(input["claim_columns"]["make"], "Marke");
    let skipped = [("title", 1), ("blank", 2), ("repeated_header", 1), ("total", 1)];
    for (kind, count) in skipped {
        assert_eq!(input["skipped"][kind], count, "{kind}");
    }
    assert_eq!(input["skipped_lines"]["blank"][1], 9);
    work.vinrich(&["validate", "in.csv"]).exits(0).says(&[warning]);
}

#[test]
fn quotes_in_doubt_are_refused_and_flags_decide() {
    let work = Work::configured(&[]);
    let vins = vins(4);
    let [a, b, c, d] = [&vins[0], &vins[1], &vins[2], &vins[3]];
    let text = format!("VIN,Tires\n{a},ok\n{b},\"20 inch\n{c},ok\n{d},18\"\n");
    work.write("in.csv", &text);
    enrich(&work, &["in.csv"]).exits(65).says(&["line 3", "line 4", "--quote none"]);
    assert!(!work.path("out.csv").exists());
    enrich(&work, &["in.csv", "--quote", "none"]).exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins);
    assert_eq!(work.report("out.csv")["inputs"][0]["quote"], "none");
    enrich(&work, &["in.csv", "--quote", "\""]).exits(0);
    assert_eq!(column(&rows(&work), "vin"), [a, b]);

    work.write("in.tsv", &text.replace(',', "\t"));
    enrich(&work, &["in.tsv"]).exits(0).says(&["read as text"]);
    assert_eq!(column(&rows(&work), "Tires")[1], "\"20 inch");
    work.write("in.csv", &format!("VIN,Tires\n{a},\"20\\\" ok\"\n{b},\"18\\\"\"\n{c},ok\n"));
    enrich(&work, &["in.csv"]).exits(0);
    assert_eq!(column(&rows(&work), "Tires"), ["20\" ok", "18\"", "ok"]);
    assert_eq!(work.report("out.csv")["inputs"][0]["escape"], "backslash");

    work.write("in.csv", &format!("old,old\nVIN,Nr\n{a},1\n"));
    enrich(&work, &["in.csv", "--header-row", "1", "--vin-column", "1"]).exits(0);
    assert_eq!(column(&rows(&work), "source_row"), ["3"], "the second header is no vehicle");
    enrich(&work, &["in.csv", "--header-row", "7"]).exits(64).says(&["line 7", "hint: "]);
}

#[test]
fn an_empty_input_gives_an_empty_output() {
    let work = Work::configured(&[]);
    for name in ["empty.csv", "header-only.csv"] {
        let path = sample("messy").join(name).display().to_string();
        enrich(&work, &[&path]).exits(0);
        let text = work.read("out.csv");
        assert_eq!(text.lines().count(), 1, "{name}");
        assert!(text.contains("recall_campaign_count"), "the columns are all there");
        enrich(&work, &[&path, "--require-rows"]).exits(65).says(&["the input has no rows"]);
        std::fs::remove_file(work.path("out.csv")).expect("it is there");
    }
    assert!(work.sandbox.log().is_empty());
}

#[test]
fn a_vin_column_in_doubt_is_asked_for() {
    let work = Work::configured(&[]);
    let [one, other] = [&vins(2)[0], &vins(2)[1]];
    work.write("two.csv", &format!("VIN,Chassis No,Unit\n{one},{other},7\n"));
    enrich(&work, &["two.csv"]).exits(64).says(&["`VIN`", "`Chassis No`", "--vin-column"]);
    work.write("none.csv", "Unit,Plate\n7,AB 12\n");
    enrich(&work, &["none.csv"]).exits(64).says(&["`Unit`, `Plate`", "--vin-column"]);
    for named in ["chassis no", "2"] {
        enrich(&work, &["two.csv", "--vin-column", named]).exits(0);
        assert_eq!(column(&rows(&work), "vin"), [other]);
    }
    enrich(&work, &["two.csv", "--vin-column", "Chasis No"])
        .exits(64)
        .says(&["did you mean `Chassis No`"]);
}

#[test]
fn bad_vins_keep_their_rows_and_cost_nothing() {
    let work = Work::configured(&[]);
    let good = &vins(1)[0];
    let other = if good.as_bytes()[8] == b'0' { "1" } else { "0" };
    let wrong_digit = format!("{}{other}{}", &good[..8], &good[9..]);
    let cells = [
        (good.as_str(), "", "found"),
        ("", "empty", "not_requested"),
        ("n/a", "empty", "not_requested"),
        ("-", "empty", "not_requested"),
        ("NULL", "empty", "not_requested"),
        ("   ", "empty", "not_requested"),
        ("1FTFW1ET0DF00000", "length", "not_requested"),
        ("1FTFW1ET0DF0000000", "length", "not_requested"),
        ("1FTFW1ET0DF", "length", "not_requested"),
        ("1.23457E+16", "excel_number_damage", "not_requested"),
        ("12345678901234500", "excel_number_damage", "not_requested"),
        ("11111111111111111", "placeholder", "not_requested"),
        ("00000000000000000", "placeholder", "not_requested"),
        ("TEST0000000000001", "placeholder", "not_requested"),
        ("1FTFW1ET0DF0O0000", "illegal_character", "not_requested"),
        ("1FTFW1ET0DF0\u{410}0000", "illegal_character", "not_requested"),
        ("see note below", "not_a_vin", "not_requested"),
        (wrong_digit.as_str(), "check_digit", "found"),
        // Where no law asks for one, a check digit that fails is none.
        ("WBAPH5C55BA218692", "", "found"),
    ];
    let lines: Vec<&str> = cells.iter().map(|(cell, ..)| *cell).collect();
    let list: Vec<String> =
        lines.iter().enumerate().map(|(unit, cell)| format!("{unit},{cell}")).collect();
    work.write("in.csv", &format!("Unit,VIN\n{}\n", list.join("\n")));
    enrich(&work, &["in.csv"]).exits(0).says(&["16 rejected"]);
    let rows = rows(&work);
    let got: Vec<_> = rows
        .iter()
        .map(|row| {
            (row["input_VIN"].as_str(), row["vin_error"].as_str(), row["decode_status"].as_str())
        })
        .collect();
    assert_eq!(got, cells);
    assert_eq!(work.decodes_by_vin().len(), 3);
    let report = work.report("out.csv");
    let counts = [("empty", 5), ("length", 3), ("excel_number_damage", 2), ("placeholder", 3)];
    for (reason, count) in counts {
        assert_eq!(report["rows"]["rejected"][reason], count, "{reason} is counted apart");
    }
    enrich(&work, &["in.csv", "--rejects", "bad.csv"]).exits(0);
    let rejects = csv_rows(&work.read("bad.csv"));
    let look_alike = rejects.iter().find(|row| row["VIN"].contains('\u{410}'));
    assert_eq!(look_alike.expect("it is rejected")["detail"], "U+0410 at position 13");
    enrich(&work, &["in.csv", "--strict"]).exits(0).says(&["17 rejected"]);
}

#[test]
fn spreadsheet_clothes_come_off() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    let spaced = format!("{}\u{a0}{} {}", &vin[..4], &vin[4..9], &vin[9..]);
    let wide: String =
        vin.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("full-width")).collect();
    let cells = [
        vin.to_lowercase(),
        format!("'{vin}"),
        format!("\"=\"\"{vin}\"\"\""),
        spaced,
        wide,
        format!("{vin}\u{200b}"),
    ];
    work.write("in.csv", &format!("Unit,VIN\n1,{}\n", cells.join("\n1,")));
    enrich(&work, &["in.csv"]).exits(0);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin"), [vin; 6]);
    assert_eq!(column(&rows, "vin_normalized"), ["true"; 6]);
    assert_eq!(work.decodes_by_vin(), [(vin.clone(), 1)].into());
}

#[test]
fn one_repair_is_suggested_and_applied_when_asked() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    let slip = vin.replacen('0', "O", 1);
    work.write("in.csv", &format!("VIN\n{slip}\n"));
    enrich(&work, &["in.csv"]).exits(0);
    let first = rows(&work);
    let got = |rows: &Rows, name| rows[0][name].clone();
    assert_eq!((got(&first, "vin"), got(&first, "vin_suggestion")), (String::new(), vin.clone()));
    enrich(&work, &["in.csv", "--repair"]).exits(0);
    let second = rows(&work);
    assert_eq!((got(&second, "vin"), got(&second, "vin_status")), (vin.clone(), "repaired".into()));
    assert_eq!(got(&second, "input_VIN"), slip);
}

#[test]
fn stdin_is_read_like_a_file() {
    let work = Work::configured(&[]);
    let list = format!("vin\n{}\n", vins(25).join("\n"));
    let words = ["enrich", "-", "-o", "out.csv", "--with", "decode"];
    work.vinrich_reading(&words, list.as_bytes()).exits(0);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin"), vins(25));
    assert_eq!(rows[0]["source_file"], "-");
    work.vinrich_reading(&words, b"").exits(65);
    work.vinrich_reading(&[&words[..], &["--allow-empty"]].concat(), b"").exits(0);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_and_whole() {
    let work = Work::configured(&[]);
    let made =
        std::process::Command::new("mkfifo").arg(work.path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    let running = work.start(&["enrich", "pipe", "-o", "out.csv", "--with", "decode"]);
    // Opening a pipe waits for its reader.
    std::fs::write(work.path("pipe"), format!("vin\n{}\n", vins(30).join("\n"))).expect("written");
    running.end().exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins(30));
}

#[test]
fn folders_and_globs_are_read_by_name() {
    let work = Work::configured(&[]);
    std::fs::create_dir(work.path("in")).expect("a folder");
    let vins = vins(3);
    work.write("in/b.csv", &format!("Unit,VIN\n2,{}\n", vins[1]));
    work.write("in/a.csv", &format!("VIN,Site\n{},Oslo\n", vins[0]));
    work.write("in/c.txt", &format!("{}\n", vins[2]));
    work.write("in/readme.md", "no input");
    enrich(&work, &["in"]).exits(0);
    let all = rows(&work);
    assert_eq!(column(&all, "vin"), vins);
    assert_eq!(column(&all, "Unit"), ["", "2", ""]);
    assert_eq!(column(&all, "Site"), ["Oslo", "", ""]);
    enrich(&work, &["in/*.csv"]).exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins[..2]);
    std::fs::create_dir(work.path("none")).expect("a folder");
    enrich(&work, &["none"]).exits(66);
}

#[test]
fn a_vin_in_many_rows_is_asked_once() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    work.write("a.csv", &format!("vin\n{}", format!("{vin}\n").repeat(5000)));
    work.write("b.csv", &format!("vin\n{}\n", vin.to_lowercase()));
    enrich(&work, &["a.csv", "b.csv"]).exits(0);
    let rows = rows(&work);
    assert_eq!(rows.len(), 5001);
    assert!(rows.iter().all(|row| row["make"] == "FORD" && row["vin"] == *vin));
    assert_eq!(
        (rows[4999]["source_file"].as_str(), rows[5000]["source_file"].as_str()),
        ("a.csv", "b.csv")
    );
    assert_eq!(work.decodes_by_vin(), [(vin.clone(), 1)].into());
}

#[test]
fn columns_named_like_ours_give_way() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    work.write("in.csv", &format!("VIN,Make,make,model,,model\n{vin},mine,yours,theirs,x,again\n"));
    enrich(&work, &["in.csv"]).exits(0);
    let text = work.read("out.csv");
    let header = text.lines().next().expect("a header");
    let mut names: Vec<&str> = header.split(',').collect();
    let ours = names.iter().position(|name| *name == "row_id").expect("our first column");
    assert_eq!(names[..2], ["input_VIN", "input_Make"]);
    assert_eq!(ours, 6, "{header}");
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "every name is there once");
    let row = &rows(&work)[0];
    assert_eq!((row["make"].as_str(), row["input_Make"].as_str()), ("FORD", "mine"));
    for cell in ["mine", "yours", "theirs", "x", "again"] {
        assert!(row.values().any(|value| value == cell), "{cell}");
    }
    enrich(&work, &["in.csv"]).exits(0);
    assert_eq!(work.read("out.csv"), text, "the names are the same every night");
}

#[test]
fn formulas_in_cells_are_guarded_on_request() {
    let work = Work::configured(&[]);
    let formula = "=cmd|'/C calc'!A0";
    work.write("in.csv", &format!("VIN,Note\n{},{formula}\n", vins(1)[0]));
    enrich(&work, &["in.csv"]).exits(0);
    assert_eq!(rows(&work)[0]["Note"], formula);
    enrich(&work, &["in.csv", "--for-excel"]).exits(0);
    assert_eq!(rows(&work)[0]["Note"], format!("'{formula}"));
    let report = work.report("out.csv");
    assert!(report["command"].as_str().is_some_and(|words| words.contains("--for-excel")));
    work.vinrich(&["enrich", "in.csv", "-o", "out.jsonl", "--with", "decode"]).exits(0);
    assert!(work.read("out.jsonl").contains(&format!("\"{formula}\"")), "data is data elsewhere");
}

#[test]
fn escape_sequences_in_data_never_reach_the_terminal() {
    let work = Work::configured(&[]);
    work.write("in.csv", "Un\u{1b}]0;it,Pl\u{202e}ate\n7,\u{1b}[2J\n");
    let ended = enrich(&work, &["in.csv"]).exits(64);
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.stderr);
    work.write("in.csv", &format!("VIN,Note\n{},\u{1b}[2J\n", vins(1)[0]));
    let ended = enrich(&work, &["in.csv"]).exits(0);
    assert!(!ended.stderr.contains('\u{1b}'));
    assert_eq!(rows(&work)[0]["Note"], "\u{1b}[2J", "data is data");
}

#[test]
fn an_input_that_changes_while_read_is_refused() {
    let work = Work::configured(&["carvin/batch-decode/latency=1500ms:first=1"]);
    work.write_vins(&vins(10));
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    let changed = work.read("vins.csv").to_lowercase();
    work.write("vins.csv", &changed);
    running.end().exits(65).says(&["input changed while it was read"]);
    assert!(!work.path("out.csv").exists());
    work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode"), 1);
}

#[test]
fn appended_lines_wait_for_the_next_run() {
    let work = Work::configured(&["carvin/batch-decode/latency=1500ms:first=1"]);
    work.write_vins(&vins(10));
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    work.write_vins(&vins(12));
    running.end().exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins(10));
    work.vinrich(&DECODE).exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins(12));
}

#[test]
fn a_huge_field_is_one_rejected_row() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    let huge = "x".repeat(3 << 20);
    work.write("in.csv", &format!("VIN,Note\n{vin},{huge}\n{vin},short\n"));
    enrich(&work, &["in.csv"]).exits(0);
    let rows = rows(&work);
    assert_eq!(column(&rows, "vin_error"), ["field_too_long", ""]);
}
