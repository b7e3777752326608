//! The text inside: a file as it is, or the one member of a zip archive that
//! holds it, line by line and in bounded memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::domain::{Error, Exit};

/// Where to get the file.
pub(super) const DOWNLOAD: &str =
    "import `FLAT_RCL_POST_2010.zip` as NHTSA publishes it, at static.nhtsa.gov/odi/ffdd/rcl/";

/// NHTSA says that no record is longer than 17,108 characters.
const LONGEST_LINE: usize = 1 << 20;

/// Ten times what NHTSA's file unpacks to; a zip bomb unpacks to more.
const MOST_BYTES: u64 = 4 << 30;

/// Opens `path`, and calls `read` with the name of the text inside and its lines.
pub(super) fn with_lines<T>(
    path: &Path,
    read: impl FnOnce(&str, &mut Lines<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut file = File::open(path).map_err(|source| unopened(path, source))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(Error::bad_input(path, "it is a folder").hint(DOWNLOAD));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !is_zip(&mut file).map_err(|source| Error::io("cannot read", path, source))? {
        return read(&name, &mut Lines::new(path, false, &mut BufReader::new(file)));
    }
    let mut archive = ZipArchive::new(file).map_err(|error| unreadable(path, error))?;
    let member = member(path, &mut archive)?;
    let mut text = BufReader::new(member);
    let name = text.get_ref().name().map_err(|error| unreadable(path, error))?.into_owned();
    read(&name, &mut Lines::new(path, true, &mut text))
}

/// What a read came to.
pub(super) enum Found<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// A line that is too long to be one, skipped.
    TooLong,
    /// The end of the text.
    End,
}

/// Hands out lines; counts and hashes the bytes they came in.
pub(super) struct Lines<'a> {
    path: &'a Path,
    is_zip: bool,
    text: &'a mut dyn BufRead,
    hash: Sha256,
    bytes: u64,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path, is_zip: bool, text: &'a mut dyn BufRead) -> Self {
        Self { path, is_zip, text, hash: Sha256::new(), bytes: 0, line: Vec::new() }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Result<Found<'_>, Error> {
        self.line.clear();
        let mut length = 0;
        loop {
            let bytes = match self.text.fill_buf() {
                Ok(bytes) => bytes,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.unread(source)),
            };
            let end = memchr::memchr(b'\n', bytes);
            let taken = &bytes[..end.map_or(bytes.len(), |end| end + 1)];
            self.hash.update(taken);
            length += taken.len();
            if length <= LONGEST_LINE {
                self.line.extend_from_slice(taken);
            }
            let (is_last, taken) = (taken.is_empty(), taken.len());
            self.text.consume(taken);
            self.bytes += taken as u64;
            if self.bytes > MOST_BYTES {
                return Err(
                    Error::bad_input(self.path, "it unpacks to more than 4 GiB").hint(DOWNLOAD)
                );
            }
            if is_last && length == 0 {
                return Ok(Found::End);
            }
            if is_last || end.is_some() {
                break;
            }
        }
        if length > LONGEST_LINE {
            return Ok(Found::TooLong);
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Found::Line(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The SHA-256 of the bytes read so far.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// A failing disk, or a damaged archive.
    fn unread(&self, source: io::Error) -> Error {
        if self.is_zip && is_of_archive(&source) {
            return damaged(self.path).because(source);
        }
        Error::io("cannot read", self.path, source)
    }
}

fn is_zip(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic)?;
    file.rewind()?;
    Ok(magic == *b"PK\x03\x04" || magic == *b"PK\x05\x06")
}

/// The member that holds the file: the only text that may be one.
fn member<'a>(path: &Path, archive: &'a mut ZipArchive<File>) -> Result<ZipFile<'a, File>, Error> {
    let is_text = |name: &String| {
        name.to_ascii_lowercase().ends_with(".txt") && !name.starts_with("__MACOSX/")
    };
    let names: Result<Vec<_>, _> = archive.file_names().collect();
    let names = names.map_err(|error| unreadable(path, error))?;
    let texts: Vec<String> = names.into_iter().map(Cow::into_owned).filter(is_text).collect();
    let is_recalls = |name: &&String| name.to_ascii_uppercase().contains("FLAT_RCL");
    let recalls: Vec<&String> = texts.iter().filter(is_recalls).collect();
    let name = match (recalls.as_slice(), texts.as_slice()) {
        ([name], _) => name.as_str(),
        ([], [name]) => name.as_str(),
        ([], []) => {
            return Err(Error::bad_input(path, "no `FLAT_RCL….txt` is in it").hint(DOWNLOAD));
        }
        _ => {
            let many = "several texts are in it, and nothing says which one is meant";
            return Err(Error::bad_input(path, many).hint("unpack it and import one `.txt`"));
        }
    };
    archive.by_name(name).map_err(|error| unreadable(path, error))
}

fn unopened(path: &Path, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::NotFound {
        let message = format!("`{}` does not exist", path.display());
        return Error::new(Exit::NoInput, message).hint(DOWNLOAD);
    }
    Error::io("cannot open", path, source)
}

fn unreadable(path: &Path, error: ZipError) -> Error {
    match error {
        ZipError::Io(source) if !is_of_archive(&source) => Error::io("cannot read", path, source),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Error::bad_input(path, "it is encrypted").hint(DOWNLOAD)
        }
        error => damaged(path).because(error),
    }
}

/// Whether what is read is at fault, and not the disk: it leads to a place before the file,
/// or the system knows nothing of it.
fn is_of_archive(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput || error.raw_os_error().is_none()
}

fn damaged(path: &Path) -> Error {
    Error::bad_input(path, "the archive is damaged or cut off")
        .hint("download it again; nothing was imported")
}
