//! The one data file this decoder is made for.

use std::fmt;
use std::path::Path;

use ultravin::Db;
use ultravin::tables::{FORMAT_VERSION, HEADER_LEN, MAGIC, artifact_blake3_hex};

/// What a data file must be.
#[derive(Clone, Debug)]
pub(super) struct Artifact {
    /// In bytes.
    pub(super) length: u64,
    /// BLAKE3, in hex, of the body and then of the builder's version in the header.
    pub(super) digest: String,
}

/// The version of `ultravin`, which numbers its releases of data too.
pub(super) const VERSION: &str = "3.0.2";

/// The bytes a data file begins with.
pub(super) const HEAD: usize = HEADER_LEN;

impl Artifact {
    /// The data of ultravin 3.0.2, as its manifest pins them.
    pub(super) fn pinned() -> Self {
        Self {
            length: 84_124_480,
            digest: "6630690d9e1a3158121382362936ed73442fcc401c5fc15326267dadbbc41ca6".into(),
        }
    }

    /// Whether a file that begins with `head` may be this one.
    pub(super) fn check_head(&self, head: &[u8]) -> Result<(), NotIt> {
        // A small number follows the magic bytes; in `ULTRAVIN_DATA`, a text, it would be large.
        let format = match head.strip_prefix(&MAGIC[..]) {
            Some([low, 0, ..]) => u16::from(*low),
            _ => return Err(NotIt::Foreign),
        };
        if head.len() < HEAD {
            return Err(NotIt::Truncated { length: head.len() as u64, of: self.length });
        }
        if format != FORMAT_VERSION || artifact_blake3_hex(head) != self.digest {
            return Err(NotIt::OtherRelease);
        }
        Ok(())
    }

    /// Opens the file at `path`, every byte of it checked.
    pub(super) fn open(&self, path: &Path) -> Result<Db, NotIt> {
        let unreadable = |error: std::io::Error| NotIt::Damaged(error.to_string());
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length < self.length {
            return Err(NotIt::Truncated { length, of: self.length });
        }
        self.check(Db::open(path), length)
    }

    /// As [`Artifact::open`], of a copy in memory.
    pub(super) fn read(&self, data: &[u8]) -> Result<Db, NotIt> {
        let length = data.len() as u64;
        if length < self.length {
            return Err(NotIt::Truncated { length, of: self.length });
        }
        self.check(Db::from_bytes(data), length)
    }

    fn check(&self, opened: Result<Db, String>, length: u64) -> Result<Db, NotIt> {
        let db = opened.map_err(NotIt::Damaged)?;
        if db.artifact_blake3() != self.digest || length > self.length {
            return Err(NotIt::OtherRelease);
        }
        Ok(db)
    }
}

/// Why a file is not the data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotIt {
    /// It is something else.
    Foreign,
    /// It is a page that a browser shows.
    WebPage,
    /// The data of another release.
    OtherRelease,
    /// The right data, cut off.
    Truncated { length: u64, of: u64 },
    /// Data that changed since they were made, or that cannot be read.
    Damaged(String),
}

impl fmt::Display for NotIt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("no decoder data in it"),
            Self::WebPage => f.write_str("a web page, not decoder data"),
            Self::OtherRelease => {
                write!(f, "not the data of release {VERSION}, which this decoder is made for")
            }
            Self::Truncated { length, of } => write!(f, "ends after {length} of {of} bytes"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
        }
    }
}
