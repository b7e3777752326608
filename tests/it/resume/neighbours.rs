//! A run that is stopped, as by Ctrl-Z, while it holds the store's write lock: others wait
//! for it, and lose nothing that they have paid for.
//!
//! strace stops it within a commit. Where there is none, nothing is shown here.

use std::process::Command;

use crate::support::Work;
use crate::support::command::trace::{STRACE, can_trace, under};
use crate::support::command::{Running, Setup, eventually, vins_in};

const OTHERS: [&str; 6] = ["enrich", "others.csv", "-o", "others-out.csv", "--with", "decode"];
const OURS: [&str; 6] = ["enrich", "ours.csv", "-o", "ours-out.csv", "--with", "decode"];

/// A store, VINs of a neighbour, and `count` other ones of ours.
fn work(max_wait: &str, count: usize, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    let list = |vins: Vec<String>| format!("vin\n{}\n", vins.join("\n"));
    work.write("others.csv", &list(vins_in(0..3)));
    work.write("ours.csv", &list(vins_in(100..100 + count)));
    configure(&work, max_wait);
    // A first run makes the store.
    work.write("first.csv", &list(vins_in(900..901)));
    work.vinrich(&["enrich", "first.csv", "-o", "first-out.csv", "--with", "decode"]).exits(0);
    work
}

fn configure(work: &Work, max_wait: &str) {
    let general = format!("max_wait = '{max_wait}'");
    let carvin = "quotas = []\nconcurrency = 1";
    work.configure(&Setup { general: &general, carvin, ..Setup::default() });
}

/// A run that is stopped while it holds the write lock; awake again, and killed, when dropped.
struct Neighbour {
    tracer: Option<Running>,
    pid: u32,
    run: String,
}

impl Neighbour {
    /// Starts it, and waits until it is stopped.
    fn stop_in_a_commit(work: &Work) -> Self {
        let before = runs(work);
        // Only writes to the log count: the first is that of its first commit.
        let log = work.path("store/vinrich.db-wal").display().to_string();
        let inject = ["-o", "/dev/null", "-P", &log, "-e", "trace=pwrite64", "-e"];
        let rule = ["inject=pwrite64:signal=SIGSTOP:when=1", "--"];
        let wrapper = [&STRACE[..], &inject, &rule].concat();
        let tracer = Running::start(&mut under(&wrapper, &work.command(&OTHERS)));
        let mut found = None;
        eventually("the neighbour is stopped", || {
            let mut new = runs(work).into_iter().filter(|run| !before.contains(run));
            found = new.find(|(_, pid)| is_stopped(*pid));
            found.is_some()
        });
        let (run, pid) = found.expect("a run");
        Self { tracer: Some(tracer), pid, run }
    }

    /// Lets it go on, and waits for its end.
    fn wake(mut self) {
        let mut tracer = self.tracer.take().expect("it was started");
        // Each of its threads is stopped once.
        eventually("the neighbour ends", || {
            signal("CONT", self.pid);
            !tracer.is_running()
        });
        tracer.end().exits(0);
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        if self.tracer.is_some() {
            signal("KILL", self.pid);
        }
    }
}

/// A process that has ended meanwhile needs none.
fn signal(name: &str, pid: u32) {
    let line = format!("kill -{name} {pid} 2> /dev/null");
    Command::new("sh").args(["-c", &line]).status().expect("a shell");
}

/// The runs that have announced themselves, with their processes.
fn runs(work: &Work) -> Vec<(String, u32)> {
    let entries = std::fs::read_dir(work.path("store/vinrich.db.runs")).expect("a folder");
    let run = |entry: std::fs::DirEntry| {
        let signed = std::fs::read_to_string(entry.path()).ok()?;
        let pid = signed.strip_prefix("pid ")?.trim().parse().ok()?;
        Some((entry.file_name().into_string().ok()?, pid))
    };
    entries.flatten().filter_map(run).collect()
}

fn is_stopped(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && line.contains("stop"))
}

/// Waits until a run says that it waits for the neighbour.
fn says_it_waits(running: &Running, neighbour: &Neighbour) {
    let stderr = format!("/proc/{}/fd/2", running.pid());
    let named =
        format!("the run {} (pid {}, stopped) holds the write lock", neighbour.run, neighbour.pid);
    eventually("it names whom it waits for", || {
        std::fs::read_to_string(&stderr).is_ok_and(|said| said.contains(&named))
    });
}

#[test]
fn a_stopped_neighbour_is_waited_for_then_named() {
    if !can_trace() {
        return;
    }
    let work = work("1s", 3, &[]);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    let calls = work.calls("batch-decode");
    let ended = work.vinrich(&OURS).exits(79);
    let named = format!("the run {} (pid {}, stopped)", neighbour.run, neighbour.pid);
    ended.says(&[&named, "holds the write lock", "kill -CONT"]);
    assert_eq!(work.calls("batch-decode"), calls, "nothing was sent");
    neighbour.wake();
    work.vinrich(&OURS).exits(0);
    work.assert_sound();
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    if !can_trace() {
        return;
    }
    let work = work("2h", 3, &[]);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let running = work.start(&OURS);
        says_it_waits(&running, &neighbour);
        running.signal(name);
        running.end().exits(code);
    }
    neighbour.wake();
}

#[test]
fn what_was_paid_for_is_kept_through_a_wait() {
    if !can_trace() {
        return;
    }
    // The first call is still on its way when the neighbour is stopped, whichever of these
    // it is about; others are to come.
    let vins = vins_in(100..160);
    let slow = |vin: &String| format!("carvin/batch-decode/latency=10s:vin={vin}");
    let slow = [slow(&vins[0]), slow(vins.iter().min().expect("some"))];
    let work = work("2h", 60, &[&slow[0], &slow[1]]);
    let before = work.calls("batch-decode");
    let ours = work.start(&OURS);
    eventually("a call", || work.calls("batch-decode") > before);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    says_it_waits(&ours, &neighbour);
    let asked = work.calls("batch-decode");
    // The others take no time: they would have been sent.
    let looks = std::cell::Cell::new(0);
    eventually("it looks again", || {
        looks.set(looks.get() + 1);
        looks.get() > 1000
    });
    assert_eq!(work.calls("batch-decode"), asked, "nothing is sent while it waits");
    neighbour.wake();
    let ended = ours.end().exits(0);
    assert!(ended.stderr.contains("nothing is sent before it lets go"), "{}", ended.stderr);
    let times = work.decodes_by_vin();
    assert!(vins.iter().all(|vin| times[vin] == 1), "each is asked once: {times:?}");
    work.assert_sound();
}
