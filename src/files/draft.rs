//! Files that are whole or absent: written beside their place, synced, read
//! back, renamed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Exit};
use crate::files::os;
use crate::files::place::{Place, cannot_create};
use crate::files::protected::beside;

/// What ends the name of a file that is being written.
const UNFINISHED: &str = ".tmp";

/// What ends the names of the files that SQLite keeps beside a database.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file being written beside its place. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    place: Place,
    /// Whether its owner alone may read it, whatever it replaces.
    is_private: bool,
    /// The mode of the file that was in its place, where there was one.
    mode: Option<Permissions>,
}

impl Draft {
    /// Creates a draft beside the file `path`. Fails with 73.
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        Self::create(Place::find(path)?, &std::process::id().to_string())
    }

    /// As [`Draft::beside`], for a file that its owner alone may read.
    pub(crate) fn private_beside(path: &Path) -> Result<Self, Error> {
        Self::open(Place::find(path)?, &std::process::id().to_string(), true)
    }

    /// Creates `.<name>.vinrich-<tag>.tmp` beside `place`, and removes what
    /// killed runs left there. Fails with 73.
    pub(crate) fn create(place: Place, tag: &str) -> Result<Self, Error> {
        Self::open(place, tag, false)
    }

    fn open(place: Place, tag: &str, is_private: bool) -> Result<Self, Error> {
        remove_abandoned(&place);
        let path = place.beside(&format!("{tag}{UNFINISHED}"));
        let mode = os::mode_of(&place.path);
        // Until it has the mode of what it replaces, its owner alone may read it.
        let created = if is_private || mode.is_some() {
            os::create_private_file(&path)
        } else {
            OpenOptions::new().write(true).create_new(true).open(&path)
        };
        let file = created.map_err(|e| {
            cannot_create(&place.typed, "its folder does not take new files")
                .because(e)
                .hint("check the folder's permissions and free space")
        })?;
        // Tells other runs that this draft is alive. Where a filesystem has no
        // locks, nobody can take one either, and drafts are left alone.
        let _ = file.try_lock();
        Ok(Self { file, path, place, is_private, mode })
    }

    /// Puts the bytes on the disk and opens them again for a check.
    pub(crate) fn sync(&mut self) -> io::Result<File> {
        self.file.sync_all()?;
        // On some systems a lock keeps even ourselves from reading.
        let _ = self.file.unlock();
        File::open(&self.path)
    }

    /// Where it is going to be, as typed.
    pub(crate) fn typed(&self) -> &Path {
        &self.place.typed
    }

    /// Where it is until it is published.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in its place. Call after [`Draft::sync`].
    pub(crate) fn publish(self) -> Result<PathBuf, Error> {
        let place = self.place.clone();
        if !self.is_private {
            os::keep_owner_where_allowed(&self.path, &place.path);
            // What is put beside a file that few may read is not for more.
            if let Some(mode) = os::mode_of(&place.path).or(self.mode.clone()) {
                fs::set_permissions(&self.path, mode).map_err(|e| write_error(&place.typed, e))?;
            }
        }
        fs::rename(&self.path, &place.path)
            .and_then(|()| place.sync_folder())
            .map_err(|e| write_error(&place.typed, e))?;
        Ok(place.typed)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        remove_draft(&self.path);
    }
}

/// Writes `bytes` as the file `path`, whole or not at all; an older file there
/// is replaced. Fails with 73 or 74.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut draft = Draft::beside(path)?;
    let written = draft.write_all(bytes).and_then(|()| draft.sync());
    let back = written.map_err(|e| write_error(path, e))?;
    let same = holds(back, bytes).map_err(|e| Error::io("cannot read back", path, e))?;
    if !same {
        return Err(garbled(path));
    }
    draft.publish().map(drop)
}

/// 74: writing to `path` failed. Where its reader went away that is no failure,
/// and the error's exit is [`Exit::Success`].
pub fn write_error(path: &Path, cause: io::Error) -> Error {
    let shown = path.display();
    match cause.kind() {
        io::ErrorKind::BrokenPipe => {
            Error::new(Exit::Success, format!("the reader of `{shown}` is gone")).because(cause)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(Exit::Io, format!("no space left to write `{shown}`"))
                .because(cause)
                .hint("make room and run again; answers already fetched are kept")
        }
        _ => Error::io("cannot write", path, cause),
    }
}

/// 74: what was read back is not what was written.
pub(crate) fn garbled(path: &Path) -> Error {
    let shown = path.display();
    Error::new(Exit::Io, format!("`{shown}` reads back other than it was written"))
        .hint("the disk or the network filesystem loses data; the old file is untouched")
}

fn holds(mut file: File, bytes: &[u8]) -> io::Result<bool> {
    let mut back = Vec::with_capacity(bytes.len());
    file.read_to_end(&mut back)?;
    Ok(back == bytes)
}

/// Removes drafts of `place` whose runs were killed: nobody holds their locks.
fn remove_abandoned(place: &Place) {
    let prefix = place.beside("");
    let prefix = prefix.as_os_str().as_encoded_bytes();
    for path in place.neighbours() {
        let name = path.as_os_str().as_encoded_bytes();
        let is_draft = name.starts_with(prefix) && name.ends_with(UNFINISHED.as_bytes());
        if is_draft && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            remove_draft(&path);
        }
    }
}

/// Removes a draft and what may be beside it. Renamed, it is no longer there.
/// Best effort: a leftover harms nobody but the disk, and the next run tries again.
fn remove_draft(path: &Path) {
    if fs::remove_file(path).is_ok() {
        for companion in COMPANIONS {
            let _ = fs::remove_file(beside(path, companion));
        }
    }
}

#[cfg(all(test, unix))]
#[path = "tests/draft.rs"]
mod tests;
