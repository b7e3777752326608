use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field};

use super::*;
use crate::output::sink::Target;

/// Rows of `columns` texts, no two of which are alike.
fn batch(columns: usize, rows: usize, random: &mut fastrand::Rng) -> RecordBatch {
    let fields: Fields =
        (0..columns).map(|at| Field::new(format!("c{at}"), DataType::Utf8, true)).collect();
    let mut array = || -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            (0..rows).map(|_| format!("{:032x}", random.u128(..))),
        ))
    };
    let arrays = (0..columns).map(|_| array()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("of one length")
}

#[test]
fn many_columns_end_row_groups_by_bytes() {
    const HELD: usize = 8 << 20;
    let mut random = fastrand::Rng::with_seed(7);
    let first = batch(300, 256, &mut random);
    let file = tempfile::tempfile().expect("a file");
    let spool = Target::Spool(file.try_clone().expect("a handle"), Box::new(io::sink()));
    let encoder = ParquetEncoder::new(Sink::new(spool), first.schema(), Vec::new());
    let mut encoder = Box::new(encoder.expect("begun"));
    assert_eq!(encoder.held_bytes, HELD_BYTES);
    encoder.held_bytes = HELD;
    for written in 0..12 {
        let batch = if written == 0 { first.clone() } else { batch(300, 256, &mut random) };
        encoder.write(&batch).expect("written");
        assert!(encoder.writer.memory_size() < HELD, "after batch {written}");
    }
    encoder.finish().expect("finished");
    assert_eq!(rows_in(&file).expect("read"), 12 * 256);
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).expect("a footer");
    let groups = metadata.num_row_groups();
    assert!((2..=12).contains(&groups), "{groups} row groups");
}
