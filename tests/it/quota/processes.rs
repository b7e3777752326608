//! Four real processes on one store, in real time: stopped, limited and killed
//! in the middle of calls, each with a wall clock that jumps as it likes.
//!
//! A process is this test binary itself, told by an environment variable to be
//! one; it calls the library with a clock of its own, so that the product needs
//! nothing for it.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vinrich::SystemClock;
use vinrich::config::Settings;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::{Clock, Moment, Timestamp};
use vinrich::sandbox::{self, SandboxSpec};
use vinrich::vendors;

use super::{check_window, scale};
use crate::support::command::Setup;
use crate::support::library::{Tweak, plan_of, vins};
use crate::support::{Work, say, seed};

/// Tells the binary to be a process under test, and which.
const CHILD: &str = "VINRICH_TEST_CHILD";

const PROCESSES: usize = 4;
const QUOTAS: [(usize, Duration); 2] = [(6, Duration::from_secs(2)), (20, Duration::from_secs(9))];
const LATENCY: Duration = Duration::from_millis(60);

/// One life of a process.
#[derive(Debug, Serialize, Deserialize)]
struct Life {
    /// Which of the four it is.
    process: usize,
    seed: u64,
    /// `--max-calls`.
    max_calls: Option<u64>,
    /// It is asked to stop after so long.
    stops_after: Option<u64>,
}

/// A wall clock that somebody sets again and again; the boot clock is the machine's.
struct Jumping {
    machine: SystemClock,
    rng: Mutex<fastrand::Rng>,
    ahead: AtomicI64,
}

impl Clock for Jumping {
    fn now(&self) -> Moment {
        const HOUR: i64 = 3_600_000_000;
        const JUMPS: [i64; 7] = [0, HOUR, -HOUR, 24 * HOUR, -24 * HOUR, 72 * HOUR, -72 * HOUR];
        let mut rng = self.rng.lock().expect("no panic there");
        if rng.u8(..) < 24 {
            self.ahead.store(JUMPS[rng.usize(..JUMPS.len())], Ordering::Release);
        }
        let Moment { wall, boot } = self.machine.now();
        let wall = wall.micros() + self.ahead.load(Ordering::Acquire);
        Moment { wall: Timestamp::from_micros(wall), boot }
    }

    fn boot_id(&self) -> &str {
        self.machine.boot_id()
    }
}

/// A process under test; as a test of its own it does nothing.
#[test]
fn child() {
    let Ok(life) = std::env::var(CHILD) else { return };
    let life: Life = serde_json::from_str(&life).expect("a life");
    let settings =
        Settings::load(None, std::iter::empty(), &vendors::specs()).expect("a configuration");
    let name = |kind: &str| std::path::PathBuf::from(format!("{}{kind}", life.process));
    let mut plan = plan_of(settings, &name(".csv"), name("-out.csv")).only(&[Dataset::Decode]);
    plan.vendor("carvin").api_key = sandbox::key("carvin").map(|key| key.to_owned().into());
    plan.limits.max_calls = life.max_calls;
    let clock = Jumping {
        machine: SystemClock::new(),
        rng: Mutex::new(fastrand::Rng::with_seed(life.seed)),
        ahead: AtomicI64::new(0),
    };
    let cancel = Cancel::new();
    if let Some(after) = life.stops_after {
        let cancel = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(after));
            cancel.stop(true);
        });
    }
    let context = vinrich::Context { events: &Silent, clock: &clock, cancel: &cancel };
    let report = vinrich::enrich(&plan, context).expect("a run");
    assert!([0, 80, 143].contains(&report.exit_code), "{report:#?}");
}

/// A folder with a list of VINs for each process.
fn work() -> Work {
    let work = Work::with(SandboxSpec { latency: Some(LATENCY), ..SandboxSpec::default() });
    let quotas = "quotas = ['6/2s', '20/9s']\nconcurrency = 4";
    work.configure(&Setup { general: "max_wait = '1h'", carvin: quotas, ..Setup::default() });
    let vins = vins(PROCESSES * 4000);
    for (process, part) in vins.chunks(4000).enumerate() {
        work.write(&format!("{process}.csv"), &format!("vin\n{}\n", part.join("\n")));
    }
    work
}

fn start(work: &Work, life: &Life) -> std::process::Child {
    let this = std::env::current_exe().expect("this binary");
    Command::new(this)
        .args(["--exact", "quota::processes::child", "--nocapture"])
        .env(CHILD, serde_json::to_string(life).expect("JSON"))
        .current_dir(work.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a process")
}

/// Starts one process again and again; each life is killed after up to `longest`
/// milliseconds, or ends in good order.
fn live(work: &Work, process: usize, lives: u32, longest: u64, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..lives {
        let ends = rng.u8(..3);
        let life = Life {
            process,
            seed: rng.u64(..),
            max_calls: (ends == 1).then(|| rng.u64(1..4)),
            stops_after: (ends != 0).then(|| rng.u64(longest / 4..longest)),
        };
        let mut child = start(work, &life);
        if ends == 0 {
            std::thread::sleep(Duration::from_millis(rng.u64(longest / 4..longest)));
            child.kill().expect("ours");
            child.wait().expect("ours");
        } else {
            let status = child.wait().expect("ours");
            assert!(status.success(), "{life:?}: {status}");
        }
    }
}

/// When calls came, in microseconds since the first.
fn arrivals(work: &Work) -> Vec<i64> {
    let log = work.sandbox.log();
    let first = log.iter().map(|seen| seen.at).min().unwrap_or_else(Instant::now);
    let since = |at: Instant| i64::try_from((at - first).as_micros()).expect("no age");
    log.iter().map(|seen| since(seen.at)).collect()
}

#[test]
fn four_processes_restarted_and_killed_pass_no_window() {
    let (work, seed) = (work(), seed());
    let lives = 15 * scale();
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let work = &work;
            scope.spawn(move || live(work, process, lives, 700, seed + process as u64));
        }
    });
    let arrivals = arrivals(&work);
    say(&format!("{} calls in {} lives", arrivals.len(), lives as usize * PROCESSES));
    for (calls, window) in QUOTAS {
        check_window(&arrivals, calls, window);
    }
    assert!(arrivals.len() > 12, "{} calls", arrivals.len());
}

/// How much of the quota real processes use depends on how busy the machine is:
/// the short form of this is `simulated::the_quota_is_used_while_work_waits`.
#[test]
fn four_processes_use_the_quota() {
    if scale() == 1 {
        return;
    }
    let (work, seed) = (work(), seed());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let stops_after = Some(45_000);
            let life = Life { process, seed: seed + process as u64, max_calls: None, stops_after };
            let work = &work;
            scope.spawn(move || assert!(start(work, &life).wait().expect("ours").success()));
        }
    });
    let took = started.elapsed().min(Duration::from_secs(45));
    let arrivals = arrivals(&work);
    for (calls, window) in QUOTAS {
        check_window(&arrivals, calls, window);
    }
    let cycles = |(calls, window): (usize, Duration)| {
        calls as f64 * took.as_secs_f64() / (window + LATENCY).as_secs_f64()
    };
    let possible = QUOTAS.into_iter().map(cycles).fold(f64::INFINITY, f64::min);
    let used = arrivals.len() as f64 / possible;
    say(&format!("{:.1} % of the quota used", used * 100.0));
    assert!(used >= 0.95, "{} of {possible:.1} calls", arrivals.len());
}
