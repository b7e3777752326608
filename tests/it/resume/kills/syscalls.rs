//! Killed at the N-th system call of a kind, for every N that there is.

use std::path::Path;

use super::scene::{Scene, Strike};
use super::site::Site;
use super::strace::each;
use crate::support::command::trace::can_trace;
use crate::support::command::{DECODE, vins, vins_in};

/// System calls that make, cut, sync, move and remove files, and of how many the short
/// form tries one.
const FILING: [(&str, usize); 4] = [
    ("rename,renameat,renameat2", 1),
    ("fsync,fdatasync", 7),
    ("ftruncate", 3),
    ("unlink,unlinkat", 7),
];

/// Those that write: the store makes some hundred in a run, much alike.
const WRITING: [(&str, usize); 2] = [("pwrite64", 64), ("write", 9)];

/// Kills a scene's command at every one of `calls`.
pub(super) fn at_each_call(scene: &Scene, what: &str, calls: &[(&'static str, usize)]) {
    if !can_trace() {
        return;
    }
    let mut stage = scene.stage();
    each(calls, |at| stage.attempt(Strike::Call(at)));
    let kills = stage.score.kills;
    assert!(kills > calls.len(), "{what}: {kills} kills at {} kinds of calls", calls.len());
    stage.score.check(what);
}

/// Thirty vehicles, and rows that are none.
fn write_input(site: &Site, name: &str) {
    let vins = vins(30).join("\n");
    site.work.write(name, &format!("vin\n{vins}\nnonsense\n1FTFW1ET\n"));
}

const WITH_REJECTS: &[&str] =
    &["enrich", "vins.csv", "-o", "out.csv", "--rejects", "rejects.csv", "--report", "report.json"];
const THREE_FILES: &[&str] = &["out.csv", "rejects.csv", "report.json"];

/// There is no store yet.
fn first_run() -> Scene {
    Scene {
        words: WITH_REJECTS,
        outputs: THREE_FILES,
        inputs: &["vins.csv"],
        prepare: |site| write_input(site, "vins.csv"),
        ..Scene::default()
    }
}

#[test]
fn a_first_run_that_makes_its_store() {
    at_each_call(&first_run(), "a first run", &FILING);
}

#[test]
fn a_first_run_at_what_it_writes() {
    at_each_call(&first_run(), "a first run's writes", &WRITING);
}

#[test]
fn a_run_over_an_older_output() {
    let scene = Scene {
        words: WITH_REJECTS,
        outputs: THREE_FILES,
        inputs: &["vins.csv"],
        prepare: |site| {
            site.work.write("vins.csv", &format!("vin\n{}\nBAD\n", vins_in(20..32).join("\n")));
            assert_eq!(site.run(WITH_REJECTS).code, Some(0));
            write_input(site, "vins.csv");
        },
        ..Scene::default()
    };
    at_each_call(&scene, "over an older output", &[&FILING[..], &WRITING[..]].concat());
}

#[test]
fn a_parquet_file_from_a_pipe() {
    const WORDS: &[&str] = &[
        "enrich",
        "-",
        "-o",
        "out.parquet",
        "--with",
        "decode,recalls",
        "--report",
        "report.json",
    ];
    let scene = Scene {
        tables: "[datasets.recalls]\nvendors = ['carvin']\nkey = 'vin'",
        words: WORDS,
        outputs: &["out.parquet", "report.json"],
        inputs: &["stdin.csv"],
        prepare: |site| {
            site.work.write("stdin.csv", &format!("vin\n{}\n", vins(3).join("\n")));
            assert_eq!(site.run(WORDS).code, Some(0));
            site.work.write("stdin.csv", &format!("vin\n{}\n", vins(9).join("\n")));
        },
        ..Scene::default()
    };
    at_each_call(&scene, "Parquet from a pipe", &[&FILING[..], &WRITING[..]].concat());
}

#[test]
fn a_workbook_over_an_older_one() {
    const WORDS: &[&str] = &["enrich", "vins.csv", "-o", "out.xlsx", "--with", "decode"];
    let scene = Scene {
        words: WORDS,
        outputs: &["out.xlsx"],
        inputs: &["vins.csv"],
        prepare: |site| {
            site.work.write_vins(&vins(3));
            assert_eq!(site.run(WORDS).code, Some(0));
            site.work.write_vins(&vins(9));
        },
        ..Scene::default()
    };
    at_each_call(&scene, "a workbook", &[&FILING[..], &WRITING[..]].concat());
}

#[test]
fn a_run_that_migrates_an_older_store() {
    let scene = Scene {
        words: &DECODE,
        outputs: &["out.csv"],
        // The copy of the older store is made before it is brought up to date.
        inputs: &["vins.csv", "store/vinrich.db.before-schema-4"],
        prepare: |site| {
            let fixture = "tests/fixtures/store/v1.db";
            std::fs::create_dir(site.work.path("store")).expect("a folder");
            let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
            std::fs::copy(fixture, site.work.store()).expect("the fixture is copied");
            site.work.write_vins(&vins(3));
        },
        ..Scene::default()
    };
    at_each_call(&scene, "an older store", &[&FILING[..], &WRITING[..]].concat());
}
