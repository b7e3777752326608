//! One file of the input: opened, described, and read by the reader of its format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::batch::Filling;
use super::delimited::{self, Delimited};
use super::layout::{ChosenBy, RowsFound, Table};
use super::source::Source;
use super::source_name::SourceName;
use super::{FileDigest, InputSpec, row_vehicle};
use crate::domain::Error;
use crate::matching::row_vehicle::VehicleField;

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
    /// What fields may stand in: a character, or `none`.
    pub quote: String,
    /// How a quote is written inside of quotes: `double` or `backslash`.
    pub escape: &'static str,
    /// Whether a record names the columns.
    pub has_header: bool,
    /// The line on which it begins, from 1.
    pub header_line: Option<u64>,
    /// The name of the column that holds the VIN.
    pub vin_column: String,
    /// Why it is that one.
    pub vin_column_by: ChosenBy,
    /// The names of the columns that hold the row's own make, model and year, by field.
    pub claim_columns: BTreeMap<&'static str, String>,
    /// What the ids of its rows are made of.
    pub(super) source_name: SourceName,
    /// The names of its columns, each once.
    pub(super) columns: Vec<String>,
    /// What the file calls them.
    pub(super) headers: Vec<String>,
    /// The place of `vin_column` among them.
    pub(super) vin_index: usize,
    /// The places of `claim_columns` among them.
    pub(super) row_vehicle: row_vehicle::Places,
    source: Source,
    table: Table,
    text: Delimited,
}

impl InputFile {
    /// Tells what an opened source is.
    pub(super) fn open(source: Source, spec: &InputSpec) -> Result<Self, Error> {
        let (text, table) = Delimited::open(&source, spec)?;
        let vin_column = table.columns.get(table.vin_index).cloned();
        let placed = VehicleField::ALL.into_iter().zip(table.row_vehicle);
        let claim_columns = placed
            .filter_map(|(field, place)| Some((field.name(), table.columns.get(place?)?.clone())))
            .collect();
        let named = spec.source_name.as_ref().map(|name| name.clone().into_bytes());
        Ok(Self {
            source_name: named.unwrap_or_else(|| source.id_name.clone()),
            name: source.name.clone(),
            path: source.path.clone(),
            bytes: source.length,
            encoding: text.encoding(),
            delimiter: text.delimiter(),
            quote: text.quoting().quote_name(),
            escape: text.quoting().escape_name(),
            has_header: table.header_line.is_some(),
            header_line: table.header_line,
            vin_column: vin_column.unwrap_or_else(|| "vin".into()),
            vin_column_by: table.chosen_by,
            claim_columns,
            columns: table.columns.clone(),
            headers: table.headers.clone(),
            vin_index: table.vin_index,
            row_vehicle: table.row_vehicle,
            source,
            table,
            text,
        })
    }

    /// Starts to read its rows: for each column of a batch, the cell that `fields` names.
    pub(super) fn start<'a>(&'a self, fields: &'a [Option<usize>]) -> Result<Reader<'a>, Error> {
        self.text.read(&self.source, &self.table, fields).map(Reader::Delimited)
    }

    /// What the first whole pass found in its records; `None` before its end.
    pub fn found(&self) -> Option<&RowsFound> {
        self.table.found()
    }

    /// 65: two passes did not read the same bytes.
    pub(super) fn changed(&self) -> Error {
        changed(&self.name)
    }

    /// What its owner should know.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let name = &self.name;
        self.table.warnings(name).into_iter().chain(self.text.warnings(name))
    }
}

/// A file that is being read. A further format is a further reader: it adds rows to
/// batches, and ends in a digest of what it read.
#[derive(Debug)]
pub(super) enum Reader<'a> {
    Delimited(delimited::Reader<'a>),
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        match self {
            Self::Delimited(reader) => reader.fill(batch),
        }
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        match self {
            Self::Delimited(reader) => reader.finish(),
        }
    }
}

/// 65: the file `name` was written while it was read.
pub(super) fn changed(name: &str) -> Error {
    Error::bad_input(Path::new(name), "input changed while it was read")
        .hint("run again when nothing writes to it; the answers are kept")
}
