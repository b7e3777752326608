//! A batch: consecutive rows of the input as Arrow columns.
//!
//! This is the boundary: what comes after the input reads batches and nothing else,
//! and a format is a reader that fills them.

use std::mem;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, StringArray, StringBuilder};
use arrow::compute::filter;

use crate::domain::Error;
use crate::domain::vin::{self, Reading, Rules, VinError};
use crate::matching::row_vehicle::{Claim, Claims};

/// Rows of a batch: enough to decode on every core, and to encode at a time.
const ROWS: usize = 8192;

/// Bytes of cells, empty ones too, after which a batch is full though it has fewer rows.
const BYTES: usize = 16 << 20;

/// What a cell counts for beside its text. It takes 5 bytes here; the rest is for what
/// the encoders keep of it.
const CELL: usize = 24;

/// Consecutive rows of the input, column by column.
#[derive(Debug)]
pub struct Batch {
    rows: usize,
    /// The columns carried through, and behind them those that are only read.
    columns: Vec<StringArray>,
    carried: usize,
    /// The files its rows are from, in order: at least one, where it has rows.
    spans: Vec<Span>,
    /// What is wrong with some of its rows, in their order.
    problems: Vec<Problem>,
}

/// Where one file's rows begin in a batch.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The first of them in the batch.
    start: usize,
    /// The place of the file in [`Inputs::files`](super::Inputs::files).
    file: usize,
    /// The ordinal of the first of them in the file.
    source_row: i64,
    roles: Roles,
}

/// Which columns of a batch hold what is needed by position, in the rows of one file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    pub(super) vin: Option<usize>,
    /// For each of [`Claim::ALL`].
    pub(super) row_vehicle: [Option<usize>; Claim::ALL.len()],
}

/// What is wrong with a row itself, before its VIN is looked at.
#[derive(Debug)]
struct Problem {
    row: usize,
    error: VinError,
    detail: String,
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

    /// One column for each of [`Inputs::columns`](super::Inputs::columns); null is an empty cell.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = ArrayRef> {
        self.columns[..self.carried].iter().map(|column| Arc::new(column.clone()) as ArrayRef)
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

    /// Ordinal of the record in its file, the header counted as 1.
    pub fn source_row(self) -> i64 {
        self.span.source_row_of(self.place)
    }

    /// The cell that should hold the VIN; empty where there is none.
    pub fn vin(self) -> &'a str {
        self.span.roles.vin.and_then(|column| self.text(column)).unwrap_or_default()
    }

    /// What the row itself says its vehicle is.
    pub fn claims(self) -> Claims<'a> {
        let [make, model, year] = self.span.roles.row_vehicle.map(|column| self.text(column?));
        Claims::of(make, model, year)
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

    /// What became of the VIN cell, or of the record itself.
    pub fn reading(self, rules: Rules) -> Reading {
        match self.found_problem() {
            None => vin::read(self.vin(), rules),
            Some(problem) => Reading::rejected(problem.error).detail(problem.detail.clone()),
        }
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

    fn text(self, column: usize) -> Option<&'a str> {
        let column = &self.batch.columns[column];
        column.is_valid(self.place).then(|| column.value(self.place))
    }
}

impl Span {
    fn source_row_of(&self, row: usize) -> i64 {
        self.source_row + ((row - self.start) as u64).cast_signed()
    }
}

/// A batch that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    rows: usize,
    bytes: usize,
    columns: Vec<StringBuilder>,
    carried: usize,
    spans: Vec<Span>,
    problems: Vec<Problem>,
}

impl Filling {
    /// For `columns`, of which the first `carried` are carried through.
    pub(super) fn new(columns: usize, carried: usize) -> Self {
        Self {
            rows: 0,
            bytes: 0,
            columns: (0..columns).map(|_| StringBuilder::with_capacity(0, 0)).collect(),
            carried,
            spans: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The rows that follow are those of another file, from `source_row` on.
    pub(super) fn start_file(&mut self, file: usize, source_row: i64, roles: Roles) {
        self.spans.push(Span { start: self.rows, file, source_row, roles });
    }

    /// Adds a row: a cell for each column, and what is wrong with it.
    pub(super) fn push<'a>(
        &mut self,
        cells: impl Iterator<Item = Option<&'a str>>,
        problem: Option<(VinError, String)>,
    ) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let cell = cell.filter(|cell| !cell.is_empty());
            self.bytes += CELL + cell.map_or(0, str::len);
            column.append_option(cell);
        }
        if let Some((error, detail)) = problem {
            self.bytes += detail.len();
            self.problems.push(Problem { row: self.rows, error, detail });
        }
        self.rows += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    /// The rows so far. Those that follow go on in the same file.
    pub(super) fn take(&mut self) -> Batch {
        let rows = mem::take(&mut self.rows);
        self.bytes = 0;
        let last = self.spans.last();
        let next =
            last.map(|last| Span { start: 0, source_row: last.source_row_of(rows), ..*last });
        Batch {
            rows,
            columns: self.columns.iter_mut().map(finished).collect(),
            carried: self.carried,
            spans: mem::replace(&mut self.spans, next.into_iter().collect()),
            problems: mem::take(&mut self.problems),
        }
    }
}

/// The column, whose builder then has room for as much again.
fn finished(column: &mut StringBuilder) -> StringArray {
    let next =
        StringBuilder::with_capacity(column.offsets_slice().len(), column.values_slice().len());
    mem::replace(column, next).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIN: &str = "1HGCM82633A004352";

    /// Of two columns, the first of which is carried through and holds the VIN.
    fn filling() -> Filling {
        let mut filling = Filling::new(2, 1);
        filling.start_file(0, 2, Roles { vin: Some(0), ..Roles::default() });
        filling
    }

    fn fill(filling: &mut Filling, cells: &[Option<&str>]) -> Batch {
        while !filling.is_full() {
            filling.push(cells.iter().copied(), None);
        }
        filling.take()
    }

    fn memory(columns: &[StringArray]) -> usize {
        columns.iter().map(Array::get_buffer_memory_size).sum()
    }

    #[test]
    fn a_row_knows_its_file_wherever_a_batch_ends() {
        let mut filling = filling();
        let mut expected = Vec::new();
        let mut seen = Vec::new();
        for file in 0..5 {
            filling.start_file(file, 2, Roles { vin: Some(file % 2), ..Roles::default() });
            for number in 0..file * ROWS / 3 {
                filling.push([VIN, "x"].into_iter().map(Some), None);
                expected.push((file, 2 + (number as u64).cast_signed(), [VIN, "x"][file % 2]));
                if filling.is_full() {
                    seen.push(filling.take());
                }
            }
        }
        seen.push(filling.take());
        let seen_of = |row: Row<'_>| (row.file(), row.source_row(), row.vin().to_owned());
        let in_order = seen.iter().flat_map(|batch| batch.rows().map(seen_of));
        let by_number =
            seen.iter().flat_map(|batch| (0..batch.len()).map(|row| seen_of(batch.row(row))));
        let expected = || expected.iter().map(|&(file, row, vin)| (file, row, vin.to_owned()));
        assert!(in_order.eq(expected()) && by_number.eq(expected()));
        assert!(filling.take().is_empty());
    }

    #[test]
    fn a_batch_is_full_by_rows_or_by_bytes() {
        let mut filling = filling();
        assert_eq!(fill(&mut filling, &[Some(VIN), None]).len(), ROWS);
        let note = "x".repeat(1 << 20);
        assert_eq!(fill(&mut filling, &[Some(VIN), Some(&note)]).len(), 16);
        let columns = 4_000;
        let mut wide = Filling::new(columns, columns);
        wide.start_file(0, 2, Roles::default());
        let batch = fill(&mut wide, &vec![None; columns]);
        assert!(batch.len() <= BYTES / CELL / columns + 1);
        assert!(memory(&batch.columns) <= BYTES);
    }

    #[test]
    fn a_long_batch_leaves_no_room_behind_for_long() {
        let mut filling = filling();
        let note = "x".repeat(1 << 20);
        fill(&mut filling, &[Some(VIN), Some(&note)]);
        let next = fill(&mut filling, &[Some(VIN), None]);
        assert!(memory(&next.columns) <= 2 * BYTES);
        let last = fill(&mut filling, &[Some(VIN), None]);
        assert!(memory(&last.columns) < BYTES / 16, "{}", memory(&last.columns));
    }

    #[test]
    fn only_marked_rows_are_taken_from_the_carried_columns() {
        let mut filling = filling();
        for cells in [[VIN, "read"], ["", "only"], ["b", ""]] {
            filling.push(cells.into_iter().map(Some), None);
        }
        let batch = filling.take();
        let kept = batch.columns_where(vec![true, false, true]).expect("a mark for each");
        let expected: ArrayRef = Arc::new(StringArray::from(vec![VIN, "b"]));
        assert_eq!(kept, [expected]);
        assert!(batch.columns_where(vec![true; 4]).is_err());
        assert_eq!((batch.row(1).cell(0), batch.row(0).cell(1)), (None, None));
    }
}
