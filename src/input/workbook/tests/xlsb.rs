use super::*;

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(&mut bytes, kind, body.len()).expect("memory");
    [&bytes, body].concat()
}

fn row(number: u32) -> Vec<u8> {
    record(record::ROW, &[&number.to_le_bytes()[..], &[0; 21]].concat())
}

/// A cell with a style of its own and so many bytes in it.
fn cell(kind: u16, column: Option<u32>, length: usize) -> Vec<u8> {
    let column = column.map(u32::to_le_bytes);
    let column = column.as_ref().map_or(&[][..], |column| column);
    record(kind, &[column, &[9, 0, 0, 0], &vec![7; length]].concat())
}

#[test]
fn short_cells_get_their_columns() {
    // A text in the long form, a number and one that is long in the short one; a record of
    // another kind between two rows.
    let given = [
        row(0),
        cell(6, Some(4), 5),
        cell(16, None, 8),
        cell(17, None, 300),
        record(0x01A7, b"other"),
        row(1),
        cell(12, None, 0),
        cell(9, Some(7), 20),
        cell(14, None, 1),
    ];
    let expected = [
        row(0),
        cell(6, Some(4), 5),
        cell(5, Some(5), 8),
        cell(6, Some(6), 300),
        record(0x01A7, b"other"),
        row(1),
        cell(1, Some(0), 0),
        cell(9, Some(7), 20),
        cell(3, Some(8), 1),
    ];
    let mut found = Vec::new();
    lengthen(&given.concat()[..], &mut found).expect("memory");
    assert_eq!(found, expected.concat());
    assert!(has_short_cells(&given.concat()[..]).expect("memory"));
    assert!(!has_short_cells(&found[..]).expect("memory"));
}

#[test]
fn a_sheet_that_its_reader_would_end_early_is_refused() {
    let whole = [row(1_048_575), cell(5, Some(0), 8)].concat();
    assert!(!has_short_cells(&whole[..]).expect("the last row"));
    let long = [&[5][..], &[0xFF, 0xFF, 0xFF, 0x7F]].concat();
    for bad in [&row(1_048_576)[..], &whole[..whole.len() - 1], &long] {
        has_short_cells(bad).expect_err("refused");
    }
}

#[test]
fn the_index_that_excel_adds_is_not_a_sheet() {
    assert!(is_sheet("xl/worksheets/sheet12.bin"));
    assert!(!is_sheet("xl/worksheets/binaryIndex1.bin"));
    assert!(!is_sheet("xl/worksheets/_rels/sheet1.bin.rels"));
}
