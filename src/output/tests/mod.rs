//! Blocks in, files out, read back by other readers than our writers.

mod files;
mod formats;
mod hashes;
mod shared;
mod streams;
mod text;
mod workbook;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::arrow::array::{ArrayRef, StringArray};
use csv::StringRecord;

use super::{Format, InputInfo, Output, OutputSpec, Written};
use crate::domain::facts::{
    Campaign, DecodeFacts, Listing, ListingFacts, MatchBasis, Price, RecallFacts,
};
use crate::domain::vin::{Reading, VinError};
use crate::domain::{Error, Exit, Status, Timestamp, Vin};
use crate::matching::conflicts::Conflicts;
use crate::output::record::{Block, DatasetAnswer, Record};

const RUN: &str = "01test";
const INPUT: [&str; 2] = ["VIN", "Miles Driven"];

fn answer<F>(status: Status, facts: Option<F>) -> DatasetAnswer<F> {
    DatasetAnswer {
        status,
        vendor: Some("carvin".into()),
        fetched_at: Some(Timestamp::from_micros(1_751_373_000_000_001)),
        error: None,
        exit: Exit::Success,
        facts: facts.map(Arc::new),
    }
}

fn campaign(number: &str, park_it: Option<bool>, reported_on: Option<i32>) -> Campaign {
    Campaign {
        number: number.into(),
        summary: Some(format!("about {number}")),
        park_it,
        reported_on,
        ..Campaign::default()
    }
}

/// A row about which everything is known.
fn full() -> Record {
    let vin = Vin::new("1HGCM82633A004352");
    Record {
        row_id: 0xab,
        file: 1,
        source_row: 2,
        vin_id: None,
        vin_cell: None,
        reading: Reading {
            vin,
            check_digit_ok: Some(true),
            normalized: true,
            ..Reading::default()
        },
        decode: answer(
            Status::Found,
            Some(DecodeFacts {
                make: Some("HONDA".into()),
                model: Some("Accord, \"EX\"".into()),
                model_year: Some(2003),
                displacement_l: Some(3.0),
                engine_hp: Some(240.5),
                base_price_usd: Some(2_499_950),
                ..DecodeFacts::default()
            }),
        ),
        recalls: answer(
            Status::Found,
            Some(RecallFacts {
                campaigns: vec![
                    campaign("14V351000", Some(false), Some(16_000)),
                    campaign("19V182000", Some(true), Some(17_900)),
                    campaign("23V858000", None, Some(19_700)),
                ],
            }),
        ),
        recall_match_basis: Some(MatchBasis::ModelExact),
        recall_doubt: None,
        listings: answer(
            Status::Found,
            Some(ListingFacts {
                listings: vec![
                    Listing {
                        id: "L1".into(),
                        price: Some(Price { cents: 1_234_500, currency: *b"USD" }),
                        odometer: Some(81_000),
                        odometer_unit: Some("mi"),
                        ..Listing::default()
                    },
                    Listing::default(),
                ],
            }),
        ),
        comparables: None,
        decode_conflicts: None,
        input_conflicts: Some(Arc::new(Conflicts {
            json: r#"{"make":{"input":"HYUNDAI"}}"#.into(),
            fields: vec!["make"],
        })),
        vin_occurrences: Some(2),
    }
}

/// A row of which only the VIN is known.
fn bare() -> Record {
    let vin = Vin::new("WBAPH5C55BA218692");
    let reading = Reading { vin, error: Some(VinError::CheckDigit), ..Reading::default() };
    Record {
        row_id: 1,
        file: 0,
        source_row: 3,
        vin_id: None,
        vin_cell: None,
        reading,
        decode: answer(Status::Pending, None),
        recalls: answer(Status::Absent, None),
        recall_match_basis: Some(MatchBasis::Vin),
        recall_doubt: None,
        listings: answer(Status::Absent, None),
        comparables: None,
        decode_conflicts: None,
        input_conflicts: None,
        vin_occurrences: Some(1),
    }
}

/// A row without a VIN.
fn rejected() -> Record {
    let reading = Reading {
        error: Some(VinError::IllegalCharacter),
        detail: Some("`O` at 4".into()),
        suggestion: Vin::new("1HGCM82633A004352"),
        ..Reading::default()
    };
    Record { vin_cell: Some("1HGOM82633A004352".into()), ..Record::unasked(0, 4, reading, 3) }
}

fn block() -> Block {
    Block {
        records: vec![full(), bare(), rejected()],
        input: vec![
            texts([
                Some("1hgcm82633a004352"),
                Some("WBAPH5C55BA218692"),
                Some("1HGOM82633A004352"),
            ]),
            texts([Some("=1+1"), None, Some("two\nlines")]),
        ],
    }
}

/// A column of the input.
fn texts<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(cells.into_iter().collect::<StringArray>())
}

/// Both columns of the input, without a cell that holds anything.
fn blank(rows: usize) -> Vec<ArrayRef> {
    vec![texts(vec![None; rows]); INPUT.len()]
}

fn input_info<'a>(columns: &'a [String], files: &'a [String]) -> InputInfo<'a> {
    InputInfo { columns, headers: columns, files, ..InputInfo::default() }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn holding(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("the folder is writable");
        path
    }

    /// All names in it, hidden ones too.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder is readable");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("readable").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn spec(path: &Path) -> OutputSpec {
    let format = Format::from_path(path).unwrap_or(Format::Csv);
    OutputSpec::new(Some(path.into()), Some(format)).expect("an output")
}

fn create(spec: &OutputSpec) -> Result<Output, Error> {
    let input = INPUT.map(str::to_owned);
    let files = ["a.csv".into(), "b.csv".into()];
    Output::create(spec, input_info(&input, &files), RUN)
}

fn write(spec: &OutputSpec, blocks: &[Block]) -> Vec<Written> {
    let mut output = create(spec).expect("the output can be created");
    for block in blocks {
        output.write(block.clone()).expect("the block can be written");
    }
    output.commit().expect("the output can be committed")
}

/// A CSV file, read whole.
struct Table {
    header: StringRecord,
    rows: Vec<StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).expect("the file is there");
        let header = reader.headers().expect("a header").clone();
        Self { header, rows: reader.records().map(|row| row.expect("well-formed CSV")).collect() }
    }

    fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.header.iter().position(|name| name == column);
        &self.rows[row][place.unwrap_or_else(|| panic!("no column {column}"))]
    }
}
