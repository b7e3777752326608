//! Two runs never write one output: whoever holds the lock beside it may.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{Error, Exit, Timestamp};
use crate::files::place::{Place, cannot_create};

/// How often a waiting run looks again.
const POLL: Duration = Duration::from_millis(100);

/// The right to write an output, held until dropped; the kernel frees it when
/// the process dies, however it dies.
///
/// The lock is on `.<name>.vinrich-lock` beside the output, never on the output
/// itself: a rename would lose it. That file stays; removing it would let two
/// runs hold a lock each.
#[derive(Debug)]
pub struct OutputLock {
    _held: File,
}

impl OutputLock {
    /// Takes the lock of the output `path`, waiting up to `wait` for another
    /// run. Fails with 79 naming the holder, or with 73.
    pub fn acquire(path: &Path, wait: Option<Duration>) -> Result<Self, Error> {
        let deadline = wait.and_then(|wait| Instant::now().checked_add(wait));
        let lock_path = Place::find(path)?.beside("lock");
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(lock_path);
        let mut file = open.map_err(|e| {
            cannot_create(path, "the lock file beside it cannot be opened")
                .because(e)
                .hint("check the folder's permissions")
        })?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(e)) => {
                    return Err(cannot_create(path, "its filesystem has no locks")
                        .because(e)
                        .hint("write to a local disk, or to `-o -`"));
                }
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None | Some(Duration::ZERO) => return Err(busy(path, &mut file)),
                Some(left) => thread::sleep(left.min(POLL)),
            }
        }
        // The words are for people; the lock holds without them.
        let _ = sign(&mut file);
        Ok(Self { _held: file })
    }
}

/// Writes who holds the lock.
fn sign(file: &mut File) -> io::Result<()> {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").unwrap_or_default();
    file.rewind()?;
    file.set_len(0)?;
    writeln!(file, "pid {} since {now}", std::process::id())
}

fn busy(path: &Path, file: &mut File) -> Error {
    /// More than [`sign`] writes.
    const LONGEST: u64 = 100;
    let mut holder = String::new();
    // Where the lock keeps us from reading, the holder stays unnamed.
    let _ = file.take(LONGEST).read_to_string(&mut holder);
    let holder: String = holder.chars().filter(|c| !c.is_control()).collect();
    let holder = if holder.is_empty() { String::new() } else { format!(" ({holder})") };
    Error::new(Exit::Locked, format!("another run{holder} is writing `{}`", path.display()))
        .hint("wait for it with `--wait-lock 10m`")
}

#[cfg(test)]
#[path = "tests/lock.rs"]
mod tests;
