//! Live runs and dead ones, told apart by locks that the kernel frees.
//!
//! Each run holds a lock on `<store>.runs/<run id>` for as long as it lives.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::os;

/// The lock that says this run is alive.
#[derive(Debug)]
pub(super) struct Alive {
    path: PathBuf,
    _lock: File,
}

impl Alive {
    /// Announces `run_id`.
    pub(super) fn announce(store: &Path, run_id: &str) -> Result<Self, Error> {
        let folder = folder(store);
        let cannot = |source| Error::io("cannot announce the run in", &folder, source);
        os::create_private_folder(&folder).map_err(cannot)?;
        let path = folder.join(run_id);
        loop {
            let file = os::open_private_file(&path).map_err(cannot)?;
            file.lock().map_err(cannot)?;
            // Between the two lines another run may have taken the file for a
            // dead run's and removed it; then the name is free or another file's.
            let again = os::open_private_file(&path).map_err(cannot)?;
            if matches!(again.try_lock(), Err(TryLockError::WouldBlock)) {
                return Ok(Self { path, _lock: file });
            }
        }
    }
}

impl Alive {
    /// The run has ended in good order: there is nothing to take in. A run that
    /// ends otherwise leaves its file, unlocked, and is taken in by the next.
    pub(super) fn farewell(&self) {
        // A file that stays behind is taken in once more, which changes nothing.
        let _removed = std::fs::remove_file(&self.path);
    }
}

/// The lock of a run that died, held while it is taken in, so that no two do it.
#[derive(Debug)]
pub(super) struct Dead {
    /// The run's id.
    pub(super) run_id: String,
    path: PathBuf,
    _lock: File,
}

impl Dead {
    /// The run has been taken in: its file may go.
    pub(super) fn bury(self) {
        // A file that stays behind is taken in once more, which changes nothing.
        let _removed = std::fs::remove_file(&self.path);
    }
}

/// Whether a run still has its lock file; it is written before the run's row.
pub(super) fn has_lock(store: &Path, run_id: &str) -> bool {
    folder(store).join(run_id).exists()
}

/// The runs of this store that died without a word.
pub(super) fn dead(store: &Path) -> Vec<Dead> {
    let Ok(entries) = std::fs::read_dir(folder(store)) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let run_id = entry.file_name().into_string().ok()?;
            let file = File::options().read(true).write(true).open(entry.path()).ok()?;
            match file.try_lock() {
                Ok(()) => Some(Dead { run_id, path: entry.path(), _lock: file }),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
            }
        })
        .collect()
}

/// The ids of the runs of this store that are alive.
pub(super) fn living(store: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder(store)) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let file = File::options().read(true).write(true).open(entry.path()).ok()?;
            matches!(file.try_lock(), Err(TryLockError::WouldBlock))
                .then(|| entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

fn folder(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".runs");
    store.with_file_name(name)
}
