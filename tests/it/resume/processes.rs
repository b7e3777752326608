//! Signals, and other processes: runs that are stopped wherever they are, and
//! runs that share a store.
//!
//! Eight processes write 150 answers each; `VINRICH_WRITES=10000` makes that as many.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use vinrich::sandbox::{Quotas, SandboxSpec};

use crate::support::command::trace::{can_trace, under};
use crate::support::command::{DECODE, Running, Setup, eventually, vins};
use crate::support::{Work, csv_rows};

/// A stopped run is over by then.
const STOPPED: Duration = Duration::from_secs(10);

fn work_with(count: usize, carvin: &str, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    work.configure(&Setup { general: "max_wait = '2h'", carvin, ..Setup::default() });
    work.write_vins(&vins(count));
    work
}

/// Sends a signal and waits for the end, which must come with `code` and soon.
#[track_caller]
fn stops(running: Running, signal: &str, code: i32, within: Duration) -> String {
    let asked = Instant::now();
    running.signal(signal);
    let stderr = running.end().exits(code).stderr;
    assert!(asked.elapsed() < within, "SIG{signal}: {:?}", asked.elapsed());
    stderr
}

/// Waits until the run listens to signals, and has had time to go on to where it hangs.
fn listens(running: &Running) {
    let tasks = format!("/proc/{}/task", running.pid());
    let is_watching = || {
        let tasks = std::fs::read_dir(&tasks).into_iter().flatten().flatten();
        let mut names =
            tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.any(|name| name.trim() == "signals")
    };
    if std::path::Path::new("/proc/self/task").exists() {
        eventually("it listens", is_watching);
    } else {
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn each_signal_has_its_exit_code() {
    let work = work_with(200, "quotas = []\nconcurrency = 2", &["latency=60ms"]);
    for (signal, code) in [("TERM", 143), ("HUP", 143)] {
        let before = work.calls("batch-decode");
        let running = work.start(&DECODE);
        eventually("calls", || work.calls("batch-decode") > before + 1);
        stops(running, signal, code, STOPPED);
        assert!(!work.path("out.csv").exists());
        assert_eq!(work.report("out.csv")["exit_code"], code);
    }
    work.vinrich(&DECODE).exits(0);
    let asked = work.decodes_by_vin();
    assert!(asked.len() == 200 && asked.values().all(|&times| times == 1), "drained, not dropped");
}

#[test]
fn waiting_for_another_run_stops_at_once() {
    let work = work_with(20, "quotas = []", &["carvin/batch-decode/stall:first=1"]);
    let holder = work.start(&DECODE);
    eventually("the first call", || work.calls("batch-decode") == 1);
    let waiting = work.start(&[&DECODE[..], &["--wait-lock", "1h"]].concat());
    listens(&waiting);
    stops(waiting, "TERM", 143, STOPPED / 2);
    // And never took the lock, or the file of it, from the holder.
    work.vinrich(&DECODE).exits(79).says(&[&format!("pid {}", holder.pid())]);
    holder.kill();
    work.vinrich(&DECODE).exits(0);
}

#[test]
fn reading_an_endless_input_stops_at_once() {
    let work = work_with(20, "quotas = []", &[]);
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let mut command = work.command(&["enrich", "-", "-o", "out.csv", "--with", "decode"]);
    let running = Running::start(command.stdin(Stdio::from(reader)));
    listens(&running);
    let said = stops(running, "HUP", 143, STOPPED / 2);
    assert!(said.contains("nothing was asked"), "{said}");

    let fifo = work.path("fifo.csv");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    for words in [&["enrich", "fifo.csv", "-o", "out.csv"][..], &["validate", "fifo.csv"]] {
        let running = work.start(words);
        listens(&running);
        stops(running, "TERM", 143, STOPPED / 2);
    }
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn waiting_for_a_quota_stops_at_once() {
    let work = work_with(60, "quotas = ['1/hour']", &[]);
    let running = work.start(&DECODE);
    eventually("the one call", || work.calls("batch-decode") == 1);
    stops(running, "TERM", 143, STOPPED / 2);
    let found = |work: &Work| {
        let rows = csv_rows(&work.read("out.csv"));
        rows.iter().filter(|row| row["decode_status"] == "found").count()
    };
    work.vinrich(&[&DECODE[..], &["--max-wait", "0s"]].concat()).exits(75);
    assert_eq!((found(&work), work.calls("batch-decode")), (20, 1), "what was asked is kept");
}

#[test]
fn an_unanswered_call_does_not_delay_a_stop() {
    let work = work_with(20, "quotas = []", &["carvin/batch-decode/stall:first=1"]);
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    // The reply is waited for, but not for the half minute that a call may take.
    stops(running, "TERM", 143, STOPPED * 2);
    work.vinrich(&DECODE).exits(0);
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 20);
}

/// Ctrl-Z, a laptop's lid, a container that is paused.
#[test]
fn a_suspended_run_resumes_within_its_quota() {
    let window = Duration::from_secs(1);
    let work = work_with(160, "quotas = ['2/1s']\nconcurrency = 2", &["latency=50ms"]);
    let running = work.start(&DECODE);
    for calls in [2, 4] {
        eventually("calls", || work.calls("batch-decode") >= calls);
        running.signal("STOP");
        std::thread::sleep(window * 3 / 2);
        running.signal("CONT");
    }
    running.end().exits(0);
    let asked = work.decodes_by_vin();
    assert!(asked.len() == 160 && asked.values().all(|&times| times == 1), "nothing is paid twice");
    let mut at: Vec<Instant> = work.sandbox.log().iter().map(|call| call.at).collect();
    at.sort_unstable();
    for (first, third) in at.iter().zip(at.iter().skip(2)) {
        assert!(third.duration_since(*first) >= window, "three calls within a window for two");
    }
}

/// Starts runs over overlapping parts of 300 VINs.
fn start_part(work: &Work, part: usize) -> Running {
    let vins = vins(300);
    let (name, out) = (format!("{part}.csv"), format!("out-{part}.csv"));
    work.write(&name, &format!("vin\n{}\n", vins[part * 40..part * 40 + 180].join("\n")));
    work.start(&["enrich", &name, "-o", &out, "--with", "decode"])
}

fn check_parts(work: &Work, parts: impl IntoIterator<Item = usize>) {
    for part in parts {
        let rows = csv_rows(&work.read(&format!("out-{part}.csv")));
        let found = rows.iter().filter(|row| row["decode_status"] == "found").count();
        assert_eq!(found, 180, "run {part}");
    }
}

/// VINs asked more than once.
fn twice(work: &Work) -> BTreeMap<String, usize> {
    work.decodes_by_vin().into_iter().filter(|(_, times)| *times > 1).collect()
}

#[test]
fn keys_of_a_killed_run_are_asked() {
    let carvin = "quotas = []\nconcurrency = 2";
    let work = work_with(1, carvin, &["latency=120ms"]);
    let first = start_part(&work, 0);
    eventually("its calls", || work.calls("batch-decode") >= 2);
    let others: Vec<Running> = (1..4).map(|part| start_part(&work, part)).collect();
    eventually("calls of others", || work.calls("batch-decode") >= 8);
    first.kill();
    for run in others {
        run.end().exits(0);
    }
    check_parts(&work, 1..4);
    // Only what the killed run had on its way, or had not committed, is asked again.
    assert!(twice(&work).len() <= 4 * 20, "{}", twice(&work).len());
    start_part(&work, 0).end().exits(0);
    check_parts(&work, 0..4);
    assert_eq!(work.decodes_by_vin().len(), 300);
    let runs = work.vinrich(&["runs", "list"]).exits(0);
    assert_eq!(runs.stdout().matches("killed").count(), 1, "{}", runs.stdout());
}

#[test]
fn runs_that_start_together_make_one_store() {
    for _ in 0..4 {
        let work = work_with(1, "quotas = []", &["latency=30ms"]);
        let runs: Vec<Running> = (0..4).map(|part| start_part(&work, part)).collect();
        for run in runs {
            run.end().exits(0);
        }
        check_parts(&work, 0..4);
        assert_eq!(twice(&work), BTreeMap::new());
        let left: Vec<_> = std::fs::read_dir(work.path("store/vinrich.db.runs"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left, ["in-use"], "every run said farewell");
    }
}

#[test]
fn one_output_has_one_writer_at_a_time() {
    let work = work_with(60, "quotas = []", &["latency=30ms"]);
    let start = |wait: &str| work.start(&[&DECODE[..], &["--wait-lock", wait]].concat());
    let runs: Vec<Running> = (0..4).map(|_| start("45s")).collect();
    for run in runs {
        run.end().exits(0);
    }
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 60);
    assert_eq!(work.calls("batch-decode"), 3, "the second found everything in the store");
    let impatient: Vec<Running> = (0..4).map(|_| work.start(&DECODE)).collect();
    let ended: Vec<_> = impatient.into_iter().map(|run| run.end().code).collect();
    assert!(ended.iter().all(|code| matches!(code, Some(0 | 79))), "{ended:?}");
    assert!(ended.contains(&Some(0)), "somebody was the first: {ended:?}");
}

/// One call an answer: as many transactions as a store ever sees.
#[test]
fn eight_processes_are_never_locked_out() {
    let each: usize =
        std::env::var("VINRICH_WRITES").ok().and_then(|each| each.parse().ok()).unwrap_or(150);
    let work = Work::with(SandboxSpec { quotas: Quotas::roomy(), ..SandboxSpec::default() });
    work.configure(&Setup {
        carvin: "quotas = []\nconcurrency = 8",
        tables: "[datasets.recalls]\nvendors = ['carvin']\nkey = 'vin'\n",
        ..Setup::default()
    });
    let vins = vins(8 * each);
    let start = |part: usize| {
        let (name, out) = (format!("{part}.csv"), format!("out-{part}.csv"));
        work.write(&name, &format!("vin\n{}\n", vins[part * each..][..each].join("\n")));
        work.start(&["enrich", &name, "-o", &out, "--with", "recalls", "--quiet"])
    };
    let runs: Vec<Running> = (0..8).map(start).collect();
    for mut run in runs {
        while each > 1000 && run.is_running() {
            // The long form takes longer than a command may.
            std::thread::sleep(Duration::from_millis(100));
        }
        let ended = run.end().exits(0);
        assert!(!ended.stderr.contains("locked"), "{}", ended.stderr);
    }
    let count = |sql: &str| work.number(sql);
    let all = i64::try_from(8 * each).expect("a count");
    assert_eq!(count("SELECT count(*) FROM answers"), all);
    assert_eq!(count("SELECT count(*) FROM calls"), all, "each VIN once");
    assert_eq!(
        count("SELECT count(*) FROM calls LEFT JOIN replies ON call = id WHERE state IS NOT 'ok'"),
        0
    );
    work.assert_sound();
}

/// A disk that no longer answers, such as a share whose server is gone.
#[cfg(target_os = "linux")]
#[test]
fn a_hanging_disk_does_not_delay_a_stop() {
    if !can_trace() {
        return;
    }
    let work = work_with(40, "quotas = []", &[]);
    // Held by the tracer, the process is gone only when that lets go.
    let hanging = ["strace", "-D", "-f", "-qq", "-o", "strace.log", "-e", "trace=rename"];
    let wrapper = [&hanging[..], &["-e", "inject=rename:delay_enter=12000000"]].concat();
    let running = Running::start(&mut under(&wrapper, &work.command(&DECODE)));
    // Few rows are written when the file is finished: what follows is the rename.
    eventually("an output about to be put in place", || {
        let folder = std::fs::read_dir(work.folder.path()).expect("a folder").flatten();
        let mut drafts =
            folder.filter(|entry| entry.path().extension().is_some_and(|it| it == "tmp"));
        drafts.any(|draft| draft.metadata().is_ok_and(|file| file.len() > 0))
    });
    let said = stops(running, "TERM", 143, STOPPED + STOPPED / 2);
    assert!(said.contains("too long"), "{said}");
    assert!(!work.path("out.csv").exists());
    work.vinrich(&DECODE).exits(0);
}
