//! One file of the input: opened, sniffed, and read from start to end.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::decode::{Form, Text};
use super::records::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record, RecordError, Records};
use super::sniff::{self, Layout};
use super::source::{Bytes, Source};
use super::{FileDigest, InputSpec, columns, row_vehicle};
use crate::domain::error::Error;
use crate::matching::row_vehicle::Claim;

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
    /// The names of the columns that hold the row's own make, model and year, by claim.
    pub claim_columns: BTreeMap<&'static str, String>,
    /// The names of its columns, each once.
    pub(super) columns: Vec<String>,
    /// The place of `vin_column` among them.
    pub(super) vin_index: usize,
    /// The places of `claim_columns` among them.
    pub(super) claims: row_vehicle::Places,
    source: Source,
    layout: Layout,
    /// A pass met bytes that are no text in `encoding`.
    lossy: AtomicBool,
}

/// What is known of a file once its first records were seen.
#[derive(Default)]
struct Table {
    has_header: bool,
    columns: Vec<String>,
    vin_index: usize,
    claims: row_vehicle::Places,
}

impl InputFile {
    /// Sniffs an opened source.
    pub(super) fn open(source: Source, spec: &InputSpec) -> Result<Self, Error> {
        let unread = |error| unread(&source.name, RecordError::Io(error));
        let head = source.head(sniff::HEAD).map_err(unread)?;
        let layout = Layout::of(&head, spec.delimiter).map_err(|not_text| {
            Error::bad_input(Path::new(&source.name), not_text.what).hint(not_text.hint)
        })?;
        let table = Table::of(&source, layout, spec)?;
        Ok(Self {
            name: source.name.clone(),
            path: source.path.clone(),
            bytes: source.length,
            encoding: layout.encoding.form.name(),
            delimiter: layout.delimiter,
            has_header: table.has_header,
            vin_column: table
                .columns
                .get(table.vin_index)
                .map_or_else(|| "vin".into(), Clone::clone),
            claim_columns: table.claim_columns(),
            columns: table.columns,
            vin_index: table.vin_index,
            claims: table.claims,
            source,
            layout,
            lossy: AtomicBool::new(false),
        })
    }

    /// Starts to read it, behind its header.
    pub(super) fn start(&self) -> Result<FilePass<'_>, Error> {
        let start = || {
            let mut records = self.layout.records(self.source.bytes())?;
            if self.has_header {
                records.read(&mut Record::default())?;
            }
            Ok(records)
        };
        let records = start().map_err(|error| unread(&self.name, error))?;
        Ok(FilePass { file: self, records, rows: 0 })
    }

    /// 65: two passes did not read the same bytes.
    pub(super) fn changed(&self) -> Error {
        changed(&self.name)
    }

    /// What its owner should know.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let name = &self.name;
        let headerless =
            (!self.has_header && !self.columns.is_empty()).then(|| match &self.columns[..] {
                [only] => format!("`{name}` has no header; its column is called `{only}`"),
                [first, ..] => {
                    format!("`{name}` has no header; its columns are called `{first}` and so on")
                }
                [] => String::new(),
            });
        let lossy =
            self.layout.encoding.form == Form::Windows1252 || self.lossy.load(Ordering::Relaxed);
        let lossy = lossy.then(|| match self.layout.encoding.form {
            Form::Utf8 | Form::Windows1252 => {
                format!("`{name}` holds bytes that are not UTF-8; they are read as Windows-1252")
            }
            Form::Utf16Le | Form::Utf16Be => {
                format!("`{name}` holds characters that are not UTF-16; they became U+FFFD")
            }
        });
        headerless.into_iter().chain(lossy)
    }
}

impl Table {
    /// Looks at the first records of `source`.
    fn of(source: &Source, layout: Layout, spec: &InputSpec) -> Result<Self, Error> {
        let name = &source.name;
        let mut sample = sample(source, layout).map_err(|error| unread(name, error))?;
        let Some(first) = sample.first() else {
            return Ok(Self::default());
        };
        if first.len() > MAX_FIELDS {
            let what = format!("it has {} columns, and {MAX_FIELDS} at most are read", first.len());
            return Err(Error::bad_input(Path::new(name), what)
                .hint("is its delimiter another? name it with `--delimiter`"));
        }
        let has_header = first.iter().any(columns::is_vin_header) || !sniff::is_data(first);
        if has_header && first.too_long {
            let what = format!(
                "a name in its header is over {MAX_FIELD} bytes, or all of them over {MAX_RECORD}"
            );
            return Err(Error::bad_input(Path::new(name), what).hint("is it a table at all?"));
        }
        let columns = if has_header {
            let headers: Vec<String> = first.iter().map(|field| field.trim().to_owned()).collect();
            sample.remove(0);
            columns::unique_names(&headers)
        } else {
            columns::default_names(first.len())
        };
        let vin_index = match &spec.vin_column {
            Some(named) => columns::find(&columns, named)
                .ok_or_else(|| columns::unknown(&format!("`{name}`"), named, &columns))?,
            None if !has_header && columns.len() == 1 => 0,
            None => columns::find_vin(name, &columns, &sample)?,
        };
        let claims = row_vehicle::find(name, &spec.map, &columns, vin_index, &sample)?;
        Ok(Self { has_header, columns, vin_index, claims })
    }

    fn claim_columns(&self) -> BTreeMap<&'static str, String> {
        let placed = Claim::ALL.into_iter().zip(self.claims);
        let named = placed
            .filter_map(|(claim, place)| Some((claim.name(), self.columns.get(place?)?.clone())));
        named.collect()
    }
}

/// The first records of `source`, enough to tell what its columns hold.
fn sample(source: &Source, layout: Layout) -> Result<Vec<Record>, RecordError> {
    const RECORDS: usize = 100;
    const BYTES: usize = 1 << 20;
    let mut records = layout.records(source.bytes())?;
    let mut sample = Vec::new();
    let mut bytes = 0;
    while sample.len() < RECORDS && bytes < BYTES {
        let mut record = Record::default();
        if !records.read(&mut record)? {
            break;
        }
        bytes += record.size();
        sample.push(record);
    }
    Ok(sample)
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct FilePass<'a> {
    file: &'a InputFile,
    records: Records<Text<Bytes<'a>>>,
    rows: u64,
}

impl FilePass<'_> {
    /// Reads the next record; its ordinal in the file (the header counted as 1),
    /// or `None` at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<Option<i64>, Error> {
        if !self.records.read(record).map_err(|error| unread(&self.file.name, error))? {
            return Ok(None);
        }
        self.rows += 1;
        Ok(Some(self.rows.cast_signed() + i64::from(self.file.has_header)))
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        let text = self.records.into_text();
        self.file.lossy.fetch_or(text.is_lossy(), Ordering::Relaxed);
        FileDigest { sha256: text.into_bytes().sha256(), rows: self.rows }
    }
}

fn unread(name: &str, error: RecordError) -> Error {
    match error {
        RecordError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => changed(name),
        RecordError::Io(error) => Error::io("cannot read", Path::new(name), error),
        RecordError::UnclosedQuote { line } => Error::bad_input(
            Path::new(name),
            format!("the quote opened on line {line} is never closed"),
        )
        .hint("close it, or double it where it is part of the text"),
    }
}

fn changed(name: &str) -> Error {
    Error::bad_input(Path::new(name), "input changed while it was read")
        .hint("run again when nothing writes to it; the answers are kept")
}
