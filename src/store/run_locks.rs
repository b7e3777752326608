//! Who uses the store, by locks that the kernel frees.
//!
//! Each run holds a lock on `<store>.runs/<run id>` for as long as it lives:
//! a dead run's lock is free. Every process that writes shares a lock on
//! `<store>.runs/in-use`, which is taken alone to put another file in the
//! store's place; that file stays, since removing it would let two hold a lock each.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Exit};
use crate::files::{self, os};

/// The file that every writer of a store shares a lock on.
const IN_USE: &str = "in-use";

/// What the name of a run's file begins with until it is locked.
const DRAFT: &str = ".";

/// Run files that vanish while they are being locked, before the error says
/// that locks do not hold here.
const TRIES: usize = 100;

/// A share in the store, held for as long as it is written to; or all of it,
/// while it is replaced.
#[derive(Debug)]
#[must_use = "dropped, it lets the store be replaced"]
pub(super) struct InUse {
    lock: File,
}

impl InUse {
    /// Takes a share, at once or not at all: 79 while the store is being replaced.
    pub(super) fn share(store: &Path) -> Result<Self, Error> {
        let file = open(store)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { lock: file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Exit::Locked,
                format!("the store `{}` is being restored", store.display()),
            )
            .hint("run the same command again when that is done")),
            Err(TryLockError::Error(error)) => Err(no_locks(store, error)),
        }
    }

    /// Notes that there is a store now: where one was, an empty file is none.
    pub(super) fn note_store(&self) {
        if self.lock.metadata().is_ok_and(|file| file.len() == 0) {
            // Best effort: it only helps to find out what became of a store later.
            let _unnoted = (&self.lock).write_all(b"a store was made here\n");
        }
    }

    /// Takes all of it; 79, naming them, while any run lives.
    pub(super) fn alone(store: &Path) -> Result<Self, Error> {
        let file = open(store)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { lock: file }),
            Err(TryLockError::WouldBlock) => Err(used_by(store, &live(store))),
            Err(TryLockError::Error(error)) => Err(no_locks(store, error)),
        }
    }
}

fn open(store: &Path) -> Result<File, Error> {
    super::open::refuse_snapshot(store)?;
    let folder = folder(store);
    let path = folder.join(IN_USE);
    let file = os::create_private_folder(&folder).and_then(|()| os::open_private_file(&path));
    let file = file.map_err(|source| unannounced(&folder, source))?;
    // An administrator's command must not lock the store's owner out. Only an
    // administrator can give files away; no other user needs to.
    let _given = os::keep_owner(&folder, store).and_then(|()| os::keep_owner(&path, store));
    Ok(file)
}

fn unannounced(folder: &Path, source: io::Error) -> Error {
    super::open::unusable("cannot announce this run in", folder, source)
}

/// 78: without locks, two runs would pass a quota and pay twice.
fn no_locks(store: &Path, source: io::Error) -> Error {
    Error::config(format!("the store `{}` is on a filesystem that has no locks", store.display()))
        .because(source)
        .hint("put `store` on a local disk")
}

fn used_by(store: &Path, runs: &[String]) -> Error {
    let who = match runs {
        [] => "another command".to_owned(),
        [run] => format!("the run {run}"),
        runs => format!("{} runs ({})", runs.len(), runs.join(", ")),
    };
    Error::new(Exit::Locked, format!("{who} is using the store `{}`", store.display()))
        .hint("wait for it, or stop it with Ctrl-C: what was paid for is kept")
}

/// The lock that says this run is alive.
#[derive(Debug)]
pub(super) struct RunLock {
    path: PathBuf,
    _lock: File,
}

impl RunLock {
    /// Announces `run_id`. The file gets its name once it is locked, so that this run is
    /// never taken for a dead one, nor waits for who looks at it.
    pub(super) fn announce(store: &Path, run_id: &str) -> Result<Self, Error> {
        let folder = folder(store);
        let cannot = |source| unannounced(&folder, source);
        os::create_private_folder(&folder).map_err(cannot)?;
        let path = folder.join(run_id);
        for attempt in 0..TRIES {
            let draft = folder.join(format!("{DRAFT}{run_id}.{attempt}"));
            let file = os::open_private_file(&draft).map_err(cannot)?;
            // Who finds it unlocked removes it as a dead run's.
            match file.try_lock() {
                Ok(()) => sign(&file),
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(no_locks(store, error)),
            }
            match fs::rename(&draft, &path) {
                Ok(()) if is_alive(store, run_id) => return Ok(Self { path, _lock: file }),
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        Err(no_locks(store, io::Error::other("a lock that was taken does not hold")))
    }

    /// The run has ended in good order: there is nothing to close. A run that
    /// dies leaves its file, unlocked, and is closed by the next.
    pub(super) fn mark_ended(&self) {
        // Left behind, it makes the next run close this one again, which changes nothing.
        let _removed = fs::remove_file(&self.path);
    }
}

/// Writes whose lock it is, for people: the lock holds without the words.
fn sign(mut file: &File) {
    let _unsigned = write!(file, "pid {}", std::process::id());
}

/// The lock of a run that died, held while it is closed, so that no two do it.
#[derive(Debug)]
pub(super) struct DeadRun {
    /// The run's id.
    pub(super) run_id: String,
    path: PathBuf,
    _lock: File,
}

impl DeadRun {
    /// The run has been closed: its file may go.
    pub(super) fn remove_lock(self) {
        // Left behind, it makes the next run close this one again, which changes nothing.
        let _removed = fs::remove_file(&self.path);
    }
}

/// Whether a run still has its lock file; it is written before the run's row.
pub(super) fn has_lock(store: &Path, run_id: &str) -> bool {
    folder(store).join(run_id).exists()
}

/// Whether a process holds the lock of a run.
pub(super) fn is_alive(store: &Path, run_id: &str) -> bool {
    is_locked(&folder(store).join(run_id))
}

fn is_locked(path: &Path) -> bool {
    let file = File::open(path);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The runs of this store that died without a word.
pub(super) fn dead(store: &Path) -> Vec<DeadRun> {
    let unlocked = run_files(store).filter_map(|(run_id, path)| {
        let file = File::options().read(true).write(true).open(&path).ok()?;
        match file.try_lock() {
            Ok(()) => Some(DeadRun { run_id, path, _lock: file }),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
    });
    let (drafts, dead): (Vec<_>, Vec<_>) =
        unlocked.partition(|dead| dead.run_id.starts_with(DRAFT));
    // A run that died before it had announced itself did nothing.
    drafts.into_iter().for_each(DeadRun::remove_lock);
    dead
}

/// The files of runs, by their names.
fn run_files(store: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let entries = fs::read_dir(folder(store)).into_iter().flatten().filter_map(Result::ok);
    let named =
        entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named.filter(|(name, _)| name != IN_USE)
}

/// The runs that hold their locks, with what they signed.
fn live(store: &Path) -> Vec<String> {
    let named = signed(store).map(|(run, signed)| format!("{run} ({signed})"));
    named.collect()
}

/// The runs that hold their locks, with their processes.
pub(super) fn live_runs(store: &Path) -> Vec<(String, Option<u32>)> {
    let pid = |signed: &str| signed.strip_prefix("pid ")?.trim().parse().ok();
    signed(store).map(|(run, signed)| (run, pid(&signed))).collect()
}

fn signed(store: &Path) -> impl Iterator<Item = (String, String)> {
    let locked = run_files(store).filter(|(_, path)| is_locked(path));
    locked.map(|(run_id, path)| (run_id, fs::read_to_string(path).unwrap_or_default()))
}

/// Whether there ever was a store in this place.
pub(super) fn had_store(store: &Path) -> bool {
    folder(store).join(IN_USE).metadata().is_ok_and(|file| file.len() > 0)
}

/// By whatever path a store is named, this is one and the same folder.
fn folder(store: &Path) -> PathBuf {
    files::beside(&store.canonicalize().unwrap_or_else(|_| store.to_owned()), files::RUNS)
}
