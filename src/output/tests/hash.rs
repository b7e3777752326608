use std::sync::Arc;

use arrow::array::{
    BooleanArray, Date32Array, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};

use super::*;

fn texts(cells: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

/// The hash of each row of `columns`, which are called so in the input.
fn hashes(columns: &[(&str, ArrayRef)]) -> Vec<u128> {
    let mut hashes = RowHashes::of_rows(columns[0].1.len());
    for (name, column) in columns {
        hashes.add(Seed::of_input(name), column).expect("a column of a known type");
    }
    hashes.each().collect()
}

#[test]
fn order_and_empty_columns_do_not_count() {
    let plate = ("Plate", texts(&[Some("K-1"), Some("K-2"), None]));
    let miles: (_, ArrayRef) = ("Miles", Arc::new(Int64Array::from(vec![Some(70), None, None])));
    let empty = ("Note", texts(&[None, None, None]));
    let one_way = hashes(&[plate.clone(), miles.clone()]);
    assert_eq!(one_way, hashes(&[empty, miles, plate]));
    assert_ne!(one_way[0], one_way[1]);
    assert_eq!(one_way[2], 0);
}

#[test]
fn a_value_counts_for_its_own_column() {
    let (a, b) = (texts(&[Some("9"), Some("8")]), texts(&[Some("8"), Some("9")]));
    let swapped = hashes(&[("x", a.clone()), ("y", b)]);
    assert_ne!(swapped[0], swapped[1]);
    assert_ne!(hashes(&[("x", a.clone())]), hashes(&[("y", a.clone())]));
    let ours = {
        let mut hashes = RowHashes::of_rows(2);
        hashes.add(Seed::of_ours("x"), &a).expect("text");
        hashes.each().collect::<Vec<_>>()
    };
    assert_ne!(ours, hashes(&[("x", a)]));
}

#[test]
fn equal_numbers_of_two_types_are_equal() {
    let int: ArrayRef = Arc::new(Int32Array::from(vec![-7, 0, i32::MAX]));
    let long: ArrayRef = Arc::new(Int64Array::from(vec![-7, 0, i64::from(i32::MAX)]));
    assert_eq!(hashes(&[("n", int)]), hashes(&[("n", long)]));
    let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, 0.1]));
    let zeros = hashes(&[("n", zeros)]);
    assert!(zeros[0] == zeros[1] && zeros[1] != zeros[2]);
    let yes: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
    let yes = hashes(&[("n", yes)]);
    assert!(yes[0] != yes[1] && yes[1] != yes[2]);
}

/// The hash of each cell of a column of the input.
fn input_hashes(column: &ArrayRef) -> Vec<u128> {
    let mut hashes = RowHashes::of_rows(column.len());
    hashes.add_as_text(Seed::of_input("cell"), column).expect("a column of a known type");
    hashes.each().collect()
}

#[test]
fn a_typed_cell_hashes_as_its_text() {
    let typed: [(ArrayRef, &[Option<&str>]); 6] = [
        (Arc::new(Int64Array::from(vec![Some(-402), None])), &[Some("-402"), None]),
        (
            Arc::new(Float64Array::from(vec![61_250.0, 0.25, -3.0, f64::NAN])),
            &[Some("61250.0"), Some("0.25"), Some("-3"), Some("NaN")],
        ),
        (Arc::new(Float32Array::from(vec![8.0, 1.5])), &[Some("8"), Some("1.5")]),
        (Arc::new(BooleanArray::from(vec![true, false])), &[Some("true"), Some("false")]),
        (Arc::new(Date32Array::from(vec![20_786])), &[Some("2026-11-29")]),
        (
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_795_906_800_000_000])
                    .with_timezone("+00:00"),
            ),
            &[Some("2026-11-28T23:00:00.000000Z")],
        ),
    ];
    for (typed, text) in typed {
        let kind = typed.data_type().clone();
        assert_eq!(input_hashes(&typed), input_hashes(&texts(text)), "{kind}");
    }
}

#[test]
fn empty_text_is_not_a_value() {
    let cells = input_hashes(&texts(&[Some(""), None, Some(" ")]));
    assert!(cells[0] == 0 && cells[1] == 0 && cells[2] != 0);
}

#[test]
fn text_that_is_not_a_whole_number_keeps_its_end() {
    let cells = ["7.0", "7", "7.00", "v7.0", "v7", ".0", "-.0", "7.10", "7.1"];
    let hashes = input_hashes(&texts(&cells.map(Some)));
    for (one, cell) in cells.iter().enumerate() {
        for (other, also) in cells.iter().enumerate().skip(one + 1) {
            let is_same = (*cell, *also) == ("7.0", "7");
            assert_eq!(hashes[one] == hashes[other], is_same, "{cell} {also}");
        }
    }
}
