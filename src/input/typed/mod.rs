//! Formats of typed columns: Parquet and Arrow.
//!
//! Only the columns that a pass needs are read. Their types are carried through as
//! `kept` says. Memory is bounded by one record batch of an Arrow file, and by one page
//! of each column of a Parquet file.

mod arrow;
mod guarded;
mod kept;
mod nested;
mod parquet;
mod stream;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use ::arrow::compute::cast;
use ::arrow::datatypes::{DataType, SchemaRef};
use ::arrow::error::ArrowError;

use self::guarded::guarded;
use self::kept::Kept;
use super::InputSpec;
use super::columns::shown;
use super::content::InputFormat;
use super::filling::{Filling, ROWS};
use super::layout::Table;
use super::pass::FileDigest;
use super::random::Random;
use super::record::{MAX_FIELDS, Record};
use super::source::{Source, unread};
use crate::domain::Error;
use crate::domain::vin::VinError;

/// Record batches, one after another.
type RecordBatches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// How a file of typed columns is read.
#[derive(Debug)]
pub(super) struct Typed {
    form: Form,
    /// How each of its columns is carried through.
    columns: Vec<Kept>,
    vin: usize,
    /// A pass met times with more digits than are kept.
    lossy: AtomicBool,
}

#[derive(Debug)]
enum Form {
    Parquet(parquet::Metadata),
    Arrow(arrow::Ipc),
    /// An Arrow stream that is read once, as it comes.
    Stream(stream::Stream),
}

impl Form {
    /// Looks at what `source` holds, or takes what comes through it.
    fn open(source: &Source, format: InputFormat) -> Result<Self, Error> {
        let name = &source.name;
        if let Some(passing) = source.take_passing() {
            let stream = guarded(|| stream::Stream::open(passing));
            return stream.map(Self::Stream).map_err(|error| unfit(name, &error));
        }
        let data = source.random().map_err(|error| unread(name, error))?;
        guarded(|| Self::of(format, &data)).map_err(|error| damaged(name, &error))
    }

    fn of(format: InputFormat, data: &Random) -> Result<Self, ArrowError> {
        match format {
            InputFormat::Parquet => parquet::Metadata::of(data).map(Self::Parquet),
            InputFormat::Arrows => arrow::Ipc::of_stream(data).map(Self::Arrow),
            InputFormat::Arrow => arrow::Ipc::of_file(data).map(Self::Arrow),
            InputFormat::Csv | InputFormat::Jsonl | InputFormat::Workbook(_) => {
                Err(ArrowError::NotYetImplemented("cells of text".into()))
            }
        }
    }

    fn schema(&self) -> &SchemaRef {
        match self {
            Self::Parquet(metadata) => metadata.schema(),
            Self::Arrow(ipc) => ipc.schema(),
            Self::Stream(stream) => stream.schema(),
        }
    }

    /// Reads the columns of `source` at `places`, which are in order.
    fn read(
        &self,
        source: &Source,
        places: &[usize],
        rows: usize,
    ) -> Result<RecordBatches, ArrowError> {
        match self {
            Self::Parquet(metadata) => metadata.read(source.random()?, places, rows),
            Self::Arrow(ipc) => ipc.read(&source.random()?, places),
            Self::Stream(stream) => Ok(stream.read(places)),
        }
    }

    /// The first rows, of all columns.
    fn first(&self, source: &Source, rows: usize) -> Result<Option<RecordBatch>, ArrowError> {
        if let Self::Stream(stream) = self {
            return stream.first();
        }
        let places: Vec<usize> = (0..self.schema().fields().len()).collect();
        self.read(source, &places, rows)?.next().transpose()
    }
}

impl Typed {
    /// Reads the description of the columns in `source`, and its first rows.
    pub(super) fn open(
        source: &Source,
        format: InputFormat,
        spec: &InputSpec,
    ) -> Result<(Self, Table), Error> {
        let name = &source.name;
        let form = Form::open(source, format)?;
        let fields = form.schema().fields();
        if fields.len() > MAX_FIELDS {
            let what =
                format!("it has {} columns, and {MAX_FIELDS} at most are read", fields.len());
            return Err(Error::bad_input(Path::new(name), what)
                .hint("write it again with the columns that you need"));
        }
        let headers: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let columns: Vec<Kept> = fields.iter().map(Kept::of).collect();
        let mut typed = Self { form, columns, vin: 0, lossy: AtomicBool::new(false) };
        let sample = guarded(|| typed.sample(source)).map_err(|error| damaged(name, &error))?;
        let table = Table::named(name, &headers, &sample, spec)?;
        typed.vin = table.vin_index;
        Ok((typed, table))
    }

    /// The types in which its columns are carried through.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type().clone()).collect()
    }

    /// How many bytes came through so far, of what is read as it comes.
    pub(super) fn passed(&self) -> Option<u64> {
        match &self.form {
            Form::Stream(stream) => Some(stream.digest().1),
            Form::Parquet(_) | Form::Arrow(_) => None,
        }
    }

    /// What the owner of the file `name` should know of it.
    pub(super) fn warning(&self, name: &str) -> Option<String> {
        self.lossy.load(Ordering::Relaxed).then(|| {
            format!("`{name}` holds times finer than a microsecond; the rest of them is cut off")
        })
    }

    /// The first rows as text.
    fn sample(&self, source: &Source) -> Result<Vec<Record>, ArrowError> {
        const ROWS: usize = 100;
        let Some(rows) = self.form.first(source, ROWS)? else { return Ok(Vec::new()) };
        let rows = rows.slice(0, rows.num_rows().min(ROWS));
        let texts = self
            .columns
            .iter()
            .zip(rows.columns())
            .map(|(kept, cells)| cast(&kept.carry(cells, &self.lossy)?, &DataType::Utf8View));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<_> = texts.iter().map(AsArray::as_string_view).collect();
        let record = |row| {
            Record::of(
                0,
                texts.iter().map(|cells| if cells.is_null(row) { "" } else { cells.value(row) }),
            )
        };
        Ok((0..rows.num_rows()).map(record).collect())
    }

    /// Starts to read `source`: for each column of a batch, the column that `fields` names.
    pub(super) fn read<'a>(
        &'a self,
        source: &'a Source,
        fields: &'a [Option<usize>],
    ) -> Result<Reader<'a>, Error> {
        // A nested value becomes text before it is known whether it fits.
        const NESTED_ROWS: usize = 256;
        let name = &source.name;
        let places: BTreeSet<usize> = fields.iter().copied().flatten().collect();
        let places: Vec<usize> = places.into_iter().collect();
        let nested = places.iter().any(|&place| self.columns[place].is_nested());
        let rows = if nested { NESTED_ROWS } else { ROWS };
        let batches = guarded(|| self.form.read(source, &places, rows))
            .map_err(|error| damaged(name, &error))?;
        Ok(Reader {
            source,
            form: self,
            fields,
            places,
            batches,
            block: None,
            rows: 0,
            sha256: None,
        })
    }
}

/// As [`damaged`], of what should be a stream.
fn unfit(name: &str, error: &ArrowError) -> Error {
    if matches!(error, ArrowError::InvalidArgumentError(what) if what == stream::IS_FILE) {
        return Error::bad_input(Path::new(name), stream::IS_FILE).hint(
            "leave out `--input-format`: it is then kept in a temporary file and read twice",
        );
    }
    damaged(name, error)
}

/// 65: what is wrong with a file of typed columns.
fn damaged(name: &str, error: &ArrowError) -> Error {
    let what = format!("it is damaged, cut off or not supported: {}", printable(error));
    Error::bad_input(Path::new(name), what)
        .hint("get it again, or write it again with the program that made it")
}

/// The message of an error, in one short line.
fn printable(error: &ArrowError) -> String {
    const LONGEST: usize = 200;
    error.to_string().chars().take(LONGEST).flat_map(char::escape_debug).collect()
}

/// A file of typed columns that is being read.
pub(super) struct Reader<'a> {
    source: &'a Source,
    form: &'a Typed,
    /// For each column of a batch, its place in the file.
    fields: &'a [Option<usize>],
    /// The places read, in order.
    places: Vec<usize>,
    batches: RecordBatches,
    block: Option<Block>,
    rows: u64,
    /// Once the file is at its end.
    sha256: Option<String>,
}

/// Rows that were read and are not all handed on.
struct Block {
    /// For each of the reader's places.
    columns: Vec<ArrayRef>,
    /// The first row that is not handed on.
    next: usize,
    rows: usize,
}

impl Reader<'_> {
    /// Adds rows to `batch` until that is full, or the file ends.
    pub(super) fn fill(&mut self, batch: &mut Filling) -> Result<(), Error> {
        while !batch.is_full() {
            let Some(block) = self.block.take() else {
                if !self.next_block()? {
                    return self.end();
                }
                continue;
            };
            self.push(batch, block)?;
            if self.block.is_none() && matches!(self.form.form, Form::Stream(_)) {
                // The next rows may come only once these were handed on.
                batch.close();
            }
        }
        Ok(())
    }

    /// Reads the next rows; `false` at the end.
    fn next_block(&mut self) -> Result<bool, Error> {
        let name = &self.source.name;
        let batches = &mut self.batches;
        let rows = guarded(|| batches.next().transpose()).map_err(|error| damaged(name, &error))?;
        let Some(rows) = rows else { return Ok(false) };
        let kept = self.places.iter().map(|&place| &self.form.columns[place]);
        let columns = kept.zip(rows.columns()).map(|(kept, cells)| {
            guarded(|| kept.carry(cells, &self.form.lossy)).map_err(|error| {
                let what = format!("column `{}`: {}", shown(kept.name()), printable(&error));
                Error::bad_input(Path::new(name), what).hint("write the column again as text")
            })
        });
        let columns = columns.collect::<Result<_, _>>()?;
        self.block = Some(Block { columns, next: 0, rows: rows.num_rows() });
        Ok(true)
    }

    /// Adds as many rows as fit, and keeps the others.
    fn push(&mut self, batch: &mut Filling, mut block: Block) -> Result<(), Error> {
        let texts: Vec<_> =
            block.columns.iter().filter_map(|cells| cells.as_string_view_opt()).collect();
        let length = |row: usize| texts.iter().map(|cells| cells.value(row).len()).sum::<usize>();
        let count = batch.room((block.next..block.rows).map(length));
        let part: Vec<ArrayRef> =
            block.columns.iter().map(|cells| cells.slice(block.next, count)).collect();
        let place_of = |field: usize| self.places.binary_search(&field).ok();
        let cells: Vec<Option<ArrayRef>> =
            self.fields.iter().map(|field| Some(Arc::clone(&part[place_of((*field)?)?]))).collect();
        let problems = match place_of(self.form.vin) {
            Some(place) => self.lost_vins(&part[place]),
            None => Vec::new(),
        };
        batch.push_rows(count, &cells, problems)?;
        self.rows += count as u64;
        block.next += count;
        if block.next < block.rows {
            self.block = Some(block);
        }
        Ok(())
    }

    /// The rows whose VIN is a number: it has lost characters, or is none.
    fn lost_vins(&self, cells: &ArrayRef) -> Vec<(usize, VinError, String)> {
        let kept = &self.form.columns[self.form.vin];
        if !kept.is_number() {
            return Vec::new();
        }
        let detail = format!(
            "the column holds numbers ({}), and a number has lost characters of a VIN; write it as text",
            kept.source_type()
        );
        let filled = (0..cells.len()).filter(|&row| cells.is_valid(row));
        filled.map(|row| (row, VinError::ExcelNumberDamage, detail.clone())).collect()
    }

    fn end(&mut self) -> Result<(), Error> {
        let digest = match &self.form.form {
            Form::Stream(stream) => stream.digest().0,
            Form::Parquet(_) | Form::Arrow(_) => {
                self.source.sha256().map_err(|error| unread(&self.source.name, error))?
            }
        };
        self.sha256 = Some(digest);
        Ok(())
    }

    /// What was read; the file must be at its end.
    pub(super) fn finish(self) -> FileDigest {
        FileDigest { sha256: self.sha256.unwrap_or_default(), rows: self.rows }
    }
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("rows", &self.rows).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
