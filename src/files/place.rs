//! Where an output goes: checked before anything is spent.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Exit};
use crate::files::os::is_same_file;
use crate::files::protected::Protected;

/// What the hidden names of vinrich's own files have in them.
const OWN: &str = ".vinrich-";

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
        refuse_address(typed)?;
        let followed = follow(typed).map_err(|e| {
            cannot_create(typed, "it cannot be followed")
                .because(e)
                .hint("name the file itself; `-o -` writes to standard output")
        })?;
        refuse_special(typed, &followed)?;
        let Some(name) = followed.file_name() else {
            return Err(is_folder(typed));
        };
        let folder = folder_of(&followed);
        let folder = folder.canonicalize().map_err(|e| {
            cannot_create(typed, "its folder cannot be used")
                .because(e)
                .hint(format!("create the folder first: `mkdir -p {}`", folder.display()))
        })?;
        Ok(Self { typed: typed.into(), path: folder.join(name), folder, name: name.into() })
    }

    /// Refuses a place that another output must not be put in: what a command reads or
    /// keeps, any store or backup of one, and names of vinrich's own. Fails with 73.
    pub(crate) fn refuse(&self, protected: &Protected) -> Result<(), Error> {
        let refused = |what: &str| {
            Err(cannot_create(&self.typed, what)
                .hint("choose another name; vinrich never writes over what it reads or keeps"))
        };
        if let Some(what) = protected.find(self) {
            return refused(&format!("it is {what}"));
        }
        if is_store(&self.path) {
            return refused("it is a store of vinrich, or a backup of one");
        }
        let name = self.name.to_string_lossy();
        if name.starts_with('.') && name.contains(OWN) {
            return refused("vinrich keeps such names for files of its own");
        }
        Ok(())
    }

    /// Whether `path` is, or would be, the same file.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let is_here = |path: &Path| {
            path.file_name().is_some_and(|name| is_same_name(name, &self.name))
                && is_same_file(folder_of(path), &self.folder)
        };
        is_same_file(path, &self.path)
            || is_here(path)
            || follow(path).is_ok_and(|followed| is_here(&followed))
    }

    /// The folder it is in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A hidden name beside it: `.<name>.vinrich-<what>`.
    pub(crate) fn beside(&self, what: &str) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(OWN);
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

/// 64 where `path` is an address, such as `s3://…` or `https://…`: files on this
/// machine are read and written, and nothing else.
pub(crate) fn refuse_address(path: &Path) -> Result<(), Error> {
    let typed = path.to_string_lossy();
    let Some((scheme, _)) = typed.split_once("://") else { return Ok(()) };
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme {
        return Ok(());
    }
    // The rest may hold a secret.
    Err(Error::usage(format!("`{scheme}://…` is an address, and only files are supported")).hint(
        "copy it with a tool for such addresses, or pipe it: `-` is standard input or output",
    ))
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether both names are one where names are compared as this system does.
fn is_same_name(one: &OsStr, other: &OsStr) -> bool {
    one == other || cfg!(any(windows, target_os = "macos")) && one.eq_ignore_ascii_case(other)
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
pub(super) fn follow(path: &Path) -> io::Result<PathBuf> {
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
