use std::fs;

use super::*;
use crate::input::tests::Folder;
use crate::input::{InputSpec, Inputs};

const VIN: &str = "vin\n1HGCM82633A004352\n";

fn names(folder: &Folder, word: &str) -> (Vec<String>, Vec<String>) {
    let inputs = Inputs::open(&folder.spec(word)).expect("opened");
    let below = |name: String| name.strip_prefix(&folder.path("")).unwrap_or(&name).to_owned();
    (inputs.names().into_iter().map(below).collect(), inputs.warnings())
}

#[test]
fn a_lake_is_read_with_its_partitions() {
    let folder = Folder::of(&[("z.csv", VIN.as_bytes()), ("_SUCCESS", b"")]);
    for below in ["dt=2026-11-30", "dt=2026-12-01/region=EU", "plain", ".dt=2026-11-29"] {
        fs::create_dir_all(folder.path(below)).expect("a folder");
        fs::write(format!("{}/part-0.csv", folder.path(below)), VIN).expect("a file");
        fs::write(format!("{}/part-0.csv.crc", folder.path(below)), "x").expect("a file");
    }
    let found = ["dt=2026-11-30/part-0.csv", "dt=2026-12-01/region=EU/part-0.csv", "z.csv"];
    assert_eq!(names(&folder, "").0, found);
    assert_eq!(names(&folder, "dt=2026-12*").0, found[1..2]);
}

#[test]
fn a_pattern_passes_over_empty_partitions() {
    for empty in ["dt=1", "dt=2", "dt=3"] {
        let folder = Folder::of(&[]);
        for day in ["dt=1", "dt=2", "dt=3"] {
            fs::create_dir(folder.path(day)).expect("a folder");
            for name in ["b.csv", "a.csv"].into_iter().filter(|_| day != empty) {
                fs::write(format!("{}/{name}", folder.path(day)), VIN).expect("a file");
            }
        }
        let (names, _) = names(&folder, "dt=*");
        assert_eq!(names.len(), 4, "{empty} holds none: {names:?}");
        assert!(names.is_sorted(), "{names:?}");
    }
    let folder = Folder::of(&[]);
    fs::create_dir(folder.path("dt=9")).expect("a folder");
    let error = Inputs::open(&folder.spec("dt=*")).expect_err("nothing there");
    assert_eq!(error.exit(), Exit::NoInput, "{error}");
}

#[test]
fn lock_files_of_spreadsheet_programs_are_passed_over() {
    let locks = ["~$fleet.xlsx", "~$fleet.csv", ".~lock.fleet.csv#"];
    let folder = Folder::of(&[("fleet.csv", VIN.as_bytes())]);
    for lock in locks {
        fs::write(folder.path(lock), b"\x05Anna\0\0").expect("a file");
    }
    for word in ["", "*fleet*"] {
        assert_eq!(names(&folder, word), (vec!["fleet.csv".to_owned()], Vec::new()), "{word}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_left_out_with_a_warning() {
    let folder = Folder::of(&[("fleet.csv", VIN.as_bytes())]);
    let pipe = folder.path("waiting.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    for word in ["", "*.csv"] {
        let (names, warnings) = names(&folder, word);
        assert_eq!(names, ["fleet.csv"]);
        assert!(
            warnings[0].contains("waiting.csv") && warnings[0].contains("left out"),
            "{warnings:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::of(&[]);
    for name in [&b"a\xe9.csv"[..], b"a\xe8.csv", b"plain.csv"] {
        let path = Path::new(&folder.path("")).join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, VIN).expect("a file");
    }
    let (mut names, _) = names(&folder, "");
    names.sort();
    assert_eq!(names, ["a\\xE8.csv", "a\\xE9.csv", "plain.csv"]);
    let inputs = Inputs::open(&folder.spec("")).expect("opened");
    assert!(inputs.check_row_ids(&folder.spec("")).is_ok(), "their rows have ids of their own");
}

#[test]
fn there_may_be_more_files_than_may_be_open() {
    let folder = Folder::of(&[]);
    for number in 0..300 {
        fs::write(folder.path(&format!("{number:03}.csv")), VIN).expect("a file");
    }
    let inputs = Inputs::open(&folder.spec("")).expect("opened");
    let open = open_files();
    assert!(open.is_none_or(|open| open < 200), "{open:?}");
    let first = inputs.batches().and_then(super::super::Batches::finish).expect("a pass");
    assert_eq!(first.len(), 300);
    fs::write(folder.path("250.csv"), VIN.replace('8', "7")).expect("another file");
    let error = inputs.batches().and_then(super::super::Batches::finish).expect_err("changed");
    assert!(
        error.to_string().contains("250.csv") && error.to_string().contains("changed"),
        "{error}"
    );
}

/// How many files this process has open, where the system tells.
fn open_files() -> Option<usize> {
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

#[test]
fn a_folder_without_files_says_what_is_looked_for() {
    let folder = Folder::of(&[("notes.md", b"x")]);
    let spec = InputSpec { sources: vec![folder.path("")], ..InputSpec::default() };
    let error = Inputs::open(&spec).expect_err("nothing there");
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("*.parquet") && hint.contains("dt="), "{hint}");
}
