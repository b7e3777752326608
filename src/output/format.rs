//! The file formats.

use std::path::Path;

use crate::domain::Error;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the format of that name")]
pub enum Format {
    Csv,
    Parquet,
    Jsonl,
    Arrow,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Parquet, Self::Jsonl, Self::Arrow];

    /// The word used in flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrow",
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

    /// The format that the extension of `path` names. Fails with 64.
    pub fn from_path(path: &Path) -> Result<Self, Error> {
        path.extension().and_then(|extension| Self::from_name(extension.to_str()?)).ok_or_else(
            || {
                Error::usage(format!("the name `{}` does not tell a format", path.display()))
                    .hint("say it with `--format csv|parquet|jsonl|arrow`")
            },
        )
    }
}

#[cfg(test)]
#[path = "tests/format.rs"]
mod tests;
