//! Stores with flipped bytes, missing pages and foreign logs. A run may notice
//! them or not; it never panics, never puts an empty store in their place, and
//! never hands out an answer that is not what the vendor said.

use std::path::Path;

use super::{step, work_with};
use crate::support::command::{DECODE, Ended, eventually, vins};
use crate::support::{Work, csv_rows};

const OFFLINE: [&str; 7] = ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode", "--offline"];

/// A work folder whose store answers 40 VINs, and the bytes of that store.
fn answered() -> (Work, Vec<u8>) {
    let work = work_with(40, &[]);
    work.vinrich(&DECODE).exits(0);
    let bytes = std::fs::read(work.store()).expect("the store");
    (work, bytes)
}

/// What rows say of the vehicle, or that they say nothing.
fn values(work: &Work) -> Vec<(String, String, String)> {
    let rows = csv_rows(&work.read("out.csv"));
    let value = |row: &std::collections::BTreeMap<String, String>| {
        (row["vin"].clone(), row["make"].clone(), row["model"].clone())
    };
    rows.iter().map(value).collect()
}

/// Runs on a store with these bytes.
fn run_on(work: &Work, bytes: &[u8]) -> Ended {
    std::fs::write(work.store(), bytes).expect("the store");
    work.write("out.csv", "old\n");
    work.vinrich(&OFFLINE)
}

/// It ended by the contract, and the store was not replaced by a new one.
#[track_caller]
fn is_taken_well(work: &Work, ended: &Ended, bytes: &[u8], what: &str) {
    let story = format!("{what}: {:?}\n{}", ended.code, ended.stderr);
    // 3 and 75 are runs that noticed that answers are missing, and say so.
    assert!(matches!(ended.code, Some(0 | 3 | 74 | 75 | 78)), "{story}");
    assert!(!ended.stderr.contains("internal fault"), "{story}");
    if matches!(ended.code, Some(74 | 78)) {
        // What is only noticed when the run is closed comes after the output.
        let out = work.read("out.csv");
        assert!(out == "old\n" || csv_rows(&out).len() == 40, "{story}");
        assert!(ended.stderr.contains("hint: "), "{story}");
    }
    let now = std::fs::read(work.store()).expect("the store");
    let kept = now.iter().zip(bytes).filter(|(now, then)| now == then).count();
    assert!(now.len() >= bytes.len() && kept * 2 > bytes.len(), "it is another store; {story}");
}

/// Every so many bytes of every page.
fn places(bytes: &[u8], usual: usize) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(step(usual))
}

#[test]
fn a_flipped_byte_makes_no_new_store() {
    let (work, bytes) = answered();
    let mut noticed = 0;
    for place in places(&bytes, 4099) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        let ended = run_on(&work, &damaged);
        is_taken_well(&work, &ended, &damaged, &format!("byte {place}"));
        noticed += usize::from(ended.code != Some(0));
    }
    assert!(noticed > 0, "no flip was noticed at all");
}

#[test]
fn a_ruined_page_makes_no_new_store() {
    let (work, bytes) = answered();
    for place in places(&bytes, 3 * 4096).map(|place| place / 4096 * 4096).skip(1) {
        for fill in [0_u8, 0xa7] {
            let mut damaged = bytes.clone();
            damaged[place..place + 4096].fill(fill);
            let ended = run_on(&work, &damaged);
            is_taken_well(&work, &ended, &damaged, &format!("page at {place} of {fill}"));
        }
    }
}

#[test]
fn a_truncated_store_is_refused_with_a_hint() {
    let (work, bytes) = answered();
    for length in [1, 99, 100, 4095, 4096, 8192, 40_000, bytes.len() - 4096, bytes.len() - 1] {
        let ended =
            run_on(&work, &bytes[..length]).exits(78).says(&["vinrich.db", "store restore"]);
        is_taken_well(&work, &ended, &bytes[..length], &format!("cut to {length}"));
    }
    std::fs::write(work.store(), b"").expect("the store");
    for words in [&DECODE[..], &["plan", "vins.csv"], &["runs", "list"]] {
        work.vinrich(words).exits(78).says(&["was emptied", "store restore"]);
    }
    assert_eq!(work.store().metadata().expect("the store").len(), 0, "nobody began a new one");
    assert_eq!(work.calls("batch-decode"), 2);
    // To begin anew is a decision.
    std::fs::remove_file(work.store()).expect("removed");
    work.vinrich(&DECODE).exits(0);
}

/// A vendor's word that changed on the disk is told, not handed on.
#[test]
fn an_altered_answer_is_never_written() {
    let (work, bytes) = answered();
    let clean = values(&work);
    let make = clean[0].1.as_bytes();
    let places: Vec<usize> = memmem(&bytes, make).collect();
    assert!(!places.is_empty(), "the make is in the store as text");
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x01;
        let ended = run_on(&work, &damaged);
        is_taken_well(&work, &ended, &damaged, "a letter of a make");
        if ended.code == Some(0) {
            assert_eq!(values(&work), clean, "a letter that no row shows");
        } else {
            ended.exits(78).says(&["not what was written", "store restore"]);
        }
    }
}

fn memmem<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(needle.len()).enumerate().filter(move |(_, at)| *at == needle).map(|(at, _)| at)
}

/// Leaves a store as a kill does: with a log beside it.
fn killed(work: &Work) {
    let running = work.start(&DECODE);
    eventually("answers", || work.calls("batch-decode") >= 2);
    running.kill();
    assert!(beside(work, "-wal").metadata().is_ok_and(|log| log.len() > 0), "a log");
}

fn beside(work: &Work, ending: &str) -> std::path::PathBuf {
    work.path(&format!("store/vinrich.db{ending}"))
}

#[test]
fn noise_instead_of_a_log_is_left_out() {
    let work = work_with(100, &["latency=50ms"]);
    work.vinrich(&DECODE).exits(0);
    let clean = values(&work);
    let asked = work.calls("batch-decode");
    for log in [b"no log".to_vec(), vec![0; 4096], vec![0x37; 70_000]] {
        std::fs::write(beside(&work, "-wal"), &log).expect("a log");
        std::fs::write(beside(&work, "-shm"), &log).expect("an index");
        work.vinrich(&DECODE).exits(0);
        assert_eq!(values(&work), clean);
    }
    assert_eq!(work.calls("batch-decode"), asked, "the file itself was whole");
}

#[test]
fn a_foreign_log_gives_no_wrong_answer() {
    let other = work_with(200, &["latency=50ms"]);
    killed(&other);
    let log = std::fs::read(beside(&other, "-wal")).expect("a log");
    let (work, bytes) = answered();
    let clean = values(&work);
    std::fs::write(beside(&work, "-wal"), &log).expect("a log");
    let ended = run_on(&work, &bytes);
    assert!(matches!(ended.code, Some(0 | 74 | 75 | 78)), "{:?} {}", ended.code, ended.stderr);
    if ended.code == Some(0) {
        // The log may hold a whole store, which takes this one's place: it knows less.
        let known = values(&work);
        let is_true = |(now, then): (&_, &(String, String, String))| {
            now == then || *now == (then.0.clone(), String::new(), String::new())
        };
        assert!(known.iter().zip(&clean).all(is_true), "{known:?}");
        work.assert_sound();
    }

    // Without its log a store is an older one, or too short: not an empty one.
    std::fs::remove_file(beside(&other, "-wal")).expect("removed");
    let ended = other.vinrich(&DECODE);
    assert!(matches!(ended.code, Some(0 | 78)), "{:?} {}", ended.code, ended.stderr);
}

#[test]
fn a_short_text_is_not_a_store() {
    let work = work_with(1, &[]);
    std::fs::create_dir_all(work.path("store")).expect("a folder");
    std::fs::write(work.store(), "buy milk\n").expect("a note");
    for words in [&DECODE[..], &["runs", "list"], &["store", "restore", "vins.csv"]] {
        work.vinrich(words).exits(78).says(&["vin", "hint: "]);
        assert_eq!(std::fs::read(work.store()).expect("a note"), b"buy milk\n");
    }
}

#[test]
fn what_is_no_file_is_no_store() {
    let work = work_with(1, &[]);
    std::fs::create_dir_all(work.store()).expect("a folder");
    work.vinrich(&DECODE).exits(78).says(&["vinrich.db", "hint: "]);
    assert!(work.sandbox.log().is_empty());
}

#[test]
fn a_store_behind_a_link_is_shared() {
    let work = work_with(120, &["latency=60ms"]);
    std::fs::create_dir(work.path("real")).expect("a folder");
    std::fs::create_dir(work.path("store")).expect("a folder");
    std::os::unix::fs::symlink(Path::new("../real/v.db"), work.store()).expect("a link");
    let mut direct = work.command(&["enrich", "vins.csv", "-o", "direct.csv", "--with", "decode"]);
    direct.env("VINRICH_STORE", "real/v.db");
    let linked = work.start(&DECODE);
    eventually("a call", || work.calls("batch-decode") >= 1);
    let direct = crate::support::command::Running::start(&mut direct);
    linked.end().exits(0);
    direct.end().exits(0);
    assert_eq!(super::asked_again(&work), 0, "each knows what the other asks for");
    assert_eq!(work.decodes_by_vin().len(), vins(120).len());
}
