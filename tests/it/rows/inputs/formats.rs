//! Every format that is written can be read, packed or not, with its types.

use std::fs;

use super::{column, enrich, rows};
use crate::rows::outputs::parquet_rows;
use crate::support::Work;
use crate::support::command::vins;
use crate::support::server::wire::gzip;

/// The list of three as `out.NAME`, with its decodes.
fn written(work: &Work, name: &str) -> String {
    let list: Vec<String> = vins(3).iter().map(|vin| format!("{vin},7\n")).collect();
    work.write("in.csv", &format!("VIN,Unit\n{}", list.concat()));
    let out = format!("made.{name}");
    work.vinrich(&["enrich", "in.csv", "-o", &out, "--with", "decode"]).exits(0);
    out
}

#[test]
fn every_format_gives_the_same_rows() {
    let work = Work::configured(&[]);
    let formats = ["parquet", "arrow", "arrows", "jsonl", "jsonl.zst", "csv", "csv.gz", "tsv"];
    for name in formats {
        let made = written(&work, name);
        enrich(&work, &[&made, "--vin-column", "vin"]).exits(0);
        let seen = rows(&work);
        assert_eq!(column(&seen, "vin"), vins(3), "{name}");
        assert_eq!(column(&seen, "input_model_year"), column(&seen, "model_year"), "{name}");
        let unit = seen[0].iter().find(|(name, _)| name.eq_ignore_ascii_case("unit"));
        assert_eq!(unit.map(|(_, unit)| unit.as_str()), Some("7"), "{name}");
        let report = work.report("out.csv");
        let input = &report["inputs"][0];
        assert_eq!(input["format"], name.split('.').next().expect("a name").replace("tsv", "csv"));
        let warnings = report["warnings"].as_array().expect("a list");
        let about_input = warnings.iter().filter(|warning| !warning.to_string().contains("vpic"));
        assert_eq!(about_input.count(), 0, "{name}: {warnings:?}");
    }
    assert_eq!(work.calls("batch-decode"), 1, "they are the same three VINs");
}

#[test]
fn types_reach_typed_outputs() {
    let work = Work::configured(&[]);
    let made = written(&work, "parquet");
    let again = |out: &str| {
        let words = ["enrich", &made, "-o", out, "--vin-column", "vin", "--with", "decode"];
        work.vinrich(&words).exits(0);
    };
    again("again.parquet");
    let seen = parquet_rows(&work.path("again.parquet"));
    assert_eq!(seen[0]["input_model_year"], seen[0]["model_year"]);
    again("again.jsonl");
    let line = work.read("again.jsonl").lines().next().expect("a row").to_owned();
    let row: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert!(row["input_model_year"].is_number(), "{line}");
    assert!(row["input_vin_check_digit_ok"].is_boolean(), "{line}");
    assert_eq!(row["input_decode_fetched_at"], row["decode_fetched_at"], "{line}");
}

#[test]
fn a_packed_file_is_read_from_a_pipe() {
    let work = Work::configured(&[]);
    let made = written(&work, "parquet");
    let parquet = fs::read(work.path(&made)).expect("the output");
    let words = ["enrich", "-", "-o", "out.csv", "--vin-column", "vin", "--with", "decode"];
    for bytes in [parquet.clone(), gzip(&parquet)] {
        work.vinrich_reading(&words, &bytes).exits(0);
        assert_eq!(column(&rows(&work), "vin"), vins(3));
    }
}

#[test]
fn a_name_that_lies_is_read_by_content_with_a_warning() {
    let work = Work::configured(&[]);
    let made = written(&work, "parquet");
    fs::rename(work.path(&made), work.path("fleet.csv")).expect("renamed");
    let words = ["fleet.csv", "--vin-column", "vin"];
    enrich(&work, &words).exits(0).says(&["`fleet.csv` is a Parquet file by its content"]);
    assert_eq!(column(&rows(&work), "vin"), vins(3));
    let forced = [&words[..], &["--input-format", "csv"]].concat();
    enrich(&work, &forced).exits(65).says(&["not text", "hint: "]);
}
