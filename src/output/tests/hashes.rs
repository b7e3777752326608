//! `record_hash`, and which columns a file has.

use std::sync::Arc;

use ::arrow::array::{ArrayRef, AsArray, Int64Array};

use super::formats::parquet_batch;
use super::{Folder, RUN, Table, block, full, spec, texts};
use crate::domain::facts::{Comparables, DecodeFacts, MatchBasis};
use crate::domain::{Status, Timestamp, Vin};
use crate::output::columns::Layout;
use crate::output::names::Naming;
use crate::output::record::{Block, Record};
use crate::output::schema::COLUMNS;
use crate::output::{Choice, InputInfo, Output, OutputSpec};

/// `block` as a file of the input's `columns`, with the chosen columns of ours.
fn written(folder: &Folder, name: &str, columns: &[&str], block: Block, choice: &str) -> Table {
    let words: Vec<String> =
        choice.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let out = folder.path(name);
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let input = InputInfo {
        columns: &columns,
        headers: &columns,
        files: &["a.csv".into()],
        ..InputInfo::default()
    };
    let choice = Choice::of(&words).expect("columns").with_run_id();
    let spec = OutputSpec { columns: choice, ..spec(&out) };
    let mut output = Output::create(&spec, input, RUN).expect("created");
    output.write(block).expect("written");
    output.commit().expect("committed");
    Table::read(&out)
}

fn hashes(table: &Table) -> Vec<String> {
    (0..table.rows.len()).map(|row| table.cell(row, "record_hash").to_owned()).collect()
}

/// The hash of one row, whose input has no columns.
fn hash_of(record: Record) -> String {
    let folder = Folder::new();
    let block = Block { records: vec![record], input: Vec::new() };
    hashes(&written(&folder, "out.csv", &[], block, "record_hash")).remove(0)
}

#[test]
fn all_formats_and_choices_of_columns_say_the_same_hash() {
    let folder = Folder::new();
    let whole = written(&folder, "whole.csv", &["VIN", "Miles Driven"], block(), "");
    assert_eq!(whole.header.len(), 2 + COLUMNS.len() + 1);
    assert_eq!(whole.cell(0, "run_id"), RUN);
    let expected = hashes(&whole);
    assert!(expected.iter().all(|hash| hash.len() == 32) && expected[0] != expected[1]);

    let few = written(&folder, "few.csv", &["VIN", "Miles Driven"], block(), "vin,record_hash");
    assert_eq!(few.header, ["input_VIN", "Miles Driven", "vin", "record_hash", "run_id"][..]);
    // Where ours is not there, the input's own column keeps its name.
    let few = written(&folder, "few.csv", &["VIN", "Miles Driven"], block(), "wmi,record_hash");
    assert_eq!(few.header, ["VIN", "Miles Driven", "wmi", "record_hash", "run_id"][..]);
    assert_eq!(hashes(&few), expected);

    super::write(&spec(&folder.path("out.parquet")), &[block()]);
    let batch = parquet_batch(&folder.path("out.parquet"));
    let column = batch.column_by_name("record_hash").expect("a column").as_string::<i32>();
    assert_eq!(column.iter().flatten().collect::<Vec<_>>(), expected);
}

#[test]
fn columns_moved_or_added_empty_leave_the_hash() {
    let folder = Folder::new();
    let expected = hashes(&written(&folder, "a.csv", &["VIN", "Miles Driven"], block(), ""));
    let Block { records, input } = block();
    let empty: ArrayRef = texts([None, None, None]);
    let moved = vec![Arc::clone(&input[1]), empty, Arc::clone(&input[0])];
    let moved = Block { records: records.clone(), input: moved };
    let moved = written(&folder, "b.csv", &["Miles Driven", "Note", "VIN"], moved, "");
    assert_eq!(hashes(&moved), expected);

    let changed = vec![Arc::clone(&input[0]), texts([Some("=1+1"), Some("5"), Some("two\nlines")])];
    let changed = Block { records, input: changed };
    let changed = hashes(&written(&folder, "c.csv", &["VIN", "Miles Driven"], changed, ""));
    assert_eq!(
        changed.iter().zip(&expected).map(|(now, then)| now == then).collect::<Vec<_>>(),
        [true, false, true]
    );
}

#[test]
fn who_answered_and_when_leaves_the_hash() {
    let mut other = full();
    other.row_id = 7;
    (other.source_row, other.file) = (99, 0);
    other.decode.vendor = Some("vpic-api".into());
    other.recalls.fetched_at = Some(Timestamp::from_micros(0));
    other.recalls.error = Some("stale:quota".into());
    other.recall_match_basis = Some(MatchBasis::Vin);
    other.comparables = Some(Arc::new(Comparables { count: 4, prices: None }));
    (other.input_conflicts, other.decode_conflicts) = (None, full().input_conflicts);
    other.vin_occurrences = Some(40);
    let mut listings = other.listings.facts.as_deref().expect("listings").clone();
    listings.listings[0].last_seen_at = Some(Timestamp::from_micros(1_751_000_000_000_000));
    other.listings.facts = Some(Arc::new(listings));
    let mut recalls = other.recalls.facts.as_deref().expect("recalls").clone();
    recalls.campaigns[1].summary = Some("said in other words".into());
    other.recalls.facts = Some(Arc::new(recalls));
    let mut decode = other.decode.facts.as_deref().expect("a decode").clone();
    (decode.decode_extra, decode.decode_error_codes) = (Some("{}".into()), Some("0".into()));
    other.decode.facts = Some(Arc::new(decode));
    assert_eq!(hash_of(other), hash_of(full()));
}

#[test]
fn what_was_learned_changes_the_hash() {
    let learned: [fn(&mut Record); 6] = [
        |row| row.reading.vin = Vin::new("WBAPH5C55BA218692"),
        |row| {
            row.decode.facts = Some(Arc::new(DecodeFacts {
                trim: Some("EX-L".into()),
                ..row.decode.facts.as_deref().expect("a decode").clone()
            }));
        },
        |row| row.decode.facts = None,
        |row| {
            let mut recalls = row.recalls.facts.as_deref().expect("recalls").clone();
            recalls.campaigns[2].park_it = Some(false);
            recalls.campaigns.remove(0);
            row.recalls.facts = Some(Arc::new(recalls));
        },
        |row| {
            (row.recalls.status, row.recalls.facts) = (Status::Absent, None);
        },
        |row| {
            let mut listings = row.listings.facts.as_deref().expect("listings").clone();
            listings.listings[0].price.as_mut().expect("a price").cents += 1;
            row.listings.facts = Some(Arc::new(listings));
        },
    ];
    let mut seen = vec![hash_of(full())];
    for learn in learned {
        let mut row = full();
        learn(&mut row);
        let hash = hash_of(row);
        assert!(!seen.contains(&hash), "change {} is not seen", seen.len());
        seen.push(hash);
    }
}

#[test]
fn a_typed_column_counts_by_its_text() {
    let columns = ["Miles".to_owned()];
    let input = InputInfo { columns: &columns, ..InputInfo::default() };
    let ours: Vec<_> = COLUMNS.iter().filter(|column| column.name == "record_hash").collect();
    let mut layout = Layout::new(Naming::SnakeCase, input, &ours, &[]);
    let mut hash_of = |cell: ArrayRef| -> ArrayRef {
        let block = Block { records: vec![full()], input: vec![cell] };
        Arc::clone(layout.arrays(&block).expect("arrays").last().expect("the hash"))
    };
    let (number, text) = (Int64Array::from(vec![81_000]), texts([Some("81000")]));
    let (of_number, of_text) = (hash_of(Arc::new(number)), hash_of(text));
    assert_eq!(&of_number, &of_text);
}

/// The contract on what never counts.
#[test]
fn columns_that_never_count_are_those_of_the_contract() {
    let never: Vec<&str> =
        COLUMNS.iter().filter(|column| !column.is_hashed).map(|column| column.name).collect();
    insta::assert_snapshot!(never.join(" "), @"row_id vin_status vin_error decode_error_codes decode_extra decode_conflicts input_conflicts recall_top_component recall_top_summary recall_top_remedy recall_match_basis listing_last_seen_at comparable_count comparable_price_median comparable_price_min comparable_price_max decode_status decode_vendor decode_fetched_at decode_error recalls_status recalls_vendor recalls_fetched_at recalls_error listings_status listings_vendor listings_fetched_at listings_error source_file source_row record_hash recall_doubt recall_doubtful_campaigns listing_days_on_market listing_photo_url comparable_price_p25 comparable_price_p75 vin_occurrences");
}
