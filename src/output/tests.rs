//! Blocks in, files out, read back by other readers than our writers.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ::arrow::array::{Array, AsArray, RecordBatch};
use ::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType,
};
use ::arrow::ipc::reader::StreamReader;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::{Campaign, DecodeFacts, Listing, ListingFacts, MatchBasis, Price, RecallFacts};
use crate::join::{Record, Told};
use crate::outcome::Status;
use crate::vin::{Reading, Vin, VinError};

const RUN: &str = "01test";
const INPUT: [&str; 2] = ["VIN", "Miles Driven"];

// --- What is written -------------------------------------------------------

fn told<F>(status: Status, facts: Option<F>) -> Told<F> {
    Told {
        status,
        vendor: Some("carvin".into()),
        fetched_at: Some(1_751_373_000_000_001),
        error: None,
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
        reading: Reading {
            vin,
            check_digit_ok: Some(true),
            normalized: true,
            ..Reading::default()
        },
        decode: told(
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
        recalls: told(
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
        listings: told(
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
        decode_conflicts: None,
        input_conflicts: Some(r#"{"make":{"input":"HYUNDAI"}}"#.into()),
        record_hash: u128::MAX,
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
        reading,
        decode: told(Status::Pending, None),
        recalls: told(Status::Absent, None),
        recall_match_basis: Some(MatchBasis::Vin),
        listings: told(Status::Absent, None),
        decode_conflicts: None,
        input_conflicts: None,
        record_hash: 2,
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
    Record {
        row_id: 3,
        file: 0,
        source_row: 4,
        reading,
        decode: Told::not_requested(None),
        recalls: Told::not_requested(None),
        recall_match_basis: None,
        listings: Told::not_requested(None),
        decode_conflicts: None,
        input_conflicts: None,
        record_hash: 4,
    }
}

fn block() -> Block {
    let cell = |text: &str| Some(text.to_owned());
    Block {
        records: vec![full(), bare(), rejected()],
        input: vec![
            vec![cell("1hgcm82633a004352"), cell("WBAPH5C55BA218692"), cell("1HGOM82633A004352")],
            vec![cell("=1+1"), None, cell("two\nlines")],
        ],
    }
}

// --- How it is written and read back ---------------------------------------

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
    OutputSpec { path: Some(path.into()), format, rejects: None, for_excel: false }
}

fn create(spec: &OutputSpec) -> Result<Output, Error> {
    let input = INPUT.map(str::to_owned);
    Output::create(spec, &input, &["a.csv".into(), "b.csv".into()], RUN, &[])
}

fn write(spec: &OutputSpec, blocks: &[Block]) -> Vec<Written> {
    let mut output = create(spec).expect("the output can be created");
    for block in blocks {
        output.write(block).expect("the block can be written");
    }
    output.commit().expect("the output can be committed")
}

fn csv_rows(path: &Path) -> Vec<csv::StringRecord> {
    let mut reader = ::csv::Reader::from_path(path).expect("the file is there");
    reader.records().map(|row| row.expect("well-formed CSV")).collect()
}

/// The rows of a CSV file as (column, value) lookups.
struct Table {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let mut reader = ::csv::Reader::from_path(path).expect("the file is there");
        Self { header: reader.headers().expect("a header").clone(), rows: csv_rows(path) }
    }

    fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.header.iter().position(|name| name == column);
        &self.rows[row][place.unwrap_or_else(|| panic!("no column {column}"))]
    }
}

fn parquet_batch(path: &Path) -> RecordBatch {
    let file = File::open(path).expect("the file is there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet footer");
    let mut batches = reader.build().expect("readable").map(|batch| batch.expect("readable"));
    batches.next().expect("at least one batch")
}

mod csv {
    pub(super) use ::csv::StringRecord;
}

// --- Columns ----------------------------------------------------------------

/// DESIGN.md, section 8, word by word.
#[test]
fn the_columns_are_those_of_the_contract() {
    let shown: Vec<String> =
        COLUMNS.iter().map(|column| format!("{}: {}", column.name, column.type_name())).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    row_id: utf8
    vin: utf8
    vin_status: utf8
    vin_error: utf8
    vin_suggestion: utf8
    vin_normalized: bool
    vin_check_digit_ok: bool
    wmi: utf8
    make: utf8
    model: utf8
    model_year: int32
    trim: utf8
    series: utf8
    vehicle_type: utf8
    body_class: utf8
    drive_type: utf8
    fuel_type_primary: utf8
    fuel_type_secondary: utf8
    electrification_level: utf8
    engine_configuration: utf8
    engine_model: utf8
    engine_cylinders: int32
    displacement_l: double
    engine_hp: double
    transmission_style: utf8
    transmission_speeds: int32
    doors: int32
    seats: int32
    gvwr: utf8
    gvwr_class: int32
    cab_type: utf8
    bed_length_in: double
    wheelbase_in: double
    brake_system: utf8
    base_price_usd: decimal(12,2)
    manufacturer: utf8
    plant_city: utf8
    plant_state: utf8
    plant_country: utf8
    decode_error_codes: utf8
    decode_extra: utf8
    decode_conflicts: utf8
    input_conflicts: utf8
    recall_campaign_count: int32
    recall_campaigns: utf8
    recall_top_component: utf8
    recall_top_summary: utf8
    recall_top_remedy: utf8
    recall_park_it: bool
    recall_park_outside: bool
    recall_ota_available: bool
    recall_latest_date: date
    recall_match_basis: utf8
    listing_count: int32
    listing_id: utf8
    listing_price: decimal(12,2)
    listing_currency: utf8
    listing_odometer: int32
    listing_odometer_unit: utf8
    listing_availability: utf8
    listing_offer: utf8
    listing_condition: utf8
    listing_dealer: utf8
    listing_city: utf8
    listing_region: utf8
    listing_url: utf8
    listing_last_seen_at: timestamp(us, UTC)
    comparable_count: int32
    comparable_price_median: decimal(12,2)
    comparable_price_min: decimal(12,2)
    comparable_price_max: decimal(12,2)
    decode_status: utf8
    decode_vendor: utf8
    decode_fetched_at: timestamp(us, UTC)
    decode_error: utf8
    recalls_status: utf8
    recalls_vendor: utf8
    recalls_fetched_at: timestamp(us, UTC)
    recalls_error: utf8
    listings_status: utf8
    listings_vendor: utf8
    listings_fetched_at: timestamp(us, UTC)
    listings_error: utf8
    source_file: utf8
    source_row: int64
    record_hash: utf8
    ");
}

#[test]
fn the_type_of_each_column_is_one_that_warehouses_read() {
    for column in COLUMNS {
        let expected = match column.type_name() {
            "utf8" => DataType::Utf8,
            "bool" => DataType::Boolean,
            "int32" => DataType::Int32,
            "int64" => DataType::Int64,
            "double" => DataType::Float64,
            "decimal(12,2)" => DataType::Decimal128(12, 2),
            "date" => DataType::Date32,
            _ => DataType::Timestamp(::arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into())),
        };
        assert_eq!(column.data_type(), expected, "{}", column.name);
        assert!(!column.description.ends_with('.') && !column.description.contains('\n'));
    }
}

// --- Formats ----------------------------------------------------------------

#[test]
fn csv_says_what_is_known_and_leaves_the_rest_empty() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    write(&spec(&out), &[block()]);
    let table = Table::read(&out);

    assert_eq!(&table.header[0], "input_VIN");
    assert_eq!(&table.header[1], "Miles Driven");
    assert_eq!(table.header.len(), INPUT.len() + COLUMNS.len());

    let of = |row, columns: &[&str]| -> Vec<String> {
        columns.iter().map(|column| table.cell(row, column).to_owned()).collect()
    };
    assert_eq!(
        of(0, &["row_id", "vin", "vin_status", "vin_error", "vin_normalized", "wmi"]),
        ["000000000000000000000000000000ab", "1HGCM82633A004352", "ok", "", "true", "1HG"]
    );
    assert_eq!(
        of(0, &["model", "model_year", "displacement_l", "engine_hp", "base_price_usd", "trim"]),
        ["Accord, \"EX\"", "2003", "3", "240.5", "24999.50", ""]
    );
    assert_eq!(
        of(0, &["recall_campaign_count", "recall_campaigns", "recall_top_summary"]),
        ["3", r#"["14V351000","19V182000","23V858000"]"#, "about 19V182000"]
    );
    assert_eq!(
        of(0, &["recall_park_it", "recall_park_outside", "recall_latest_date"]),
        ["true", "", "2023-12-09"]
    );
    assert_eq!(
        of(0, &["listing_count", "listing_id", "listing_price", "listing_currency"]),
        ["2", "L1", "12345.00", "USD"]
    );
    assert_eq!(
        of(
            0,
            &["decode_status", "decode_vendor", "decode_fetched_at", "source_file", "source_row"]
        ),
        ["found", "carvin", "2025-07-01T12:30:00.000001Z", "b.csv", "2"]
    );
    assert_eq!(table.cell(0, "record_hash"), "f".repeat(32));

    assert_eq!(of(1, &["vin_status", "vin_error", "make"]), ["ok", "check_digit", ""]);
    assert_eq!(table.cell(2, "input_VIN"), "1HGOM82633A004352");
    assert_eq!(table.cell(2, "Miles Driven"), "two\nlines");
    assert_eq!(
        of(2, &["vin", "vin_status", "vin_error", "vin_suggestion", "wmi", "decode_status"]),
        ["", "rejected", "illegal_character", "1HGCM82633A004352", "", "not_requested"]
    );
}

#[test]
fn a_count_is_zero_only_where_a_source_knows_there_are_none() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    write(&spec(&out), &[block()]);
    let table = Table::read(&out);
    let counts = |row| {
        ["recall_campaign_count", "recall_campaigns", "recall_match_basis", "listing_count"]
            .map(|column| table.cell(row, column).to_owned())
    };
    assert_eq!(counts(1), ["0", "[]", "vin", "0"]);
    assert_eq!(counts(2), ["", "", "", ""]);
}

#[test]
fn csv_ends_lines_with_lf_and_quotes_only_where_it_must() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    write(&spec(&out), &[block()]);
    let text = fs::read_to_string(&out).expect("UTF-8");
    assert!(text.starts_with("input_VIN,Miles Driven,row_id,vin,"));
    assert!(text.ends_with(&format!("{:032x}\n", 4)));
    assert!(!text.contains('\r'));
    assert!(text.contains(r#","Accord, ""EX""","#));
    assert!(text.contains("\n1hgcm82633a004352,=1+1,"));
}

#[test]
fn for_excel_guards_text_that_a_spreadsheet_would_run_and_nothing_else() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let cells = ["=1", "+1", "-1", "@x", "\tx", "\rx", "1-2", "a=b", ""];
    let records = vec![full(); cells.len()];
    let input = cells.map(|cell| Some(cell.to_owned())).to_vec();
    let block = Block { records, input: vec![input.clone(), input] };
    write(&OutputSpec { for_excel: true, ..spec(&out) }, &[block]);
    let table = Table::read(&out);
    let written: Vec<&str> = (0..cells.len()).map(|row| table.cell(row, "Miles Driven")).collect();
    assert_eq!(written, ["'=1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "1-2", "a=b", ""]);
}

#[test]
fn parquet_keeps_types_names_and_nulls() {
    let folder = Folder::new();
    let out = folder.path("out.parquet");
    write(&spec(&out), &[block()]);
    let batch = parquet_batch(&out);
    let schema = batch.schema();

    assert_eq!(schema.field(0).name(), "input_vin");
    assert_eq!(schema.field(1).name(), "miles_driven");
    assert_eq!(
        schema.field(1).metadata().get("original_name").map(String::as_str),
        Some("Miles Driven")
    );
    for (field, column) in schema.fields().iter().skip(INPUT.len()).zip(COLUMNS) {
        assert_eq!((field.name().as_str(), field.data_type()), (column.name, &column.data_type()));
        assert!(field.is_nullable());
    }

    let column = |name: &str| batch.column_by_name(name).expect(name);
    assert_eq!(column("vin").as_string::<i32>().value(0), "1HGCM82633A004352");
    assert!(column("vin").is_null(2));
    assert_eq!(column("miles_driven").as_string::<i32>().value(0), "=1+1");
    assert_eq!(column("model_year").as_primitive::<Int32Type>().value(0), 2003);
    assert_eq!(column("base_price_usd").as_primitive::<Decimal128Type>().value(0), 2_499_950);
    assert_eq!(column("recall_latest_date").as_primitive::<Date32Type>().value(0), 19_700);
    let fetched = column("decode_fetched_at").as_primitive::<TimestampMicrosecondType>();
    assert_eq!(fetched.value(0), 1_751_373_000_000_001);
    assert!(column("comparable_count").null_count() == 3 && fetched.is_null(2));
}

#[test]
fn parquet_says_what_wrote_it() {
    let folder = Folder::new();
    let out = folder.path("out.parquet");
    write(&spec(&out), &[block()]);
    let file = File::open(&out).expect("the file is there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet footer");
    let metadata = reader.metadata().file_metadata().key_value_metadata().expect("key-values");
    let value = |key: &str| {
        metadata.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
    };
    assert_eq!(value("vinrich.schema_version"), Some("1"));
    assert_eq!(value("vinrich.version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(value("vinrich.run_id"), Some(RUN));
}

#[test]
fn values_that_their_type_cannot_hold_become_null() {
    let mut record = full();
    let facts = DecodeFacts {
        base_price_usd: Some(1_000_000_000_000),
        engine_hp: Some(f64::NAN),
        ..DecodeFacts::default()
    };
    record.decode = Told { fetched_at: Some(i64::MAX), ..told(Status::Found, Some(facts)) };
    record.file = 99;
    let block = Block { records: vec![record], input: vec![vec![None], vec![None]] };
    for name in ["out.csv", "out.jsonl", "out.parquet"] {
        let folder = Folder::new();
        let out = folder.path(name);
        write(&spec(&out), std::slice::from_ref(&block));
        if name == "out.csv" {
            let table = Table::read(&out);
            for column in ["base_price_usd", "engine_hp", "decode_fetched_at", "source_file"] {
                assert_eq!(table.cell(0, column), "", "{column}");
            }
        }
    }
}

#[test]
fn jsonl_is_one_object_a_row_with_every_column() {
    let folder = Folder::new();
    let out = folder.path("out.jsonl");
    write(&spec(&out), &[block()]);
    let text = fs::read_to_string(&out).expect("UTF-8");
    let rows: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(row.as_object().map(serde_json::Map::len), Some(INPUT.len() + COLUMNS.len()));
    }
    assert_eq!(rows[0]["input_VIN"], json!("1hgcm82633a004352"));
    assert_eq!(rows[0]["model_year"], json!(2003));
    assert_eq!(rows[0]["base_price_usd"], json!(24999.5));
    assert_eq!(rows[0]["vin_normalized"], json!(true));
    assert_eq!(rows[0]["recall_latest_date"], json!("2023-12-09"));
    assert_eq!(rows[0]["recall_campaigns"], json!(r#"["14V351000","19V182000","23V858000"]"#));
    assert_eq!(rows[2]["vin"], Value::Null);
    assert_eq!(rows[2]["Miles Driven"], json!("two\nlines"));
}

#[test]
fn arrow_is_a_stream_with_an_end_marker() {
    let folder = Folder::new();
    let out = folder.path("out.arrow");
    write(&spec(&out), &[block(), block()]);
    let bytes = fs::read(&out).expect("the file is there");
    assert_eq!(bytes[bytes.len() - 8..], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let reader = StreamReader::try_new(bytes.as_slice(), None).expect("a stream");
    let metadata = reader.schema().metadata().clone();
    assert_eq!(metadata.get("vinrich.schema_version").map(String::as_str), Some("1"));
    let rows: usize = reader.map(|batch| batch.expect("readable").num_rows()).sum();
    assert_eq!(rows, 6);
}

#[test]
fn an_input_without_rows_gives_a_typed_output_without_rows() {
    for name in ["out.csv", "out.parquet", "out.arrow", "out.jsonl"] {
        let folder = Folder::new();
        let out = folder.path(name);
        let written = write(&spec(&out), &[]);
        assert_eq!(written[0].rows, 0, "{name}");
        assert_eq!(folder.names(), [name]);
    }
    let folder = Folder::new();
    let out = folder.path("out.csv");
    write(&spec(&out), &[Block { records: vec![], input: vec![vec![], vec![]] }]);
    assert_eq!(fs::read_to_string(&out).expect("UTF-8").lines().count(), 1);
}

proptest! {
    #[test]
    fn csv_gives_back_any_text(cells in prop::collection::vec(any::<String>(), 1..8)) {
        let folder = Folder::new();
        let out = folder.path("out.csv");
        let input: Vec<_> = cells.iter().map(|cell| Some(cell.clone())).collect();
        let block = Block {
            records: vec![full(); cells.len()],
            input: vec![input.clone(), input],
        };
        write(&spec(&out), &[block]);
        let rows = csv_rows(&out);
        let read: Vec<&str> = rows.iter().map(|row| &row[1]).collect();
        prop_assert_eq!(read, cells);
    }

    #[test]
    fn jsonl_gives_back_any_text(cell in any::<String>(), header in any::<String>()) {
        let folder = Folder::new();
        let out = folder.path("out.jsonl");
        let header = format!("x{header}");
        let names = [header.clone()];
        let mut output = Output::create(&spec(&out), &names, &[], RUN, &[]).expect("created");
        let block = Block { records: vec![full()], input: vec![vec![Some(cell.clone())]] };
        output.write(&block).expect("written");
        output.commit().expect("committed");
        let text = fs::read_to_string(&out).expect("UTF-8");
        let row: Value = serde_json::from_str(&text).expect("one JSON object");
        prop_assert_eq!(&row[header], &json!(cell));
    }
}

// --- Files -------------------------------------------------------------------

#[test]
fn what_was_written_is_told_with_its_hash() {
    use sha2::{Digest, Sha256};
    for name in ["out.csv", "out.parquet", "out.arrow", "out.jsonl"] {
        let folder = Folder::new();
        let out = folder.path(name);
        let written = write(&spec(&out), &[block(), block()]);
        let bytes = fs::read(&out).expect("the file is there");
        let hash: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let [written] = written.as_slice() else { panic!("one file") };
        assert_eq!((written.rows, written.bytes), (6, bytes.len() as u64));
        assert_eq!((&written.sha256, &written.path), (&hash, &out.display().to_string()));
    }
}

#[test]
fn the_old_file_stays_until_the_commit_and_for_ever_without_one() {
    let folder = Folder::new();
    let out = folder.holding("out.csv", "old");
    let mut output = create(&spec(&out)).expect("created");
    output.write(&block()).expect("written");
    assert_eq!(folder.names(), [".out.csv.vinrich-01test.tmp", "out.csv"]);
    drop(output);
    assert_eq!(folder.names(), ["out.csv"]);
    assert_eq!(fs::read_to_string(&out).expect("UTF-8"), "old");

    write(&spec(&out), &[block()]);
    assert_eq!(folder.names(), ["out.csv"]);
    assert_eq!(csv_rows(&out).len(), 3);
}

#[test]
fn a_partial_commit_leaves_the_old_file() {
    let folder = Folder::new();
    let out = folder.holding("out.csv", "old");
    let mut output = create(&spec(&out)).expect("created");
    output.write(&block()).expect("written");
    let written = output.commit_partial().expect("committed");
    assert_eq!(written[0].path, folder.path("out.csv.partial").display().to_string());
    assert_eq!(folder.names(), ["out.csv", "out.csv.partial"]);
    assert_eq!(fs::read_to_string(&out).expect("UTF-8"), "old");
}

#[test]
fn a_dead_runs_draft_is_removed_and_a_live_ones_is_not() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    folder.holding(".out.csv.vinrich-dead.tmp", "half a ro");
    folder.holding(".other.csv.vinrich-dead.tmp", "not ours");
    let alive = create(&spec(&out)).expect("created");
    let input = INPUT.map(str::to_owned);
    let second = Output::create(&spec(&out), &input, &[], "02test", &[]).expect("created");
    assert_eq!(
        folder.names(),
        [
            ".other.csv.vinrich-dead.tmp",
            ".out.csv.vinrich-01test.tmp",
            ".out.csv.vinrich-02test.tmp"
        ]
    );
    drop((alive, second));
    assert_eq!(folder.names(), [".other.csv.vinrich-dead.tmp"]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_written() {
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).expect("a folder");
    let link = folder.path("out.csv");
    std::os::unix::fs::symlink("data/real.csv", &link).expect("a link");
    for _ in ["dangling", "leading to a file"] {
        write(&spec(&link), &[block()]);
        assert!(link.is_symlink());
        assert_eq!(csv_rows(&folder.path("data/real.csv")).len(), 3);
    }
    assert_eq!(folder.names(), ["data", "out.csv"]);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_spent() {
    let folder = Folder::new();
    let input = folder.holding("in.csv", "VIN\n");
    let refused = |path: PathBuf| {
        let spec = OutputSpec { format: Format::Csv, ..spec(&path) };
        let error = Output::create(&spec, &[], &[], RUN, std::slice::from_ref(&input))
            .expect_err("refused");
        assert_eq!(error.exit(), Exit::CannotCreate, "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        error.to_string()
    };
    assert!(refused(folder.0.path().into()).contains("it is a folder"));
    assert!(refused(folder.path("new/")).contains("it is a folder"));
    assert!(refused(folder.path("missing/out.csv")).contains("its folder"));
    assert!(refused(folder.path("./in.csv")).contains("it is an input file"));
    assert!(refused(folder.path("in.csv/out.csv")).contains("its folder"));
    assert_eq!(folder.names(), ["in.csv"]);
    if cfg!(unix) {
        assert!(refused("/dev/null".into()).contains("it is no regular file"));
    }
}

#[test]
fn rejected_rows_can_go_to_a_file_of_their_own() {
    let folder = Folder::new();
    let (out, rejects) = (folder.path("out.parquet"), folder.path("rejects.csv"));
    let spec = OutputSpec { rejects: Some(rejects.clone()), ..spec(&out) };
    let mut output = create(&spec).expect("created");
    let all_good = Block { records: vec![full()], input: vec![vec![None], vec![None]] };
    for block in [block(), all_good, block()] {
        output.write(&block).expect("written");
    }
    assert_eq!((output.rows(), output.diverted()), (5, 2));
    let written = output.commit().expect("committed");
    assert_eq!(written.iter().map(|file| file.rows).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(written[0].path, rejects.display().to_string());

    let table = Table::read(&rejects);
    assert_eq!(
        table.header.iter().collect::<Vec<_>>(),
        [
            "VIN",
            "Miles Driven",
            "row_id",
            "vin_error",
            "detail",
            "vin_suggestion",
            "source_file",
            "source_row"
        ]
    );
    let row: Vec<&str> = table.rows[1].iter().collect();
    assert_eq!(
        row,
        [
            "1HGOM82633A004352",
            "two\nlines",
            "00000000000000000000000000000003",
            "illegal_character",
            "`O` at 4",
            "1HGCM82633A004352",
            "a.csv",
            "4"
        ]
    );
    assert_eq!(parquet_batch(&out).column_by_name("vin").map(Array::null_count), Some(0));
}

#[test]
fn the_output_and_its_rejects_cannot_be_one_file() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let spec = OutputSpec { rejects: Some(folder.path("./out.csv")), ..spec(&out) };
    let error = create(&spec).expect_err("refused");
    assert_eq!(error.exit(), Exit::Usage);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_small_file_is_written_whole() {
    let folder = Folder::new();
    let path = folder.holding("out.run.json", "old and longer");
    write_atomically(&path, b"{}").expect("written");
    assert_eq!(fs::read_to_string(&path).expect("UTF-8"), "{}");
    assert_eq!(folder.names(), ["out.run.json"]);
}

// --- Streams -------------------------------------------------------------------

/// Keeps what it is given, up to a limit; then fails as told.
#[derive(Clone)]
struct Reader {
    read: Arc<Mutex<Vec<u8>>>,
    limit: usize,
    then: io::ErrorKind,
}

impl Reader {
    fn new(limit: usize, then: io::ErrorKind) -> Self {
        Self { read: Arc::default(), limit, then }
    }

    fn read(&self) -> Vec<u8> {
        self.read.lock().expect("not poisoned").clone()
    }

    /// An output of `format` that this reads, spooled or not.
    fn output(&self, format: Format) -> Output {
        let target = match format {
            Format::Parquet => {
                Target::Spool(tempfile::tempfile().expect("a file"), Box::new(self.clone()))
            }
            Format::Csv | Format::Jsonl | Format::Arrow => Target::Stream(Box::new(self.clone())),
        };
        let spec = OutputSpec { path: None, format, rejects: None, for_excel: false };
        Output::assemble(&spec, &INPUT.map(str::to_owned), &[], RUN, target, None)
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut read = self.read.lock().expect("not poisoned");
        if read.len() + bytes.len() > self.limit {
            return Err(self.then.into());
        }
        read.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_gets_the_bytes_a_file_would() {
    for (format, name) in [(Format::Csv, "out.csv"), (Format::Parquet, "out.parquet")] {
        let folder = Folder::new();
        let out = folder.path(name);
        write(&spec(&out), &[block()]);
        let reader = Reader::new(usize::MAX, io::ErrorKind::Other);
        let mut output = reader.output(format);
        output.write(&block()).expect("written");
        let written = output.commit().expect("committed");
        assert_eq!(written[0].path, "-");
        let files_alike =
            format == Format::Parquet || reader.read().len() as u64 == written[0].bytes;
        assert!(files_alike && !reader.read().is_empty());
        assert_eq!(reader.read().len(), usize::try_from(written[0].bytes).expect("small"));
    }
}

#[test]
fn a_stream_hears_nothing_of_an_output_that_is_given_up_unwritten() {
    for format in Format::ALL {
        let reader = Reader::new(usize::MAX, io::ErrorKind::Other);
        drop(reader.output(format));
        assert!(reader.read().is_empty());
    }
}

/// Writes until the error shows, on a later write or on the commit.
fn first_error(mut output: Output) -> Error {
    let block = Block { records: vec![full(); 500], input: vec![vec![None; 500], vec![None; 500]] };
    for _ in 0..20 {
        if let Err(error) = output.write(&block) {
            assert!(output.write(&block).is_err(), "an error is not forgotten");
            return error;
        }
    }
    output.commit().expect_err("the reader fails")
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for format in Format::ALL {
        let error = first_error(Reader::new(1000, io::ErrorKind::BrokenPipe).output(format));
        assert!(is_broken_pipe(&error), "{error}");
        assert_eq!(error.exit(), Exit::Success);
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    for format in Format::ALL {
        let error = first_error(Reader::new(1000, io::ErrorKind::StorageFull).output(format));
        assert!(!is_broken_pipe(&error));
        assert_eq!(error.exit(), Exit::Io);
        assert!(error.to_string().starts_with("no space left"), "{error}");
    }
}

// --- Locks ------------------------------------------------------------------------

#[test]
fn the_second_run_is_told_who_holds_the_output() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let held = OutputLock::acquire(&out, None).expect("free");
    let error = OutputLock::acquire(&out, None).expect_err("held");
    assert_eq!(error.exit(), Exit::Locked);
    assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
    assert!(OutputLock::acquire(&folder.path("other.csv"), None).is_ok());

    drop(held);
    assert!(OutputLock::acquire(&out, None).is_ok());
    assert!(folder.names().contains(&".out.csv.vinrich-lock".to_owned()), "the lock file stays");
}

#[test]
fn a_run_that_waits_gets_the_output_when_it_is_free() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let held = OutputLock::acquire(&out, None).expect("free");
    let waiting = std::thread::spawn({
        let out = out.clone();
        move || OutputLock::acquire(&out, Some(std::time::Duration::from_secs(30)))
    });
    drop(held);
    assert!(waiting.join().expect("no panic").is_ok());
}

#[test]
fn a_committed_output_does_not_lose_the_lock() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let _held = OutputLock::acquire(&out, None).expect("free");
    write(&spec(&out), &[block()]);
    assert!(OutputLock::acquire(&out, None).is_err());
}
