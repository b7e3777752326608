use arrow::array::Int64Array;

use super::*;
use crate::input::batch::Row;

const VIN: &str = "1HGCM82633A004352";

/// Of two columns, the first of which is carried through and holds the VIN.
fn filling() -> Filling {
    let mut filling = Filling::new(&[DataType::Utf8, DataType::Utf8], 1);
    filling.start_file(0, 2, Roles { vin: Some(0), ..Roles::default() });
    filling
}

fn fill(filling: &mut Filling, cells: &[Option<&str>]) -> Batch {
    while !filling.is_full() {
        filling.push(cells.iter().copied(), None);
    }
    taken(filling)
}

fn taken(filling: &mut Filling) -> Batch {
    filling.take().expect("a batch")
}

fn memory(batch: &Batch) -> usize {
    batch.columns.iter().map(|column| column.cells.get_buffer_memory_size()).sum()
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
                seen.push(taken(&mut filling));
            }
        }
    }
    seen.push(taken(&mut filling));
    let seen_of = |row: Row<'_>| (row.file(), row.source_row(), row.vin().to_owned());
    let in_order = seen.iter().flat_map(|batch| batch.rows().map(seen_of));
    let by_number =
        seen.iter().flat_map(|batch| (0..batch.len()).map(|row| seen_of(batch.row(row))));
    let expected = || expected.iter().map(|&(file, row, vin)| (file, row, vin.to_owned()));
    assert!(in_order.eq(expected()) && by_number.eq(expected()));
    assert!(taken(&mut filling).is_empty());
}

#[test]
fn a_row_knows_its_line_wherever_a_batch_ends() {
    let mut filling = filling();
    let mut expected = Vec::new();
    // Records of one line and of three by turns, some behind a record that is left out.
    let mut line = 2;
    for number in 0..ROWS + 10 {
        if number % 7 == 0 {
            filling.skip();
            line += 1;
        }
        filling.at_line(line);
        filling.push([VIN, "x"].into_iter().map(Some), None);
        expected.push((2 + number + number / 7 + 1, line));
        line += if number % 2 == 0 { 1 } else { 3 };
    }
    let batch = taken(&mut filling);
    filling.at_line(line);
    filling.push([VIN, "x"].into_iter().map(Some), None);
    expected.push((expected.last().expect("a row").0 + 1, line));
    let batches = [batch, taken(&mut filling)];
    let seen = |row: Row<'_>| (usize::try_from(row.source_row()).expect("positive"), row.line());
    assert!(batches.iter().flat_map(|batch| batch.rows().map(seen)).eq(expected));
}

#[test]
fn a_batch_is_full_by_rows_or_by_bytes() {
    let mut filling = filling();
    assert_eq!(fill(&mut filling, &[Some(VIN), None]).len(), ROWS);
    let note = "x".repeat(1 << 20);
    assert_eq!(fill(&mut filling, &[Some(VIN), Some(&note)]).len(), 16);
    let columns = 4_000;
    let mut wide = Filling::new(&vec![DataType::Utf8; columns], columns);
    wide.start_file(0, 2, Roles::default());
    let batch = fill(&mut wide, &vec![None; columns]);
    assert!(batch.len() <= BYTES / CELL / columns + 1);
    assert!(memory(&batch) <= BYTES);
}

#[test]
fn a_long_batch_leaves_no_room_behind_for_long() {
    let mut filling = filling();
    let note = "x".repeat(1 << 20);
    fill(&mut filling, &[Some(VIN), Some(&note)]);
    let next = fill(&mut filling, &[Some(VIN), None]);
    assert!(memory(&next) <= 2 * BYTES);
    let last = fill(&mut filling, &[Some(VIN), None]);
    assert!(memory(&last) < BYTES / 16, "{}", memory(&last));
}

#[test]
fn only_marked_rows_are_taken_from_the_carried_columns() {
    let mut filling = filling();
    for cells in [[VIN, "read"], ["", "only"], ["b", ""]] {
        filling.push(cells.into_iter().map(Some), None);
    }
    let batch = taken(&mut filling);
    let kept = batch.columns_where(vec![true, false, true]).expect("a mark for each");
    let expected: ArrayRef = Arc::new(StringArray::from(vec![VIN, "b"]));
    assert_eq!(kept, [expected]);
    assert!(batch.columns_where(vec![true; 4]).is_err());
    assert_eq!((batch.row(1).cell(0), batch.row(0).cell(1)), (None, None));
}

#[test]
fn typed_cells_are_empty_where_files_lack_the_column() {
    let types = [DataType::Utf8, DataType::Int64];
    let mut filling = Filling::new(&types, 2);
    let vin: ArrayRef = Arc::new(StringArray::from(vec![VIN, VIN]));
    let miles: ArrayRef = Arc::new(Int64Array::from(vec![7, 8]));
    filling.start_file(0, 2, Roles { vin: Some(0), ..Roles::default() });
    filling.push([Some("of text"), None].into_iter(), None);
    filling.start_file(1, 1, Roles { vin: Some(0), ..Roles::default() });
    let both = [Some(Arc::clone(&vin)), Some(Arc::clone(&miles))];
    filling.push_rows(2, &both, Vec::new()).expect("rows");
    filling.start_file(2, 1, Roles { vin: Some(0), ..Roles::default() });
    filling.push_rows(2, &[Some(vin), None], Vec::new()).expect("rows");
    let batch = taken(&mut filling);
    let expected: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(7), Some(8), None, None]));
    assert_eq!(batch.columns().nth(1), Some(expected));
    let cells: Vec<_> = batch.rows().map(|row| row.cell(1)).collect();
    assert_eq!(cells, [None, Some("7"), Some("8"), None, None]);
    assert_eq!(batch.row(4).source_row(), 2);
}

#[test]
fn a_long_cell_of_many_rows_rejects_its_row_alone() {
    let mut filling = filling();
    let long = "x".repeat(MAX_FIELD + 1);
    let notes: ArrayRef = Arc::new(StringArray::from(vec!["a", &long, "b"]));
    let vins: ArrayRef = Arc::new(StringArray::from(vec![VIN; 3]));
    filling.push_rows(3, &[Some(vins), Some(notes)], Vec::new()).expect("rows");
    let batch = taken(&mut filling);
    let problems: Vec<_> = batch.rows().map(Row::problem).collect();
    assert_eq!(problems, [None, Some(VinError::FieldTooLong), None]);
}
