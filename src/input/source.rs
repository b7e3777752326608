//! What the command line names, as opened files of a fixed length.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::content::{Content, InputFormat, Named, Packing, WorkbookKind};
use super::file::changed;
use super::find::{Found, STDIN, expand_all, shown_path, unopened};
use super::random::{Random, read_at};
use super::source_name::SourceName;
use super::unpack::{Bytes, Damaged, Packed};
use super::zip_member::Archive;
use crate::domain::numbers::hex;
use crate::domain::{Error, Exit};
use crate::files::identity_of;

/// So many files stay open from the first look to the last pass. Others are opened anew
/// in each pass: a process may have 256 open on some systems.
const MAX_OPEN: usize = 64;

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
    held: Held,
    packed: Option<Packed>,
    /// What was packed, for formats that are read from any place.
    unpacked: OnceLock<Random>,
}

/// How the file is reached again.
#[derive(Debug)]
enum Held {
    Open(Arc<File>),
    /// By its path, as long as that leads to the same file.
    Closed {
        path: PathBuf,
        identity: Identity,
    },
    /// Not at all: it is read once, as it comes, by whoever takes it.
    Passing(Mutex<Option<OnceRead>>),
}

/// What is read once, as it comes.
pub(super) struct OnceRead(Box<dyn Read + Send>);

impl Read for OnceRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl std::fmt::Debug for OnceRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnceRead").finish_non_exhaustive()
    }
}

/// Opens everything `named`, in that order; a file named twice is read once, with a warning.
pub(super) fn open_all(named: &[String], warnings: &mut Vec<String>) -> Result<Vec<Source>, Error> {
    let mut sources: Vec<Source> = Vec::new();
    let mut seen = HashSet::new();
    for Found { path, id_name } in expand_all(named, warnings)? {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if !seen.insert(identity) {
            warnings.push(format!("`{}` is named more than once and read once", shown_path(&path)));
        } else if path == Path::new(STDIN) {
            sources.push(Source::spool(STDIN, None, io::stdin().lock())?);
        } else {
            let source = Source { id_name, ..Source::open(&path)? };
            sources.push(if sources.len() < MAX_OPEN { source } else { source.close()? });
        }
    }
    if sources.is_empty() {
        return Err(Error::usage("no input is named").hint("name files, folders, globs or `-`"));
    }
    Ok(sources)
}

impl Source {
    fn of(name: String, path: Option<&Path>, length: u64, file: File) -> Self {
        Self::held(name, path, length, Held::Open(Arc::new(file)))
    }

    /// What comes through stdin, which is not kept.
    pub(super) fn passing(from: Box<dyn Read + Send>) -> Self {
        let held = Held::Passing(Mutex::new(Some(OnceRead(from))));
        Self::held(STDIN.to_owned(), None, 0, held)
    }

    fn held(name: String, path: Option<&Path>, length: u64, held: Held) -> Self {
        Self {
            id_name: name.clone().into_bytes(),
            name,
            path: path.map(Path::to_owned),
            length,
            held,
            packed: None,
            unpacked: OnceLock::new(),
        }
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let name = shown_path(path);
        let file = File::open(path).map_err(|error| unopened(path, error))?;
        let metadata = file.metadata().map_err(|error| unopened(path, error))?;
        if metadata.is_file() {
            Ok(Self::of(name, Some(path), metadata.len(), file))
        } else {
            Self::spool(&name, Some(path), file)
        }
    }

    /// Keeps what can be read only once (stdin, a pipe) in an unnamed temporary file.
    fn spool(name: &str, path: Option<&Path>, mut from: impl Read) -> Result<Self, Error> {
        let spooled = tempfile::tempfile().and_then(|mut file| {
            let length = io::copy(&mut from, &mut file)?;
            Ok(Self::of(name.to_owned(), path, length, file))
        });
        spooled.map_err(|error| {
            Error::new(Exit::Io, format!("cannot keep `{name}` in a temporary file"))
                .because(error)
                .hint("free some space, or point TMPDIR at a roomier folder")
        })
    }

    /// The same, with its file closed; what was spooled stays open, since it has no path.
    fn close(self) -> Result<Self, Error> {
        let (Held::Open(file), Some(path)) = (&self.held, &self.path) else { return Ok(self) };
        let metadata = file.metadata().map_err(|error| unopened(path, error))?;
        if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
            return Ok(self);
        }
        let held = Held::Closed { path: path.clone(), identity: Identity::of(&metadata) };
        Ok(Self { held, ..self })
    }

    fn file(&self) -> io::Result<Arc<File>> {
        let (path, identity) = match &self.held {
            Held::Open(file) => return Ok(Arc::clone(file)),
            Held::Closed { path, identity } => (path, identity),
            Held::Passing(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        let file = File::open(path)?;
        if Identity::of(&file.metadata()?) == *identity {
            Ok(Arc::new(file))
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// What is read once, as it comes; `None` where it can be read from any place, and where
    /// it was taken before.
    pub(super) fn take_passing(&self) -> Option<OnceRead> {
        let Held::Passing(from) = &self.held else { return None };
        from.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells what its rows are written in, by what it holds; `chosen` overrules, but for
    /// which of Arrow's two forms it is.
    pub(super) fn look(
        &mut self,
        chosen: Option<InputFormat>,
        warnings: &mut Vec<String>,
    ) -> Result<InputFormat, Error> {
        if matches!(self.held, Held::Passing(_)) {
            return Ok(InputFormat::Arrows);
        }
        let name = self.name.clone();
        let failed = |error| unread(&name, error);
        let mut content = Content::of(&self.head(HEAD).map_err(failed)?);
        let mut packing = None;
        if let Content::Packed(found) = content {
            content = if let Some(kind) = self.unpack(found).map_err(failed)? {
                Content::Rows(InputFormat::Workbook(kind))
            } else {
                packing = Some(found);
                self.content_unpacked().map_err(failed)?
            };
        }
        let format = match (chosen, content) {
            (_, Content::Packed(inner)) => {
                let what = format!("it is {} data in packed data", inner.name());
                return Err(Error::bad_input(Path::new(&name), what).hint("unpack it once"));
            }
            (Some(InputFormat::Arrow), Content::Rows(InputFormat::Arrows)) => InputFormat::Arrows,
            (Some(chosen), _) => return Ok(chosen),
            (None, Content::Rows(format)) => format,
            (None, Content::Other(refused)) => return Err(refused.error(&name)),
        };
        let named = self.path.as_deref().map(Named::of).unwrap_or_default();
        warnings.extend(named.mismatch(&name, packing, format));
        Ok(format)
    }

    /// Reads what is packed in it from here on; a workbook is not unpacked.
    fn unpack(&mut self, packing: Packing) -> io::Result<Option<WorkbookKind>> {
        self.packed = Some(match packing {
            Packing::Gzip => Packed::Gzip,
            Packing::Zstd => Packed::Zstd,
            Packing::Zip => match Archive::of(&self.raw_random()?)? {
                Archive::Packed(member) => Packed::Zip(member),
                Archive::Workbook(kind) => return Ok(Some(kind)),
            },
        });
        Ok(None)
    }

    /// What was packed in it.
    fn content_unpacked(&self) -> io::Result<Content> {
        let content = Content::of(&self.head(HEAD)?);
        if content == Content::Packed(Packing::Zip)
            && let Archive::Workbook(kind) = Archive::of(&self.random()?)?
        {
            return Ok(Content::Rows(InputFormat::Workbook(kind)));
        }
        Ok(content)
    }

    /// What it is packed as.
    pub(super) fn packing(&self) -> Option<&'static str> {
        self.packed.as_ref().map(|packed| packed.packing().name())
    }

    /// Reads it from the start, unpacked.
    pub(super) fn bytes(&self) -> io::Result<Bytes<'_>> {
        Bytes::of(Raw::of(self, Some(Sha256::new())), self.packed.as_ref())
    }

    /// Reads it from the start, unpacked, only to look at it.
    pub(super) fn unhashed(&self) -> io::Result<Bytes<'_>> {
        Bytes::of(Raw::of(self, None), self.packed.as_ref())
    }

    /// The first bytes, at most `most`.
    pub(super) fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.unhashed()?.take(most).read_to_end(&mut head)?;
        Ok(head)
    }

    /// SHA-256 of all of its bytes, as they lie there.
    pub(super) fn sha256(&self) -> io::Result<String> {
        let mut raw = Raw::of(self, Some(Sha256::new()));
        raw.skip(u64::MAX)?;
        Ok(raw.sha256())
    }

    /// Reads it from any place. What is packed is unpacked once, into a temporary file.
    pub(super) fn random(&self) -> io::Result<Random> {
        if self.packed.is_none() {
            return self.raw_random();
        }
        if let Some(unpacked) = self.unpacked.get() {
            return Ok(unpacked.clone());
        }
        let mut file = tempfile::tempfile()?;
        let length = io::copy(&mut self.unhashed()?, &mut file)?;
        Ok(self.unpacked.get_or_init(|| Random { file: Arc::new(file), length }).clone())
    }

    fn raw_random(&self) -> io::Result<Random> {
        Ok(Random { file: self.file()?, length: self.length })
    }
}

/// Bytes looked at.
pub(super) const HEAD: u64 = 64 << 10;

/// What a file is, whatever its name.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    /// Its device and its number there.
    place: (u64, u64),
    length: u64,
    modified: Option<std::time::SystemTime>,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            place: identity_of(metadata),
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// The bytes of a source up to its length at open, as they lie there.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    source: &'a Source,
    /// Opened at the first read.
    file: Option<Arc<File>>,
    position: u64,
    /// Of what was read, where that is asked for.
    hash: Option<Sha256>,
    /// An error was met here, and not by what unpacks the bytes.
    pub(super) failed: bool,
}

impl<'a> Raw<'a> {
    fn of(source: &'a Source, hash: Option<Sha256>) -> Self {
        Self { source, file: None, position: 0, hash, failed: false }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Goes on by so many bytes, or to the end.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        if self.hash.is_some() {
            return io::copy(&mut self.by_ref().take(count), &mut io::sink()).map(drop);
        }
        self.position = self.position.saturating_add(count).min(self.source.length);
        Ok(())
    }

    /// SHA-256 of what was read, in hex.
    pub(super) fn sha256(self) -> String {
        hex(&self.hash.unwrap_or_default().finalize())
    }

    fn read_on(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.length - self.position).unwrap_or(usize::MAX);
        let most = left.min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(self.source.file()?),
        };
        let count = read_at(file, &mut out[..most], self.position)?;
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

impl Read for Raw<'_> {
    /// A file that became shorter is an error, not an end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.read_on(out);
        self.failed |= read.is_err();
        read
    }
}

/// What it means that a source called `name` could not be read.
pub(super) fn unread(name: &str, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return changed(name);
    }
    match error.downcast::<Damaged>() {
        Ok(damaged) => Error::bad_input(Path::new(name), damaged.what).hint(damaged.hint),
        Err(error) => Error::io("cannot read", Path::new(name), error),
    }
}
