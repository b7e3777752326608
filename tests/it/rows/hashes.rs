//! `record_hash` changes for exactly the rows where something was learned, and
//! `row_id` stays a row's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::clock::{NIGHT, ScriptedClock, TTL};
use crate::support::command::vins;
use crate::support::library::{Enriched, Row, Tweak as _};

/// Columns that tell of the run, the source or the file, or that texts and places
/// fill differently from source to source.
const NEVER_LEARNED: [&str; 24] = [
    "row_id",
    "vin_status",
    "vin_error",
    "decode_extra",
    "decode_error_codes",
    "decode_conflicts",
    "input_conflicts",
    "recall_top_component",
    "recall_top_summary",
    "recall_top_remedy",
    "recall_match_basis",
    "recall_doubt",
    "recall_doubtful_campaigns",
    "listing_days_on_market",
    "listing_last_seen_at",
    "listing_photo_url",
    "comparable_count",
    "comparable_price_median",
    "comparable_price_min",
    "comparable_price_max",
    "source_file",
    "source_row",
    "record_hash",
    "vin_occurrences",
];

/// What is known of a row: its values by column.
fn known(row: &Row) -> Row {
    let of_dataset = |column: &str| {
        ["_status", "_vendor", "_fetched_at", "_error"].iter().any(|end| {
            column.strip_suffix(end).is_some_and(|dataset| Dataset::from_name(dataset).is_some())
        })
    };
    let is_known = |(column, value): &(&String, &String)| {
        !value.is_empty() && !NEVER_LEARNED.contains(&column.as_str()) && !of_dataset(column)
    };
    row.iter().filter(is_known).map(|(column, value)| (column.clone(), value.clone())).collect()
}

/// The rows whose hash changed; fails where another row's values did.
fn changed(before: &[Row], after: &[Row]) -> usize {
    assert_eq!(before.len(), after.len());
    let mut changed = 0;
    for (before, after) in before.iter().zip(after) {
        let is_same = before["record_hash"] == after["record_hash"];
        assert_eq!(is_same, known(before) == known(after), "{before:#?}\n{after:#?}");
        changed += usize::from(!is_same);
    }
    changed
}

fn hashes(rows: &[Row]) -> BTreeMap<&str, Vec<&str>> {
    let mut hashes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        hashes.entry(&row["Unit"]).or_default().push(&row["record_hash"]);
    }
    for hashes in hashes.values_mut() {
        hashes.sort_unstable();
    }
    hashes
}

fn offline(work: &Work, input: &Path) -> Enriched {
    let mut plan = work.plan(input, "out.csv");
    plan.datasets.offline = true;
    Enriched::by(&plan)
}

#[test]
fn two_sources_that_take_turns_change_no_hash() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let turn = |first: &str, second: &str| -> Plan {
        let mut plan = work.fleet().only(&[Dataset::Decode, Dataset::Recalls]);
        let ids = [first, second].map(|id| {
            vinrich::config::sources(Dataset::Recalls, &[id.to_owned()], &vinrich::vendors::specs())
                .expect("a source")
                .remove(0)
        });
        plan.dataset(Dataset::Recalls).vendors = ids.to_vec();
        plan.dataset(Dataset::Recalls).ttl = TTL;
        plan
    };
    let first = Enriched::at(&turn("carvin", "nhtsa"), &clock);
    clock.pass(NIGHT);
    let second = Enriched::at(&turn("nhtsa", "carvin"), &clock);
    let vendor_changed =
        |(before, after): &(&Row, &Row)| before["recalls_vendor"] != after["recalls_vendor"];
    let other_source = first.rows.iter().zip(&second.rows).filter(vendor_changed).count();
    assert!(other_source > 100, "{other_source} rows have another source");
    // NHTSA's list has two names for these trucks, and tells the campaigns of both.
    let has_more = |(before, after): &(&Row, &Row)| {
        let has_more = before["recall_campaigns"] != after["recall_campaigns"];
        assert!(!has_more || before["model"].starts_with("NPR"), "{before:#?}\n{after:#?}");
        has_more
    };
    let has_more = first.rows.iter().zip(&second.rows).filter(has_more).count();
    assert_eq!(changed(&first.rows, &second.rows), has_more);
}

#[test]
fn a_refresh_that_finds_the_same_changes_no_hash() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let first = Enriched::at(&work.fleet(), &clock);
    clock.pass(NIGHT);
    let mut plan = work.fleet();
    plan.datasets.refresh = [Dataset::Decode, Dataset::Recalls].into();
    let second = Enriched::at(&plan, &clock);
    let renewed = |(before, after): &(&Row, &Row)| {
        !before["decode_fetched_at"].is_empty()
            && before["decode_fetched_at"] != after["decode_fetched_at"]
    };
    assert!(first.rows.iter().zip(&second.rows).filter(renewed).count() > 66);
    changed(&first.rows, &second.rows);
    let same = first.rows.iter().zip(&second.rows);
    let same = same.filter(|(before, after)| before["listing_price"] == after["listing_price"]);
    for (before, after) in same {
        assert_eq!(before["record_hash"], after["record_hash"]);
    }
}

#[test]
fn a_resumed_run_changes_the_rows_it_fills() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut stopped = work.fleet();
    stopped.limits.max_calls = Some(7);
    let before = Enriched::at(&stopped, &clock);
    assert_eq!(before.report.exit_code, 80);
    let after = Enriched::at(&work.fleet(), &clock);
    assert_eq!(after.report.exit_code, 0);
    let filled = changed(&before.rows, &after.rows);
    assert!((1..after.rows.len()).contains(&filled), "{filled} rows were filled");

    let whole = Work::with_faults(&[]);
    let whole = Enriched::at(&whole.fleet(), &clock);
    assert_eq!(hashes(&after.rows), hashes(&whole.rows));
}

#[test]
fn a_row_keeps_its_hash_in_a_file_arranged_otherwise() {
    let work = Work::with_faults(&[]);
    let first = Enriched::by(&work.fleet());
    let source = work.read("fleet.csv");
    let mut reader = csv::Reader::from_reader(source.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let mut rows: Vec<csv::StringRecord> =
        reader.records().map(|row| row.expect("a row")).collect();
    rows.reverse();
    rows.rotate_left(97);
    let mut moved = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(&headers).chain(&rows) {
        let mut cells: Vec<&str> = row.iter().rev().collect();
        cells.insert(2, if *row == headers { "Remarks" } else { "" });
        moved.write_record(cells).expect("a record");
    }
    let moved = String::from_utf8(moved.into_inner().expect("bytes")).expect("text");
    let moved = offline(&work, &work.write("fleet moved.csv", &moved));
    assert_eq!(hashes(&moved.rows), hashes(&first.rows));

    let mut few = work.fleet();
    few.datasets.offline = true;
    few.output.columns = vinrich::output::Choice::of(&["record_hash".into()]).expect("columns");
    assert_eq!(hashes(&Enriched::by(&few).rows), hashes(&first.rows));
}

/// A table as a warehouse exports it.
fn write_typed(path: &Path, vins: &[String]) {
    let seen = [Some(1_795_906_800_000_000), None, Some(0), Some(1_795_906_800_123_456)];
    let columns: [(&str, ArrayRef); 5] = [
        ("vin", Arc::new(StringArray::from(vins.to_vec()))),
        ("miles", Arc::new(Float64Array::from(vec![Some(61_250.0), Some(0.1), None, Some(2e15)]))),
        ("seen", Arc::new(TimestampMicrosecondArray::from(seen.to_vec()).with_timezone("+02:00"))),
        ("note", Arc::new(StringArray::from(vec![Some(""), Some("7.0"), None, Some("x,y")]))),
        ("sold", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), None]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a table");
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

#[test]
fn a_table_hashes_alike_as_parquet_and_csv() {
    let work = Work::with_faults(&[]);
    let table = work.path("table.parquet");
    write_typed(&table, &vins(4));
    let typed = offline(&work, &table);
    let mut copy = csv::Writer::from_writer(Vec::new());
    copy.write_record(["vin", "miles", "seen", "note", "sold"]).expect("a record");
    for row in &typed.rows {
        let cells = ["input_vin", "miles", "seen", "note", "sold"].map(|name| &row[name]);
        copy.write_record(cells).expect("a record");
    }
    let copy = String::from_utf8(copy.into_inner().expect("bytes")).expect("text");
    let text = offline(&work, &work.write("table.csv", &copy));
    let hashes = |rows: &[Row]| -> Vec<String> {
        rows.iter().map(|row| row["record_hash"].clone()).collect()
    };
    assert_eq!(hashes(&text.rows), hashes(&typed.rows), "{copy}");
    // As another program writes floats, whose whole numbers have a fraction.
    let other = copy.replace("61250", "61250.0");
    assert_ne!(other, copy);
    let other = offline(&work, &work.write("table.csv", &other));
    assert_eq!(hashes(&other.rows), hashes(&typed.rows));
}

#[test]
fn a_changed_cell_changes_its_row_alone() {
    let work = Work::with_faults(&[]);
    let first = Enriched::by(&work.fleet());
    let text = work.read("fleet.csv");
    let text = text.replacen(",4052,", ",4053,", 1);
    let second = offline(&work, &work.write("fleet.csv", &text));
    assert_eq!(changed(&first.rows, &second.rows), 1);
    let ids = |rows: &[Row]| rows.iter().map(|row| row["row_id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first.rows), ids(&second.rows), "the file has the same name");
}

#[test]
fn each_row_says_how_often_its_vin_occurs() {
    let work = Work::with_faults(&[]);
    let enriched = offline(&work, &crate::support::sample("fleet.csv"));
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &enriched.rows {
        *expected.entry(&row["vin"]).or_default() += 1;
    }
    assert!(expected.values().any(|&rows| rows > 1));
    for row in &enriched.rows {
        let rows =
            if row["vin"].is_empty() { String::new() } else { expected[&*row["vin"]].to_string() };
        assert_eq!(row["vin_occurrences"], rows, "{}", row["Unit"]);
    }
}

#[test]
fn ids_by_key_survive_a_row_above_and_warn_of_repeats() {
    let work = Work::configured(&[]);
    let vins = crate::support::command::vins(3);
    work.write("a.csv", &format!("VIN,Unit\n{},1\n{},2\n", vins[0], vins[1]));
    work.write(
        "b.csv",
        &format!("VIN,Unit\n{},9\n{},1\n{},2\n{},9\n", vins[2], vins[0], vins[1], vins[2]),
    );
    let ids = |input: &str, words: &[&str]| -> BTreeMap<String, String> {
        let words = [&["enrich", input, "-o", "out.csv", "--offline"][..], words].concat();
        let ended = work.vinrich(&words).exits(0);
        if input == "b.csv" && words.contains(&"vin") {
            ended.says(&["1 of 4 rows", "row key"]);
        }
        let rows = crate::support::csv_rows(&work.read("out.csv"));
        rows.into_iter().map(|row| (row["vin"].clone(), row["row_id"].clone())).collect()
    };
    let (before, after) =
        (ids("a.csv", &["--row-key", "vin"]), ids("b.csv", &["--row-key", "vin"]));
    assert!(before.iter().all(|(vin, id)| after.get(vin) == Some(id)), "{before:?} {after:?}");
    assert_ne!(ids("a.csv", &[])[&vins[0]], ids("b.csv", &[])[&vins[0]]);
    let named = |input| ids(input, &["--source-name", "fleet"])[&vins[0]].clone();
    assert_ne!(named("a.csv"), named("b.csv"), "it is another row of the source");
}
