//! Whether the store that was opened is still the one at its path.
//!
//! A process goes on writing to a file that was removed or replaced, and to one of
//! which another name leads past its write-ahead log: all of that would be lost, or
//! destroy it, without a word. So the file and its log are looked at before each
//! transaction.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Exit};
use crate::files::place::folder_of;
use crate::files::{beside, os};

/// The bytes of a database's header that say how long it is.
const HEADER: usize = 32;

/// The bytes of a log's index that say how many frames the log holds.
const INDEX_HEADER: usize = 20;

/// What a log begins with, and what each of its frames begins with, in bytes.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// The store's file and the two that SQLite keeps beside it, as they were last seen.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    store: Seen,
    /// The log, then the index of it that processes share; none before they are made.
    beside: [(PathBuf, Option<Seen>); 2],
}

/// Which file it is, and how long.
#[derive(Clone, Copy, Debug)]
struct Seen {
    identity: (u64, u64),
    length: u64,
}

/// Why the store is not what was opened.
#[derive(Debug)]
pub(super) enum Lost {
    /// It is, but another name leads to it too, or it was made read-only: what is still
    /// written to it is not lost.
    StillThere(Error),
    /// What is written to it is found by nobody.
    Gone(Error),
}

impl Identity {
    /// As it is now: the store must be there and have one name.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let found = path.metadata().map_err(|error| Error::io("cannot look at", path, error))?;
        if os::links(&found) > 1 {
            return Err(shared(path, "it has a second name (a hard link)"));
        }
        if os::is_mount_point(path) {
            return Err(shared(path, "it is mounted by itself, without its folder"));
        }
        let real = os::real_path(path);
        let beside = ["-wal", "-shm"].map(|end| (beside(&real, end), None));
        Ok(Self { path: path.to_owned(), store: Seen::of(&found), beside })
    }

    /// Looks again. What has changed by what SQLite itself does counts from now on.
    pub(super) fn check(&mut self) -> Result<(), Lost> {
        let Some(found) = look(&self.path)? else { return Err(self.lost("was removed")) };
        let now = Seen::of(&found);
        if now.identity != self.store.identity {
            return Err(self.lost("was replaced by another file"));
        }
        if now.length < self.store.length && is_cut(&self.path, now.length) {
            return Err(self.cut("was cut short"));
        }
        if os::links(&found) > 1 {
            let why = "it was given a second name (a hard link)";
            return Err(Lost::StillThere(shared(&self.path, why)));
        }
        // What is open stays writable: it is others who would find that nothing can be kept.
        if !(os::may_write(&self.path) && os::may_write(folder_of(&self.path))) {
            let error = Error::config(self.during("was made read-only"));
            return Err(Lost::StillThere(error.hint(
                "what the run held is in it: let this user write to it and to its folder, then \
                 run the same command again",
            )));
        }
        self.store = now;
        for place in 0..self.beside.len() {
            let (path, seen) = &self.beside[place];
            let now = look(path)?.as_ref().map(Seen::of);
            match (seen, now) {
                (Some(_), None) => return Err(self.lost("lost the log beside it")),
                (Some(seen), Some(now)) if seen.identity != now.identity => {
                    return Err(self.lost("lost the log beside it to another file"));
                }
                (Some(seen), Some(now)) if now.length < seen.length && self.is_log_cut() => {
                    return Err(self.cut("lost a part of the log beside it"));
                }
                _ => self.beside[place].1 = now,
            }
        }
        Ok(())
    }

    /// Whether the log is shorter than its index says: one that was folded in is not.
    fn is_log_cut(&self) -> bool {
        let [(log, _), (index, _)] = &self.beside;
        let log = log.metadata().map_or(0, |found| found.len());
        let Some(header) = head_of::<INDEX_HEADER>(index) else { return true };
        let page = page_size(u16::from_ne_bytes([header[14], header[15]]));
        let frames = u32::from_ne_bytes([header[16], header[17], header[18], header[19]]);
        frames > 0 && log < LOG_HEADER + u64::from(frames) * (FRAME_HEADER + page)
    }

    fn lost(&self, what: &str) -> Lost {
        Lost::Gone(Error::config(self.during(what)))
    }

    fn cut(&self, what: &str) -> Lost {
        Lost::Gone(Error::new(Exit::Io, self.during(what)))
    }

    fn during(&self, what: &str) -> String {
        format!("the store `{}` {what} while this run used it", self.path.display())
    }
}

impl Seen {
    fn of(found: &Metadata) -> Self {
        Self { identity: os::identity_of(found), length: found.len() }
    }
}

fn look(path: &Path) -> Result<Option<Metadata>, Lost> {
    match path.metadata() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Lost::Gone(Error::io("cannot look at", path, error))),
    }
}

/// Whether a file of `length` bytes is shorter than its own header says: a store that
/// was vacuumed is not.
fn is_cut(path: &Path, length: u64) -> bool {
    let Some(header) = head_of::<HEADER>(path) else { return true };
    let page = page_size(u16::from_be_bytes([header[16], header[17]]));
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    length < page * u64::from(pages)
}

/// The one size that does not fit into two bytes is written as 1.
fn page_size(written: u16) -> u64 {
    if written == 1 { 1 << 16 } else { u64::from(written) }
}

fn head_of<const N: usize>(path: &Path) -> Option<[u8; N]> {
    let mut head = [0; N];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok().map(|()| head)
}

fn shared(path: &Path, why: &str) -> Error {
    Error::config(format!("the store `{}` cannot be used: {why}", path.display())).hint(
        "runs that reach it by different names do not see each other's log, and destroy it: \
         give it one name, or mount its folder",
    )
}
