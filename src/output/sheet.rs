//! A CSV file of text cells: the input's columns, then some of a command's own.
//! Whole or absent, as every output.

use std::path::{Path, PathBuf};

use super::file::Finished;
use super::format::Compression;
use super::names::text_names;
use super::sink::{Sink, Target};
use super::{Format, STDOUT, Written, stdout};
use crate::domain::Error;
use crate::files::draft::{Draft, write_error};
use crate::files::{Named, OutputLocks, Protected};

/// A CSV file that is being written beside its place, which no other run writes.
pub struct Sheet {
    writer: csv::Writer<Sink>,
    typed: PathBuf,
    /// Until the first row, or the end: nothing is written for a run that comes to nothing.
    header: Vec<String>,
    rows: u64,
    /// Held until the sheet is dropped.
    _locks: Option<OutputLocks>,
}

impl Sheet {
    /// Creates it, before anything is spent, with the input's `columns` and then `ours`;
    /// `None` is stdout. Fails with 64 where the name says that it is not CSV, with 64,
    /// 73 and 79 as [`OutputLocks::take`].
    pub fn create(
        path: Option<&Path>,
        protected: &Protected,
        columns: &[String],
        ours: &[&str],
    ) -> Result<Self, Error> {
        let (target, locks) = match path {
            None => (stdout(Format::Csv)?, None),
            Some(path) => {
                refuse_other_formats(path)?;
                let written = [Named { flag: "--output", path }];
                let locks = OutputLocks::take(&written, protected, None)?;
                (Target::Draft(Draft::beside(path)?), Some(locks))
            }
        };
        let header = text_names(columns, ours);
        let header = header.into_iter().chain(ours.iter().map(|&name| name.to_owned())).collect();
        Ok(Self {
            writer: csv::WriterBuilder::new().from_writer(Sink::new(target)),
            typed: path.map_or_else(|| STDOUT.into(), Path::to_owned),
            header,
            rows: 0,
            _locks: locks,
        })
    }

    /// Appends a row: a cell for each column.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        self.write_header()?;
        self.rows += 1;
        self.write(cells)
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Syncs, checks and renames into place.
    pub fn commit(mut self) -> Result<Written, Error> {
        self.write_header()?;
        let Self { writer, typed, rows, _locks, .. } = self;
        let sink = writer.into_inner().map_err(|error| {
            write_error(&typed, std::io::Error::other(error.error().to_string()))
        })?;
        Finished::of(sink, typed, Format::Csv, rows)?.publish()
    }

    fn write_header(&mut self) -> Result<(), Error> {
        let header = std::mem::take(&mut self.header);
        if header.is_empty() { Ok(()) } else { self.write(header.iter().map(String::as_str)) }
    }

    fn write<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        let written = self.writer.write_record(cells).map_err(std::io::Error::from);
        written.map_err(|error| write_error(&self.typed, error))
    }
}

impl std::fmt::Debug for Sheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheet").field("rows", &self.rows).finish_non_exhaustive()
    }
}

fn refuse_other_formats(path: &Path) -> Result<(), Error> {
    if Format::from_path(path)? == Format::Csv && Compression::from_path(path).is_none() {
        return Ok(());
    }
    let path = path.display();
    Err(Error::usage(format!("`{path}` is not a CSV file, and this command writes CSV"))
        .hint("end the name in `.csv`"))
}
