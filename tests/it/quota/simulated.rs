//! Four processes on one store, restarted and killed, in simulated time: the
//! ledger's own transactions, by clocks that this test winds.
//!
//! The machine's wall clock jumps by hours and days at random moments, the boot
//! clock never does. What reaches the vendor, and when, is all that is judged.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use vinrich::config::Durability;
use vinrich::domain::key::Key;
use vinrich::domain::money::Micros;
use vinrich::domain::time::{Moment, Timestamp};
use vinrich::domain::vin::Vin;
use vinrich::store::ledger::windows::{Limits, Span, Window};
use vinrich::store::{
    AccountId, AccountName, Close, Reserve, RunInfo, RunLimits, Shortage, SourceId, SourceName,
    Store, StoreSpec,
};
use vinrich::vendors::Effect;

use super::{check_window, scale};
use crate::support::library::vins;
use crate::support::{say, seed};

const MILLI: i64 = 1000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// What the wall clock of the machine says at boot.
const WALL_AT_BOOT: i64 = 1_800_000_000 * SECOND;

/// Processes on the store.
const PROCESSES: usize = 4;

/// Calls that a process has on their way at the most.
const SLOTS: usize = 4;

/// From the sending of a call until its answer.
const LATENCY: i64 = 120 * MILLI;

/// How an episode of the machine goes.
struct Script<'a> {
    windows: &'a [(u64, Duration)],
    /// In all of its starts each process is started so often anew.
    restarts: usize,
    /// The longest that a process lives.
    life: i64,
    kills: bool,
}

/// The machine, its vendor, and the true time.
struct Machine {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    rng: fastrand::Rng,
    limits: Limits,
    /// Microseconds since boot.
    now: i64,
    /// How far the wall clock is from the truth.
    ahead: i64,
    /// What has reached the vendor.
    arrivals: Vec<i64>,
    runs: u32,
    keys: std::vec::IntoIter<String>,
}

/// One process while it lives.
struct Process {
    store: Store<'static>,
    run_id: String,
    account: AccountId,
    source: SourceId,
    /// Calls on their way, by the time of their answer.
    aloft: BTreeSet<(i64, i64)>,
    /// When it looks for room again.
    wakes: i64,
    dies: i64,
}

impl Machine {
    fn new(script: &Script<'_>) -> Self {
        let window = |&(calls, window)| Window { calls, span: Span::Sliding(window) };
        let windows = script.windows.iter().map(window).collect();
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            runtime: tokio::runtime::Builder::new_current_thread().build().expect("a runtime"),
            rng: fastrand::Rng::with_seed(seed()),
            limits: Limits { windows, spend: Vec::new() },
            now: 0,
            ahead: 0,
            arrivals: Vec::new(),
            runs: 0,
            keys: vins(20_000).into_iter(),
        }
    }

    fn moment(&self) -> Moment {
        let wall = Timestamp::from_micros(WALL_AT_BOOT + self.now + self.ahead);
        Moment { wall, boot: self.now }
    }

    /// The wall clock is set, or turned for the summer.
    fn maybe_jump(&mut self) {
        const JUMPS: [i64; 8] = [0, HOUR, -HOUR, HOUR / 2, DAY, -DAY, 3 * DAY, -3 * DAY];
        if self.rng.u8(..) < 8 {
            self.ahead = JUMPS[self.rng.usize(..JUMPS.len())];
        }
    }

    fn start(&mut self, script: &Script<'_>) -> Process {
        self.runs += 1;
        let run_id = format!("run-{}", self.runs);
        let most = self.rng.bool().then(|| self.rng.u64(1..40));
        let spec = StoreSpec {
            path: &self.folder.path().join("store.db"),
            durability: Durability::Normal,
            must_exist: false,
            limits: RunLimits { max_calls: most, max_cost: None },
        };
        let info = RunInfo {
            run_id: run_id.clone(),
            boot_id: "boot".into(),
            command: String::new(),
            started: self.moment(),
            output: None,
        };
        let store = Store::open(&spec, &info).expect("a store");
        let name = SourceName {
            dataset: None,
            vendor: "carvin",
            endpoint: "decode",
            origin: "here".into(),
        };
        let (account, source) = self.runtime.block_on(async {
            let mine =
                AccountName { vendor: "carvin", origin: "here".into(), account: String::new() };
            let account = store.writer().account(mine).await;
            let source = store.writer().source(name).await;
            (account.expect("an account"), source.expect("a source"))
        });
        let dies = self.now + self.rng.i64(script.life / 4..script.life);
        Process { store, run_id, account, source, aloft: BTreeSet::new(), wakes: self.now, dies }
    }

    /// Lets the machine run until every process has lived all its lives.
    fn play(&mut self, script: &Script<'_>) {
        let mut lives = [script.restarts; PROCESSES];
        let mut processes: Vec<Option<Process>> =
            (0..PROCESSES).map(|_| Some(self.start(script))).collect();
        while let Some(next) = (0..PROCESSES)
            .filter(|place| processes[*place].is_some())
            .min_by_key(|place| processes[*place].as_ref().map(Process::next))
        {
            let Some(mut process) = processes[next].take() else { return };
            self.now = self.now.max(process.next());
            self.maybe_jump();
            if self.now < process.dies {
                self.step(&mut process);
                processes[next] = Some(process);
                continue;
            }
            if script.kills && self.rng.bool() {
                self.kill(process);
            } else {
                self.end(process);
            }
            if lives[next] > 0 {
                lives[next] -= 1;
                processes[next] = Some(self.start(script));
            }
        }
    }

    /// An answer comes, or the process looks for room.
    fn step(&mut self, process: &mut Process) {
        while let Some(&(answered, call)) = process.aloft.first()
            && answered <= self.now
        {
            process.aloft.pop_first();
            self.close(process, call);
            process.wakes = process.wakes.min(self.now);
        }
        if process.wakes > self.now {
            return;
        }
        if process.aloft.len() >= SLOTS {
            process.wakes = i64::MAX;
            return;
        }
        let wish = Reserve {
            account: process.account,
            source: process.source,
            limits: self.limits.clone(),
            price: Micros::ZERO,
            now: self.moment(),
            fixed: Vec::new(),
            keys: self
                .keys
                .by_ref()
                .take(SLOTS - process.aloft.len())
                .map(|vin| key(&vin))
                .collect(),
            batch: 1,
            last: true,
            effect: Effect::Read,
        };
        let granted = self.runtime.block_on(process.store.writer().reserve(wish)).expect("granted");
        for call in granted.calls {
            // The vendor counts it somewhere between the sending and the answer.
            self.arrivals.push(self.now + self.rng.i64(0..LATENCY));
            process.aloft.insert((self.now + LATENCY, call.id));
        }
        process.wakes = match granted.held {
            None => self.now,
            Some(Shortage::AfterOpen) => self.now + 100 * MILLI,
            Some(Shortage::After(wait, _)) => self.now + micros(wait),
            Some(Shortage::Run(_)) => {
                process.dies = self.now;
                self.now
            }
        };
    }

    fn close(&self, process: &Process, call: i64) {
        let close = Close {
            call,
            account: process.account,
            at: self.moment(),
            state: "ok".into(),
            http_status: Some(200),
            price: Micros::ZERO,
            charged: Micros::ZERO,
            request_id: None,
            effect: Effect::Read,
            answers: None,
            operation: None,
        };
        self.runtime.block_on(process.store.writer().close(close)).expect("queued");
    }

    /// Ends in good order: what is on its way is waited for.
    fn end(&mut self, mut process: Process) {
        while let Some((answered, call)) = process.aloft.pop_first() {
            self.now = self.now.max(answered);
            self.close(&process, call);
        }
        process.store.finish(self.moment(), 0, "{}", None).expect("ended");
    }

    /// Ends without a word. What has left is counted by the vendor; some of what
    /// was reserved has not.
    fn kill(&mut self, process: Process) {
        let lock = self.folder.path().join("store.db.runs").join(&process.run_id);
        drop(process.store);
        wait_until_free(&lock);
    }
}

impl Process {
    fn next(&self) -> i64 {
        let answer = self.aloft.first().map_or(i64::MAX, |&(at, _)| at);
        answer.min(self.wakes).min(self.dies)
    }
}

fn key(vin: &str) -> Key {
    Key::Vin(Vin::new(vin).expect("a VIN"))
}

fn micros(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).expect("less than an age")
}

/// The thread that held the lock ends by itself once its store is dropped.
fn wait_until_free(lock: &Path) {
    crate::support::command::eventually("the lock of a dead run", || {
        File::open(lock).is_ok_and(|file| file.try_lock().is_ok())
    });
}

/// Plays a script, and fails when a window was passed.
fn play(script: &Script<'_>) -> Machine {
    let mut machine = Machine::new(script);
    machine.play(script);
    for &(calls, window) in script.windows {
        check_window(&machine.arrivals, usize::try_from(calls).expect("few"), window);
    }
    machine
}

#[test]
fn no_window_is_passed_by_restarted_processes() {
    let windows = &[(6, Duration::from_secs(2)), (20, Duration::from_secs(9))];
    let restarts = 20 * scale() as usize;
    let machine = play(&Script { windows, restarts, life: 8 * SECOND, kills: true });
    let calls = machine.arrivals.len();
    assert!(calls > 100, "{calls} calls in {} s", machine.now / SECOND);
}

#[test]
fn daily_windows_survive_restarts_kills_and_jumps() {
    let windows = &[(10, Duration::from_mins(1)), (60, Duration::from_hours(24))];
    let restarts = 10 * scale() as usize;
    let machine = play(&Script { windows, restarts, life: 10 * HOUR, kills: true });
    let days = machine.now / DAY;
    assert!(machine.arrivals.len() > usize::try_from(days).expect("few") * 40, "in {days} days");
}

#[test]
fn the_quota_is_used_while_work_waits() {
    for windows in [
        &[(6, Duration::from_secs(2)), (20, Duration::from_secs(9))][..],
        &[(5, Duration::from_secs(1))],
        &[(30, Duration::from_mins(1))],
    ] {
        // N calls in each W + latency, by the window that allows the fewest.
        let cycle = |window: Duration| micros(window) + LATENCY;
        let rate = |&(calls, window): &(u64, Duration)| calls as f64 / cycle(window) as f64;
        let (calls, window) =
            windows.iter().min_by(|a, b| rate(a).total_cmp(&rate(b))).expect("a window");
        let life = 6 * micros(*window);
        let machine = play(&Script { windows, restarts: 7, life, kills: false });
        let cycles = machine.now / cycle(*window);
        let within = |at: &&i64| **at < cycles * cycle(*window);
        let possible = *calls as f64 * cycles as f64;
        let used = machine.arrivals.iter().filter(within).count() as f64 / possible;
        say(&format!("{windows:?}: {:.1} % used over {} s", used * 100.0, machine.now / SECOND));
        assert!(used >= 0.95, "{windows:?}: {used} of {possible} calls");
    }
}
