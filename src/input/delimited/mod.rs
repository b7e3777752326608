//! Delimited text: CSV and its kin, whatever its encoding and delimiter.
//!
//! `decode` makes UTF-8 of the bytes, `records` splits that into fields, `dialect` and
//! `trial` find out how, by content. Empty lines are not records, in any pass; a line of
//! spaces or delimiters is one. What the records are, [`layout`](super::layout) says.

mod decode;
mod dialect;
mod quoting;
mod records;
mod trial;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use self::decode::{Form, Text};
use self::dialect::Dialect;
use self::quoting::Quoting;
use self::records::{RecordError, Records};
use self::trial::Trouble;
use super::InputSpec;
use super::filling::Filling;
use super::layout::{Rows, Table, Unit};
use super::pass::FileDigest;
use super::record::Record;
use super::source::{self, Source};
use super::unpack::Bytes;
use crate::domain::Error;

/// How a file of delimited text is read.
#[derive(Debug)]
pub(super) struct Delimited {
    dialect: Dialect,
    /// The line of the first quote that is read as text, where others are quotes.
    odd_quote: Option<u64>,
    /// A pass met bytes that are not text in the file's encoding.
    lossy: AtomicBool,
}

impl Delimited {
    /// Sniffs `source`.
    pub(super) fn open(source: &Source, spec: &InputSpec) -> Result<(Self, Table), Error> {
        let name = &source.name;
        let head =
            source.head(source::HEAD).map_err(|error| unread(name, RecordError::Io(error)))?;
        let dialect = Dialect::of_head(&head, spec).map_err(|refused| refused.error(name))?;
        let found = trial::verdict(source, &head, dialect, spec);
        let found = found
            .map_err(|error| unread(name, error))?
            .map_err(|trouble| unproven(name, trouble))?;
        let dialect = dialect.quoted(found.quoting);
        let sample = sample(source, dialect).map_err(|error| unread(name, error))?;
        let table = Table::of(name, Unit::Line, &sample, spec)?;
        let lossy = AtomicBool::new(false);
        Ok((Self { dialect, odd_quote: found.odd_quote, lossy }, table))
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.dialect.encoding.form.name()
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    pub(super) fn quoting(&self) -> Quoting {
        self.dialect.quoting
    }

    /// What the owner of the file `name` should know of its bytes.
    pub(super) fn warnings(&self, name: &str) -> impl Iterator<Item = String> {
        let form = self.dialect.encoding.form;
        let is_lossy = form == Form::Windows1252 || self.lossy.load(Ordering::Relaxed);
        let lossy = is_lossy.then(|| match form {
            Form::Utf8 | Form::Windows1252 => {
                format!("`{name}` holds bytes that are not UTF-8; they are read as Windows-1252")
            }
            Form::Utf16Le | Form::Utf16Be => {
                format!("`{name}` holds characters that are not UTF-16; they became U+FFFD")
            }
        });
        let odd_quote = self.odd_quote.map(|line| {
            format!("`{name}`: some quotes do not close at the end of their cell (line {line}); they are read as text")
        });
        lossy.into_iter().chain(odd_quote)
    }

    /// Starts to read `source`: for each column of a batch, the field that `fields` names.
    pub(super) fn read<'a>(
        &'a self,
        source: &'a Source,
        table: &'a Table,
        fields: &'a [Option<usize>],
    ) -> Result<Reader<'a>, Error> {
        let records =
            source.bytes().map_err(RecordError::Io).and_then(|bytes| self.dialect.records(bytes));
        let records = records.map_err(|error| unread(&source.name, error))?;
        let record = Record::default();
        Ok(Reader { name: &source.name, text: self, fields, records, record, rows: table.rows() })
    }
}

/// The first records of `source`, enough to see what its columns hold.
fn sample(source: &Source, dialect: Dialect) -> Result<Vec<Record>, RecordError> {
    const RECORDS: usize = 200;
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
    /// For each column of a batch, its field.
    fields: &'a [Option<usize>],
    records: Records<Text<Bytes<'a>>>,
    /// Reused from record to record.
    record: Record,
    rows: Rows<'a>,
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        while !batch.is_full() {
            let read = self.records.read(&mut self.record);
            if !read.map_err(|error| unread(self.name, error))? {
                break;
            }
            self.rows.push(&self.record, self.fields, batch);
        }
        Ok(())
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        let text = self.records.into_text();
        self.text.lossy.fetch_or(text.is_lossy(), Ordering::Relaxed);
        FileDigest { sha256: text.into_bytes().sha256(), rows: self.rows.finish() }
    }
}

fn unread(name: &str, error: RecordError) -> Error {
    match error {
        RecordError::Io(error) => source::unread(name, error),
        RecordError::UnclosedQuote { line } => unproven(name, Trouble::Unclosed { line }),
    }
}

/// 65: nobody can know where a quoted cell of the file ends.
fn unproven(name: &str, trouble: Trouble) -> Error {
    let what = match trouble {
        Trouble::Unclosed { line } => format!("the quote opened on line {line} is never closed"),
        Trouble::TakesInRow { line, row } => format!(
            "the quote opened on line {line} takes in line {row}, which looks like a row of its own"
        ),
        Trouble::Misplaced { line, end } => {
            format!("the quote opened on line {line} closes on line {end} in the middle of a cell")
        }
    };
    Error::bad_input(Path::new(name), what).hint(
        "close it, or double it where it is part of the text; `--quote none` reads quotes as text, \
         `--quote '\"'` lets cells span lines",
    )
}
