//! Where an output goes: checked before anything is spent.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Exit};
use crate::files::os::is_same_file;

/// A file that can be put in place: its folder exists, and it is no folder,
/// device or pipe itself.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As typed.
    pub(crate) typed: PathBuf,
    /// Absolute; symbolic links are followed, so a link stays one.
    pub(crate) path: PathBuf,
    folder: PathBuf,
    name: OsString,
}

impl Place {
    /// The place that `typed` names. Fails with 73.
    pub(crate) fn find(typed: &Path) -> Result<Self, Error> {
        let followed = follow(typed).map_err(|e| {
            cannot_create(typed, "it cannot be followed")
                .because(e)
                .hint("name the file itself; `-o -` writes to standard output")
        })?;
        refuse_special(typed, &followed)?;
        let Some(name) = followed.file_name() else {
            return Err(is_folder(typed));
        };
        let folder = match followed.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = folder.canonicalize().map_err(|e| {
            cannot_create(typed, "its folder cannot be used")
                .because(e)
                .hint(format!("create the folder first: `mkdir -p {}`", folder.display()))
        })?;
        Ok(Self { typed: typed.into(), path: folder.join(name), folder, name: name.into() })
    }

    /// The place that `typed` names, unless it is one of the input's files, or a
    /// store. Fails with 73.
    pub(crate) fn apart_from(typed: &Path, inputs: &[PathBuf]) -> Result<Self, Error> {
        let place = Self::find(typed)?;
        place.refuse_inputs(inputs)?;
        place.refuse_store()?;
        Ok(place)
    }

    /// Refuses a place where a store or a backup of one is: what was paid for.
    fn refuse_store(&self) -> Result<(), Error> {
        if is_store(&self.path) {
            return Err(cannot_create(&self.typed, "it is a store of vinrich, or a backup of one")
                .hint("choose another name"));
        }
        Ok(())
    }

    /// Refuses a place that is one of the input's files. Fails with 73.
    fn refuse_inputs(&self, inputs: &[PathBuf]) -> Result<(), Error> {
        if inputs.iter().any(|input| is_same_file(input, &self.path)) {
            return Err(cannot_create(&self.typed, "it is an input file")
                .hint("choose another name; vinrich never writes over its input"));
        }
        Ok(())
    }

    /// Refuses two outputs in one place. Fails with 64.
    pub(crate) fn refuse_same(&self, other: &Self) -> Result<(), Error> {
        if self.path == other.path {
            let typed = self.typed.display();
            return Err(Error::usage(format!("`{typed}` is named twice as an output"))
                .hint("give `--rejects`, `--partial` and `--report` files of their own"));
        }
        Ok(())
    }

    /// A hidden name beside it: `.<name>.vinrich-<what>`.
    pub(crate) fn beside(&self, what: &str) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(".vinrich-");
        name.push(what);
        self.folder.join(name)
    }

    /// Makes a rename into the folder last through a power cut.
    pub(crate) fn sync_folder(&self) -> io::Result<()> {
        // Other systems cannot open folders as files.
        if cfg!(unix) { fs::File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }

    /// The folder's entries.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path())
    }
}

/// Whether the file is an SQLite database of this program, by its header.
fn is_store(path: &Path) -> bool {
    let mut header = [0; 72];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.starts_with(b"SQLite format 3\0") && header.ends_with(b"VINR")
}

/// 73: `path` cannot be created.
pub(crate) fn cannot_create(path: &Path, why: &str) -> Error {
    Error::new(Exit::CannotCreate, format!("cannot create `{}`: {why}", path.display()))
}

fn is_folder(typed: &Path) -> Error {
    let example = typed.join("out.csv");
    cannot_create(typed, "it is a folder")
        .hint(format!("name a file, such as `{}`", example.display()))
}

/// What `path` leads to, the last of its links resolved; it need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    /// As in Linux.
    const MAX_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            // `/dev/stdout` and the like: a rename would replace what the shell appends to.
            Ok(_) if path.starts_with("/proc") => {
                return Err(io::Error::other("it is an open file, and no place for one"));
            }
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A rename would replace a device or pipe by a file, and fail on a folder.
fn refuse_special(typed: &Path, followed: &Path) -> Result<(), Error> {
    let ends_in_separator = typed
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&byte| std::path::is_separator(byte.into()));
    match fs::metadata(followed) {
        Ok(found) if found.is_dir() => Err(is_folder(typed)),
        Ok(found) if !found.is_file() => {
            Err(cannot_create(typed, "it is no regular file")
                .hint("`-o -` writes to standard output"))
        }
        _ if ends_in_separator => Err(is_folder(typed)),
        // Missing is as it should be; anything else shows when the folder is used.
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "tests/place.rs"]
mod tests;
