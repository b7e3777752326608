//! Inputs made to fill the memory: capped, told, and no row but theirs is lost.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::column;
use crate::support::command::memory::{stays_small, watched};
use crate::support::command::{Ended, Running, vins};
use crate::support::{Work, csv_rows, is_long_form};

/// Writes `start`, so many of `piece`, and `end`.
fn write(path: &Path, start: &str, piece: &str, times: usize, end: &str) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    file.write_all(start.as_bytes()).expect("room");
    let block = piece.repeat(1 << 12);
    for _ in 0..times >> 12 {
        file.write_all(block.as_bytes()).expect("room");
    }
    file.write_all(end.as_bytes()).and_then(|()| file.flush()).expect("room");
}

/// `vinrich enrich in.csv`, and the memory it took.
fn enrich(work: &Work) -> (Ended, u64) {
    let words = ["enrich", "in.csv", "-o", "out.csv", "--with", "decode"];
    let (ended, peak) = watched(Running::start(&mut work.command(&words)));
    (ended, peak.unwrap_or_default())
}

#[test]
fn giant_fields_rows_and_headers_take_little_memory() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    work.write("in.csv", &format!("VIN,Note\n{vin},small\n"));
    let (ended, small) = enrich(&work);
    ended.exits(0);
    let check = |name: &str, code: i32, words: &[&str]| {
        let (ended, peak) = enrich(&work);
        ended.exits(code).says(words);
        stays_small(name, peak, small);
    };
    let after = format!("\n{vin},last\n");
    let errors = |expected: [&str; 2]| {
        let rows = csv_rows(&work.read("out.csv"));
        assert_eq!(column(&rows, "vin_error"), expected);
        assert_eq!(rows[1]["Note"], "last", "the rest goes on");
    };
    let path = work.path("in.csv");

    // More than `stays_small` allows; in the long form more than a vendor's export has.
    let size = if is_long_form() { 100 << 20 } else { 72 << 20 };
    write(&path, &format!("VIN,Note\n{vin},"), "x", size, &after);
    check("a giant field", 0, &["1 rejected: 1 field_too_long"]);
    errors(["field_too_long", ""]);

    write(&path, &format!("VIN,Note\n{vin}"), ",x", 1 << 20, &after);
    check("a row of a million fields", 0, &["1 rejected: 1 ragged_row"]);
    errors(["ragged_row", ""]);

    write(&path, &format!("VIN,Note\n{vin},\"open\n"), "a line\n", 1 << 20, &after);
    check("a quote never closed", 65, &["line 2", "never closed", "hint: "]);

    write(&path, "VIN", ",column", 1 << 20, &after);
    check("a header of a million columns", 65, &["columns", "4096"]);

    write(&path, "VIN,", "x", 8 << 20, &after);
    check("a header of 8 MB", 65, &["error: ", "header", "1048576 bytes", "hint: "]);
    assert_eq!(work.calls("batch-decode"), 1, "nothing is spent on them");
}
