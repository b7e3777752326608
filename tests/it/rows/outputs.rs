//! Outputs: the same values in every format, and the files beside them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::support::command::{Setup, vins};
use crate::support::{Work, csv_rows, sample};

/// Rows by column; a column that is null is left out.
type Rows = Vec<BTreeMap<String, String>>;

/// A table read back: its columns in order and its rows.
struct Table {
    columns: Vec<String>,
    rows: Rows,
}

fn enriched(work: &Work, out: &str) -> Table {
    let fleet = work.part_of_fleet(3).display().to_string();
    work.vinrich(&["enrich", &fleet, "-o", out]).exits(0);
    let path = work.path(out);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => of_batches(&read_parquet(&path)),
        Some("arrow") => {
            let file = File::open(&path).expect("the output");
            let reader = arrow::ipc::reader::FileReader::try_new(file, None).expect("a file");
            of_batches(&reader.collect::<Result<Vec<_>, _>>().expect("batches"))
        }
        Some("arrows") => {
            let file = File::open(&path).expect("the output");
            let reader = arrow::ipc::reader::StreamReader::try_new(file, None).expect("a stream");
            of_batches(&reader.collect::<Result<Vec<_>, _>>().expect("batches"))
        }
        Some("jsonl") => of_json(&work.read(out)),
        _ => {
            let text = work.read(out);
            let columns =
                text.lines().next().expect("a header").split(',').map(str::to_owned).collect();
            let mut rows = csv_rows(&text);
            for row in &mut rows {
                row.retain(|_, value| !value.is_empty());
            }
            Table { columns, rows }
        }
    }
}

/// The rows of a Parquet file.
pub(crate) fn parquet_rows(path: &Path) -> Rows {
    of_batches(&read_parquet(path)).rows
}

fn read_parquet(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).expect("the output");
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    reader.collect::<Result<_, _>>().expect("batches")
}

fn of_batches(batches: &[RecordBatch]) -> Table {
    let columns = batches[0].schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut rows = Rows::new();
    for batch in batches {
        let options = FormatOptions::new();
        let schema = batch.schema();
        let columns: Vec<ArrayRef> = batch.columns().iter().map(printable).collect();
        let cells: Vec<_> = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).expect("printable"))
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            let held =
                (0..batch.num_columns()).filter(|&column| batch.column(column).is_valid(row));
            held.map(|column| {
                (schema.field(column).name().clone(), cells[column].value(row).to_string())
            })
            .collect()
        }));
    }
    Table { columns, rows }
}

/// Times in a form that is printed without a time zone database.
pub(crate) fn printable(column: &ArrayRef) -> ArrayRef {
    match column.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(moments) => Arc::new(moments.clone().with_timezone("+00:00")),
        None => Arc::clone(column),
    }
}

fn of_json(text: &str) -> Table {
    let objects: Vec<serde_json::Map<String, serde_json::Value>> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let text_of = |value: &serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let row = |object: &serde_json::Map<_, _>| {
        object
            .iter()
            .filter_map(|(name, value)| Some((String::clone(name), text_of(value)?)))
            .collect()
    };
    Table { columns: Vec::new(), rows: objects.iter().map(row).collect() }
}

/// `input_VIN` and `In Service` as Parquet and Arrow name them.
fn warehouse_name(column: &str) -> String {
    column.to_lowercase().replace(' ', "_")
}

/// `2.0` and `2` are the same number, and a moment may have fewer decimals;
/// text stays as it is.
fn same(a: &str, b: &str) -> bool {
    let numbers = || Some((a.parse::<f64>().ok()?, b.parse::<f64>().ok()?));
    let moments = || Some((a.parse::<jiff::Timestamp>().ok()?, b.parse::<jiff::Timestamp>().ok()?));
    a == b
        || numbers().is_some_and(|(a, b)| (a - b).abs() < 1e-9)
        || moments().is_some_and(|(a, b)| a == b)
}

#[track_caller]
fn assert_same(expected: &Rows, got: &Rows, rename: impl Fn(&str) -> String) {
    assert_eq!(expected.len(), got.len());
    for (place, (expected, got)) in expected.iter().zip(got).enumerate() {
        let expected: BTreeMap<String, &String> =
            expected.iter().map(|(name, value)| (rename(name), value)).collect();
        let names = |row: &mut dyn Iterator<Item = &String>| row.cloned().collect::<Vec<_>>();
        assert_eq!(names(&mut expected.keys()), names(&mut got.keys()), "row {place}");
        for (name, value) in expected {
            assert!(same(value, &got[&name]), "row {place}, {name}: `{value}`, `{}`", got[&name]);
        }
    }
}

#[test]
fn every_format_holds_the_same_values() {
    let work = Work::configured(&[]);
    let csv = enriched(&work, "out.csv");
    let calls = work.sandbox.log().len();
    assert_eq!(csv.rows.len(), csv_rows(&work.read("fleet.csv")).len());
    assert_same(&csv.rows, &enriched(&work, "out.parquet").rows, warehouse_name);
    assert_same(&csv.rows, &enriched(&work, "out.arrow").rows, warehouse_name);
    assert_same(&csv.rows, &enriched(&work, "out.arrows").rows, warehouse_name);
    assert_same(&csv.rows, &enriched(&work, "out.jsonl").rows, str::to_owned);
    assert_eq!(work.sandbox.log().len(), calls, "formats cost no calls");
}

#[test]
fn the_inputs_columns_come_before_the_schemas() {
    let work = Work::configured(&[]);
    let schema = work.vinrich(&["schema", "--format", "json"]).exits(0);
    let schema = schema.json();
    let ours: Vec<&str> = schema["columns"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| c["name"].as_str().expect("a name"))
        .collect();
    let theirs = ["Unit", "input_VIN", "Plate", "Odometer", "In Service"];
    let expected = |rename: fn(&str) -> String| -> Vec<String> {
        theirs
            .iter()
            .map(|name| rename(name))
            .chain(ours.iter().map(|name| (*name).into()))
            .collect()
    };
    assert_eq!(enriched(&work, "out.csv").columns, expected(str::to_owned));
    assert_eq!(enriched(&work, "out.parquet").columns, expected(warehouse_name));
    assert_eq!(enriched(&work, "out.arrow").columns, expected(warehouse_name));
}

#[test]
fn parquet_has_plain_types_and_its_writer() {
    let work = Work::configured(&[]);
    enriched(&work, "out.parquet");
    let file = File::open(work.path("out.parquet")).expect("the output");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let pairs = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let value =
        |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    let report = work.report("out.parquet");
    assert_eq!(value("vinrich.run_id").as_deref(), report["run_id"].as_str());
    assert_eq!(value("vinrich.schema_version").as_deref(), Some("2"));
    for field in reader.schema().fields() {
        assert!(field.is_nullable(), "{field}");
        let kind = field.data_type().to_string();
        let plain = ["Utf8", "Boolean", "Int32", "Int64", "Float64", "Date32", "Decimal128(12, 2)"];
        assert!(plain.contains(&kind.as_str()) || kind.starts_with("Timestamp(µs"), "{kind}");
    }
}

#[test]
fn the_report_hashes_inputs_and_outputs() {
    let work = Work::configured(&[]);
    let fleet = sample("fleet.csv");
    let name = fleet.display().to_string();
    work.vinrich(&["enrich", &name, "-o", "out.csv", "--rejects", "bad.csv"]).exits(0);
    let report = work.report("out.csv");
    let hash = |path: &Path| {
        let digest = Sha256::digest(std::fs::read(path).expect("a file"));
        let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect::<String>()
    };
    assert_eq!(report["inputs"][0]["sha256"].as_str(), Some(hash(&fleet).as_str()));
    let outputs = report["outputs"].as_array().expect("a list");
    let paths: Vec<_> =
        outputs.iter().map(|output| output["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, ["bad.csv", "out.csv"], "in the order they were put in place");
    for output in outputs {
        let path = work.path(output["path"].as_str().expect("a path"));
        assert_eq!(output["sha256"].as_str(), Some(hash(&path).as_str()));
        assert_eq!(output["bytes"].as_u64(), Some(path.metadata().expect("a file").len()));
    }
    assert_eq!((&report["exit_code"], &report["outcome"]), (&0.into(), &"success".into()));
    for time in ["started_at", "ended_at"] {
        report[time].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339");
    }
    let carvin = &report["vendors"]["carvin"];
    let calls: u64 =
        work.sandbox.log().iter().filter(|call| call.vendor == "carvin").count() as u64;
    assert_eq!((&carvin["attempted"], &carvin["ok"]), (&calls.into(), &calls.into()));
}

#[test]
fn rejects_and_rows_add_up_to_the_input() {
    let work = Work::configured(&[]);
    let fleet = work.part_of_fleet(3).display().to_string();
    work.vinrich(&["enrich", &fleet, "-o", "all.csv"]).exits(0);
    work.vinrich(&["enrich", &fleet, "-o", "out.csv", "--rejects", "bad.csv"]).exits(0);
    let [all, out, bad] = ["all.csv", "out.csv", "bad.csv"].map(|name| csv_rows(&work.read(name)));
    assert!(!bad.is_empty() && bad.iter().all(|row| !row["vin_error"].is_empty()));
    assert!(out.iter().all(|row| row["vin_status"] != "rejected"));
    let row = |row: &BTreeMap<String, String>| row["source_row"].parse::<u64>().expect("a number");
    let mut both: Vec<u64> = out.iter().chain(&bad).map(row).collect();
    assert!(out.is_sorted_by_key(row) && bad.is_sorted_by_key(row));
    both.sort_unstable();
    assert_eq!(both, all.iter().map(row).collect::<Vec<_>>());
    let report = work.report("out.csv");
    assert_eq!(report["rows"]["written"].as_u64(), Some(out.len() as u64));
    assert_eq!(report["rows"]["diverted"].as_u64(), Some(bad.len() as u64));
}

#[test]
fn an_incomplete_run_can_keep_the_old_file() {
    let work = Work::configured(&[]);
    let words =
        ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode", "--on-incomplete", "keep"];
    work.write_vins(&vins(5));
    work.vinrich(&words).exits(0);
    let old = work.read("out.csv");
    work.write_vins(&vins(50));
    work.configure(&Setup { carvin: "quotas = ['2/day']", ..Setup::default() });
    work.vinrich(&words).exits(75).says(&[
        "50 rows in, nothing written",
        "incomplete by 25 lookups, as a quota is used up: decode 25 quota",
        "the old output is kept; `--offline -o FILE` writes what is known now",
    ]);
    assert_eq!(work.read("out.csv"), old);
    work.vinrich(&[&words[..], &["--partial", "part.csv"]].concat()).exits(75);
    assert_eq!(work.read("out.csv"), old);
    let partial = csv_rows(&work.read("part.csv"));
    assert_eq!(partial.len(), 50);
    assert!(partial.iter().any(|row| row["decode_status"] == "pending"));
    work.configure(&Setup::default());
    work.vinrich(&words).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 50);
}

#[test]
fn the_report_goes_where_it_is_told() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    work.vinrich(&["enrich", "vins.csv", "-o", "-", "--with", "decode", "--report", "run.json"])
        .exits(0);
    assert_eq!(work.json("run.json")["rows"]["written"], 1);
    work.vinrich(&[
        "enrich", "vins.csv", "-o", "out.csv", "--with", "decode", "--report", "r.json",
    ])
    .exits(0);
    assert_eq!(work.json("r.json"), work.report("out.csv"), "the store has the same");
}

#[test]
fn only_the_columns_kept_are_carried_through() {
    let work = Work::configured(&[]);
    let fleet = work.part_of_fleet(3).display().to_string();
    work.vinrich(&["enrich", &fleet, "-o", "out.csv", "--with", "decode", "--keep", "plate,Unit"])
        .exits(0);
    assert!(work.read("out.csv").starts_with("Plate,Unit,row_id,vin,"));
    let wrong = ["enrich", &fleet, "-o", "out.csv", "--keep", "Plates"];
    work.vinrich(&wrong).exits(64).says(&["did you mean `Plate`"]);
}

#[test]
fn headers_of_any_script_reach_the_warehouse() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    work.write("fleet.csv", &format!("VIN,Пробег,Odo,Odo,車牌\n{vin},7,8,9,x\n"));
    let words = ["enrich", "fleet.csv", "-o", "out.parquet", "--with", "decode"];
    work.vinrich(&[&words[..], &["--report", "r.json"]].concat()).exits(0);
    let rows = parquet_rows(&work.path("out.parquet"));
    let cells =
        ["input_vin", "probeg", "odo", "odo_2", "che_pai"].map(|name| rows[0][name].as_str());
    assert_eq!(cells, [vin, "7", "8", "9", "x"]);
    let renamed = &work.json("r.json")["renamed_columns"];
    assert_eq!(renamed[1], serde_json::json!({"header": "Пробег", "column": "probeg"}));
    assert_eq!(renamed[3], serde_json::json!({"header": "Odo", "column": "odo_2"}));

    work.vinrich(&[&words[..], &["--report", "r.json", "--keep-names"]].concat()).exits(0);
    let rows = parquet_rows(&work.path("out.parquet"));
    assert_eq!((rows[0]["Пробег"].as_str(), rows[0]["input_VIN"].as_str()), ("7", vin.as_str()));
}

#[test]
fn a_fleet_goes_to_excel_and_back() {
    let work = Work::configured(&[]);
    work.write("fleet.csv", &format!("VIN;Größe\n{};12,5\nnot a vin;=1+1\n", vins(1)[0]));
    let words =
        ["enrich", "fleet.csv", "-o", "out.csv", "--rejects", "bad.csv", "--with", "decode"];
    let excel = ["--for-excel", "--output-delimiter", ";"];
    work.vinrich(&[&words[..], &excel].concat()).exits(0);
    assert!(work.read("out.csv").starts_with("\u{feff}input_VIN;Größe;row_id;vin;"));
    assert!(work.read("bad.csv").contains("\nnot a vin;'=1+1;"), "{}", work.read("bad.csv"));
    work.vinrich(&["enrich", "out.csv", "-o", "again.csv.gz", "--vin-column", "vin"]).exits(0);
    let packed = File::open(work.path("again.csv.gz")).expect("the output");
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(packed)).expect("gzip");
    assert_eq!(csv_rows(&text)[0]["Größe"], "12,5");
}
