//! One file of the output, from its first byte to its place.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;

use super::arrow::{self, ArrowEncoder};
use super::csv::{CellStyle, CsvEncoder};
use super::format::Compression;
use super::jsonl::JsonlEncoder;
use super::parquet::{self, ParquetEncoder};
use super::sink::{Encode, Sink, Target, TextSink};
use super::workbook::{self, WorkbookEncoder};
use super::{Format, Written};
use crate::domain::Error;
use crate::files::draft::{Draft, garbled, write_error};

/// A file before its first byte.
pub(super) struct Blank {
    /// Where its bytes go.
    pub(super) sink: Sink,
    /// Where it is going to be, as typed; `-` is stdout.
    pub(super) typed: PathBuf,
    pub(super) format: Format,
    pub(super) style: CellStyle,
    pub(super) schema: SchemaRef,
    /// The columns of the rejects, where the rows have a workbook that lists them besides.
    pub(super) rejects: Option<SchemaRef>,
    /// Key-values about the whole file, where the format has room for them.
    pub(super) about: Vec<(String, String)>,
}

impl Blank {
    /// Writes what the format begins with.
    pub(super) fn start(self) -> Result<Started, Error> {
        let Self { sink, typed, format, style, schema, rejects, about } = self;
        let text = |sink| TextSink::new(sink, Compression::from_path(&typed));
        let encoder = match format {
            Format::Csv | Format::Tsv => {
                text(sink).and_then(|sink| CsvEncoder::new(sink, &schema, style)).map(boxed)
            }
            Format::Jsonl => {
                text(sink).and_then(|sink| JsonlEncoder::new(sink, &schema)).map(boxed)
            }
            Format::Arrow => ArrowEncoder::file(sink, &schema).map(boxed),
            Format::Arrows => ArrowEncoder::stream(sink, &schema).map(boxed),
            Format::Parquet => ParquetEncoder::new(sink, schema, about).map(boxed),
            Format::Xlsx => {
                let (fleet, rejects) = match &rejects {
                    Some(rejects) => (Some(&*schema), rejects),
                    None => (None, &schema),
                };
                WorkbookEncoder::new(sink, fleet, rejects, about).map(boxed)
            }
        };
        let encoder = encoder.map_err(|e| write_error(&typed, e))?;
        Ok(Started { encoder, typed, format, rows: 0 })
    }
}

fn boxed(encoder: impl Encode + 'static) -> Box<dyn Encode> {
    Box::new(encoder)
}

/// A file that takes rows.
pub(super) struct Started {
    encoder: Box<dyn Encode>,
    typed: PathBuf,
    format: Format,
    rows: u64,
}

impl Started {
    /// Appends rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.encoder.write(batch).map_err(|e| write_error(&self.typed, e))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Lists rows that have no VIN, where the format has a place for them besides.
    pub(super) fn list_rejects(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.encoder.list_rejects(batch).map_err(|e| write_error(&self.typed, e))
    }

    /// Writes what the format ends with, syncs, reads back and checks.
    pub(super) fn finish(self) -> Result<Finished, Error> {
        let Self { encoder, typed, format, rows } = self;
        let warnings = encoder.warnings();
        let sink = encoder.finish().map_err(|e| write_error(&typed, e))?;
        Ok(Finished { warnings, ..Finished::of(sink, typed, format, rows)? })
    }
}

fn is_whole(file: &File, format: Format, bytes: u64, rows: u64) -> io::Result<bool> {
    if file.metadata()?.len() != bytes {
        return Ok(false);
    }
    match format {
        Format::Parquet => Ok(parquet::rows_in(file)? == rows),
        Format::Arrow => arrow::check_end(file).map(|()| true),
        Format::Xlsx => workbook::check_end(file).map(|()| true),
        Format::Csv | Format::Tsv | Format::Jsonl | Format::Arrows => Ok(true),
    }
}

/// A file that is complete, but not in its place yet.
pub(super) struct Finished {
    sink: Sink,
    typed: PathBuf,
    /// Rows, without a header.
    pub(super) rows: u64,
    warnings: Vec<String>,
}

impl Finished {
    /// Syncs what was written, reads it back and checks it.
    pub(super) fn of(
        mut sink: Sink,
        typed: PathBuf,
        format: Format,
        rows: u64,
    ) -> Result<Self, Error> {
        if let Some(file) = sink.sync().map_err(|e| write_error(&typed, e))? {
            let whole = is_whole(&file, format, sink.bytes(), rows);
            if !whole.map_err(|e| Error::io("cannot read back", &typed, e))? {
                return Err(garbled(&typed));
            }
        }
        Ok(Self { sink, typed, rows, warnings: Vec::new() })
    }

    /// Puts it in its place; a spooled one is copied to its stream.
    pub(super) fn publish(self) -> Result<Written, Error> {
        let Self { sink, typed, rows, warnings } = self;
        let (bytes, sha256) = (sink.bytes(), sink.sha256());
        let path = match sink.into_target() {
            Target::Draft(draft) => draft.publish()?,
            Target::Stream(_) => typed,
            Target::Spool(file, stream) => {
                copy(file, stream).map_err(|e| write_error(&typed, e))?;
                typed
            }
        };
        Ok(Written { path: shown(&path), rows, bytes, sha256, warnings })
    }

    /// Puts its bytes into another place, and leaves its own as it was.
    pub(super) fn copy_into(self, mut other: Draft) -> Result<Written, Error> {
        let Self { sink, rows, warnings, .. } = self;
        let (bytes, sha256) = (sink.bytes(), sink.sha256());
        let Target::Draft(draft) = sink.into_target() else {
            return Err(Error::internal("a stream was set aside"));
        };
        let copied = File::open(draft.path())
            .and_then(|mut from| io::copy(&mut from, &mut other))
            .and_then(|_| other.sync()?.metadata());
        let copied = copied.map_err(|e| write_error(other.typed(), e))?;
        if copied.len() != bytes {
            return Err(garbled(other.typed()));
        }
        Ok(Written { path: shown(&other.publish()?), rows, bytes, sha256, warnings })
    }
}

fn copy(mut file: File, mut stream: impl io::Write) -> io::Result<()> {
    io::Seek::rewind(&mut file)?;
    io::copy(&mut file, &mut stream)?;
    stream.flush()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
