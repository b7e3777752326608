//! What a command writes is never what it, or another command, reads or keeps.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use vinrich::sandbox;

use crate::support::command::{Setup, eventually, vins};
use crate::support::{Work, csv_rows};

/// A work folder whose key is in a file; its store and decoder data do not exist yet.
fn new_work(faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    work.configure(&Setup {
        carvin: "quotas = []\napi_key_file = 'key.txt'",
        tables: "[vendors.vpic]\ndata = 'vpic.rkyv'\n",
        ..Setup::default()
    });
    work.write("key.txt", sandbox::key("carvin").expect("a key"));
    fs::set_permissions(work.path("key.txt"), fs::Permissions::from_mode(0o600)).expect("ours");
    work.write_vins(&vins(3));
    work.write("input.json", r#"{"prompt": "about {vin}"}"#);
    fs::create_dir(work.path("store")).expect("a folder");
    work
}

/// What a run reads or keeps.
const KEPT: [&str; 9] = [
    "store/vinrich.db",
    "store/vinrich.db-wal",
    "store/vinrich.db-shm",
    "store/vinrich.db.runs",
    "vinrich.toml",
    "key.txt",
    "vpic.rkyv",
    "vins.csv",
    "input.json",
];

/// Every command that writes a file, with `name` as that file.
fn writers(name: &str) -> Vec<Vec<&str>> {
    let enrich = ["enrich", "vins.csv", "--with", "decode", "-o"];
    let tool = ["tool", "run", "vins.csv", "--tool", "try-me", "--max-cost", "1"];
    vec![
        [&enrich[..], &[name, "--format", "csv"]].concat(),
        [&enrich[..], &["out.csv", "--rejects", name]].concat(),
        [&enrich[..], &["out.csv", "--report", name]].concat(),
        vec!["validate", "vins.csv", "--rejects", name],
        vec!["runs", "audit", "--export", name],
        [&tool[..], &["--input", "input.json", "--yes", "-o", name]].concat(),
        vec!["photos", "status", "vins.csv", "-o", name],
    ]
}

/// Each writer refuses `name`, a name of the file `kept`, and sends nothing.
#[track_caller]
fn refused(work: &Work, kept: &str, name: &str) {
    let calls = work.sandbox.log().len();
    let reads = |words: &Vec<&str>| match kept {
        "input.json" => words[0] == "tool",
        "vins.csv" => words[0] != "runs",
        _ => true,
    };
    for words in writers(name).into_iter().filter(reads) {
        let ended = work.vinrich(&words);
        assert!(matches!(ended.code, Some(64 | 73)), "{words:?}: {}", ended.stderr);
        ended.says(&["hint: "]);
    }
    assert_eq!(work.sandbox.log().len(), calls, "nothing is asked");
    assert!(!work.path("out.csv").exists());
}

#[test]
fn no_output_replaces_what_a_first_run_needs() {
    let work = new_work(&[]);
    for (at, kept) in KEPT.into_iter().enumerate() {
        let link = format!("soft{at}.csv");
        symlink(kept, work.path(&link)).expect("a link");
        refused(&work, kept, kept);
        refused(&work, kept, &link);
    }
    assert!(!work.store().exists() && !work.path("vpic.rkyv").exists());
}

#[test]
fn no_output_replaces_what_runs_keep() {
    let work = new_work(&[]);
    work.vinrich(&["enrich", "vins.csv", "-o", "first.csv", "--with", "decode"]).exits(0);
    let kept =
        ["store/vinrich.db", "store/vinrich.db.runs/in-use", "vinrich.toml", "key.txt", "vins.csv"];
    let contents = |name: &&str| fs::read(work.path(name)).expect("a file");
    let before: Vec<Vec<u8>> = kept.iter().map(contents).collect();
    for (at, kept) in kept.into_iter().enumerate() {
        let (soft, hard) = (format!("soft{at}.csv"), format!("hard{at}.csv"));
        symlink(kept, work.path(&soft)).expect("a link");
        refused(&work, kept, kept);
        refused(&work, kept, &soft);
        fs::hard_link(work.path(kept), work.path(&hard)).expect("a link");
        refused(&work, kept, &hard);
        fs::remove_file(work.path(&hard)).expect("removed");
    }
    let of_a_run = "store/vinrich.db.runs/20260101T000000Z-00000000";
    refused(&work, of_a_run, of_a_run);
    // The store holds how these runs ended, and all that it held.
    let after: Vec<Vec<u8>> = kept.iter().map(contents).collect();
    assert!(after[1..] == before[1..], "a kept file was written");
    work.assert_sound();
    work.vinrich(&["enrich", "vins.csv", "-o", "first.csv", "--with", "decode"]).exits(0);
    assert_eq!(work.calls("batch-decode"), 1, "what was paid for is still there");
}

/// The hidden files of ours in the work folder.
fn hidden(work: &Work) -> Vec<String> {
    let names = fs::read_dir(work.folder.path()).expect("the folder").flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".vinrich-")).collect()
}

#[test]
fn another_run_writes_none_of_a_runs_files() {
    for is_first in [true, false] {
        let work = new_work(&["carvin/batch-decode/stall:first=1"]);
        let files = ["out.csv", "bad.csv", "report.json"];
        let mut names: Vec<String> = files.map(str::to_owned).into();
        for (at, file) in files.into_iter().enumerate() {
            names.push(format!("soft{at}.csv"));
            symlink(file, work.path(&format!("soft{at}.csv"))).expect("a link");
            if !is_first {
                work.write(file, "old");
                names.push(format!("hard{at}.csv"));
                fs::hard_link(work.path(file), work.path(&format!("hard{at}.csv")))
                    .expect("a link");
            }
        }
        let all = ["-o", "out.csv", "--rejects", "bad.csv", "--report", "report.json"];
        let words = [&["enrich", "vins.csv", "--with", "decode"], &all[..]].concat();
        let holder = work.start(&words);
        eventually("the first call", || work.calls("batch-decode") == 1);
        work.write("more.csv", &format!("vin\n{}\n", vins(9)[8]));
        for name in &names {
            for flags in [
                &["-o", name][..],
                &["-o", "mine.csv", "--rejects", name],
                &["-o", "mine.csv", "--report", name],
            ] {
                let words =
                    [&["enrich", "more.csv", "--format", "csv", "--offline"], flags].concat();
                let pid =
                    if name.starts_with("hard") { String::new() } else { holder.pid().to_string() };
                work.vinrich(&words).exits(79).says(&["another run", &pid, "--wait-lock"]);
            }
            work.vinrich(&["validate", "more.csv", "--rejects", name]).exits(79);
        }
        assert!(!work.path("mine.csv").exists() && !hidden(&work).is_empty());
        holder.kill();
        work.vinrich(&words).exits(0);
        assert_eq!(csv_rows(&work.read("out.csv")).len(), 3);
        assert_eq!(hidden(&work), [""; 0], "what the killed run left is gone");
    }
}

#[test]
fn runs_that_share_their_files_take_turns() {
    let work = new_work(&["latency=20ms"]);
    let start = |flags: [&str; 6]| {
        let words = ["enrich", "vins.csv", "--with", "decode", "--wait-lock", "45s"];
        work.start(&[&words[..], &flags].concat())
    };
    // Each holds what the other wants next, were they not locked in one order.
    let runs: Vec<_> = (0..6)
        .map(|at| match at % 2 {
            0 => start(["-o", "a.csv", "--rejects", "b.csv", "--report", "c.json"]),
            _ => start(["-o", "b.csv", "--rejects", "a.csv", "--report", "c.json"]),
        })
        .collect();
    for run in runs {
        run.end().exits(0);
    }
    assert_eq!(hidden(&work), [""; 0]);
}

#[test]
fn a_lock_that_is_a_link_empties_nothing() {
    let work = new_work(&[]);
    work.write("letter.txt", "dear all");
    for (name, flags) in [
        ("out.csv", &["-o", "out.csv"][..]),
        ("bad.csv", &["-o", "out.csv", "--rejects", "bad.csv"]),
        ("r.json", &["-o", "out.csv", "--report", "r.json"]),
    ] {
        let lock = work.path(&format!(".{name}.vinrich-lock"));
        symlink(work.path("letter.txt"), &lock).expect("a link");
        let words = [&["enrich", "vins.csv", "--with", "decode"], flags].concat();
        work.vinrich(&words).exits(73).says(&["is a symbolic link", "hint: "]);
        assert!(lock.is_symlink() && !work.path("out.csv").exists());
        fs::remove_file(lock).expect("removed");
    }
    assert_eq!(work.read("letter.txt"), "dear all");
    assert!(work.sandbox.log().is_empty());
}

#[test]
fn replaced_outputs_stay_as_private_as_they_were() {
    let work = new_work(&[]);
    let mode = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    let modes = [("out.parquet", 0o600), ("bad.csv", 0o640), ("r.json", 0o444)];
    for (name, mode) in modes {
        work.write(name, "old");
        fs::set_permissions(work.path(name), fs::Permissions::from_mode(mode)).expect("ours");
    }
    let words =
        ["enrich", "vins.csv", "-o", "out.parquet", "--rejects", "bad.csv", "--report", "r.json"];
    work.vinrich(&words).exits(0);
    assert_eq!(modes.map(|(name, _)| (name, mode(&work.path(name)))), modes);
}

#[test]
fn addresses_are_not_read_or_written() {
    let work = new_work(&[]);
    let token = "X-Amz-Signature=5f3c";
    for words in [
        &["enrich", "vins.csv", "-o", "s3://fleet/out.parquet"][..],
        &["enrich", "vins.csv", "-o", "out.csv", "--rejects", "gs://fleet/bad.csv"],
        &["enrich", "vins.csv", "-o", "out.csv", "--report", "https://host/report.json"],
        &["enrich", &format!("https://host/fleet.csv?{token}"), "-o", "out.csv"],
        &["validate", "s3://fleet/vins.csv"],
        &["plan", "abfss://fleet@host/vins.csv"],
    ] {
        let ended = work.vinrich(words).exits(64).says(&["is an address", "hint: "]);
        assert!(!ended.stderr.contains(token), "{}", ended.stderr);
    }
    let left = fs::read_dir(work.folder.path()).expect("the folder").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains(':')));
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

/// Holds the lock of `file` as another command would.
fn held(work: &Work, file: &str) -> fs::File {
    let lock = fs::File::create(work.path(&format!(".{file}.vinrich-lock"))).expect("a file");
    lock.lock().expect("locked");
    lock
}

#[test]
fn backups_and_decoder_data_have_their_locks() {
    let work = new_work(&[]);
    work.vinrich(&["enrich", "vins.csv", "-o", "first.csv", "--with", "decode"]).exits(0);
    work.write("data.zst", "no data of a decoder");
    let backup = ["store", "backup", "copy.db", "--force"];
    for (file, words, code) in
        [("copy.db", &backup[..], 0), ("vpic.rkyv", &["vpic", "install", "--from", "data.zst"], 65)]
    {
        let lock = held(&work, file);
        let before = fs::read(work.path(file)).ok();
        work.vinrich(words).exits(79).says(&["is writing", file]);
        assert_eq!(fs::read(work.path(file)).ok(), before, "{file}");
        drop(lock);
        work.vinrich(words).exits(code);
        assert!(!work.path(&format!(".{file}.vinrich-lock")).exists(), "{file}");
    }
    // A backup may replace a backup, and nothing that was begun is left of the other.
    work.vinrich(&backup).exits(0);
}
