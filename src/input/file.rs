//! One file of the input: opened, described, and read by the reader of its format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;

use super::content::InputFormat;
use super::delimited::{self, Delimited};
use super::filling::Filling;
use super::json_lines::{self, JsonLines};
use super::layout::{ChosenBy, RowsFound, Table};
use super::source::Source;
use super::source_name::SourceName;
use super::typed::{self, Typed};
use super::workbook::{self, Sheet};
use super::{FileDigest, InputSpec};
use crate::domain::Error;
use crate::matching::row_vehicle::VehicleField;

/// One opened file.
#[derive(Debug)]
pub struct InputFile {
    /// The name written to `source_file`: as typed, or found in a folder.
    pub name: String,
    /// Where it is; `None` for stdin.
    pub path: Option<PathBuf>,
    /// Length in bytes at open; of a stream that is read as it comes it is not known then.
    pub bytes: u64,
    /// What its rows are written in.
    pub format: InputFormat,
    /// `gzip`, `zstd` or `zip`, where it is packed.
    pub packing: Option<&'static str>,
    /// The sheet that is read, of a workbook.
    pub sheet: Option<String>,
    /// `utf-8`, `utf-16le`, `utf-16be` or `windows-1252`; `None` where it is not text.
    pub encoding: Option<&'static str>,
    /// Field delimiter of delimited text.
    pub delimiter: Option<u8>,
    /// What fields of delimited text may stand in: a character, or `none`.
    pub quote: Option<String>,
    /// How a quote is written inside of quotes: `double` or `backslash`.
    pub escape: Option<&'static str>,
    /// Whether its columns are named: by a record, or by the format.
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
    /// Its columns.
    pub(super) table: Table,
    /// The type of each of them.
    pub(super) types: Vec<DataType>,
    source: Source,
    form: Form,
    /// What was found when it was opened.
    warnings: Vec<String>,
}

/// How it is read.
#[derive(Debug)]
enum Form {
    Delimited(Delimited),
    JsonLines(JsonLines),
    Typed(Typed),
    Sheet(Sheet),
}

impl Form {
    fn open(
        source: &Source,
        format: InputFormat,
        spec: &InputSpec,
    ) -> Result<(Self, Table), Error> {
        Ok(match format {
            InputFormat::Csv => {
                let (text, table) = Delimited::open(source, spec)?;
                (Self::Delimited(text), table)
            }
            InputFormat::Jsonl => {
                let (lines, table) = JsonLines::open(source, spec)?;
                (Self::JsonLines(lines), table)
            }
            InputFormat::Parquet | InputFormat::Arrow | InputFormat::Arrows => {
                let (typed, table) = Typed::open(source, format, spec)?;
                (Self::Typed(typed), table)
            }
            InputFormat::Workbook(kind) => {
                let (sheet, table) = Sheet::open(source, kind, spec)?;
                (Self::Sheet(sheet), table)
            }
        })
    }

    fn encoding(&self) -> Option<&'static str> {
        match self {
            Self::Delimited(text) => Some(text.encoding()),
            Self::JsonLines(_) => Some("utf-8"),
            Self::Typed(_) | Self::Sheet(_) => None,
        }
    }

    fn types(&self, columns: usize) -> Vec<DataType> {
        match self {
            Self::Delimited(_) | Self::JsonLines(_) => vec![DataType::Utf8; columns],
            Self::Typed(typed) => typed.types(),
            Self::Sheet(sheet) => sheet.types(),
        }
    }

    fn text(&self) -> Option<&Delimited> {
        match self {
            Self::Delimited(text) => Some(text),
            Self::JsonLines(_) | Self::Typed(_) | Self::Sheet(_) => None,
        }
    }

    fn sheet(&self) -> Option<&Sheet> {
        match self {
            Self::Sheet(sheet) => Some(sheet),
            Self::Delimited(_) | Self::JsonLines(_) | Self::Typed(_) => None,
        }
    }

    fn warnings(&self, name: &str) -> Vec<String> {
        match self {
            Self::Delimited(text) => text.warnings(name).collect(),
            Self::JsonLines(_) => Vec::new(),
            Self::Typed(typed) => typed.warning(name).into_iter().collect(),
            Self::Sheet(sheet) => sheet.warning(name).into_iter().collect(),
        }
    }
}

impl InputFile {
    /// Tells what an opened source is.
    pub(super) fn open(mut source: Source, spec: &InputSpec) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let format = source.look(spec.format, &mut warnings)?;
        let (form, table) = Form::open(&source, format, spec)?;
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
            format,
            packing: source.packing(),
            sheet: form.sheet().map(|sheet| sheet.name.clone()),
            encoding: form.encoding(),
            delimiter: form.text().map(Delimited::delimiter),
            quote: form.text().map(|text| text.quoting().quote_name()),
            escape: form.text().map(|text| text.quoting().escape_name()),
            has_header: table.has_header,
            header_line: table.header_line,
            vin_column: vin_column.unwrap_or_else(|| "vin".into()),
            vin_column_by: table.chosen_by,
            claim_columns,
            types: form.types(table.columns.len()),
            table,
            source,
            form,
            warnings,
        })
    }

    /// Whether the kind of each cell in the column at `place` shows in its text.
    pub(super) fn tells_kinds(&self, place: usize) -> bool {
        self.form.sheet().is_some_and(|sheet| sheet.tells_kinds(place))
    }

    /// Starts to read its rows: for each column of a batch, the cell that `fields` names.
    pub(super) fn start<'a>(&'a self, fields: &'a [Option<usize>]) -> Result<Reader<'a>, Error> {
        let source = &self.source;
        match &self.form {
            Form::Delimited(text) => text.read(source, &self.table, fields).map(Reader::Delimited),
            Form::JsonLines(lines) => lines.read(source, fields).map(Reader::JsonLines),
            Form::Typed(typed) => typed.read(source, fields).map(Reader::Typed),
            Form::Sheet(sheet) => Ok(Reader::Sheet(sheet.read(source, &self.table, fields))),
        }
    }

    /// Length in bytes: as far as it was read, of a stream that is read as it comes.
    pub fn length(&self) -> u64 {
        let passed = match &self.form {
            Form::Typed(typed) => typed.passed(),
            Form::Delimited(_) | Form::JsonLines(_) | Form::Sheet(_) => None,
        };
        passed.unwrap_or(self.bytes)
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
        let found = self.table.warnings(name).into_iter().chain(self.form.warnings(name));
        self.warnings.iter().cloned().chain(found)
    }
}

/// A file that is being read. A further format is a further reader: it adds rows to
/// batches, and ends in a digest of what it read.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one is there at a time")]
pub(super) enum Reader<'a> {
    Delimited(delimited::Reader<'a>),
    JsonLines(json_lines::Reader<'a>),
    Typed(typed::Reader<'a>),
    Sheet(workbook::Reader<'a>),
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        match self {
            Self::Delimited(reader) => reader.fill(batch),
            Self::JsonLines(reader) => reader.fill(batch),
            Self::Typed(reader) => reader.fill(batch),
            Self::Sheet(reader) => reader.fill(batch),
        }
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        match self {
            Self::Delimited(reader) => reader.finish(),
            Self::JsonLines(reader) => reader.finish(),
            Self::Typed(reader) => reader.finish(),
            Self::Sheet(reader) => reader.finish(),
        }
    }
}

/// 65: the file `name` was written while it was read.
pub(super) fn changed(name: &str) -> Error {
    Error::bad_input(Path::new(name), "input changed while it was read")
        .hint("run again when nothing writes to it; the answers are kept")
}
