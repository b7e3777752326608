//! The records of an unpacked sheet, row by row.

use std::io;

use super::Sheet;
use super::cells::DELIMITER;
use crate::domain::Error;
use crate::input::filling::Filling;
use crate::input::layout::{Rows, Table, is_blank};
use crate::input::pass::FileDigest;
use crate::input::random::RandomReader;
use crate::input::record::Record;
use crate::input::source::{Source, unread};

/// A sheet that is being read.
#[derive(Debug)]
pub(in crate::input) struct Reader<'a> {
    source: &'a Source,
    /// For each column of a batch, its column in the sheet.
    fields: &'a [Option<usize>],
    width: usize,
    records: Records,
    /// Reused from record to record.
    record: Record,
    rows: Rows<'a>,
    /// Once the sheet is at its end.
    sha256: Option<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn of(
        sheet: &Sheet,
        source: &'a Source,
        table: &'a Table,
        fields: &'a [Option<usize>],
    ) -> Self {
        let (records, record, rows) = (Records::of(sheet), Record::default(), table.rows());
        Self { source, fields, width: table.columns.len(), records, record, rows, sha256: None }
    }

    /// Adds rows to `batch` until that is full, or the sheet ends.
    pub(in crate::input) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        let unread = |error| unread(&self.source.name, error);
        while !batch.is_full() {
            if !self.records.read(&mut self.record).map_err(unread)? {
                self.sha256 = Some(self.source.sha256().map_err(unread)?);
                break;
            }
            // A sheet does not have the empty cells behind the last filled one; rows without
            // any stay narrow, as there may be a million of them.
            if !is_blank(&self.record) {
                self.record.pad(self.width);
            }
            self.rows.push(&self.record, self.fields, batch);
        }
        Ok(())
    }

    /// What was read; the sheet must be at its end.
    pub(in crate::input) fn finish(self) -> FileDigest {
        FileDigest { sha256: self.sha256.unwrap_or_default(), rows: self.rows.finish() }
    }
}

/// The first records of a sheet, enough to see what its columns hold. Those without text
/// stay narrow: there may be a million of them.
pub(super) fn sample(sheet: &Sheet) -> io::Result<Vec<Record>> {
    const FILLED: usize = 200;
    let mut records = Records::of(sheet);
    let (mut sample, mut filled) = (Vec::new(), 0);
    while filled < FILLED {
        let mut record = Record::default();
        if !records.read(&mut record)? {
            break;
        }
        let is_filled = !is_blank(&record);
        if is_filled || sample.is_empty() {
            record.pad(sheet.columns.len());
        }
        filled += usize::from(is_filled);
        sample.push(record);
    }
    Ok(sample)
}

/// All records of a sheet.
#[derive(Debug)]
struct Records {
    reader: csv::Reader<RandomReader>,
    /// Reused from record to record.
    fields: csv::StringRecord,
    /// The number of the row that was read last, from 1.
    row: u64,
}

impl Records {
    fn of(sheet: &Sheet) -> Self {
        let reader = csv::ReaderBuilder::new()
            .delimiter(DELIMITER)
            .has_headers(false)
            .flexible(true)
            .from_reader(sheet.records.reader());
        Self { reader, fields: csv::StringRecord::new(), row: 0 }
    }

    /// Reads the next row into `record`; `false` at the end.
    fn read(&mut self, record: &mut Record) -> io::Result<bool> {
        if !self.reader.read_record(&mut self.fields)? {
            return Ok(false);
        }
        self.row += 1;
        record.fill(self.row, &self.fields);
        Ok(true)
    }
}
