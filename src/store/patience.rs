//! Waiting for another process that holds the store's write lock: it may be stopped, as by
//! Ctrl-Z, for as long as somebody likes.
//!
//! Nothing is sent meanwhile, since nothing could be written; what has come is kept in
//! memory. The holder is named, so that a person can wake it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{Cancel, Error, Exit};
use crate::store::open::BUSY;
use crate::store::run_locks;

/// How long one try lasts: then it is looked whether to go on, and who is waited for.
pub(super) const TRY: Duration = Duration::from_millis(500);

/// How long a run that is stopped goes on trying to keep what was paid for.
const AFTER_STOP: Duration = Duration::from_secs(6);

/// How long a run waits for another process that holds the write lock.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For a process that is stopped. One that works is given half a minute at least.
    pub longest: Duration,
    /// The run's stop button.
    pub cancel: Cancel,
}

impl Default for Patience {
    fn default() -> Self {
        Self { longest: BUSY, cancel: Cancel::new() }
    }
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

    /// Whom to wait for after a try that failed, or why not to wait any more.
    pub(super) fn go_on(&mut self) -> Result<String, Error> {
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
        let longest = self.patience.longest;
        let longest = if is_stopped { longest } else { longest.max(BUSY) };
        if self.started.elapsed() >= longest {
            let waited = humantime::format_duration(Duration::from_secs(longest.as_secs()));
            return Err(
                Error::new(Exit::Locked, format!("{what}, and was waited for {waited}")).hint(WAKE)
            );
        }
        Ok(what)
    }
}

/// The process that holds the write lock of `store`, by its name.
pub(super) fn holder(store: &Path) -> Option<String> {
    Holder::of(store).as_ref().map(Holder::name)
}

const WAKE: &str =
    "let it go on (`kill -CONT PID`, or `fg` where it was stopped by Ctrl-Z) or end it";

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
        let pid = writing_process(store)?;
        let run = run_locks::live_runs(store).into_iter().find(|(_, of)| *of == Some(pid));
        Some(Self { pid, run: run.map(|(run, _)| run), state: state_of(pid) })
    }

    fn is_stopped(&self) -> bool {
        self.state.is_some_and(|state| "Tt".contains(state))
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

/// The byte of SQLite's shared memory file whose lock is the write lock.
const WRITE_LOCK: u64 = 120;

/// Finds the lock in the kernel's list: `12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120`.
fn writing_process(store: &Path) -> Option<u32> {
    let inode = inode_of(&crate::files::beside(store, "-shm"))?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "WRITE", pid, file, first, last] = words.as_slice() else {
            return None;
        };
        let is_ours = file.rsplit(':').next()?.parse() == Ok(inode);
        let first: u64 = first.parse().ok()?;
        let holds =
            first <= WRITE_LOCK && last.parse().map_or(true, |last: u64| last >= WRITE_LOCK);
        (is_ours && holds).then(|| pid.parse().ok()).flatten()
    })
}

fn inode_of(path: &PathBuf) -> Option<u64> {
    #[cfg(unix)]
    return fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::ino(&found));
    #[cfg(not(unix))]
    return path.metadata().ok().and(None);
}

/// The letter by which the kernel names the state of a process.
fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may hold some itself.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}
