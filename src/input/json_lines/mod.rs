//! JSON lines: one object a line, whose keys are the columns.
//!
//! The keys of all lines are found when the file is opened, so that none is lost that
//! comes late; the columns are in the order in which the keys come first. Values are
//! text, as in CSV: numbers as they are written, arrays and objects as JSON. Blank lines
//! are not rows.

mod line;
mod lines;

use std::collections::HashMap;
use std::path::Path;

use self::line::{Cells, Keys};
use self::lines::Lines;
use super::InputSpec;
use super::columns::shown;
use super::filling::Filling;
use super::layout::Table;
use super::pass::FileDigest;
use super::record::{MAX_FIELDS, MAX_RECORD, Record};
use super::source::{Source, unread};
use crate::domain::Error;
use crate::domain::vin::VinError;

/// All keys of a file together.
const MAX_KEYS: usize = 4 << 20;

/// Lines that tell what the columns hold.
const SAMPLE: usize = 100;

/// How a file of JSON lines is read.
#[derive(Debug)]
pub(super) struct JsonLines {
    /// The column of each key.
    places: HashMap<String, usize>,
    vin: usize,
}

impl JsonLines {
    /// Finds the keys of `source`.
    pub(super) fn open(source: &Source, spec: &InputSpec) -> Result<(Self, Table), Error> {
        let name = &source.name;
        let (keys, sample) = keys_of(source)?;
        let places: HashMap<String, usize> = keys.iter().cloned().zip(0..).collect();
        let mut cells = Cells::for_columns(keys.len());
        let mut records = Vec::new();
        for text in sample {
            // What is wrong with a line is reported by the pass that reads it.
            if cells.read(&text, &places).is_ok() {
                let fields = (0..cells.len()).map(|column| cells.get(column).unwrap_or_default());
                records.push(Record::of(0, fields));
            }
        }
        let table = Table::named(name, &keys, &records, spec)?;
        Ok((Self { places, vin: table.vin_index }, table))
    }

    /// Starts to read `source`: for each column of a batch, the key that `fields` names.
    pub(super) fn read<'a>(
        &'a self,
        source: &'a Source,
        fields: &'a [Option<usize>],
    ) -> Result<Reader<'a>, Error> {
        let lines = Lines::of(source.bytes().map_err(|error| unread(&source.name, error))?);
        let cells = Cells::for_columns(self.places.len());
        Ok(Reader { name: &source.name, form: self, fields, lines, cells, rows: 0 })
    }
}

/// The keys of all lines, and the first lines.
fn keys_of(source: &Source) -> Result<(Vec<String>, Vec<Vec<u8>>), Error> {
    const SAMPLE_BYTES: usize = 1 << 20;
    let name = &source.name;
    let bytes = source.unhashed().map_err(|error| unread(name, error))?;
    let mut lines = Lines::of(bytes);
    let mut keys = Keys::default();
    let mut sample = Vec::new();
    let mut sample_bytes = 0;
    while lines.read().map_err(|error| unread(name, error))? {
        if lines.is_too_long() {
            continue;
        }
        keys.add(lines.text()).map_err(|error| not_an_object(name, lines.number(), &error))?;
        if keys.names.len() > MAX_FIELDS || keys.bytes > MAX_KEYS {
            let what = format!(
                "its lines have more than {MAX_FIELDS} keys, or {} MiB of them, by line {}",
                MAX_KEYS >> 20,
                lines.number()
            );
            return Err(Error::bad_input(Path::new(name), what)
                .hint("each key is a column; write what varies as the value of one key"));
        }
        if sample.len() < SAMPLE && sample_bytes < SAMPLE_BYTES {
            sample_bytes += lines.text().len();
            sample.push(lines.text().to_owned());
        }
    }
    Ok((keys.names, sample))
}

fn not_an_object(name: &str, line: u64, error: &serde_json::Error) -> Error {
    let what = format!("line {line} is not a JSON object ({})", shown(&error.to_string()));
    Error::bad_input(Path::new(name), what)
        .hint("each line must be a whole object, such as `{\"vin\": \"…\", \"plate\": \"…\"}`")
}

/// A file of JSON lines that is being read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    name: &'a str,
    form: &'a JsonLines,
    /// For each column of a batch, the place of its key.
    fields: &'a [Option<usize>],
    lines: Lines<'a>,
    /// Reused from line to line.
    cells: Cells,
    rows: u64,
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        while !batch.is_full() && self.lines.read().map_err(|error| unread(self.name, error))? {
            let problem = self.read_line()?;
            let cells = &self.cells;
            batch.at_line(self.lines.number());
            batch.push(self.fields.iter().map(|&place| cells.get(place?)), problem);
            self.rows += 1;
        }
        Ok(())
    }

    /// What is wrong with the line, whose cells are then known.
    fn read_line(&mut self) -> Result<Option<(VinError, String)>, Error> {
        let line = self.lines.number();
        if self.lines.is_too_long() {
            self.cells.clear();
            let detail = format!("line {line}: over {MAX_RECORD} bytes");
            return Ok(Some((VinError::FieldTooLong, detail)));
        }
        let read = self.cells.read(self.lines.text(), &self.form.places);
        read.map_err(|error| not_an_object(self.name, line, &error))?;
        Ok(if let Some(key) = self.cells.too_long() {
            Some((VinError::FieldTooLong, format!("line {line}: the value {key} is too long")))
        } else if self.cells.is_number(self.form.vin) {
            let detail = format!(
                "line {line}: the VIN is a number, which has lost characters; write it in quotes"
            );
            Some((VinError::ExcelNumberDamage, detail))
        } else {
            None
        })
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        FileDigest { sha256: self.lines.into_bytes().sha256(), rows: self.rows }
    }
}

#[cfg(test)]
mod tests;
