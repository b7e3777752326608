//! The store's file: what it is refused for, and who may read it.

use crate::support::Work;
use crate::support::command::{DECODE, vins};

fn with_store(bytes: &[u8]) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    std::fs::create_dir(work.path("store")).expect("a folder");
    std::fs::write(work.store(), bytes).expect("a file");
    work
}

/// The run and the plan are refused, nothing is asked and the file stays as it is.
#[track_caller]
fn is_refused(work: &Work, words: &[&str]) {
    let before = std::fs::read(work.store()).expect("the file");
    for command in [&DECODE[..], &["plan", "vins.csv", "--with", "decode"]] {
        work.vinrich(command).exits(78).says(&["error: "]).says(words);
    }
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
    assert!(std::fs::read(work.store()).expect("the file") == before, "it was written to");
}

/// A store that is no longer in use, so that its file holds everything.
fn changed_store(change: &str) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    work.write("nothing.csv", "vin\n");
    work.vinrich(&["enrich", "nothing.csv", "-o", "nothing-out.csv"]).exits(0);
    let db = work.db();
    db.execute_batch(change).expect("a change");
    work
}

#[test]
fn a_newer_store_is_left_alone() {
    let work = changed_store("PRAGMA user_version = 999;");
    is_refused(&work, &["schema version 999", "hint: "]);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let work = changed_store("PRAGMA application_id = 7;");
    is_refused(&work, &["is not a vinrich store", "hint: "]);
}

#[test]
fn a_foreign_database_is_left_alone() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    std::fs::create_dir(work.path("store")).expect("a folder");
    let db = work.db();
    db.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").expect("a table");
    drop(db);
    is_refused(&work, &["is not a vinrich store"]);
}

#[test]
fn a_file_not_a_database_is_left_alone() {
    let work = with_store("my notes, which I still need\n".repeat(100).as_bytes());
    is_refused(&work, &["vinrich.db"]);
}

#[test]
fn a_damaged_store_is_never_replaced() {
    let whole = changed_store("");
    let mut bytes = std::fs::read(whole.store()).expect("the store");
    bytes[..16].copy_from_slice(b"damaged by a bug");
    let work = with_store(&bytes);
    is_refused(&work, &["vinrich.db"]);
}

#[test]
fn a_required_store_is_not_created() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    let strict = [&DECODE[..], &["--require-store"]].concat();
    work.vinrich(&strict).exits(78).says(&["there is no store", "hint: "]);
    assert!(!work.store().exists() && work.sandbox.log().is_empty());
    work.vinrich(&DECODE).exits(0);
    work.vinrich(&strict).exits(0);
}

#[cfg(unix)]
#[test]
fn the_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::configured(&["latency=200ms"]);
    work.write_vins(&vins(1));
    let mode =
        |path: &std::path::Path| path.metadata().map(|found| found.permissions().mode() & 0o777);
    let running = work.start(&DECODE);
    crate::support::command::eventually("the call", || work.calls("batch-decode") == 1);
    // While it is in use there are files beside it.
    for entry in std::fs::read_dir(work.path("store")).expect("the folder").flatten() {
        let path = entry.path();
        if path.is_file() {
            assert_eq!(mode(&path).expect("a file"), 0o600, "{}", path.display());
        }
    }
    running.end().exits(0);
    assert_eq!(mode(&work.path("store")).expect("a folder"), 0o700);
    assert_eq!(mode(&work.store()).expect("a file"), 0o600);
}
