//! Runs that are killed or stopped half-way, and the run after them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::command::{DECODE, Running, Setup, eventually, vins};
use crate::support::{Work, csv_rows, sample};

/// Calls in flight at once; so many more may have been answered, but not yet committed.
const CONCURRENCY: usize = 2;
const LOST_BY_A_KILL: usize = 2 * CONCURRENCY;

fn slow(latency: &str) -> Work {
    let work = Work::with_faults(&[&format!("latency={latency}")]);
    work.configure(&Setup {
        carvin: "quotas = []\nconcurrency = 2",
        visor: "quotas = []\nspend = ['1000 USD/day']\nconcurrency = 2",
        ..Setup::default()
    });
    work
}

/// The rows without what a later run may change.
fn lasting(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = csv_rows(text);
    for row in &mut rows {
        row.retain(|column, _| !column.ends_with("_fetched_at"));
    }
    rows
}

/// The store is sound, and no call was sent that is not in its ledger.
#[track_caller]
fn check_store(work: &Work) {
    let sent = i64::try_from(work.sandbox.log().len()).expect("a count");
    work.assert_sound();
    let calls = work.number("SELECT count(*) FROM calls");
    assert!(sent <= calls, "{sent} calls at the vendor, {calls} in the ledger");
}

#[test]
fn a_killed_run_resumes_to_a_clean_end() {
    let fleet = sample("fleet.csv").display().to_string();
    let words = ["enrich", &fleet, "-o", "out.csv"];
    let clean = Work::configured(&[]);
    clean.vinrich(&words).exits(0);

    let work = slow("30ms");
    for seen in [5, 20, 40] {
        let running = work.start(&words);
        eventually("calls", || work.sandbox.log().len() >= seen);
        let killed = running.kill();
        assert_eq!(killed.code, None, "{}", killed.stderr);
        assert!(!work.path("out.csv").exists(), "no output, not half of one");
        check_store(&work);
    }
    work.vinrich(&words).exits(0);
    check_store(&work);
    assert_eq!(lasting(&work.read("out.csv")), lasting(&clean.read("out.csv")));
    let before = work.sandbox.log().len();
    let text = work.read("out.csv");
    work.vinrich(&words).exits(0);
    assert_eq!(work.sandbox.log().len(), before, "the next run asks nothing");
    assert_eq!(work.read("out.csv"), text);
}

#[test]
fn kills_cost_only_calls_in_flight() {
    let work = slow("25ms");
    let vins = vins(600);
    work.write_vins(&vins);
    let kills = 4;
    for kill in 1..=kills {
        let before = work.calls("batch-decode");
        let running = work.start(&DECODE);
        eventually("calls", || work.calls("batch-decode") >= before + 5);
        running.kill();
        assert!(!work.path("out.csv").exists(), "kill {kill}");
        check_store(&work);
    }
    work.vinrich(&DECODE).exits(0);
    check_store(&work);
    let planned = vins.len().div_ceil(20);
    let calls = work.calls("batch-decode");
    assert!(calls <= planned + kills * LOST_BY_A_KILL, "{calls} calls for {planned}");
    let paid = work.decodes_by_vin();
    assert_eq!(paid.len(), vins.len());
    let twice: usize = paid.values().map(|times| times - 1).sum();
    assert!(twice <= kills * LOST_BY_A_KILL * 20, "{twice} VINs paid for again");
    let rows = csv_rows(&work.read("out.csv"));
    assert!(rows.len() == 600 && rows.iter().all(|row| row["decode_status"] == "found"));
}

#[test]
fn a_kill_leaves_the_old_output() {
    let work = slow("25ms");
    work.write_vins(&vins(20));
    work.vinrich(&DECODE).exits(0);
    let old = work.read("out.csv");
    work.write_vins(&vins(200));
    let running = work.start(&DECODE);
    eventually("calls", || work.calls("batch-decode") >= 4);
    running.kill();
    assert_eq!(work.read("out.csv"), old);
    work.vinrich(&DECODE).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 200);
    let unfinished: Vec<_> = std::fs::read_dir(work.folder.path())
        .expect("the folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".out.csv"))
        .collect();
    assert_eq!(unfinished, [""; 0], "leftovers of the killed run are gone");
}

#[test]
fn a_run_killed_at_start_leaves_no_store() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(1));
    std::fs::create_dir(work.path("store")).expect("a folder");
    std::fs::write(work.store(), "").expect("an empty file");
    work.vinrich(&["plan", "vins.csv", "--with", "decode"]).exits(0);
    work.vinrich(&["quota"]).exits(0);
    let strict = [&DECODE[..], &["--require-store"]].concat();
    work.vinrich(&strict).exits(78).says(&["there is no store"]);
    work.vinrich(&DECODE).exits(0);
    work.vinrich(&strict).exits(0);
}

/// What a run has begun beside its output's place: its length.
fn begun(work: &Work) -> Option<u64> {
    let folder = std::fs::read_dir(work.folder.path()).expect("the folder");
    let is_draft = |name: &str| name.starts_with(".out.csv") && !name.ends_with("vinrich-lock");
    let draft = folder.flatten().find(|entry| is_draft(&entry.file_name().to_string_lossy()))?;
    draft.metadata().ok().map(|file| file.len())
}

#[cfg(unix)]
#[test]
fn a_stop_while_writing_leaves_the_old_output() {
    let work = Work::configured(&[]);
    let few = vins(20);
    work.write_vins(&few);
    work.vinrich(&DECODE).exits(0);
    let old = work.read("out.csv");
    // Every answer is in the store, so that writing is all there is to do.
    let again = |times: usize| format!("vin\n{}", format!("{}\n", few.join("\n")).repeat(times));
    work.write("vins.csv", &again(6_000));
    let running = work.start(&DECODE);
    eventually("rows on their way", || begun(&work).is_some_and(|length| length > 0));
    running.signal("TERM");
    let asked = Instant::now();
    running.end().exits(143).says(&["run the same command again"]);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(work.read("out.csv"), old);
    assert_eq!(begun(&work), None, "nothing is left beside it");
    let report = work.report("out.csv");
    assert_eq!((&report["exit_code"], &report["outcome"]), (&143.into(), &"terminated".into()));
    assert_eq!((&report["rows"]["read"], &report["rows"]["written"]), (&120_000.into(), &0.into()));
    work.write("vins.csv", &again(2));
    work.vinrich(&DECODE).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 40);
    assert!(work.decodes_by_vin().values().all(|&times| times == 1), "nothing is paid twice");
}

/// Whether this process was started with SIGINT ignored, which children inherit
/// and vinrich respects: then there is nothing to test.
#[cfg(unix)]
fn interrupts_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0) & 2 != 0
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_drains_and_exits_130() {
    if interrupts_are_ignored() {
        return;
    }
    let work = slow("250ms");
    work.write_vins(&vins(200));
    let running = work.start(&DECODE);
    eventually("two calls", || work.calls("batch-decode") >= 2);
    running.signal("INT");
    let asked = Instant::now();
    running.end().exits(130).says(&["run the same command again"]);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    check_store(&work);
    work.vinrich(&DECODE).exits(0);
    let paid = work.decodes_by_vin();
    assert!(paid.len() == 200 && paid.values().all(|&times| times == 1), "nothing is lost");
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_it_at_once() {
    if interrupts_are_ignored() {
        return;
    }
    // Longer than the test may take: draining would be noticed.
    let work = slow("20s");
    work.write_vins(&vins(400));
    let mut running = work.start(&DECODE);
    eventually("two calls", || work.calls("batch-decode") >= 2);
    running.signal("INT");
    let first = Instant::now();
    while first.elapsed() < Duration::from_millis(300) {
        assert!(running.is_running(), "the first one lets calls in flight come back");
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal("INT");
    let second = Instant::now();
    running.end().exits(130);
    // 200 ms are the promise; a busy machine may take a little longer to notice.
    assert!(second.elapsed() < Duration::from_secs(1), "{:?}", second.elapsed());
    check_store(&work);
}

/// Its reading has no end: whoever writes to it stays.
#[cfg(unix)]
#[test]
fn a_stop_while_the_input_is_read_is_reported() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(3));
    work.vinrich(&["enrich", "vins.csv", "-o", "first.csv", "--with", "decode"]).exits(0);
    let words = ["enrich", "-", "-o", "out.csv", "--report", "run.json", "--metrics", "run.prom"];
    // More than a pipe holds: once all of it is written, it is being read.
    let rows = format!("vin\n{}\n", vins(90).join("\n")).repeat(200);
    for (signal, code, outcome) in [("TERM", 143, "terminated"), ("INT", 130, "interrupted")] {
        if signal == "INT" && interrupts_are_ignored() {
            continue;
        }
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let running = Running::start(work.command(&words).stdin(reader));
        writer.write_all(rows.as_bytes()).expect("it is read");
        running.signal(signal);
        let asked = Instant::now();
        running.end().exits(code).says(&["nothing was asked or written"]);
        assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
        let report = work.json("run.json");
        assert_eq!((&report["exit_code"], &report["outcome"]), (&code.into(), &outcome.into()));
        let metrics = work.read("run.prom");
        assert!(metrics.contains(&format!(" {code}\n")), "{metrics}");
        let list = work.vinrich(&["runs", "list", "--format", "json"]).exits(0).json();
        assert_eq!(list[0]["exit_code"], code);
        assert_eq!(list[0]["run_id"], report["run_id"]);
        assert!(!work.path("out.csv").exists());
    }
    assert_eq!(work.calls("batch-decode"), 1, "that of the first run");
}
