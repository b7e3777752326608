//! A batch: consecutive rows of the input as Arrow columns.
//!
//! This is the boundary: what comes after the input reads batches and nothing else,
//! and a format is a reader that fills them (`filling`).

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::compute::{cast, filter};
use arrow::datatypes::DataType;

use super::corrections::Corrections;
use crate::domain::vin::{self, Reading, Rules, VinError};
use crate::domain::{Error, Vin};
use crate::matching::row_vehicle::{RowVehicle, VehicleField, model_year};

/// Consecutive rows of the input, column by column.
#[derive(Debug)]
pub struct Batch {
    pub(super) rows: usize,
    /// The columns carried through, and behind them those that are only read.
    pub(super) columns: Vec<Column>,
    pub(super) carried: usize,
    /// The files its rows are from, in order: at least one, where it has rows.
    pub(super) spans: Vec<Span>,
    /// What is wrong with some of its rows, in their order.
    pub(super) problems: Vec<Problem>,
    pub(super) corrections: Option<Arc<Corrections>>,
}

/// Where one file's rows begin in a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The first of them in the batch.
    pub(super) start: usize,
    /// The place of the file in [`Inputs::files`](super::Inputs::files).
    pub(super) file: usize,
    /// The ordinal of the first of them in the file.
    pub(super) source_row: i64,
    /// The line of the first of them; the others are on the lines below.
    pub(super) line: u64,
    pub(super) roles: Roles,
}

/// Which columns of a batch hold what is needed by position, in the rows of one file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    pub(super) vin: Option<usize>,
    /// For each of [`VehicleField::ALL`].
    pub(super) row_vehicle: [Option<usize>; VehicleField::ALL.len()],
}

/// What is wrong with a row itself, before its VIN is looked at.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) row: usize,
    pub(super) error: VinError,
    pub(super) detail: String,
}

impl Batch {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has none: only the last batch of a pass may be empty.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The same, with what a person gave to its rows.
    pub(super) fn corrected_by(self, corrections: Option<&Arc<Corrections>>) -> Self {
        Self { corrections: corrections.cloned(), ..self }
    }

    /// One column for each of [`Inputs::columns`](super::Inputs::columns), of the type in
    /// [`Inputs::types`](super::Inputs::types); an empty cell of text is null.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = ArrayRef> {
        self.columns[..self.carried].iter().map(|column| Arc::clone(&column.cells))
    }

    /// Those cells of [`Batch::columns`] whose row `keep` marks; it holds a mark for each row.
    pub fn columns_where(&self, keep: Vec<bool>) -> Result<Vec<ArrayRef>, Error> {
        let keep = BooleanArray::from(keep);
        let columns = self.columns().map(|column| filter(&column, &keep));
        columns.collect::<Result<_, _>>().map_err(|cause| {
            Error::internal("there is not a mark for each row of a batch").because(cause)
        })
    }

    /// Its rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let mut file = 0;
        (0..self.rows).map(move |row| {
            while self.spans.get(file + 1).is_some_and(|next| next.start <= row) {
                file += 1;
            }
            Row { batch: self, span: &self.spans[file], place: row }
        })
    }

    /// The row at `row`, which must be below [`Batch::len`].
    pub fn row(&self, row: usize) -> Row<'_> {
        let behind = self.spans.partition_point(|span| span.start <= row);
        Row { batch: self, span: &self.spans[behind - 1], place: row }
    }
}

/// One row of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    batch: &'a Batch,
    span: &'a Span,
    place: usize,
}

impl<'a> Row<'a> {
    /// The place of its file in [`Inputs::files`](super::Inputs::files).
    pub fn file(self) -> usize {
        self.span.file
    }

    /// Ordinal of the record in its file, from 1: the header counts, and all above it.
    pub fn source_row(self) -> i64 {
        self.span.source_row_of(self.place)
    }

    /// The line on which its record begins, the row of a sheet, or else its ordinal.
    pub fn line(self) -> u64 {
        self.span.line_of(self.place)
    }

    /// The cell that should hold the VIN; empty where there is none.
    pub fn vin(self) -> &'a str {
        self.span.roles.vin.and_then(|column| self.text(column)).unwrap_or_default()
    }

    /// What the row itself says its vehicle is.
    pub fn vehicle(self) -> RowVehicle<'a> {
        let [make, model, year] = self.span.roles.row_vehicle.map(|column| self.text(column?));
        RowVehicle::of(make, model, year)
    }

    /// The model year of [`Row::vehicle`].
    pub fn year(self) -> Option<i32> {
        let [.., year] = self.span.roles.row_vehicle;
        model_year(self.text(year?)?)
    }

    /// The cell of [`Inputs::columns`](super::Inputs::columns)`[column]`; `None` where
    /// empty or absent.
    pub fn cell(self, column: usize) -> Option<&'a str> {
        if column < self.batch.carried { self.text(column) } else { None }
    }

    /// One cell for each of [`Inputs::columns`](super::Inputs::columns).
    pub fn cells(self) -> impl ExactSizeIterator<Item = Option<&'a str>> {
        (0..self.batch.carried).map(move |column| self.text(column))
    }

    /// What became of the VIN cell, or of the record itself, or of what a person gave to
    /// it since.
    pub fn reading(self, rules: Rules) -> Reading {
        if let Some(vin) = self.correction() {
            let reading = vin::read(vin.as_ref(), rules);
            return Reading { normalized: true, repaired: true, ..reading };
        }
        match self.found_problem() {
            None => vin::read(self.vin(), rules),
            Some(problem) => Reading::rejected(problem.error).detail(problem.detail.clone()),
        }
    }

    fn correction(self) -> Option<Vin> {
        let corrections = self.batch.corrections.as_ref()?;
        corrections.vin_of(self.file(), self.source_row(), self.vin())
    }

    /// What is wrong with the record itself, before its VIN is looked at.
    pub fn problem(self) -> Option<VinError> {
        self.found_problem().map(|problem| problem.error)
    }

    fn found_problem(self) -> Option<&'a Problem> {
        let problems = &self.batch.problems;
        let place = problems.binary_search_by_key(&self.place, |problem| problem.row);
        place.ok().map(|place| &problems[place])
    }

    pub(super) fn text(self, column: usize) -> Option<&'a str> {
        let column = self.batch.columns[column].text();
        let text = column.is_valid(self.place).then(|| column.value(self.place));
        text.filter(|text| !text.is_empty())
    }
}

/// A column as it is typed, and as text where that is asked for.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) cells: ArrayRef,
    text: OnceLock<StringArray>,
}

impl Column {
    pub(super) fn of(cells: ArrayRef) -> Self {
        Self { cells, text: OnceLock::new() }
    }

    fn text(&self) -> &StringArray {
        self.text.get_or_init(|| match self.cells.as_string_opt() {
            Some(text) => text.clone(),
            None => cast(&self.cells, &DataType::Utf8)
                .expect("what has no text form is refused as it is read")
                .as_string()
                .clone(),
        })
    }
}

impl Span {
    pub(super) fn source_row_of(&self, row: usize) -> i64 {
        self.source_row + ((row - self.start) as u64).cast_signed()
    }

    pub(super) fn line_of(&self, row: usize) -> u64 {
        self.line + (row - self.start) as u64
    }
}
