//! Quotas, seen from the vendor's side, and the locks between processes.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::support::command::{Setup, eventually, vins};
use crate::support::{Work, csv_rows};

const DECODE: [&str; 4] = ["enrich", "vins.csv", "--with", "decode"];

fn with_quota(carvin: &str, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    work.configure(&Setup { general: "max_wait = '30s'", carvin, ..Setup::default() });
    work
}

/// Fails when more than `calls` arrived within any `window`.
#[track_caller]
fn check_arrivals(work: &Work, calls: usize, window: Duration) {
    let mut at: Vec<Instant> = work.sandbox.log().iter().map(|call| call.at).collect();
    at.sort_unstable();
    for (first, next) in at.iter().zip(at.iter().skip(calls)) {
        let apart = next.duration_since(*first);
        assert!(apart >= window, "{} calls within {apart:?}", calls + 1);
    }
}

/// `resume_at` of a run's report.
fn resume_at(work: &Work, out: &str) -> Timestamp {
    let report = work.report(out);
    report["resume_at"].as_str().expect("a time").parse().expect("RFC 3339")
}

fn found(work: &Work, out: &str) -> usize {
    let rows = csv_rows(&work.read(out));
    rows.iter().filter(|row| row["decode_status"] == "found").count()
}

#[test]
fn two_processes_pass_no_window() {
    let work = with_quota("quotas = ['5/2s']", &[]);
    let vins = vins(260);
    for (name, part) in [("a.csv", &vins[..130]), ("b.csv", &vins[130..])] {
        work.write(name, &format!("vin\n{}\n", part.join("\n")));
    }
    let start = |name, out| work.start(&["enrich", name, "-o", out, "--with", "decode"]);
    let runs = [start("a.csv", "out-a.csv"), start("b.csv", "out-b.csv")];
    for run in runs {
        run.end().exits(0);
    }
    assert_eq!(work.calls("batch-decode"), 14);
    check_arrivals(&work, 5, Duration::from_secs(2));
    assert_eq!(found(&work, "out-a.csv") + found(&work, "out-b.csv"), 260);
}

#[test]
fn runs_in_a_row_pass_no_window() {
    let work = with_quota("quotas = ['4/2s']", &[]);
    work.write_vins(&vins(240));
    let limited = [&DECODE[..], &["-o", "out.csv", "--max-calls", "2"]].concat();
    for _ in 0..5 {
        work.vinrich(&limited).exits(80);
    }
    work.vinrich(&[&DECODE[..], &["-o", "out.csv"]].concat()).exits(0);
    assert_eq!(work.calls("batch-decode"), 12);
    check_arrivals(&work, 4, Duration::from_secs(2));
}

#[test]
fn no_window_is_passed_over_kills() {
    let work = with_quota("quotas = ['6/2s']\nconcurrency = 1", &["latency=20ms"]);
    work.write_vins(&vins(200));
    let words = [&DECODE[..], &["-o", "out.csv"]].concat();
    for kill in 1..=3 {
        let running = work.start(&words);
        eventually("a call", || work.calls("batch-decode") >= 2 * kill);
        running.kill();
    }
    work.vinrich(&words).exits(0);
    assert_eq!(found(&work, "out.csv"), 200);
    check_arrivals(&work, 6, Duration::from_secs(2));
}

#[test]
fn retries_fill_the_windows_like_first_tries() {
    let work = with_quota("quotas = ['3/1s']", &["carvin/500:every=3"]);
    work.write_vins(&vins(100));
    work.vinrich(&[&DECODE[..], &["-o", "out.csv"]].concat()).exits(0);
    assert!(work.calls("batch-decode") > 5);
    check_arrivals(&work, 3, Duration::from_secs(1));
}

#[test]
fn processes_that_share_a_store_ask_once() {
    let work = Work::configured(&["latency=100ms"]);
    let vins = vins(300);
    for part in 0..4 {
        let own = &vins[part * 40..part * 40 + 180];
        work.write(&format!("{part}.csv"), &format!("vin\n{}\n", own.join("\n")));
    }
    let start = |part: usize| {
        let (name, out) = (format!("{part}.csv"), format!("out-{part}.csv"));
        work.start(&["enrich", &name, "-o", &out, "--with", "decode"])
    };
    let runs: Vec<_> = (0..4).map(start).collect();
    for run in runs {
        run.end().exits(0);
    }
    let asked = work.decodes_by_vin();
    assert_eq!(asked.len(), 300);
    let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for part in 0..4 {
        assert_eq!(found(&work, &format!("out-{part}.csv")), 180);
    }
}

#[test]
fn a_full_daily_quota_parks_a_day() {
    let work = with_quota("quotas = ['3/day']", &[]);
    work.write_vins(&vins(100));
    let words = [&DECODE[..], &["-o", "out.csv"]].concat();
    let started = Timestamp::now();
    work.vinrich(&words).exits(75);
    assert_eq!(found(&work, "out.csv"), 60);
    let day = resume_at(&work, "out.csv").duration_since(started).as_secs();
    assert!((86_390..=86_460).contains(&day), "in {day} s");

    work.vinrich(&words).exits(75);
    assert_eq!(work.calls("batch-decode"), 3, "running again does not pass the quota");
    assert_eq!(found(&work, "out.csv"), 60, "and loses nothing");
}

#[test]
fn a_parked_run_completes_at_resume_time() {
    let work = with_quota("quotas = ['2/3s']", &[]);
    work.write_vins(&vins(60));
    let words = [&DECODE[..], &["-o", "out.csv", "--max-wait", "0s"]].concat();
    let started = Timestamp::now();
    work.vinrich(&words).exits(75);
    assert_eq!(found(&work, "out.csv"), 40);
    let resume = resume_at(&work, "out.csv");
    assert!(resume.duration_since(started) <= SignedDuration::from_secs(10), "{resume}");
    // It is told in whole seconds.
    eventually("the time to resume", || {
        Timestamp::now().duration_since(resume) > SignedDuration::from_secs(1)
    });
    work.vinrich(&words).exits(0);
    assert_eq!((found(&work, "out.csv"), work.calls("batch-decode")), (60, 3));
}

#[test]
fn one_run_at_a_time_writes_an_output() {
    let work = Work::configured(&["carvin/batch-decode/stall:first=1"]);
    work.write_vins(&vins(10));
    let words = [&DECODE[..], &["-o", "out.csv"]].concat();
    let holder = work.start(&words);
    eventually("the first call", || work.calls("batch-decode") == 1);

    let pid = format!("pid {}", holder.pid());
    work.vinrich(&words).exits(79).says(&[
        "another run",
        &pid,
        "`out.csv`",
        "hint: ",
        "--wait-lock",
    ]);
    let impatient = [&words[..], &["--wait-lock", "100ms"]].concat();
    work.vinrich(&impatient).exits(79);
    work.write("other.csv", "vin\n");
    work.vinrich(&["enrich", "other.csv", "-o", "other-out.csv"]).exits(0);

    let mut waiting = work.start(&[&words[..], &["--wait-lock", "40s"]].concat());
    assert!(waiting.is_running());
    // The kernel frees the lock of a run that is killed.
    holder.kill();
    waiting.end().exits(0);
    assert_eq!(found(&work, "out.csv"), 10);
}
