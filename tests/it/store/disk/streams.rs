//! Standard streams that are full, closed, or left by their reader.

use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};

use super::work_with;
use crate::support::command::trace::under;
use crate::support::command::{DECODE, Running};
use crate::support::{Work, csv_rows};

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full")
}

#[track_caller]
fn fails_on_full_stdout(work: &Work, words: &[&str]) {
    let ended = Running::start_with_stdout(&mut work.command(words), full()).end();
    assert_eq!(ended.code, Some(74), "{words:?}: {}", ended.stderr);
}

#[test]
fn rows_refused_by_stdout_are_a_failure() {
    let work = work_with(100, &[]);
    for format in ["csv", "jsonl", "arrow", "parquet"] {
        let words = ["enrich", "vins.csv", "-o", "-", "--with", "decode", "--format", format];
        fails_on_full_stdout(&work, &words);
        fails_on_full_stdout(&work, &[&words[..], &["--quiet"]].concat());
    }
    assert_eq!(work.calls("batch-decode"), 5, "what was paid for is kept");
    let runs = work.vinrich(&["runs", "list"]).exits(0);
    assert_eq!(runs.stdout().matches("exit 74").count(), 8, "{}", runs.stdout());
    // A single row fits in any buffer: only a flush tells.
    work.write("vins.csv", "vin\n");
    fails_on_full_stdout(&work, &["enrich", "vins.csv", "-o", "-", "--with", "decode", "--quiet"]);
}

#[test]
fn text_refused_by_stdout_is_a_failure() {
    let work = work_with(1, &[]);
    work.vinrich(&DECODE).exits(0);
    for words in [
        &["plan", "vins.csv"][..],
        &["validate", "vins.csv"],
        &["runs", "list"],
        &["cache", "stats"],
        &["quota"],
        &["schema"],
        &["store", "backup", "b.db"],
        &["store", "restore", "b.db"],
        &["--help"],
        &["--version"],
    ] {
        fails_on_full_stdout(&work, words);
    }
}

#[test]
fn a_device_is_no_place_for_an_output() {
    let work = work_with(1, &[]);
    work.vinrich(&["enrich", "vins.csv", "-o", "/dev/full", "--with", "decode", "--format", "csv"])
        .exits(73)
        .says(&["no regular file", "hint: "]);
    assert!(work.sandbox.log().is_empty());
}

#[test]
fn nobody_to_tell_is_no_reason_to_fail() {
    let expected = {
        let work = work_with(40, &[]);
        work.vinrich(&DECODE).exits(0);
        values(&work)
    };
    for (stdin, how) in [("", "2>/dev/full"), ("", "2>&-"), ("0<&-", "1>&- 2>&-")] {
        let work = work_with(40, &[]);
        let script = format!("exec \"$0\" \"$@\" {stdin} {how}");
        for format in ["text", "json"] {
            let words = [&DECODE[..], &["--log-format", format]].concat();
            let command = &mut under(&["sh", "-c", &script], &work.command(&words));
            Running::start(command).end().exits(0);
        }
        assert_eq!(values(&work), expected, "{how}");
        let words = ["enrich", "missing.csv", "-o", "out.csv"];
        Running::start(&mut under(&["sh", "-c", &script], &work.command(&words))).end().exits(66);
    }
}

fn values(work: &Work) -> Vec<String> {
    csv_rows(&work.read("out.csv")).iter().map(|row| row["model"].clone()).collect()
}

#[test]
fn a_closed_stderr_does_not_end_the_run() {
    let work = work_with(100, &["latency=20ms"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command: Command = work.command(&DECODE);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).status();
    assert_eq!(status.expect("it starts").code(), Some(0));
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 100);
}

#[test]
fn a_reader_who_leaves_is_not_a_failure() {
    let work = work_with(200, &[]);
    for format in ["csv", "jsonl", "arrow", "parquet"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let words =
            ["enrich", "vins.csv", "-o", "-", "--with", "decode", "--quiet", "--format", format];
        let ended = Running::start_with_stdout(&mut work.command(&words), writer).end().exits(0);
        assert_eq!(ended.stderr, "", "it ends quietly");
    }
    assert_eq!(work.calls("batch-decode"), 10, "and what was asked is kept");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    Running::start_with_stdout(&mut work.command(&["schema"]), writer).end().exits(0);
}
