//! Where rows come from and go to: files that vanish, shrink or are no files,
//! and outputs that cannot be, refused before the first paid call.

use std::fs::{self, File};

use super::{column, enrich, rows};
use crate::support::Work;
use crate::support::command::{DECODE, Running, eventually, vins};

#[cfg(unix)]
#[test]
fn the_input_is_never_overwritten() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(2));
    let before = work.read("vins.csv");
    fs::create_dir(work.path("folder")).expect("a folder");
    std::os::unix::fs::symlink("vins.csv", work.path("soft.csv")).expect("a link");
    std::os::unix::fs::symlink("soft.csv", work.path("softer.csv")).expect("a link");
    std::os::unix::fs::symlink(".", work.path("here")).expect("a link");
    fs::hard_link(work.path("vins.csv"), work.path("hard.csv")).expect("a link");
    let names =
        ["vins.csv", "folder/../vins.csv", "soft.csv", "softer.csv", "here/vins.csv", "hard.csv"];
    for name in names {
        for flags in [
            &["-o", name][..],
            &["-o", "out.csv", "--rejects", name],
            &["-o", "out.csv", "--report", name],
        ] {
            let words = [&["enrich", "vins.csv", "--with", "decode"], flags].concat();
            work.vinrich(&words).exits(73).says(&["it is an input file", "hint: "]);
        }
        // What the shell opened is no less an input.
        let mut command = work.command(&["enrich", "-", "-o", name, "--with", "decode"]);
        command.stdin(File::open(work.path("vins.csv")).expect("the input"));
        Running::start(&mut command).end().exits(73).says(&["it is an input file"]);
    }
    assert_eq!(work.read("vins.csv"), before);
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn impossible_outputs_are_refused_before_any_call() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    fs::create_dir(work.path("folder")).expect("a folder");
    let refused = |flags: &[&str]| {
        work.vinrich(&[&["enrich", "vins.csv", "--with", "decode"], flags].concat())
            .exits(73)
            .says(&["error: cannot create", "hint: "]);
    };
    for name in ["missing/file.csv", "vins.csv/file.csv"] {
        refused(&["-o", name]);
        refused(&["-o", "out.csv", "--rejects", name]);
        refused(&["-o", "out.csv", "--report", name]);
    }
    if cfg!(target_os = "linux") {
        // Nobody can create a file there, not even root; and none is written to as a file.
        for name in ["/proc/out.csv", "/dev/full", "/dev/null", "/dev/stdout"] {
            refused(&["-o", name, "--format", "csv"]);
        }
    }
    // A folder where a file is to be named is a slip of the pen.
    for flags in [&["-o", "folder"][..], &["-o", "out.csv", "--report", "folder/"]] {
        let words = [&["enrich", "vins.csv"], flags].concat();
        work.vinrich(&words).exits(64).says(&["names a folder", "hint: "]);
    }
    let twice = ["enrich", "vins.csv", "-o", "out.csv", "--report", "./out.csv"];
    work.vinrich(&twice).exits(64).says(&["`--output` and `--report` name the same file"]);
    assert!(work.sandbox.log().is_empty());
    let mut left: Vec<_> = fs::read_dir(work.folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    left.sort();
    assert_eq!(left, ["folder", "home", "vinrich.toml", "vins.csv"], "and nothing is left behind");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_loses_no_answer() {
    for format in ["csv", "tsv", "parquet", "jsonl", "arrow"] {
        let work = Work::configured(&[]);
        work.write_vins(&vins(3));
        let words = ["enrich", "vins.csv", "-o", "-", "--with", "decode", "--format", format];
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let ended = Running::start_with_stdout(&mut work.command(&words), full).end();
        ended.exits(74).says(&["no space left", "hint: "]);
        work.vinrich(&words).exits(0);
        assert_eq!(work.calls("batch-decode"), 1, "{format}");
    }
}

#[test]
fn a_missing_input_is_found_early() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    for missing in ["gone.csv", "none-*.csv", "folder-gone/"] {
        enrich(&work, &["vins.csv", missing]).exits(66).says(&["error: "]);
    }
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[cfg(unix)]
#[test]
fn a_vanished_file_is_read_to_its_end() {
    let work = Work::configured(&["carvin/batch-decode/latency=1500ms:first=1"]);
    work.write_vins(&vins(10));
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    fs::remove_file(work.path("vins.csv")).expect("removed");
    running.end().exits(0);
    assert_eq!(column(&rows(&work), "vin"), vins(10));
}

#[test]
fn a_file_cut_while_read_is_refused() {
    let work = Work::configured(&["carvin/batch-decode/latency=1500ms:first=1"]);
    work.write_vins(&vins(10));
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    File::options()
        .write(true)
        .open(work.path("vins.csv"))
        .and_then(|file| file.set_len(30))
        .expect("cut");
    running.end().exits(65).says(&["input changed while it was read", "hint: "]);
    assert!(!work.path("out.csv").exists());
    work.write_vins(&vins(10));
    work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode"), 1);
}
