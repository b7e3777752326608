//! What the command line names, as opened files of a fixed length.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::source_name::{SourceName, fixed_part, name_below};
use crate::domain::{Error, Exit};
use crate::files::refuse_address;

/// Files of these kinds are read when a folder is named.
const EXTENSIONS: [&str; 4] = ["csv", "tsv", "txt", "list"];

/// The name of standard input.
const STDIN: &str = "-";

/// An opened file, read from any place any number of times.
#[derive(Debug)]
pub(super) struct Source {
    /// As typed, or found in a folder.
    pub(super) name: String,
    /// What the ids of its rows are made of.
    pub(super) id_name: SourceName,
    /// `None` for stdin.
    pub(super) path: Option<PathBuf>,
    /// Length at open; what is appended later is not read.
    pub(super) length: u64,
    file: File,
    /// SHA-256 of the file as it was given, where what is read was unpacked from it.
    packed: Option<String>,
}

/// Opens everything `named`, in that order; a file named twice is read once, with a warning.
pub(super) fn open_all(named: &[String], warnings: &mut Vec<String>) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    let mut seen = HashSet::new();
    for Found { path, id_name } in expand_all(named)? {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if !seen.insert(identity) {
            warnings.push(format!("`{}` is named more than once and read once", path.display()));
        } else if path == Path::new(STDIN) {
            sources.push(Source::spool(STDIN, None, io::stdin().lock())?);
        } else {
            sources.push(Source { id_name, ..Source::open(&path)? });
        }
    }
    if sources.is_empty() {
        return Err(Error::usage("no input is named").hint("name files, folders, globs or `-`"));
    }
    Ok(sources)
}

/// A file that the command line means.
pub(super) struct Found {
    path: PathBuf,
    id_name: SourceName,
}

/// The files meant by the command line; 66 where one is missing. None is opened.
pub(super) fn expand_all(named: &[String]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for name in named {
        if name == STDIN {
            found.push(Found { path: STDIN.into(), id_name: STDIN.into() });
        } else {
            found.extend(expand(name)?);
        }
    }
    Ok(found)
}

/// The files meant by one word of the command line.
fn expand(name: &str) -> Result<Vec<Found>, Error> {
    let path = Path::new(name);
    let (paths, folder) = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => (files_in(path)?, Some(path.to_owned())),
        Ok(_) => (vec![path.to_owned()], None),
        Err(error) => {
            refuse_address(path)?;
            if !name.contains(['*', '?', '[']) {
                return Err(unopened(path, error));
            }
            (files_matching(name)?, Some(fixed_part(name)))
        }
    };
    let found = |path: PathBuf| Found { id_name: name_below(folder.as_deref(), &path), path };
    Ok(paths.into_iter().map(found).collect())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |error| Error::bad_input(folder, "the folder cannot be read").because(error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_listed(&path) && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(nothing_found(format!("`{}` holds no input files", folder.display()))
            .hint("a folder is searched for *.csv, *.tsv, *.txt and *.list"));
    }
    Ok(paths)
}

fn is_listed(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    !hidden && EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

fn files_matching(pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let found = glob::glob_with(pattern, options).map_err(|error| {
        Error::usage(format!("`{pattern}` is neither a file nor a pattern")).because(error)
    })?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|error| {
            Error::bad_input(error.path(), "the folder cannot be searched")
                .because(io::Error::from(error))
        })?;
        if !path.is_dir() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(nothing_found(format!("no file matches `{pattern}`")));
    }
    Ok(paths)
}

fn nothing_found(message: String) -> Error {
    Error::new(Exit::NoInput, message)
}

fn unopened(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        nothing_found(format!("`{}` does not exist", path.display()))
    } else {
        Error::bad_input(path, "the file cannot be opened").because(error)
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| unopened(path, error))?;
        let metadata = file.metadata().map_err(|error| unopened(path, error))?;
        if metadata.is_file() {
            let (path, length) = (Some(path.to_owned()), metadata.len());
            Ok(Self { name, id_name: SourceName::new(), path, length, file, packed: None })
        } else {
            Self::spool(&name, Some(path), file)
        }
    }

    /// Keeps what can be read only once (stdin, a pipe) in an unnamed temporary file.
    fn spool(name: &str, path: Option<&Path>, mut from: impl Read) -> Result<Self, Error> {
        let spooled = tempfile::tempfile().and_then(|mut file| {
            let length = io::copy(&mut from, &mut file)?;
            let (name, path) = (name.to_owned(), path.map(Path::to_owned));
            Ok(Self { id_name: name.clone().into(), name, path, length, file, packed: None })
        });
        spooled.map_err(|error| {
            Error::new(Exit::Io, format!("cannot keep `{name}` in a temporary file"))
                .because(error)
                .hint("free some space, or point TMPDIR at a roomier folder")
        })
    }

    /// The same source, of which `file` holds what was unpacked.
    pub(super) fn unpacked(&self, file: File, length: u64) -> Result<Self, Error> {
        let mut packed = self.bytes();
        io::copy(&mut packed, &mut io::sink())
            .map_err(|error| Error::io("cannot read", Path::new(&self.name), error))?;
        let (name, path) = (self.name.clone(), self.path.clone());
        let (id_name, packed) = (self.id_name.clone(), Some(packed.sha256()));
        Ok(Self { name, id_name, path, length, file, packed })
    }

    /// Reads it from any place.
    pub(super) fn seekable(&self) -> Seekable<'_> {
        Seekable { source: self, position: 0 }
    }

    /// Reads it from the start.
    pub(super) fn bytes(&self) -> Bytes<'_> {
        Bytes { source: self, position: 0, hash: Some(Sha256::new()) }
    }

    /// Reads it from the start, only to look at it.
    pub(super) fn unhashed(&self) -> Bytes<'_> {
        Bytes { source: self, position: 0, hash: None }
    }

    /// The first bytes, at most `most`.
    pub(super) fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.unhashed().take(most).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// The bytes of a source up to its length at open, hashed as they are read if need be.
#[derive(Debug)]
pub(super) struct Bytes<'a> {
    source: &'a Source,
    position: u64,
    hash: Option<Sha256>,
}

impl Bytes<'_> {
    /// SHA-256 of what was read, in hex; of the file that it was unpacked from, if it was.
    pub(super) fn sha256(self) -> String {
        if let Some(packed) = &self.source.packed {
            return packed.clone();
        }
        self.hash
            .unwrap_or_default()
            .finalize()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(hex_digit)
            .collect()
    }
}

impl Read for Bytes<'_> {
    /// A file that became shorter is an error, not an end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.length - self.position).unwrap_or(usize::MAX);
        let most = left.min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let count = loop {
            match read_at(&self.source.file, &mut out[..most], self.position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(hash) = &mut self.hash {
            hash.update(&out[..count]);
        }
        self.position += count as u64;
        Ok(count)
    }
}

/// A source, read from any place.
#[derive(Debug)]
pub(super) struct Seekable<'a> {
    source: &'a Source,
    position: u64,
}

impl Read for Seekable<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.source.length.saturating_sub(self.position);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let count = read_at(&self.source.file, &mut out[..most], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Seekable<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(place) => (place, 0),
            SeekFrom::End(offset) => (self.source.length, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        self.position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(nibble & 15)])
}

/// Reads at `position`, without a cursor that two passes would share.
#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, position)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, position)
}
