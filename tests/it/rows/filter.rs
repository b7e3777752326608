//! The filter: an Arrow stream through stdin and stdout, batch by batch.

use std::fs::File;
use std::io::PipeWriter;
use std::process::{ChildStdout, Stdio};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use sha2::{Digest as _, Sha256};

use crate::support::Work;
use crate::support::command::{Ended, Running, Setup, vins};
use crate::support::vpic::data;

/// What every run of it says.
const FILTER: [&str; 10] = [
    "enrich",
    "-",
    "-o",
    "-",
    "--input-format",
    "arrow",
    "--format",
    "arrow",
    "--offline",
    "--source-name",
];

/// Decodes and listings that were bought before.
const KNOWN: [&str; 5] =
    ["lake/7", "--with=decode,listings", "--decode=carvin", "--listings=visor", "--vin-column=vin"];

/// Rows of a unit number, a VIN and a day.
fn batch(vins: &[String]) -> RecordBatch {
    let units = (1..).take(vins.len()).map(|unit| if unit % 3 == 0 { None } else { Some(unit) });
    let days = (0..vins.len()).map(|day| i32::try_from(day).ok());
    let columns: [(&str, ArrayRef, bool); 3] = [
        ("Unit", Arc::new(units.collect::<Int32Array>()), true),
        ("vin", Arc::new(StringArray::from_iter_values(vins)), true),
        ("In Service", Arc::new(days.collect::<Date32Array>()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

/// Some rows of many kinds: twins, and what is no VIN.
fn batches() -> Vec<RecordBatch> {
    let mut rows = vins(50);
    rows.extend(vins(7));
    rows.extend(["", "not a VIN", "1HGCM82633A004353"].map(str::to_owned));
    rows.chunks(11).map(batch).collect()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("written");
    }
    writer.finish().expect("finished");
    writer.into_inner().expect("the bytes")
}

fn read(bytes: &[u8]) -> RecordBatch {
    let reader = StreamReader::try_new(bytes, None).expect("a stream");
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("batches");
    concat_batches(&schema, &batches).expect("one schema")
}

/// A work folder whose store knows the VINs.
fn work() -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(60));
    work.vinrich(&["enrich", "vins.csv", "-o", "bought.csv", "--with", "decode,listings"]).exits(0);
    work
}

fn filter(work: &Work, words: &[&str], bytes: &[u8]) -> Ended {
    work.vinrich_reading(&[&FILTER[..], words].concat(), bytes)
}

/// The JSON in the last line of stderr.
fn counts(ended: &Ended) -> serde_json::Value {
    let last = ended.stderr.lines().last().expect("a line");
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
}

fn hex_of(bytes: &[u8]) -> String {
    let nibbles = Sha256::digest(bytes);
    let nibbles = nibbles.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

/// Whether a stream says that it is whole.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
}

/// Runs it between two pipes.
fn between_pipes(work: &Work, words: &[&str]) -> (Running, PipeWriter, ChildStdout) {
    let (input, to_child) = std::io::pipe().expect("a pipe");
    let mut command = work.command(&[&FILTER[..], words].concat());
    // It keeps nothing in a temporary file.
    command.env("TMPDIR", work.path("no-such-folder"));
    let mut running = Running::start_with_stdout(command.stdin(input), Stdio::piped());
    let output = running.take_stdout();
    (running, to_child, output)
}

#[test]
fn each_batch_leaves_before_the_next_comes() {
    let work = work();
    let (running, to_child, from_child) = between_pipes(&work, &KNOWN);
    let rows = batch(&vins(50));
    let mut writer = StreamWriter::try_new(to_child, &rows.schema()).expect("a writer");
    let mut reader = None;
    let mut from_child = Some(from_child);
    let mut seen = 0;
    for _ in 0..200 {
        writer.write(&rows).and_then(|()| writer.flush()).expect("it is read");
        let reader = reader.get_or_insert_with(|| {
            let output = from_child.take().expect("its output");
            StreamReader::try_new(output, None).expect("a stream")
        });
        seen += reader.next().expect("a batch").expect("sound").num_rows();
    }
    writer.finish().expect("finished");
    assert!(reader.expect("a reader").next().is_none(), "nothing follows");
    let ended = running.end().exits(0);
    assert_eq!(seen, 200 * 50);
    assert_eq!(counts(&ended)["rows"]["written"], 200 * 50);
}

#[test]
fn a_filter_writes_what_two_passes_write() {
    let work = work();
    let mut words =
        vec!["--with", "decode,listings", "--vin-column", "vin", "--source-name", "lake/7"];
    if let Some(data) = data() {
        let tables = format!("[vendors.vpic]\ndata = '{}'\n", data.display());
        work.configure(&Setup { tables: &tables, ..Setup::default() });
    } else {
        words.extend(["--decode", "carvin"]);
    }
    assert_as_two_passes(&work, &words, &batches());
}

/// So many rows of two batches that answers of the second are read ahead of its rows.
#[test]
fn answers_read_ahead_are_those_of_their_rows() {
    let work = Work::configured(&[]);
    let vins = vins(2000);
    work.write_vins(&vins);
    work.vinrich(&["enrich", "vins.csv", "-o", "bought.csv", "--with", "listings"]).exits(0);
    // More than the 256 of a batch that make it worth while.
    let bodies = work.number("SELECT count(*) FROM bodies");
    assert!(bodies > 600, "{bodies}");
    let words =
        ["--with", "listings", "--vin-column", "vin", "--source-name", "lake/7", "--keep", "Unit"];
    let batches: Vec<RecordBatch> = vins.chunks(1000).map(batch).collect();
    assert_as_two_passes(&work, &words, &batches);
}

/// Rows that pass through are those that two passes write.
fn assert_as_two_passes(work: &Work, words: &[&str], batches: &[RecordBatch]) {
    let bytes = stream(batches);
    std::fs::write(work.path("in.arrows"), &bytes).expect("written");
    let two = [&["enrich", "in.arrows", "-o", "out.arrows", "--offline"], words].concat();
    work.vinrich(&two).exits(0);
    let expected = read(&std::fs::read(work.path("out.arrows")).expect("the output"));
    let filter = [
        &["enrich", "-", "-o", "-", "--input-format", "arrow", "--format", "arrow", "--offline"],
        words,
    ]
    .concat();
    let ended = work.vinrich_reading(&filter, &bytes).exits(0);
    let got = read(&ended.stdout);
    assert!(is_whole(&ended.stdout));
    assert_eq!(got.num_rows(), expected.num_rows());
    for (field, cells) in expected.schema().fields().iter().zip(expected.columns()) {
        let name = field.name();
        let seen = got.column_by_name(name).unwrap_or_else(|| panic!("no `{name}`"));
        match name.as_str() {
            // Rows to come may have the VIN too; and the file has another name.
            "vin_occurrences" => assert_eq!(seen.null_count(), seen.len()),
            "source_file" => {}
            _ => assert_eq!(seen, cells, "{name}"),
        }
    }
    assert_eq!(got.schema().field(0).data_type(), &DataType::Int32, "the user's types");
}

#[test]
fn counts_are_one_line_of_json() {
    let work = work();
    let runs = || work.number("SELECT count(*) FROM runs");
    let before = runs();
    let bytes = stream(&batches());
    for quiet in [&[][..], &["--quiet"], &["--log-format", "json"]] {
        let words = [&KNOWN[..], quiet, &["--rejects", "bad.csv", "--allow-empty"]].concat();
        let ended = filter(&work, &words, &bytes).exits(0);
        let counts = counts(&ended);
        assert_eq!((&counts["exit_code"], &counts["outcome"]), (&0.into(), &"success".into()));
        let rows = &counts["rows"];
        assert_eq!(
            (&rows["read"], &rows["written"], &rows["diverted"]),
            (&60.into(), &58.into(), &2.into())
        );
        assert_eq!(rows["distinct_vins"], serde_json::Value::Null);
        assert_eq!(rows["rejected"]["empty"], 1);
        assert_eq!(read(&ended.stdout).num_rows(), 58);
        assert_eq!(work.read("bad.csv").lines().count(), 3);
    }
    assert_eq!(runs(), before, "the store is only read");
    let report = [&KNOWN[..], &["--report", "run.json"]].concat();
    filter(&work, &report, &bytes).exits(0);
    let input = &work.json("run.json")["inputs"][0];
    assert_eq!((&input["rows"], &input["bytes"]), (&60.into(), &bytes.len().into()));
    assert_eq!(input["sha256"], hex_of(&bytes));
}

/// Fails with 65; what went out before is not called whole.
#[track_caller]
fn is_refused(work: &Work, bytes: &[u8], says: &str) {
    let ended = filter(work, &KNOWN, bytes).exits(65).says(&["error: ", "hint: ", says]);
    assert!(!is_whole(&ended.stdout), "{says}");
}

#[test]
fn a_stream_that_was_cut_is_never_whole() {
    let work = work();
    let whole = stream(&batches());
    let last = stream(&batches()[..5]);
    is_refused(&work, &whole[..whole.len() - 8], "its end is not marked");
    is_refused(&work, &whole[..whole.len() - 4], "its end is not marked");
    is_refused(&work, &last[..last.len() - 8], "its end is not marked");
    is_refused(&work, &whole[..last.len() + 200], "not all there");
    is_refused(&work, &whole[..whole.len() / 2], "not all there");
    is_refused(&work, &[], "its end is not marked");
    is_refused(&work, b"vin\n1HGCM82633A004352\n", "longer than any is");
}

#[test]
fn an_empty_stream_is_an_empty_table() {
    let work = work();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch(&[]).schema()).expect("a writer");
    writer.finish().expect("finished");
    let ended = filter(&work, &KNOWN, &writer.into_inner().expect("bytes")).exits(0);
    let table = read(&ended.stdout);
    assert!(table.num_rows() == 0 && table.column_by_name("make").is_some());
    assert!(is_whole(&ended.stdout));
}

#[test]
fn an_arrow_file_is_not_a_stream() {
    let work = work();
    let rows = batch(&vins(3));
    let mut writer = FileWriter::try_new(Vec::new(), &rows.schema()).expect("a writer");
    writer.write(&rows).and_then(|()| writer.finish()).expect("written");
    let file = writer.into_inner().expect("bytes");
    is_refused(&work, &file, "it is an Arrow file");
    let words = ["enrich", "-", "-o", "-", "--format", "arrow", "--offline", "--with", "decode"];
    work.vinrich_reading(&words, &file).exits(0);
}

#[test]
fn what_needs_every_row_first_is_refused() {
    let work = work();
    let bytes = stream(&batches());
    for words in [
        &["--max-rejected", "3"][..],
        &["--require-rows"],
        &["--row-key", "vin"],
        &["--columns", "vin,vin_occurrences"],
        &["--ping", "https://127.0.0.1:9/x"],
    ] {
        let ended = filter(&work, &[&KNOWN[..], words].concat(), &bytes).exits(64);
        assert!(
            ended.stdout.is_empty() && ended.stderr.contains("hint: leave"),
            "{}",
            ended.stderr
        );
    }
    filter(&work, &[&KNOWN[..], &["--sandbox"]].concat(), &bytes).exits(64);
    assert_eq!(work.calls("batch-decode"), 3, "only what was bought before");
}

#[test]
fn zeros_count_wherever_their_vin_is() {
    let work = Work::configured(&[]);
    let fleet = work.part_of_fleet(3).display().to_string();
    let of = ["--with=decode,recalls", "--decode=carvin", "--recalls=carvin"];
    let bought =
        [&["enrich", &fleet, "-o", "bought.arrows", "--source-name", "x"], &of[..]].concat();
    work.vinrich(&bought).exits(0);
    let bought = read(&std::fs::read(work.path("bought.arrows")).expect("the output"));
    let texts = |table: &RecordBatch, name: &str| {
        let column = table.column_by_name(name).expect("a column");
        cast(column, &DataType::Utf8).expect("text")
    };
    let zeros = texts(&bought, "recalls_status");
    let zeros = zeros.as_string::<i32>().iter().filter(|status| *status == Some("absent"));
    assert!(zeros.count() > 0, "some vehicle has none");
    // Rows that are alike are in different batches.
    let vins = bought.project(&[bought.schema().index_of("input_vin").expect("the user's VINs")]);
    let vins = vins.expect("a column");
    let few: Vec<RecordBatch> = (0..vins.num_rows()).map(|row| vins.slice(row, 1)).collect();
    let words = [&["x", "--vin-column", "input_vin"], &of[..]].concat();
    let ended = filter(&work, &words, &stream(&few)).exits(0);
    let got = read(&ended.stdout);
    for name in ["recalls_status", "recall_campaign_count", "recall_match_basis", "recalls_error"] {
        assert_eq!(&texts(&got, name), &texts(&bought, name), "{name}");
    }
}

#[test]
fn what_a_worker_lacks_is_an_error() {
    let work = work();
    let bytes = stream(&batches());
    let store = [&KNOWN[..], &["--store", "snapshot.db"]].concat();
    filter(&work, &store, &bytes).exits(78).says(&["no store at `snapshot.db`", "store snapshot"]);
    let two_passes = ["enrich", "vins.csv", "-o", "o.csv", "--offline", "--store", "snapshot.db"];
    work.vinrich(&two_passes).exits(78).says(&["no store at `snapshot.db`"]);
    assert!(!work.path("snapshot.db").exists());
    let mut nowhere = work.command(&[&FILTER[..], &KNOWN].concat());
    let input = work.write("in.arrows", "");
    std::fs::write(&input, &bytes).expect("written");
    nowhere.env("VINRICH_STORE", input.join("none.db")).stdin(File::open(&input).expect("a file"));
    let ended = Running::start(&mut nowhere).end().exits(0);
    assert_eq!(counts(&ended)["datasets"]["decode"]["pending"], 58, "no store is wanted");
    let ended = filter(&work, &["lake/7", "--with", "decode", "--decode", "carvin,vpic"], &bytes);
    ended.exits(78).says(&["the offline decoder has no data", "vinrich vpic install"]);
}

/// The round of an engine: its rows pass through, one run buys what they lack, as its quota
/// allows, and what was bought is joined back.
#[test]
fn what_was_bought_joins_back() {
    let work = Work::with_faults(&[]);
    work.configure(&Setup { carvin: "quotas = ['2/1d']", ..Setup::default() });
    let lake = stream(&batches());
    let input = work.write("in.arrows", "");
    std::fs::write(&input, &lake).expect("written");
    let words = ["lake/7", "--with=decode", "--decode=carvin", "--vin-column=vin"];
    let mut nowhere = work.command(&[&FILTER[..], &words].concat());
    nowhere.env("VINRICH_STORE", input.join("none.db")).stdin(File::open(&input).expect("a file"));
    let ended = Running::start(&mut nowhere).end().exits(0);
    let rows = read(&ended.stdout);
    let wanted = rows.column_by_name("vin").expect("ours").as_string::<i32>();
    let mut wanted: Vec<&str> = wanted.iter().flatten().collect();
    wanted.sort_unstable();
    wanted.dedup();
    assert_eq!(wanted.len(), 51);
    work.write("wanted.csv", &format!("vin\n{}\n", wanted.join("\n")));
    let buy = ["enrich", "wanted.csv", "-o", "bought.csv", "--with=decode", "--decode=carvin"];
    work.vinrich(&buy).exits(75);
    assert_eq!(work.calls("batch-decode"), 2, "the quota holds");
    work.configure(&Setup { carvin: "quotas = []", ..Setup::default() });
    work.vinrich(&buy).exits(0);
    assert_eq!(work.calls("batch-decode"), 3, "nothing is asked twice");
    work.vinrich(&["store", "snapshot", "bought.db"]).exits(0);
    let ended = filter(&work, &[&words[..], &["--store=bought.db"]].concat(), &lake).exits(0);
    let decoded = counts(&ended)["datasets"]["decode"].clone();
    let answers = ["found", "absent"].map(|word| decoded[word].as_u64().unwrap_or(0));
    assert_eq!(answers.iter().sum::<u64>(), 58, "every row with a VIN: {decoded}");
}

#[cfg(unix)]
#[test]
fn a_stop_ends_it_while_it_waits_for_rows() {
    let work = work();
    let (running, to_child, from_child) = between_pipes(&work, &KNOWN);
    let rows = batch(&vins(5));
    let mut writer = StreamWriter::try_new(to_child, &rows.schema()).expect("a writer");
    writer.write(&rows).and_then(|()| writer.flush()).expect("it is read");
    let mut reader = StreamReader::try_new(from_child, None).expect("a stream");
    assert_eq!(reader.next().expect("a batch").expect("sound").num_rows(), 5);
    running.signal("TERM");
    running.end().exits(143).says(&["no output was finished"]);
}
