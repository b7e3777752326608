//! Two runs never write one file: every path that a command writes is judged and
//! locked here, before anything is spent.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{Cancel, Error, Exit, Timestamp};
use crate::files::os;
use crate::files::place::{Place, cannot_create};
use crate::files::protected::Protected;

/// How often a waiting run looks again.
const POLL: Duration = Duration::from_millis(100);

/// A file that a command is about to write, and the flag that names it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Such as `--rejects`.
    pub flag: &'static str,
    /// As typed.
    pub path: &'a Path,
}

/// How long a command waits for other runs, and what ends that earlier.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// So long at the most.
    pub wait: Duration,
    /// The stop button.
    pub cancel: &'a Cancel,
}

/// The right to write some files, held until dropped; the kernel frees it when
/// the process dies, however it dies.
#[derive(Debug)]
#[must_use = "dropped, it lets other runs write the files"]
pub struct OutputLocks {
    _held: Vec<OutputLock>,
}

impl OutputLocks {
    /// Judges the files that a command is about to write, and takes the lock of each,
    /// waiting for other runs as `wait` says, or not at all.
    ///
    /// # Errors
    /// 64 where two of them are one file, or one is an address; 73 where
    /// one cannot be created, or is `protected`; 79, naming the holder, where another run
    /// writes it; 130 and 143 where the wait was ended. Files are compared by what they are, whatever links lead to them, and
    /// by where they would be, so that the first run is refused like the second.
    pub fn take(
        written: &[Named<'_>],
        protected: &Protected,
        wait: Option<Wait<'_>>,
    ) -> Result<Self, Error> {
        let deadline = wait
            .and_then(|Wait { wait, cancel }| Some((Instant::now().checked_add(wait)?, cancel)));
        let mut places = judge(written, protected)?;
        // In one order for all runs: two that write the same files never wait for each other.
        places.sort_by(|a, b| a.path.cmp(&b.path));
        let held = places.iter().map(|place| OutputLock::acquire(place, deadline));
        Ok(Self { _held: held.collect::<Result<_, _>>()? })
    }
}

impl OutputLocks {
    /// Takes the lock of one file, at once or not at all, for a command that has judged
    /// itself whether the file may be written: a backup may replace a backup.
    ///
    /// # Errors
    /// 73 where it cannot be created; 79, naming the holder, where another command
    /// writes it.
    pub(crate) fn alone(path: &Path) -> Result<Self, Error> {
        let lock = OutputLock::acquire(&Place::find(path)?, None).map_err(|error| {
            let is_held = error.exit() == Exit::Locked;
            if is_held { error.hint("run the same command again when that is done") } else { error }
        })?;
        Ok(Self { _held: vec![lock] })
    }
}

/// Where the files are going to be; 64 or 73 where one may not be written there.
fn judge(written: &[Named<'_>], protected: &Protected) -> Result<Vec<Place>, Error> {
    let streams = ["/dev/stdout", "/dev/stderr"].map(PathBuf::from);
    let protected =
        protected.clone().and("what the shell writes this command's output to", streams);
    let mut places: Vec<Place> = Vec::with_capacity(written.len());
    for Named { flag, path } in written {
        if *path == Path::new("-") {
            return Err(Error::usage(format!(
                "`{flag}` needs a file; only `--output` can be stdout"
            )));
        }
        let place = Place::find(path)?;
        place.refuse(&protected)?;
        if let Some(earlier) = places.iter().position(|other| other.is_at(&place.path)) {
            let other = written[earlier].flag;
            return Err(Error::usage(format!("`{other}` and `{flag}` name the same file"))
                .hint("give each a file of its own"));
        }
        places.push(place);
    }
    Ok(places)
}

/// The right to write one file.
///
/// The lock is on `.<name>.vinrich-lock` beside it, never on the file itself: a
/// rename would lose it. Its holder removes it; one that a killed run left is taken
/// over by the next. As it may be removed between its opening and its locking, it
/// counts once it is still in its place after that.
#[derive(Debug)]
struct OutputLock {
    _file: LockFile,
    /// The file itself, where it has further names: each name has a lock of its own.
    _itself: Option<File>,
}

impl OutputLock {
    fn acquire(place: &Place, deadline: Option<(Instant, &Cancel)>) -> Result<Self, Error> {
        loop {
            let tried = Self::attempt(place);
            let is_held = tried.as_ref().is_err_and(|error| error.exit() == Exit::Locked);
            let Some((deadline, cancel)) = deadline.filter(|_| is_held) else { return tried };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return tried;
            }
            cancel.check()?;
            thread::sleep(left.min(POLL));
        }
    }

    /// Takes the lock at once, or fails with 79.
    fn attempt(place: &Place) -> Result<Self, Error> {
        let path = place.beside("lock");
        let mut file = loop {
            let mut file = open(place, &path)?;
            match file.try_lock() {
                Ok(()) if os::is_at(&file, &path) => break file,
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(busy(place, &signed(&mut file))),
                Err(TryLockError::Error(e)) => {
                    return Err(cannot_create(&place.typed, "its filesystem has no locks")
                        .because(e)
                        .hint("write to a local disk, or to `-o -`"));
                }
            }
        };
        if !os::is_ours(&file) {
            return Err(unusable(place, &path, "belongs to another user"));
        }
        // For people; the lock holds without it.
        let _unsigned = sign(&mut file);
        // From here on it is removed where the rest fails.
        let file = LockFile { file, path };
        Ok(Self { _itself: lock_itself(place)?, _file: file })
    }
}

/// A lock file that this run holds.
#[derive(Debug)]
struct LockFile {
    file: File,
    path: PathBuf,
}

impl Drop for LockFile {
    /// Left behind, it is taken over by the next run.
    fn drop(&mut self) {
        if cfg!(unix) && os::is_at(&self.file, &self.path) {
            let _left = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens the lock file, or creates it, following no link. Whatever else is in its
/// place is left as it is: 73.
fn open(place: &Place, path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    os::follow_no_link(&mut options);
    let opened = match options.clone().read(true).write(true).create(true).open(path) {
        // Another user's: whether it is held can be seen all the same.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            options.read(true).open(path).map_err(|_| e)
        }
        opened => opened,
    };
    let file = opened.map_err(|e| {
        if path.is_symlink() {
            return unusable(place, path, "is a symbolic link");
        }
        cannot_create(&place.typed, "the lock file beside it cannot be opened")
            .because(e)
            .hint("check the folder's permissions")
    })?;
    let found = file.metadata().map_err(|e| Error::io("cannot read", path, e))?;
    if !found.is_file() {
        return Err(unusable(place, path, "is not a regular file"));
    }
    if os::links(&found) > 1 {
        return Err(unusable(place, path, "has a second name (a hard link)"));
    }
    Ok(file)
}

/// Locks the file that is going to be replaced, where it has several names; 79 where
/// a run holds it that knows it by another.
fn lock_itself(place: &Place) -> Result<Option<File>, Error> {
    let mut options = OpenOptions::new();
    os::follow_no_link(&mut options);
    // A file that cannot be read cannot be locked either: it has the lock beside it.
    let Ok(file) = options.read(true).open(&place.path) else { return Ok(None) };
    if !file.metadata().is_ok_and(|found| os::links(&found) > 1) {
        return Ok(None);
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(busy(place, "")),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Writes who holds the lock.
fn sign(file: &mut File) -> io::Result<()> {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").unwrap_or_default();
    file.rewind()?;
    file.set_len(0)?;
    writeln!(file, "pid {} since {now}", std::process::id())
}

fn unusable(place: &Place, path: &Path, why: &str) -> Error {
    let path = path.display();
    cannot_create(&place.typed, &format!("the lock file `{path}` {why}")).hint(format!(
        "vinrich did not make that file; remove it if nothing else uses it: `rm {path}`"
    ))
}

/// Who signed the lock file; nothing where the lock keeps us from reading it.
fn signed(file: &mut File) -> String {
    /// More than [`sign`] writes.
    const LONGEST: u64 = 100;
    let mut holder = String::new();
    let _unread = file.take(LONGEST).read_to_string(&mut holder);
    holder.chars().filter(|c| !c.is_control()).collect()
}

fn busy(place: &Place, holder: &str) -> Error {
    let holder = if holder.is_empty() { String::new() } else { format!(" ({holder})") };
    let path = place.typed.display();
    Error::new(Exit::Locked, format!("another run{holder} is writing `{path}`"))
        .hint("wait for it with `--wait-lock 10m`")
}

#[cfg(test)]
#[path = "tests/lock.rs"]
mod tests;
