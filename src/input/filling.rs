//! A batch that is being filled: row by row by formats of text, and many rows at a time
//! by formats of columns.

use std::mem;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder as _, ArrayRef, AsArray, StringArray, StringBuilder, new_null_array,
};
use arrow::compute::{CastOptions, cast, cast_with_options, concat};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;

use super::batch::{Batch, Column, Problem, Roles, Span};
use super::record::MAX_FIELD;
use crate::domain::Error;
use crate::domain::vin::VinError;

/// Rows of a batch: enough to decode on every core, and to encode at a time.
pub(super) const ROWS: usize = 8192;

/// Bytes of cells, empty ones too, after which a batch is full though it has fewer rows.
const BYTES: usize = 16 << 20;

/// What a cell counts for beside its text. It takes 5 bytes here; the rest is for what
/// the encoders keep of it.
const CELL: usize = 24;

/// A batch that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    rows: usize,
    bytes: usize,
    columns: Vec<Cells>,
    carried: usize,
    spans: Vec<Span>,
    problems: Vec<Problem>,
    /// It is handed on as it is, however few rows it has.
    is_closed: bool,
}

/// The cells of a column so far.
#[derive(Debug)]
enum Cells {
    Text(StringBuilder),
    Typed(Typed),
}

#[derive(Debug)]
struct Typed {
    data_type: DataType,
    parts: Vec<ArrayRef>,
    /// Cells behind them that are yet to be read as values: of a sheet, which says of each
    /// cell what it is.
    texts: StringBuilder,
    /// All cells.
    length: usize,
}

impl Filling {
    /// For columns of `types`, of which the first `carried` are carried through.
    pub(super) fn new(types: &[DataType], carried: usize) -> Self {
        let cells = |data_type: &DataType| match data_type {
            DataType::Utf8 => Cells::Text(StringBuilder::with_capacity(0, 0)),
            other => Cells::Typed(Typed::of(other)),
        };
        Self {
            rows: 0,
            bytes: 0,
            columns: types.iter().map(cells).collect(),
            carried,
            spans: Vec::new(),
            problems: Vec::new(),
            is_closed: false,
        }
    }

    /// The rows that follow are those of another file, from `source_row` on.
    pub(super) fn start_file(&mut self, file: usize, source_row: i64, roles: Roles) {
        let line = source_row.unsigned_abs();
        self.spans.push(Span { start: self.rows, file, source_row, line, roles });
    }

    /// Adds a row: a cell of text for each column, and what is wrong with it.
    pub(super) fn push<'a>(
        &mut self,
        cells: impl Iterator<Item = Option<&'a str>>,
        problem: Option<(VinError, String)>,
    ) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let cell = cell.filter(|cell| !cell.is_empty());
            self.bytes += CELL + cell.map_or(0, str::len);
            match column {
                Cells::Text(column) => column.append_option(cell),
                Cells::Typed(column) => column.push(cell, self.rows),
            }
        }
        if let Some((error, detail)) = problem {
            self.add_problem(self.rows, error, detail);
        }
        self.rows += 1;
    }

    /// Adds so many rows: cells for each column that the file has, and what is wrong with
    /// some of them, by their place and in their order. Text is one of Arrow's views.
    pub(super) fn push_rows(
        &mut self,
        rows: usize,
        cells: &[Option<ArrayRef>],
        problems: Vec<(usize, VinError, String)>,
    ) -> Result<(), Error> {
        let mut too_long = Vec::new();
        for (column, cells) in self.columns.iter_mut().zip(cells) {
            self.bytes += CELL * rows;
            match (column, cells) {
                (Cells::Text(column), None) => column.append_nulls(rows),
                (Cells::Text(column), Some(cells)) => {
                    self.bytes += append(column, cells, &mut too_long).map_err(misfit)?;
                }
                (Cells::Typed(_), None) => {}
                (Cells::Typed(column), Some(cells)) => {
                    column.append(cells, self.rows).map_err(misfit)?;
                }
            }
        }
        let long = too_long
            .into_iter()
            .map(|row| (row, VinError::FieldTooLong, format!("over {MAX_FIELD} bytes in a cell")));
        let mut problems: Vec<_> = long.chain(problems).collect();
        problems.sort_by_key(|(row, ..)| *row);
        problems.dedup_by_key(|(row, ..)| *row);
        for (row, error, detail) in problems {
            self.add_problem(self.rows + row, error, detail);
        }
        self.rows += rows;
        Ok(())
    }

    fn add_problem(&mut self, row: usize, error: VinError, detail: String) {
        self.bytes += detail.len();
        self.problems.push(Problem { row, error, detail });
    }

    /// Leaves out a record of the file: the rows that follow are those behind it.
    pub(super) fn skip(&mut self) {
        self.go_on(1, 1);
    }

    /// Says on which line the next row begins, where lines are counted.
    pub(super) fn at_line(&mut self, line: u64) {
        let expected = self.spans.last().map_or(line, |last| last.line_of(self.rows));
        if line > expected {
            self.go_on(0, line - expected);
        }
    }

    /// The rows that follow are so many records and lines further down.
    fn go_on(&mut self, records: i64, lines: u64) {
        let Some(last) = self.spans.last_mut() else { return };
        let next = Span {
            start: self.rows,
            source_row: last.source_row_of(self.rows) + records,
            line: last.line_of(self.rows) + lines,
            ..*last
        };
        if last.start == self.rows {
            *last = next;
        } else {
            self.spans.push(next);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_closed || self.rows >= ROWS || self.bytes >= BYTES
    }

    /// What it has is to be handed on before more is waited for.
    pub(super) fn close(&mut self) {
        self.is_closed = self.rows > 0;
    }

    /// How many more rows fit, whose text has these lengths in all its columns together.
    pub(super) fn room(&self, lengths: impl Iterator<Item = usize>) -> usize {
        let mut bytes = self.bytes;
        let fits = |length: &usize| {
            let fits = bytes < BYTES;
            bytes += length + CELL * self.columns.len();
            fits
        };
        lengths.take(ROWS.saturating_sub(self.rows)).take_while(fits).count()
    }

    /// The rows so far. Those that follow go on in the same file.
    pub(super) fn take(&mut self) -> Result<Batch, Error> {
        let rows = mem::take(&mut self.rows);
        (self.bytes, self.is_closed) = (0, false);
        let last = self.spans.last();
        let next = last.map(|last| Span {
            start: 0,
            source_row: last.source_row_of(rows),
            line: last.line_of(rows),
            ..*last
        });
        let columns = self.columns.iter_mut().map(|column| match column {
            Cells::Text(column) => Ok(Column::of(Arc::new(finished(column)))),
            Cells::Typed(column) => column.take(rows).map(Column::of),
        });
        Ok(Batch {
            rows,
            columns: columns.collect::<Result<_, _>>().map_err(misfit)?,
            carried: self.carried,
            spans: mem::replace(&mut self.spans, next.into_iter().collect()),
            problems: mem::take(&mut self.problems),
            corrections: None,
        })
    }
}

impl Typed {
    fn of(data_type: &DataType) -> Self {
        let texts = StringBuilder::with_capacity(0, 0);
        Self { data_type: data_type.clone(), parts: Vec::new(), texts, length: 0 }
    }

    /// Adds a cell to what has as many rows as the batch.
    fn push(&mut self, cell: Option<&str>, rows: usize) {
        self.texts.append_nulls(rows - self.length);
        self.texts.append_option(cell);
        self.length = rows + 1;
    }

    /// Adds cells to what has as many rows as the batch.
    fn append(&mut self, cells: &ArrayRef, rows: usize) -> Result<(), ArrowError> {
        self.pad(rows)?;
        self.length += cells.len();
        self.parts.push(Arc::clone(cells));
        Ok(())
    }

    /// Adds empty cells for rows of files that do not have the column.
    fn pad(&mut self, rows: usize) -> Result<(), ArrowError> {
        if !self.texts.is_empty() {
            const EXACT: CastOptions<'static> =
                CastOptions { safe: false, format_options: FormatOptions::new() };
            self.parts.push(cast_with_options(&self.texts.finish(), &self.data_type, &EXACT)?);
        }
        if self.length < rows {
            self.parts.push(new_null_array(&self.data_type, rows - self.length));
            self.length = rows;
        }
        Ok(())
    }

    fn take(&mut self, rows: usize) -> Result<ArrayRef, ArrowError> {
        self.pad(rows)?;
        self.length = 0;
        let parts = mem::take(&mut self.parts);
        match &parts[..] {
            [] => Ok(new_null_array(&self.data_type, 0)),
            [only] => Ok(Arc::clone(only)),
            several => concat(&several.iter().map(|part| &**part).collect::<Vec<_>>()),
        }
    }
}

/// Adds cells as text, and the rows whose cell is too long to `too_long`; how many bytes
/// were added.
fn append(
    column: &mut StringBuilder,
    cells: &ArrayRef,
    too_long: &mut Vec<usize>,
) -> Result<usize, ArrowError> {
    let views = match cells.data_type() {
        DataType::Utf8View => Arc::clone(cells),
        _ => cast(cells, &DataType::Utf8View)?,
    };
    let mut bytes = 0;
    for (row, cell) in views.as_string_view().iter().enumerate() {
        let cell = match cell {
            Some(long) if long.len() > MAX_FIELD => {
                too_long.push(row);
                None
            }
            other => other,
        };
        bytes += cell.map_or(0, str::len);
        column.append_option(cell);
    }
    Ok(bytes)
}

fn misfit(cause: ArrowError) -> Error {
    Error::internal("cells do not fit the columns of a batch").because(cause)
}

/// The column, whose builder then has room for as much again.
fn finished(column: &mut StringBuilder) -> StringArray {
    let next =
        StringBuilder::with_capacity(column.offsets_slice().len(), column.values_slice().len());
    mem::replace(column, next).finish()
}

#[cfg(test)]
#[path = "tests/filling.rs"]
mod tests;
