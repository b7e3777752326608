//! Delimited text: CSV and its kin, whatever its encoding and delimiter.
//!
//! `decode` makes UTF-8 of the bytes, `records` splits that into fields, and
//! `dialect` finds out how, by content. Empty lines are not rows, in any pass;
//! a line of spaces or delimiters is one.

mod decode;
mod dialect;
mod records;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use self::decode::{Form, Text};
use self::dialect::Dialect;
use self::records::{RecordError, Records};
use super::InputSpec;
use super::filling::Filling;
use super::layout::Table;
use super::pass::FileDigest;
use super::record::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record};
use super::source::{self, Source};
use super::unpack::Bytes;
use crate::domain::Error;
use crate::domain::vin::VinError;

/// How a file of delimited text is read.
#[derive(Debug)]
pub(super) struct Delimited {
    dialect: Dialect,
    has_header: bool,
    /// A pass met bytes that are not text in the file's encoding.
    lossy: AtomicBool,
}

impl Delimited {
    /// Sniffs `source`.
    pub(super) fn open(source: &Source, spec: &InputSpec) -> Result<(Self, Table), Error> {
        let name = &source.name;
        let head =
            source.head(source::HEAD).map_err(|error| unread(name, RecordError::Io(error)))?;
        let dialect = Dialect::of(&head, spec.delimiter).map_err(|refused| {
            Error::bad_input(Path::new(name), refused.what).hint(refused.hint)
        })?;
        let sample = sample(source, dialect).map_err(|error| unread(name, error))?;
        let table = Table::of(name, sample, spec)?;
        Ok((Self { dialect, has_header: table.has_header, lossy: AtomicBool::new(false) }, table))
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.dialect.encoding.form.name()
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    /// What the owner of the file `name` should know of its bytes.
    pub(super) fn warning(&self, name: &str) -> Option<String> {
        let form = self.dialect.encoding.form;
        let is_lossy = form == Form::Windows1252 || self.lossy.load(Ordering::Relaxed);
        is_lossy.then(|| match form {
            Form::Utf8 | Form::Windows1252 => {
                format!("`{name}` holds bytes that are not UTF-8; they are read as Windows-1252")
            }
            Form::Utf16Le | Form::Utf16Be => {
                format!("`{name}` holds characters that are not UTF-16; they became U+FFFD")
            }
        })
    }

    /// Starts to read `source`, behind its header: for each column of a batch, the
    /// field that `fields` names. A record has `width` fields.
    pub(super) fn read<'a>(
        &'a self,
        source: &'a Source,
        width: usize,
        fields: &'a [Option<usize>],
    ) -> Result<Reader<'a>, Error> {
        let start = || {
            let mut records = self.dialect.records(source.bytes()?)?;
            if self.has_header {
                records.read(&mut Record::default())?;
            }
            Ok(records)
        };
        let records = start().map_err(|error| unread(&source.name, error))?;
        let record = Record::default();
        Ok(Reader { name: &source.name, text: self, width, fields, records, record, rows: 0 })
    }
}

/// The first records of `source`, enough to see what its columns hold.
fn sample(source: &Source, dialect: Dialect) -> Result<Vec<Record>, RecordError> {
    const RECORDS: usize = 100;
    const BYTES: usize = 1 << 20;
    let mut records = dialect.records(source.unhashed()?)?;
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

/// A file of delimited text that is being read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    name: &'a str,
    text: &'a Delimited,
    /// How many fields a record should have.
    width: usize,
    /// For each column of a batch, its field.
    fields: &'a [Option<usize>],
    records: Records<Text<Bytes<'a>>>,
    /// Reused from record to record.
    record: Record,
    rows: u64,
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        while !batch.is_full() && self.read()? {
            let field = self.record.fields();
            let cells = self.fields.iter().map(|&place| field(place?));
            batch.push(cells, problem(&self.record, self.width));
        }
        Ok(())
    }

    fn read(&mut self) -> Result<bool, Error> {
        let read = self.records.read(&mut self.record).map_err(|e| unread(self.name, e))?;
        self.rows += u64::from(read);
        Ok(read)
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        let text = self.records.into_text();
        self.text.lossy.fetch_or(text.is_lossy(), Ordering::Relaxed);
        FileDigest { sha256: text.into_bytes().sha256(), rows: self.rows }
    }
}

/// What is wrong with a record that should have `width` fields.
fn problem(record: &Record, width: usize) -> Option<(VinError, String)> {
    let line = record.line;
    if record.too_long {
        let detail =
            format!("line {line}: over {MAX_FIELD} bytes in a field, or {MAX_RECORD} in all");
        Some((VinError::FieldTooLong, detail))
    } else if is_ragged(record, width) {
        let fields = record.len();
        let detail = format!("line {line}: {fields} fields where the file has {width} columns");
        Some((VinError::RaggedRow, detail))
    } else {
        None
    }
}

/// More fields than columns are allowed when the surplus is empty, as some exports
/// end every line in delimiters.
fn is_ragged(record: &Record, width: usize) -> bool {
    let fields = record.len();
    fields != width
        && (fields < width
            || fields > MAX_FIELDS
            || record.iter().skip(width).any(|field| !field.is_empty()))
}

fn unread(name: &str, error: RecordError) -> Error {
    match error {
        RecordError::Io(error) => source::unread(name, error),
        RecordError::UnclosedQuote { line } => Error::bad_input(
            Path::new(name),
            format!("the quote opened on line {line} is never closed"),
        )
        .hint("close it, or double it where it is part of the text"),
    }
}
