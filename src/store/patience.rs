//! Waiting for another process that holds the store's write lock: it may be stopped, as by
//! Ctrl-Z, for as long as somebody likes.
//!
//! Nothing is sent meanwhile, since nothing could be written; what has come is kept in
//! memory. The holder is named, so that a person can wake it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{Cancel, Error, Events, Exit, Level};
use crate::files::beside;
use crate::files::processes::{is_stopped, locks_on, state_of};
use crate::store::open::{self, BUSY};
use crate::store::run_locks;

/// How long one try lasts: then it is looked whether to go on, and who is waited for.
pub(super) const TRY: Duration = Duration::from_millis(500);

/// How long a run that is stopped goes on trying to keep what was paid for.
const AFTER_STOP: Duration = Duration::from_secs(6);

/// The code of notes about a store that another process has locked.
pub const STORE_LOCKED: &str = "store_locked";

/// How long a run waits for another process that is in its way at the store.
#[derive(Clone, Debug)]
pub struct Patience {
    for_stopped: Duration,
    for_working: Duration,
    /// The run's stop button.
    cancel: Cancel,
}

impl Patience {
    /// At most `max_wait`, but half a minute at least for a process that works.
    pub fn up_to(max_wait: Duration, cancel: Cancel) -> Self {
        Self { for_stopped: max_wait, for_working: max_wait.max(BUSY), cancel }
    }

    /// It waits for nothing.
    pub fn none() -> Self {
        Self { for_stopped: Duration::ZERO, for_working: Duration::ZERO, cancel: Cancel::new() }
    }
}

impl Default for Patience {
    /// Half a minute for a process that works. One that is stopped rarely wakes by itself.
    fn default() -> Self {
        Self::up_to(Duration::ZERO, Cancel::new())
    }
}

/// Says to `events` who is waited for.
pub(super) fn noting(events: &dyn Events) -> impl Fn(&str) {
    |who| events.note(Level::Warn, STORE_LOCKED, &format!("{who}: waiting"))
}

/// The process that a writer waits for, as its handle sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitedFor(Arc<Mutex<Option<String>>>);

impl WaitedFor {
    pub(super) fn set(&self, who: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = who;
    }

    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One wait for the write lock.
pub(super) struct LockWait<'a> {
    patience: &'a Patience,
    store: &'a Path,
    started: Instant,
    /// When it was seen that the run is to stop.
    stopped: Option<Instant>,
    /// Whether answers wait in memory.
    holds_answers: bool,
}

impl<'a> LockWait<'a> {
    pub(super) fn new(patience: &'a Patience, store: &'a Path, holds_answers: bool) -> Self {
        Self { patience, store, started: Instant::now(), stopped: None, holds_answers }
    }

    /// Does `work` as soon as no other process's lock is in its way. `note` is given a
    /// sentence about whoever holds it.
    pub(super) fn until_free<T>(
        &mut self,
        note: &dyn Fn(&str),
        mut work: impl FnMut() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut noted = String::new();
        loop {
            match work() {
                Err(error) if open::is_locked_out(&error) => {
                    let who = self.go_on()?;
                    if who != noted {
                        note(&who);
                        noted = who;
                    }
                }
                done => return done,
            }
        }
    }

    /// Whom to wait for after a try that failed, or why not to wait any more.
    fn go_on(&mut self) -> Result<String, Error> {
        let holder = Holder::of(self.store);
        let who = holder.as_ref().map_or_else(|| "another process".into(), Holder::name);
        let what = format!("{who} holds the write lock of the store `{}`", self.store.display());
        if let Some(exit) = self.patience.cancel.asked() {
            let stopped = *self.stopped.get_or_insert_with(Instant::now);
            if !self.holds_answers || stopped.elapsed() >= AFTER_STOP {
                return Err(Error::new(exit, format!("stopped while {what}")).hint(WAKE));
            }
        }
        let is_stopped = holder.is_some_and(|holder| holder.is_stopped());
        let Patience { for_stopped, for_working, .. } = *self.patience;
        let longest = if is_stopped { for_stopped } else { for_working };
        if self.started.elapsed() >= longest {
            let waited = humantime::format_duration(Duration::from_secs(longest.as_secs()));
            return Err(
                Error::new(Exit::Locked, format!("{what}, and was waited for {waited}")).hint(WAKE)
            );
        }
        Ok(what)
    }
}

/// Whether the process that holds the write lock of `store` is stopped.
pub(super) fn is_holder_stopped(store: &Path) -> bool {
    Holder::of(store).is_some_and(|holder| holder.is_stopped())
}

/// The process that holds the write lock of `store`, by its name.
pub(super) fn holder(store: &Path) -> Option<String> {
    Holder::of(store).as_ref().map(Holder::name)
}

const WAKE: &str =
    "let it go on (`kill -CONT PID`, or `fg` where it was stopped by Ctrl-Z) or end it";

/// The byte of SQLite's shared memory file whose lock is the write lock.
const WRITE_LOCK: u64 = 120;

/// The byte that is locked while that file is made.
const MAKING_LOCK: u64 = 128;

/// The process that holds the write lock.
struct Holder {
    pid: u32,
    /// The run it is, where it is one of this store's.
    run: Option<String>,
    state: Option<char>,
}

impl Holder {
    /// Who holds the lock on `store`, where the system says so.
    fn of(store: &Path) -> Option<Self> {
        let (index, on_store) = (beside(store, "-shm"), locks_on(store));
        let on_index = locks_on(&index);
        let of_byte =
            |byte: u64| on_index.iter().find(|lock| !lock.is_shared && lock.bytes.contains(&byte));
        // The file itself is locked while its log is made or removed. As long as it has none,
        // whoever reads is in the way too.
        let reads = || {
            let is_stopped = |pid| state_of(pid).is_some_and(is_stopped);
            on_store.iter().find(|lock| !index.exists() && is_stopped(lock.pid))
        };
        let lock = of_byte(WRITE_LOCK)
            .or_else(|| of_byte(MAKING_LOCK))
            .or_else(|| on_store.iter().find(|lock| !lock.is_shared))
            .or_else(reads)?;
        let pid = lock.pid;
        let run = run_locks::live_runs(store).into_iter().find(|(_, of)| *of == Some(pid));
        Some(Self { pid, run: run.map(|(run, _)| run), state: state_of(pid) })
    }

    fn is_stopped(&self) -> bool {
        self.state.is_some_and(is_stopped)
    }

    fn name(&self) -> String {
        let state = match self.state {
            Some('T' | 't') => ", stopped",
            Some('D') => ", waiting for a disk",
            Some('R' | 'S') => ", running",
            _ => "",
        };
        match &self.run {
            Some(run) => format!("the run {run} (pid {}{state})", self.pid),
            None => format!("a process (pid {}{state})", self.pid),
        }
    }
}
