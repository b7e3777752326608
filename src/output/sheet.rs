//! A CSV file of text cells: the input's columns, then some of a command's own.
//! Whole or absent, as every output.

use std::path::{Path, PathBuf};

use super::file::Finished;
use super::names::text_names;
use super::sink::{Sink, Target};
use super::{Format, InputInfo, STDOUT, Written, stdout};
use crate::domain::Error;
use crate::files::OutputLock;
use crate::files::draft::{Draft, write_error};
use crate::files::place::Place;

/// A CSV file that is being written beside its place, which no other run writes.
pub struct Sheet {
    writer: csv::Writer<Sink>,
    typed: PathBuf,
    /// Until the first row, or the end: nothing is written for a run that comes to nothing.
    header: Vec<String>,
    rows: u64,
    /// Held until the sheet is dropped.
    _lock: Option<OutputLock>,
}

impl Sheet {
    /// Creates it, before anything is spent; `None` is stdout. Fails with 64
    /// where the name says that it is not CSV, with 73 and 79 as every output.
    pub fn create(
        path: Option<&Path>,
        run_id: &str,
        input: InputInfo<'_>,
        ours: &[&str],
    ) -> Result<Self, Error> {
        let (target, lock) = match path {
            None => (stdout(Format::Csv)?, None),
            Some(path) => {
                refuse_other_formats(path)?;
                let lock = OutputLock::acquire(path, None)?;
                let place = Place::apart_from(path, input.paths)?;
                (Target::Draft(Draft::create(place, run_id)?), Some(lock))
            }
        };
        let header = text_names(input.columns, ours);
        let header = header.into_iter().chain(ours.iter().map(|&name| name.to_owned())).collect();
        Ok(Self {
            writer: csv::WriterBuilder::new().from_writer(Sink::new(target)),
            typed: path.map_or_else(|| STDOUT.into(), Path::to_owned),
            header,
            rows: 0,
            _lock: lock,
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
        let Self { writer, typed, rows, _lock, .. } = self;
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
    match Format::from_path(path) {
        Ok(Format::Csv) => Ok(()),
        Ok(Format::Parquet | Format::Jsonl | Format::Arrow) => Err(Error::usage(format!(
            "`{}` is not a CSV file, and this command writes CSV",
            path.display()
        ))
        .hint("end the name in `.csv`")),
        Err(error) => Err(error),
    }
}
