//! A store that this user may read and not write: on a read-only filesystem, or by
//! the mode of its file or folder.
//!
//! SQLite reads a database with a write-ahead log only where it may make files beside
//! it. Without a log the file is all there is, and is read as one that does not change;
//! whether anybody did is found out before what was read is used ([`Unchanged`]).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

use super::migration::SNAPSHOT_ID;
use crate::domain::{Error, Exit};
use crate::files::place::folder_of;
use crate::files::{beside, os};

/// Whether there is a file, and this user may not write it, or not beside it, or nobody
/// should.
pub(super) fn is_read_only(path: &Path) -> bool {
    let may_write = || os::may_write(path) && os::may_write(folder_of(path));
    path.is_file() && (is_snapshot(path) || !may_write())
}

/// Whether the header of the file says that it is a snapshot.
pub(super) fn is_snapshot(path: &Path) -> bool {
    /// Where SQLite keeps the application's number.
    const PLACE: usize = 68;
    let mut header = [0; PLACE + 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header[PLACE..] == SNAPSHOT_ID.to_be_bytes()[4..]
}

/// Whether there is no file, and none can be made. The permissions alone do not say: a
/// folder's place may be taken by a file, and some filesystems refuse files of anybody.
pub(super) fn cannot_be_made(path: &Path) -> bool {
    let folder = folder_of(path);
    let can_make =
        || os::create_private_folder(folder).and_then(|()| tempfile::tempfile_in(folder)).is_ok();
    !path.exists() && !can_make()
}

/// A connection that reads the database and makes no file.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(address(path), flags)
}

/// Where the database is read, and how. What others may write is not taken for what does not
/// change.
pub(super) fn address(path: &Path) -> String {
    let path_of_address = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    let may_change = has_log(path) || !is_read_only(path);
    let how = if may_change { "mode=ro" } else { "immutable=1" };
    format!("file:{path_of_address}?{how}")
}

/// Whether the write-ahead log holds what the file does not.
fn has_log(path: &Path) -> bool {
    beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0)
}

/// What shows that nobody has written to the file since it was opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unchanged {
    length: u64,
    modified: Option<SystemTime>,
    has_log: bool,
}

impl Unchanged {
    /// As it is now.
    pub(super) fn of(path: &Path) -> Self {
        let found = path.metadata().ok();
        Self {
            length: found.as_ref().map_or(0, std::fs::Metadata::len),
            modified: found.and_then(|found| found.modified().ok()),
            has_log: has_log(path),
        }
    }

    /// Fails with 74 where the file is another by now.
    pub(super) fn check(&self, path: &Path) -> Result<(), Error> {
        if *self == Self::of(path) {
            return Ok(());
        }
        let message = format!("the store `{}` was changed while it was only read", path.display());
        Err(Error::new(Exit::Io, message).hint("run the same command again"))
    }
}

#[cfg(test)]
#[path = "tests/read_only.rs"]
mod tests;
