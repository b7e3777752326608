//! Input: files, folders, globs and stdin, read twice as one stream of rows.
//!
//! Each file is opened once; both passes read that descriptor up to its length
//! at open, and the second pass must read the same bytes. stdin and pipes are
//! spooled to a temporary file first.

use std::path::PathBuf;

use crate::error::Error;
use crate::vin::VinError;

/// What the command line says about the input.
#[derive(Clone, Debug, Default)]
pub struct InputSpec {
    /// `-`, files, globs and folders, as typed.
    pub sources: Vec<String>,
    /// The column that holds the VIN, by header (or 1-based number).
    pub vin_column: Option<String>,
    /// The field delimiter, when not sniffed.
    pub delimiter: Option<u8>,
    /// Columns to carry through; all when empty.
    pub keep: Vec<String>,
}

/// The opened input.
#[derive(Debug)]
pub struct Inputs {
    files: Vec<InputFile>,
    columns: Vec<String>,
}

/// One opened file.
#[derive(Debug)]
pub struct InputFile {
    /// The name written to `source_file`: as typed, or found in a folder.
    pub name: String,
    /// Where it is; `None` for stdin.
    pub path: Option<PathBuf>,
    /// Length in bytes at open.
    pub bytes: u64,
    /// `utf-8`, `utf-16le`, `utf-16be` or `windows-1252`.
    pub encoding: &'static str,
    /// Field delimiter.
    pub delimiter: u8,
    /// Whether the first record names the columns.
    pub has_header: bool,
    /// The name of the column that holds the VIN.
    pub vin_column: String,
}

/// One record, reused from row to row.
#[derive(Debug, Default)]
pub struct Row {
    /// The place of its file in [`Inputs::files`].
    pub file: usize,
    /// Ordinal of the record in its file, the header counted as 1.
    pub source_row: i64,
    /// The cell that should hold the VIN.
    pub vin: String,
    /// One cell for each of [`Inputs::columns`]; `None` where empty or absent.
    pub cells: Vec<Option<String>>,
    /// What is wrong with the record itself (`RaggedRow`, `FieldTooLong`).
    pub problem: Option<VinError>,
}

impl Inputs {
    /// Opens and sniffs every source. Nothing is kept in memory but the names.
    pub fn open(_spec: &InputSpec) -> Result<Self, Error> {
        Err(Error::internal("not built yet"))
    }

    /// The files in reading order.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// The columns carried through: the union over the files, in order of
    /// appearance, by their original names, made unique.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Starts a pass over every row.
    pub fn rows(&self) -> Result<Rows<'_>, Error> {
        Ok(Rows { inputs: self })
    }
}

/// One pass over the input.
#[derive(Debug)]
pub struct Rows<'a> {
    inputs: &'a Inputs,
}

/// What a whole pass read of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// SHA-256 of the bytes read, in hex.
    pub sha256: String,
    /// Records, without the header.
    pub rows: u64,
}

impl Rows<'_> {
    /// Reads the next row into `row`; `false` at the end.
    pub fn next(&mut self, _row: &mut Row) -> Result<bool, Error> {
        let _ = self.inputs;
        Ok(false)
    }

    /// The digests of the files, once the pass is over.
    pub fn finish(self) -> Result<Vec<FileDigest>, Error> {
        Ok(Vec::new())
    }
}
