//! The file formats.

use std::path::Path;

use crate::domain::Error;
use crate::files::refuse_address;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the format of that name")]
pub enum Format {
    Csv,
    Tsv,
    Parquet,
    Jsonl,
    /// An Arrow IPC file; its end says where everything is.
    Arrow,
    /// An Arrow IPC stream.
    Arrows,
    /// A workbook of Excel.
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] =
        [Self::Csv, Self::Tsv, Self::Parquet, Self::Jsonl, Self::Arrow, Self::Arrows, Self::Xlsx];

    /// The word used in flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrow",
            Self::Arrows => "arrows",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format called `name`, in any case; `ndjson` is JSON Lines too.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name == "ndjson" {
            return Some(Self::Jsonl);
        }
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format that the extension of `path` names, the one before `.gz` or `.zst`.
    /// Fails with 64.
    pub fn from_path(path: &Path) -> Result<Self, Error> {
        refuse_address(path)?;
        let unpacked = match Compression::from_path(path) {
            Some(_) => Path::new(path.file_stem().unwrap_or_default()),
            None => path,
        };
        let format =
            unpacked.extension().and_then(|extension| Self::from_name(extension.to_str()?));
        format.ok_or_else(|| {
            Error::usage(format!("the name `{}` does not tell a format", path.display()))
                .hint(format!("say it with `--format {}`", Self::ALL.map(Self::name).join("|")))
        })
    }

    /// Refuses (64) a name that tells a compression which the format does not take.
    pub(super) fn refuse_packed(self, path: &Path) -> Result<(), Error> {
        if self.is_text() || Compression::from_path(path).is_none() {
            return Ok(());
        }
        let message = format!("`{}` cannot be {}", path.display(), self.name());
        Err(Error::usage(format!("{message}: only text is compressed as a whole"))
            .hint("leave out `.gz` or `.zst`; Parquet and workbooks are compressed inside"))
    }

    /// Whether it is text, which may be compressed as a whole.
    pub const fn is_text(self) -> bool {
        match self {
            Self::Csv | Self::Tsv | Self::Jsonl => true,
            Self::Parquet | Self::Arrow | Self::Arrows | Self::Xlsx => false,
        }
    }

    /// What separates its cells, where something does.
    pub const fn delimiter(self) -> Option<u8> {
        match self {
            Self::Csv => Some(b','),
            Self::Tsv => Some(b'\t'),
            Self::Parquet | Self::Jsonl | Self::Arrow | Self::Arrows | Self::Xlsx => None,
        }
    }
}

/// How a text file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// What the end of the name says, `.gz` or `.zst`.
    pub(super) fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "tests/format.rs"]
mod tests;
