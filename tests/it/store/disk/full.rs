//! Full and broken disks: under the store, the output, the report, temporary
//! files. The old output stays, no failure is told as a success, and the next
//! run goes on.

use super::{asked_again, leftovers, step, work_with};
use crate::support::command::trace::{
    STRACE, can_mount, can_trace, failing, in_namespace, under, was_hit,
};
use crate::support::command::{DECODE, Running};
use crate::support::csv_rows;

const OLD: &str = "last night's rows\n";

/// Calls whose answers a failing disk may cost, one call being asked at a time:
/// the one on its way, and the one that could not be committed.
const LOST: usize = 2;

/// From the `n`th time on, a system call fails.
#[track_caller]
fn fails_from(call: &str, error: &str, n: usize) -> bool {
    let work = work_with(100, &[]);
    work.write("out.csv", OLD);
    let rules = [format!("trace={call}"), format!("inject={call}:error={error}:when={n}+")];
    let ended = failing(&work, &[&DECODE[..], &["--report", "run.json"]].concat(), &rules);
    if !was_hit(&work) {
        ended.exits(0);
        return false;
    }
    let story = format!("{call} {error} from {n} on: {:?}\n{}", ended.code, ended.stderr);
    if ended.code == Some(0) {
        // What could not be copied out of the log when the store was closed is still in it.
        assert_eq!(csv_rows(&work.read("out.csv")).len(), 100, "{story}");
        assert_eq!(work.report("out.csv")["exit_code"], 0, "{story}");
        assert_eq!(asked_again(&work), 0, "{story}");
        work.assert_sound();
        return true;
    }
    assert!(matches!(ended.code, Some(73 | 74 | 78)), "{story}");
    assert!(ended.stderr.contains("error: "), "{story}");
    // The record comes after the output: when it alone fails, the output is there, and whole.
    let out = work.read("out.csv");
    assert!(out == OLD || csv_rows(&out).len() == 100, "{story}");
    assert_eq!(leftovers(&work, "."), [""; 0], "{story}");
    if work.path("run.json").exists() {
        assert_eq!(work.json("run.json")["exit_code"], ended.code.expect("a code"), "{story}");
    }

    work.vinrich(&DECODE).exits(0);
    work.assert_sound();
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 100, "{story}");
    assert!(asked_again(&work) <= LOST * 20, "{} paid for again; {story}", asked_again(&work));
    true
}

/// Sweeps until the call is made no more.
fn sweep(call: &str, error: &str, from: usize, by: usize) {
    if !can_trace() {
        return;
    }
    let hits = (from..).step_by(step(by)).take_while(|n| fails_from(call, error, *n)).count();
    assert!(hits > 0, "{call} was never called");
}

#[test]
fn an_unwritable_store_loses_nothing() {
    sweep("pwrite64", "ENOSPC", 3, 17);
}

#[test]
fn a_failed_sync_stops_the_run() {
    sweep("fsync", "EIO", 2, 5);
}

/// It is in its place before its folder is synced.
#[test]
fn a_report_whose_folder_fails_says_no_success() {
    if !can_trace() {
        return;
    }
    for when in ["1", "1+"] {
        let work = work_with(20, &[]);
        std::fs::create_dir(work.path("reports")).expect("a folder");
        let folder = work.path("reports").display().to_string();
        let inject = format!("inject=fsync:error=EIO:when={when}");
        let rules = ["-o", "strace.log", "-P", &folder, "-e", "trace=fsync", "-e", &inject];
        let words = [&DECODE[..], &["--report", "reports/run.json"]].concat();
        let traced = &mut under(&[&STRACE[..], &rules].concat(), &work.command(&words));
        let ended = Running::start(traced).end().exits(74);
        assert!(was_hit(&work), "{when}: {}", ended.stderr);
        assert_eq!(work.json("reports/run.json")["exit_code"], 74, "{when}: {}", ended.stderr);
    }
}

#[test]
fn a_failed_rename_leaves_the_old_output() {
    sweep("rename", "EROFS", 1, 1);
    sweep("ftruncate", "ENOSPC", 1, 3);
}

#[test]
fn one_disk_error_stops_the_run() {
    if !can_trace() {
        return;
    }
    for n in (8..48).step_by(step(20)) {
        let work = work_with(100, &[]);
        let rules = ["trace=pwrite64".to_owned(), format!("inject=pwrite64:error=EIO:when={n}")];
        let ended = failing(&work, &DECODE, &rules);
        assert!(matches!(ended.code, Some(74 | 78)), "{n}: {:?} {}", ended.code, ended.stderr);
        assert!(!work.path("out.csv").exists(), "{n}");
        work.vinrich(&DECODE).exits(0);
        work.assert_sound();
        assert!(asked_again(&work) <= LOST * 20, "{n}");
    }
}

#[test]
fn a_full_disks_store_resumes_with_room() {
    if !can_mount() {
        return;
    }
    for size in ["24k", "96k", "160k", "208k"] {
        let work = work_with(200, &[]);
        work.write("out.csv", OLD);
        std::fs::create_dir(work.path("store")).expect("a folder");
        let script = format!(
            "mount -t tmpfs -o size={size} none store
             \"$@\" || echo $?; cp out.csv kept.csv
             mount -o remount,size=16m store
             \"$@\" || echo $?"
        );
        let ended = in_namespace(&work, &script, &DECODE).exits(0).says(&["disk", "hint: "]);
        assert_eq!(ended.stdout(), "74\n", "{size}: {}", ended.stderr);
        assert_eq!(work.read("kept.csv"), OLD, "{size}");
        assert_eq!(csv_rows(&work.read("out.csv")).len(), 200, "{size}");
        assert!(asked_again(&work) <= LOST * 20, "{size}: {}", asked_again(&work));
    }
}

#[test]
fn a_full_disk_keeps_the_old_output() {
    if !can_mount() {
        return;
    }
    for format in ["csv", "jsonl", "parquet", "arrow"] {
        let work = work_with(300, &[]);
        std::fs::create_dir(work.path("out")).expect("a folder");
        let out = format!("out/rows.{format}");
        let words = ["enrich", "vins.csv", "-o", &out, "--with", "decode", "--quiet"];
        let script = format!(
            "mount -t tmpfs -o size=20k none out; echo old > {out}
             \"$@\" || echo $?
             cat {out}; ls -A out | grep -c tmp || true
             mount -o remount,size=16m out
             \"$@\" || echo $?; wc -c < {out}"
        );
        let ended =
            in_namespace(&work, &script, &words).exits(0).says(&["no space left", "hint: "]);
        let told: Vec<&str> = ended.stdout().lines().collect();
        assert_eq!(told[..3], ["74", "old", "0"], "{format}: {}", ended.stderr);
        assert!(
            told.len() == 4 && told[3].parse::<u64>().is_ok_and(|bytes| bytes > 1000),
            "{told:?}"
        );
        assert_eq!(asked_again(&work), 0, "{format}");
    }
}

#[test]
fn rejects_and_reports_need_disk_space_too() {
    if !can_mount() {
        return;
    }
    for (flag, file) in [("--rejects", "small/bad.csv"), ("--report", "small/run.json")] {
        let work = work_with(20, &[]);
        work.write(
            "vins.csv",
            &format!("{}{}", work.read("vins.csv"), "no vin at all\n".repeat(900)),
        );
        std::fs::create_dir(work.path("small")).expect("a folder");
        let words = [&DECODE[..], &[flag, file]].concat();
        let script =
            "mount -t tmpfs -o size=4k none small; head -c 4096 /dev/zero > small/fill || true
                      \"$@\" || echo $?";
        let ended = in_namespace(&work, script, &words).exits(0).says(&["error: "]);
        assert!(["73\n", "74\n"].contains(&ended.stdout()), "{flag}: {:?}", ended.stdout());
        // A report is written after the output, which is there, and whole.
        assert_eq!(work.path("out.csv").exists(), flag == "--report", "{}", ended.stderr);
        if flag == "--report" {
            let list = work.vinrich(&["runs", "list", "--format", "json"]).exits(0).json();
            assert_eq!(list[0]["exit_code"].to_string(), ended.stdout().trim());
            let reason = list[0]["reason"].as_str().expect("a reason");
            assert!(reason.contains(file), "{reason}");
        }
    }
}

#[test]
fn stdin_too_large_for_the_disk_is_refused() {
    if !can_mount() {
        return;
    }
    let work = work_with(20, &[]);
    std::fs::create_dir(work.path("tmp")).expect("a folder");
    let script = "mount -t tmpfs -o size=8k none tmp; export TMPDIR=tmp
                  seq 100000 | \"$@\" || echo $?";
    let words = ["enrich", "-", "-o", "out.csv", "--with", "decode"];
    let ended = in_namespace(&work, script, &words).exits(0).says(&["TMPDIR"]);
    assert_eq!(ended.stdout(), "74\n");
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn a_file_size_limit_is_an_error() {
    let work = work_with(200, &[]);
    work.write("out.csv", OLD);
    // In blocks of 512 bytes.
    let limited = ["sh", "-c", "ulimit -f 150; exec \"$0\" \"$@\""];
    let command = &mut under(&limited, &work.command(&DECODE));
    Running::start(command).end().exits(74).says(&["error: ", "hint: "]);
    assert_eq!(work.read("out.csv"), OLD);
    work.vinrich(&DECODE).exits(0);
    assert!(asked_again(&work) <= LOST * 20);
}
