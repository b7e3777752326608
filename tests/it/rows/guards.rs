//! What was spoilt on its way never replaces a good output.

use crate::support::command::{DECODE, Ended, Setup, vins, vins_in};
use crate::support::{Work, csv_rows};

/// A folder in which a run has written `out.csv`, of so many rows.
fn with_output(rows: usize) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(rows));
    work.vinrich(&DECODE).exits(0);
    work
}

/// An export of nothing but rows that are not vehicles.
const NO_VINS: &str = "vin,unit\nN/A,1\n1FTFW1ET0DF,2\n,3\n";

#[test]
fn spoilt_exports_keep_the_old_output() {
    let work = with_output(4);
    let (old, calls) = (work.read("out.csv"), work.sandbox.log().len());
    for (spoilt, says, rejects) in [
        ("", "no rows", 0),
        ("vin,unit\n", "no rows", 0),
        ("Fleet of 2026-11-30\n\nvin,unit\n", "no rows", 0),
        (NO_VINS, "no row of the input has a usable VIN (rows: 3)", 3),
    ] {
        work.write("vins.csv", spoilt);
        let flags = ["--rejects", "bad.csv", "--report", "report.json"];
        let ended = work.vinrich(&[&DECODE[..], &flags].concat()).exits(65);
        ended.says(&[says, "`out.csv` is left as it is", "hint: ", "--allow-empty"]);
        assert_eq!(work.read("out.csv"), old, "{spoilt:?}");
        assert_eq!(csv_rows(&work.read("bad.csv")).len(), rejects, "{spoilt:?}");
        for report in [work.json("report.json"), work.report("out.csv")] {
            assert_eq!(report["exit_code"], 65, "{spoilt:?}: {report}");
            assert_eq!(report["rows"]["written"], 0);
            assert_eq!(report["outputs"][0]["rows"], rejects);
        }
    }
    assert_eq!(work.sandbox.log().len(), calls, "nobody is asked");
    let ended = work.vinrich(&["runs", "show", "--output", "out.csv"]).exits(0);
    assert!(ended.stdout().contains("the output is as it was"), "{}", ended.stdout());
}

#[test]
fn an_empty_output_may_be_wanted() {
    let work = with_output(3);
    let run = |flags: &[&str]| work.vinrich(&[&DECODE[..], flags].concat());
    work.write("vins.csv", NO_VINS);
    run(&["--allow-empty"]).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 3, "rejected rows are rows");
    work.write("vins.csv", "vin\n");
    run(&[]).exits(65);
    run(&["--allow-empty"]).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 0);
    run(&["--allow-empty", "--require-rows"]).exits(64);
    // Nothing is replaced: a new file, one without a byte, stdout.
    work.write("none.csv", "");
    for out in ["new.csv", "none.csv", "-"] {
        let words = ["enrich", "vins.csv", "-o", out, "--with", "decode"];
        work.vinrich(&words).exits(0);
    }
}

/// Enriches so many rows into `out.csv`.
fn night(work: &Work, rows: usize, flags: &[&str]) -> Ended {
    work.write_vins(&vins(rows));
    work.vinrich(&[&DECODE[..], flags].concat())
}

fn rows_of(work: &Work) -> usize {
    csv_rows(&work.read("out.csv")).len()
}

#[test]
fn an_output_shrinks_by_what_is_allowed() {
    let work = with_output(40);
    for (rows, most, exit) in
        [(35, "10%", 65), (36, "10%", 0), (31, "4", 65), (32, "4", 0), (32, "0", 0)]
    {
        let before = rows_of(&work);
        let ended = night(&work, rows, &["--max-shrink", most]).exits(exit);
        assert_eq!(rows_of(&work), if exit == 0 { rows } else { before }, "{rows} {most}");
        if exit != 0 {
            ended.says(&[
                &format!("would have {rows} rows, 1"),
                &format!("the {before} of its last complete run"),
                "--max-shrink",
            ]);
        }
    }
    // Rows that go elsewhere are gone from the output.
    let vins = work.read("vins.csv");
    work.write("vins.csv", &format!("{}\nN/A\nN/A\n", vins.trim_end()));
    night_of(&work, &["--max-shrink", "0"]).exits(0);
    let ended = night_of(&work, &["--max-shrink", "1", "--rejects", "bad.csv"]).exits(65);
    ended.says(&["would have 32 rows", "the 34 of its last complete run"]);
    assert_eq!(csv_rows(&work.read("bad.csv")).len(), 2);
}

/// Enriches `vins.csv` as it is.
fn night_of(work: &Work, flags: &[&str]) -> Ended {
    work.vinrich(&[&DECODE[..], flags].concat())
}

#[test]
fn the_last_complete_run_is_what_counts() {
    let work = with_output(30);
    let shrinks = "fewer than the 30 of its last complete run";
    // A fifth fewer is said; a sixth is not.
    let unknown = |rows: usize| {
        work.write_vins(&vins_in(500..500 + rows));
        night_of(&work, &["--max-calls", "0"]).exits(80)
    };
    let ended = unknown(25);
    assert!(!ended.stderr.contains("fewer than"), "{}", ended.stderr);
    unknown(24).says(&["`out.csv` would have 24 rows, 20 %", shrinks]);
    assert_eq!(rows_of(&work), 24, "a warning stops nothing");
    // What an incomplete run has written is no measure.
    night(&work, 20, &["--max-shrink", "20%"]).exits(65).says(&[shrinks]);
    let ended = night(&work, 20, &["--quiet"]).exits(0);
    assert_eq!(ended.stderr.matches(shrinks).count(), 1, "{}", ended.stderr);
    let ended = night(&work, 18, &["--max-shrink", "20%"]).exits(0);
    assert!(!ended.stderr.contains("fewer than"), "{}", ended.stderr);
}

#[test]
fn a_store_without_a_record_compares_nothing() {
    let work = with_output(9);
    std::fs::remove_dir_all(work.path("store")).expect("a store");
    let silent = night(&work, 5, &["--offline"]).exits(0);
    assert!(!silent.stderr.contains("--max-shrink"), "{}", silent.stderr);
    std::fs::remove_dir_all(work.path("store")).expect("a store");
    night(&work, 2, &["--max-shrink", "5%"])
        .exits(0)
        .says(&["`--max-shrink` has nothing to compare with", "`out.csv`"]);
    assert_eq!(rows_of(&work), 2);
    let words = ["enrich", "vins.csv", "-o", "-", "--max-shrink", "5%"];
    work.vinrich(&words).exits(64).says(&["`--max-shrink` needs an output file"]);
}

#[test]
fn a_bad_input_is_said_before_a_missing_store() {
    let work = Work::with_faults(&[]);
    work.configure(&Setup::default());
    work.write("out.csv", "yesterday's\n");
    work.write("vins.csv", NO_VINS);
    night_of(&work, &["--require-store", "--rejects", "bad.csv"]).exits(65);
    assert!(!work.path("store").exists(), "a first run that fails makes none");
    assert!(!work.read("bad.csv").is_empty(), "rejects are written all the same");
    assert_eq!(work.read("out.csv"), "yesterday's\n");
}
