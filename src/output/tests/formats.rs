//! What each format says.

use std::fs::{self, File};
use std::path::Path;

use ::arrow::array::{Array, AsArray, RecordBatch};
use ::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, TimeUnit, TimestampMicrosecondType,
};
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::LogicalType;
use ::parquet::schema::types::ColumnDescPtr;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::streams::streamed;
use super::{Folder, INPUT, RUN, Table, answer, blank, block, full, spec, texts, write};
use crate::domain::facts::DecodeFacts;
use crate::domain::{Status, Timestamp};
use crate::output::names::{self, Naming};
use crate::output::record::{Block, DatasetAnswer};
use crate::output::schema::COLUMNS;
use crate::output::{Format, InputInfo, Output, OutputSpec};

/// The columns that a version of the schema brought, with their types.
fn shown_since(version: u32) -> String {
    let columns = COLUMNS.iter().filter(|column| column.since == version);
    let shown: Vec<String> =
        columns.map(|column| format!("{}: {}", column.name, column.type_name())).collect();
    shown.join("\n")
}

/// The contract on columns, word by word.
#[test]
fn the_columns_are_those_of_the_contract() {
    insta::assert_snapshot!(shown_since(1), @r"
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
fn columns_of_version_2_come_last() {
    assert!(COLUMNS.is_sorted_by_key(|column| column.since));
    insta::assert_snapshot!(shown_since(2), @r"
    recall_doubt: utf8
    recall_doubtful_campaigns: utf8
    recall_equipment_count: int32
    listing_days_on_market: int32
    listing_msrp: decimal(12,2)
    listing_stock_number: utf8
    listing_exterior_color: utf8
    listing_photo_url: utf8
    listing_sold_date: date
    comparable_price_p25: decimal(12,2)
    comparable_price_p75: decimal(12,2)
    wmi_extended: utf8
    vin_occurrences: int32
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
            _ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        };
        assert_eq!(column.data_type(), expected, "{}", column.name);
        assert!(!column.description.ends_with('.') && !column.description.contains('\n'));
    }
}

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
    assert!(text.ends_with(",\n"), "the rejected row has no vin_occurrences");
    assert!(!text.contains('\r'));
    assert!(text.contains(r#","Accord, ""EX""","#));
    assert!(text.contains("\n1hgcm82633a004352,=1+1,"));
}

#[test]
fn for_excel_guards_text_that_a_spreadsheet_would_run_and_nothing_else() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let guarded = [
        "=1",
        "+1",
        "-1+1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        "  =1",
        "\u{a0}=1",
        "\u{feff}@x",
        "\u{ff1d}1",
        "\u{ff0b}1",
        "\u{ff0d}A1",
        "\u{ff20}x",
        "-",
        "-1.",
        "-1,5",
        "=cmd|'/C calc'!A0",
    ];
    let plain = ["1-2", "a=b", "", " ", "-1", "-122.419", "é=1", "'=1"];
    let cells: Vec<&str> = guarded.into_iter().chain(plain).collect();
    let records = vec![full(); cells.len()];
    let block = Block { records, input: vec![texts(cells.iter().copied().map(Some)); 2] };
    write(&OutputSpec { for_excel: true, ..spec(&out) }, &[block]);
    let table = Table::read(&out);
    let written: Vec<&str> = (0..cells.len()).map(|row| table.cell(row, "Miles Driven")).collect();
    let expected: Vec<String> = guarded.iter().map(|cell| format!("'{cell}")).collect();
    assert_eq!(written[..guarded.len()], expected);
    assert_eq!(written[guarded.len()..], plain);
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
        let description = field.metadata().get("description").map(String::as_str);
        assert_eq!(description, Some(column.description));
    }
    let described = schema.field(1).metadata().get("description").map(String::as_str);
    assert_eq!(described, Some("column `Miles Driven` of the input"));

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
    assert_eq!(value("vinrich.schema_version"), Some("2"));
    assert_eq!(value("vinrich.version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(value("vinrich.run_id"), Some(RUN));
}

#[test]
fn columns_of_json_have_the_logical_type() {
    let folder = Folder::new();
    let out = folder.path("out.parquet");
    write(&spec(&out), &[block()]);
    let file = File::open(&out).expect("the file is there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet footer");
    let columns = reader.parquet_schema().columns();
    let of_type = |wanted: &LogicalType| -> Vec<&str> {
        let is_wanted = |column: &&ColumnDescPtr| column.logical_type_ref() == Some(wanted);
        columns.iter().filter(is_wanted).map(|column| column.name()).collect()
    };
    assert_eq!(
        of_type(&LogicalType::Json),
        [
            "decode_extra",
            "decode_conflicts",
            "input_conflicts",
            "recall_campaigns",
            "recall_doubtful_campaigns"
        ]
    );
    assert!(of_type(&LogicalType::String).contains(&"recall_doubt"));
}

#[test]
fn values_that_their_type_cannot_hold_become_null() {
    let mut record = full();
    let facts = DecodeFacts {
        base_price_usd: Some(1_000_000_000_000),
        engine_hp: Some(f64::NAN),
        ..DecodeFacts::default()
    };
    record.decode =
        DatasetAnswer { fetched_at: Some(Timestamp::MAX), ..answer(Status::Found, Some(facts)) };
    record.file = 99;
    let block = Block { records: vec![record], input: blank(1) };
    let row: Value =
        serde_json::from_slice(&streamed(Format::Jsonl, &block)).expect("one JSON object");
    for column in ["base_price_usd", "engine_hp", "decode_fetched_at", "source_file"] {
        assert_eq!(row[column], Value::Null, "{column}");
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
fn typed_columns_hold_their_original_names() {
    let folder = Folder::new();
    let columns = ["Odo", "Odo_2", "Пробег"].map(str::to_owned);
    let headers = ["Odo", "Odo", "Пробег"].map(str::to_owned);
    let input = InputInfo { columns: &columns, headers: &headers, ..InputInfo::default() };
    for (keep_names, expected) in
        [(false, ["odo", "odo_2", "probeg"]), (true, ["Odo", "Odo_2", "Пробег"])]
    {
        let out = folder.path("out.parquet");
        let spec = OutputSpec { keep_names, ..spec(&out) };
        let mut output = Output::create(&spec, input, RUN).expect("created");
        let renamed: Vec<_> =
            output.renamed().iter().map(|of| (&*of.header, &*of.column)).collect();
        let pairs = headers.iter().map(String::as_str).zip(expected);
        assert_eq!(renamed, pairs.filter(|(from, to)| from != to).collect::<Vec<_>>());
        let input = vec![texts([Some("1")]); 3];
        output.write(Block { records: vec![full()], input }).expect("written");
        output.commit().expect("committed");
        for ((field, name), header) in
            parquet_batch(&out).schema().fields().iter().zip(expected).zip(&headers)
        {
            assert_eq!((field.name().as_str(), &field.metadata()["original_name"]), (name, header));
        }
    }
}

#[test]
fn an_input_without_rows_gives_a_typed_output_without_rows() {
    for name in
        ["out.csv", "out.csv.gz", "out.tsv", "out.parquet", "out.arrow", "out.arrows", "out.jsonl"]
    {
        let folder = Folder::new();
        let out = folder.path(name);
        let written = write(&spec(&out), &[]);
        assert_eq!(written[0].rows, 0, "{name}");
        assert_eq!(folder.names(), [name]);
    }
    let folder = Folder::new();
    let out = folder.path("out.csv");
    write(&spec(&out), &[Block { records: vec![], input: blank(0) }]);
    assert_eq!(fs::read_to_string(&out).expect("UTF-8").lines().count(), 1);
}

proptest! {
    #[test]
    fn csv_gives_back_any_text(cells in prop::collection::vec(any::<String>(), 1..8)) {
        let input = texts(cells.iter().map(|cell| Some(cell.as_str())));
        let records = vec![full(); cells.len()];
        let bytes = streamed(Format::Csv, &Block { records, input: vec![input; 2] });
        let mut rows = ::csv::Reader::from_reader(bytes.as_slice());
        let read: Vec<String> =
            rows.records().map(|row| row.expect("well-formed CSV")[1].to_owned()).collect();
        prop_assert_eq!(read, cells);
    }

    #[test]
    fn jsonl_gives_back_any_text(cell in any::<String>()) {
        let input = vec![texts([Some(cell.as_str())]), texts([None])];
        let bytes = streamed(Format::Jsonl, &Block { records: vec![full()], input });
        let row: Value = serde_json::from_slice(&bytes).expect("one JSON object");
        prop_assert_eq!(&row["input_VIN"], &json!(cell));
    }

    #[test]
    fn any_header_gets_a_name_of_its_own(headers in prop::collection::vec("[vV\\PC]{0,3}|VIN|vin", 0..12)) {
        for format in Format::ALL {
            let naming = Naming::of(format, false);
            let ours: Vec<_> = COLUMNS.iter().collect();
            let names = names::input_names(naming, &headers, &ours);
            let ours = COLUMNS.iter().map(|column| column.name.to_owned());
            let all: Vec<String> = names.iter().cloned().chain(ours).collect();
            let distinct: std::collections::HashSet<&String> = all.iter().collect();
            prop_assert_eq!(distinct.len(), all.len());
            if naming == Naming::SnakeCase {
                prop_assert!(names.iter().all(|name| is_plain(name)), "{names:?}");
            }
        }
    }
}

/// A letter or `_`, then letters, digits and `_`, all lower case.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    name.bytes().all(plain) && name.starts_with(|c: char| !c.is_ascii_digit())
}

pub(super) fn parquet_batch(path: &Path) -> RecordBatch {
    let file = File::open(path).expect("the file is there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet footer");
    let mut batches = reader.build().expect("readable").map(|batch| batch.expect("readable"));
    batches.next().expect("at least one batch")
}
