//! Input: files, folders, globs and stdin, read twice as one stream of rows.
//!
//! Each file is opened once; both passes read that descriptor up to its length
//! at open, and the second pass must read the same bytes. stdin and pipes are
//! spooled to a temporary file first.
//!
//! A source becomes rows in this order: `source` gives bytes and hashes them,
//! `decode` makes UTF-8 of them, `records` splits that into fields. `sniff`,
//! `columns` and `claims` tell by content how to do so. Empty lines are no rows, in any pass;
//! a line of spaces or delimiters is one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::domain::error::Error;
use crate::domain::vin::{self, Reading, Rules, VinError};
use crate::matching::row_vehicle::{Claim, Claims};

mod row_vehicle;
mod columns;
mod decode;
mod file;
mod records;
mod sniff;
mod source;

pub use file::InputFile;

use file::FilePass;
use records::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record};

/// What the command line says about the input.
#[derive(Clone, Debug, Default)]
pub struct InputSpec {
    /// `-`, files, globs and folders, as typed.
    pub sources: Vec<String>,
    /// The column that holds the VIN, by header (or 1-based number).
    pub vin_column: Option<String>,
    /// Columns that hold the row's own make, model and year, named as `vin_column` is;
    /// what is not named here is found by header.
    pub map: BTreeMap<Claim, String>,
    /// The field delimiter, when not sniffed.
    pub delimiter: Option<u8>,
    /// Columns to carry through, in this order; all when empty.
    pub keep: Vec<String>,
}

/// The opened input.
#[derive(Debug)]
pub struct Inputs {
    files: Vec<InputFile>,
    columns: Vec<String>,
    /// For each file, where its fields go.
    places: Vec<Arc<Places>>,
    warnings: Vec<String>,
    /// What the first whole pass read, which every later one must read again.
    first_pass: OnceLock<Vec<FileDigest>>,
}

impl Inputs {
    /// Opens and sniffs every source. Nothing is kept in memory but the names.
    ///
    /// Fails with 64 where a column is unknown or the VIN column is in doubt,
    /// with 65 where a source is no delimited text, and with 66 where there is none.
    pub fn open(spec: &InputSpec) -> Result<Self, Error> {
        if let Some(delimiter) = spec.delimiter.filter(|&byte| !is_delimiter(byte)) {
            return Err(Error::usage(format!(
                "`{}` cannot be a delimiter",
                delimiter.escape_ascii()
            ))
            .hint("name one ASCII character, such as `;`, that is no letter, digit or quote"));
        }
        let mut warnings = Vec::new();
        let sources = source::open_all(&spec.sources, &mut warnings)?;
        let files = sources
            .into_iter()
            .map(|source| InputFile::open(source, spec))
            .collect::<Result<Vec<_>, _>>()?;
        let columns = kept(union(&files), &spec.keep)?;
        let places = files.iter().map(|file| Arc::new(Places::of(file, &columns))).collect();
        Ok(Self { files, columns, places, warnings, first_pass: OnceLock::new() })
    }

    /// Fails with 66 where a source does not exist. Nothing is opened or read.
    pub fn check_exist(spec: &InputSpec) -> Result<(), Error> {
        source::expand_all(&spec.sources).map(drop)
    }

    /// The files in reading order.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// What `source_file` says of each file.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// The paths of the files, which no output may overwrite. What the shell
    /// opened as standard input is among them.
    pub fn paths(&self) -> Vec<PathBuf> {
        let path = |file: &InputFile| file.path.clone().unwrap_or_else(|| "/dev/stdin".into());
        self.files.iter().map(path).collect()
    }

    /// The columns carried through: the union over the files, in order of
    /// appearance, by their original names, made unique.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the user should know about the input, one line each: a file without
    /// a header, bytes of a wrong encoding (complete once a pass is over).
    pub fn warnings(&self) -> Vec<String> {
        self.warnings
            .iter()
            .cloned()
            .chain(self.files.iter().flat_map(InputFile::warnings))
            .collect()
    }

    /// Starts a pass over every row.
    pub fn rows(&self) -> Result<Rows<'_>, Error> {
        let mut rows = Rows { inputs: self, pass: None, digests: Vec::new() };
        rows.start_file()?;
        Ok(rows)
    }
}

/// One record, reused from row to row.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "`source_row` is the word of the output column")]
pub struct Row {
    file: usize,
    source_row: i64,
    record: Record,
    places: Arc<Places>,
}

impl Row {
    /// The place of its file in [`Inputs::files`].
    pub fn file(&self) -> usize {
        self.file
    }

    /// Ordinal of the record in its file, the header counted as 1.
    pub fn source_row(&self) -> i64 {
        self.source_row
    }

    /// The cell that should hold the VIN; empty where there is none.
    pub fn vin(&self) -> &str {
        self.record.get(self.places.vin).unwrap_or_default()
    }

    /// How much memory its cells take, about.
    pub fn bytes(&self) -> usize {
        self.record.bytes()
    }

    /// How much memory it keeps for the row read into it next, about.
    pub fn capacity(&self) -> usize {
        self.record.capacity()
    }

    /// What the row itself says its vehicle is.
    pub fn claims(&self) -> Claims<'_> {
        let [make, model, year] =
            self.places.claims.map(|place| place.and_then(|field| self.record.get(field)));
        Claims::of(make, model, year)
    }

    /// The cell of [`Inputs::columns`]`[column]`; `None` where empty or absent.
    pub fn cell(&self, column: usize) -> Option<&str> {
        let field = (*self.places.fields.get(column)?)?;
        self.record.get(field).filter(|cell| !cell.is_empty())
    }

    /// One cell for each of [`Inputs::columns`].
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.places.fields.len()).map(|column| self.cell(column))
    }

    /// What is wrong with the record itself: `FieldTooLong` or `RaggedRow`.
    ///
    /// More fields than columns are no fault when the surplus is empty, as some
    /// exports end every line in delimiters.
    pub fn problem(&self) -> Option<VinError> {
        if self.record.too_long {
            Some(VinError::FieldTooLong)
        } else if self.is_ragged() {
            Some(VinError::RaggedRow)
        } else {
            None
        }
    }

    /// What became of the VIN cell, or of the record itself.
    pub fn reading(&self, rules: Rules) -> Reading {
        match self.problem() {
            None => vin::read(self.vin(), rules),
            Some(VinError::RaggedRow) => Reading::rejected(VinError::RaggedRow).detail(format!(
                "line {}: {} fields where the file has {} columns",
                self.record.line,
                self.record.len(),
                self.places.columns
            )),
            Some(problem) => Reading::rejected(problem).detail(format!(
                "line {}: over {MAX_FIELD} bytes in a field, or {MAX_RECORD} in all",
                self.record.line
            )),
        }
    }

    fn is_ragged(&self) -> bool {
        let (fields, columns) = (self.record.len(), self.places.columns);
        fields != columns
            && (fields < columns
                || fields > MAX_FIELDS
                || self.record.iter().skip(columns).any(|field| !field.is_empty()))
    }
}

/// Where the fields of one file's records go.
#[derive(Debug, Default)]
struct Places {
    /// How many fields a record should have.
    columns: usize,
    /// The field that holds the VIN.
    vin: usize,
    /// The fields that hold the row's claims.
    claims: row_vehicle::Places,
    /// For each column carried through, its field.
    fields: Vec<Option<usize>>,
}

impl Places {
    fn of(file: &InputFile, columns: &[String]) -> Self {
        let fields: HashMap<&str, usize> =
            file.columns.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
        Self {
            columns: file.columns.len(),
            vin: file.vin_index,
            claims: file.claims,
            fields: columns.iter().map(|column| fields.get(column.as_str()).copied()).collect(),
        }
    }
}

/// One pass over the input.
#[derive(Debug)]
pub struct Rows<'a> {
    inputs: &'a Inputs,
    /// The file under way; its place is the number of digests.
    pass: Option<FilePass<'a>>,
    digests: Vec<FileDigest>,
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
    ///
    /// Fails with 65 where quotes are never closed or a file became shorter.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, Error> {
        while let Some(pass) = &mut self.pass {
            if let Some(source_row) = pass.read(&mut row.record)? {
                row.source_row = source_row;
                row.file = self.digests.len();
                let places = &self.inputs.places[row.file];
                if !Arc::ptr_eq(&row.places, places) {
                    row.places = Arc::clone(places);
                }
                return Ok(true);
            }
            self.digests.extend(self.pass.take().map(FilePass::finish));
            self.start_file()?;
        }
        Ok(false)
    }

    /// The digests of the files; what was not read yet is read now.
    ///
    /// Fails with 65 when an earlier pass read other bytes.
    pub fn finish(mut self) -> Result<Vec<FileDigest>, Error> {
        let mut rest = Row::default();
        while self.next(&mut rest)? {}
        let first = self.inputs.first_pass.get_or_init(|| self.digests.clone());
        for (file, (now, then)) in self.inputs.files.iter().zip(self.digests.iter().zip(first)) {
            if now != then {
                return Err(file.changed());
            }
        }
        Ok(self.digests)
    }

    fn start_file(&mut self) -> Result<(), Error> {
        let next = self.inputs.files.get(self.digests.len());
        self.pass = next.map(InputFile::start).transpose()?;
        Ok(())
    }
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\n' | b'\r' | 0)
}

/// The columns of all files, each once, in order of appearance.
fn union(files: &[InputFile]) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = files.iter().flat_map(|file| &file.columns);
    all.filter(|column| seen.insert(column.as_str())).cloned().collect()
}

/// The columns chosen by `keep`: all, where it names none.
fn kept(columns: Vec<String>, keep: &[String]) -> Result<Vec<String>, Error> {
    if keep.is_empty() {
        return Ok(columns);
    }
    let mut kept = Vec::with_capacity(keep.len());
    for named in keep {
        let index = columns::find(&columns, named)
            .ok_or_else(|| columns::unknown("the input", named, &columns))?;
        if !kept.contains(&columns[index]) {
            kept.push(columns[index].clone());
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
