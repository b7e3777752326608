//! Input: files, folders, globs and stdin, read twice as one stream of rows.
//!
//! Each file is opened once; both passes read that descriptor up to its length
//! at open, and the second pass must read the same bytes. stdin and pipes are
//! spooled to a temporary file first.
//!
//! A source becomes rows in this order: `find` says which files are meant, `source` gives
//! their bytes and hashes them, `unpack` unpacks what is packed, `content` tells the
//! format, its reader (`delimited`, `json_lines`, `typed`, `workbook`) makes cells of the bytes, and
//! `filling` makes a `batch` of Arrow columns of these, which is all that the rest of the
//! program sees. `columns` and `row_vehicle` find what is needed by position.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::DataType;

use crate::domain::Error;
use crate::matching::row_vehicle::VehicleField;

mod batch;
mod columns;
mod content;
mod corrections;
mod delimited;
mod file;
mod filling;
mod find;
mod json_lines;
mod layout;
mod pass;
mod random;
mod record;
mod row_ids;
mod row_vehicle;
mod source;
mod source_name;
mod typed;
mod types;
mod unpack;
mod workbook;
mod zip_member;

pub use batch::{Batch, Row};
pub use content::{InputFormat, WorkbookKind};
pub use file::InputFile;
pub use layout::{ChosenBy, Lines, RowsFound, Skipped};
pub use pass::{Batches, FileDigest};
pub use row_ids::RowIds;
pub(crate) use workbook::{ABOUT, CellValue, FLEET, REJECTS};

use corrections::Corrections;
use pass::Selection;
use row_ids::KeyPart;
use source::Source;

/// What the command line says about the input.
#[derive(Clone, Debug, Default)]
pub struct InputSpec {
    /// `-`, files, globs and folders, as typed.
    pub sources: Vec<String>,
    /// The column that holds the VIN, by header (or 1-based number).
    pub vin_column: Option<String>,
    /// Columns that hold the row's own make, model and year, named as `vin_column` is;
    /// what is not named here is found by header.
    pub map: BTreeMap<VehicleField, String>,
    /// What the files are written in, when not found by content.
    pub format: Option<InputFormat>,
    /// The field delimiter, when not sniffed.
    pub delimiter: Option<u8>,
    /// What fields may stand in, when not found by content.
    pub quote: Option<Quote>,
    /// How a quote is written inside of quotes, when not found by content.
    pub escape: Option<Escape>,
    /// The line of the header, when not found by content; 0 where there is none.
    pub header_row: Option<u64>,
    /// The sheet of a workbook, by name or number from 1, when not found by content.
    pub sheet: Option<String>,
    /// Columns to carry through, in this order; all when empty.
    pub keep: Vec<String>,
    /// Names the source in the ids of its rows, instead of its own name.
    pub source_name: Option<String>,
    /// Columns whose cells are a row's id, named as `vin_column` is; `vin` is the
    /// normalised VIN. The source's name and the row's place where empty.
    pub row_key: Vec<String>,
    /// A rejects file in which a person accepted or typed VINs.
    pub corrections: Option<String>,
}

/// What fields of delimited text may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// Nothing: quotes are text.
    None,
    /// This character; ASCII.
    Character(u8),
}

/// How a quote is written inside of quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Twice.
    Double,
    /// Behind a backslash.
    Backslash,
}

/// The opened input.
#[derive(Debug)]
pub struct Inputs {
    files: Vec<InputFile>,
    columns: Vec<String>,
    types: Vec<DataType>,
    /// What a whole pass reads, and what one does that is about VINs alone.
    whole: Selection,
    vins: Selection,
    row_key: Vec<KeyPart>,
    corrections: Option<Arc<Corrections>>,
    warnings: Vec<String>,
    /// What the first whole pass read, which every later one must read again.
    first_pass: OnceLock<Vec<FileDigest>>,
}

impl Inputs {
    /// Opens and sniffs every source. Nothing is kept in memory but the names.
    ///
    /// Fails with 64 where a column is unknown or the VIN column is in doubt,
    /// with 65 where a source is not rows of a known format, and with 66 where it is missing.
    pub fn open(spec: &InputSpec) -> Result<Self, Error> {
        if let Some(delimiter) = spec.delimiter.filter(|&byte| !is_delimiter(byte)) {
            return Err(Error::usage(format!(
                "`{}` cannot be a delimiter",
                delimiter.escape_ascii()
            ))
            .hint("name one ASCII character, such as `;`, that is not a letter, digit or quote"));
        }
        if let (Some(Quote::Character(quote)), Some(delimiter)) = (spec.quote, spec.delimiter)
            && quote == delimiter
        {
            let what =
                format!("`{}` cannot be both the delimiter and the quote", quote.escape_ascii());
            return Err(Error::usage(what).hint("name another with `--quote` or `--delimiter`"));
        }
        let mut warnings = Vec::new();
        let sources = source::open_all(&spec.sources, &mut warnings)?;
        Self::of_sources(sources, spec, warnings)
    }

    /// The Arrow stream that comes through `from`, in place of the sources of `spec`. It can
    /// be read in one pass, each record batch when it has come. Waits for the first that has
    /// rows, and fails as [`Inputs::open`] does.
    pub fn stream(spec: &InputSpec, from: Box<dyn Read + Send>) -> Result<Self, Error> {
        Self::of_sources(vec![Source::passing(from)], spec, Vec::new())
    }

    fn of_sources(
        sources: Vec<Source>,
        spec: &InputSpec,
        mut warnings: Vec<String>,
    ) -> Result<Self, Error> {
        let files = sources.into_iter().map(|source| InputFile::open(source, spec));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let all = union(&files);
        let keys = row_ids::columns_of(&files, &all, &spec.row_key)?;
        let columns = kept(all, &spec.keep)?;
        let types = types::of_columns(&files, &columns, &mut warnings);
        let whole = Selection::whole(&files, &columns, &types, &keys);
        let vins = Selection::vins(&files);
        let row_key = row_ids::parts(&spec.row_key, &keys, |name| whole.place_of(name));
        let corrections = spec.corrections.as_deref();
        let corrections = corrections.map(|name| Corrections::open(name, &files));
        let corrections = corrections.transpose()?.map(Arc::new);
        let first_pass = OnceLock::new();
        Ok(Self { files, columns, types, whole, vins, row_key, corrections, warnings, first_pass })
    }

    /// Fails with 66 where a source does not exist. Nothing is opened or read.
    pub fn check_exist(spec: &InputSpec) -> Result<(), Error> {
        let named = spec.sources.iter().chain(&spec.corrections).cloned();
        find::expand_all(&named.collect::<Vec<_>>(), &mut Vec::new()).map(drop)
    }

    /// Fails with 64 where the ids of rows of two files would be the same. `spec` is what
    /// was opened.
    pub fn check_row_ids(&self, spec: &InputSpec) -> Result<(), Error> {
        source_name::check_distinct(&self.files, spec)
    }

    /// Gives the rows of one pass their ids.
    pub fn row_ids(&self) -> RowIds<'_> {
        RowIds::of_inputs(self)
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
    /// opened as standard input is among them, and the corrections are.
    pub fn paths(&self) -> Vec<PathBuf> {
        let path = |file: &InputFile| file.path.clone().unwrap_or_else(|| "/dev/stdin".into());
        let corrections = self.corrections.iter().map(|corrections| corrections.path());
        self.files.iter().map(path).chain(corrections).collect()
    }

    /// The columns carried through: the union over the files, in order of
    /// appearance, by their original names, made unique.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The type of each of these columns: that of its files; text where two files differ.
    pub fn types(&self) -> &[DataType] {
        &self.types
    }

    /// Of each of these columns, whether its text shows what kind of cells it has: those of
    /// a sheet, without a text that looks like a number, a day or a truth. They may be mixed.
    pub(crate) fn tell_kinds(&self) -> Vec<bool> {
        let tells = |column: &String| {
            self.files.iter().all(|file| {
                let place = file.table.columns.iter().position(|other| other == column);
                place.is_none_or(|place| file.tells_kinds(place))
            })
        };
        self.columns.iter().map(tells).collect()
    }

    /// What the files call these columns; a name may come again, or be empty. Where
    /// several files have a column, it is the first one's.
    pub fn headers(&self) -> Vec<String> {
        let header = |column: &String| {
            self.files.iter().find_map(|file| {
                let place = file.table.columns.iter().position(|other| other == column)?;
                file.table.headers.get(place).cloned()
            })
        };
        self.columns.iter().map(|column| header(column).unwrap_or_default()).collect()
    }

    /// What the user should know about the input, one line each: a file without
    /// a header, bytes of a wrong encoding (complete once a pass is over).
    pub fn warnings(&self) -> Vec<String> {
        self.warnings
            .iter()
            .cloned()
            .chain(self.files.iter().flat_map(InputFile::warnings))
            .chain(self.corrections.iter().flat_map(|corrections| corrections.warnings()))
            .collect()
    }

    /// Starts a pass over every row.
    pub fn batches(&self) -> Result<Batches<'_>, Error> {
        Batches::start(self, &self.whole)
    }

    /// Starts a pass over every row whose batches hold the VINs and the rows' own model
    /// years, and no other cell.
    pub fn vins(&self) -> Result<Batches<'_>, Error> {
        Batches::start(self, &self.vins)
    }

    /// Fails with 65 when an earlier whole pass read other bytes.
    fn check_same(&self, digests: &[FileDigest]) -> Result<(), Error> {
        let first = self.first_pass.get_or_init(|| digests.to_vec());
        let mut files = self.files.iter().zip(digests.iter().zip(first));
        match files.find(|(_, (now, then))| now != then) {
            Some((file, _)) => Err(file.changed()),
            None => Ok(()),
        }
    }
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\n' | b'\r' | 0)
}

/// The columns of all files, each once, in order of appearance.
fn union(files: &[InputFile]) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = files.iter().flat_map(|file| &file.table.columns);
    all.filter(|column| seen.insert(column.as_str())).cloned().collect()
}

/// The columns chosen by `keep`: all, where it names none.
fn kept(columns: Vec<String>, keep: &[String]) -> Result<Vec<String>, Error> {
    if keep.is_empty() {
        return Ok(columns);
    }
    let mut kept = Vec::with_capacity(keep.len());
    for named in keep {
        let index = columns::place_of("the input", named, &columns)?;
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
