//! Decodes that rows share reach a file once.

use std::fs;
use std::sync::Arc;

use ::arrow::array::{AsArray, RecordBatch};
use ::arrow::compute::concat_batches;
use ::arrow::datatypes::Int32Type;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Folder, answer, bare, blank, spec, write};
use crate::domain::Status;
use crate::domain::facts::DecodeFacts;
use crate::output::record::{Block, DatasetAnswer, Record};

/// Decodes that rows share, decodes that none do, and none at all: whichever way a block
/// reaches the encoder, a row says what its record says.
#[test]
fn shared_decodes_are_those_of_the_records() {
    let facts = |kind: usize| {
        let (make, trim) = (format!("MAKE {}", kind % 3), format!("Trim {kind}"));
        let trim = (!kind.is_multiple_of(4)).then_some(trim);
        let doors = i32::try_from(kind).ok();
        Some(Arc::new(DecodeFacts { make: Some(make), trim, doors, ..DecodeFacts::default() }))
    };
    let shared: Vec<_> = (0..7).map(facts).collect();
    let blocks: [Vec<Option<Arc<DecodeFacts>>>; 5] = [
        (0..50).map(|row| shared[row % 5].clone()).collect(),
        (100..150).map(facts).collect(),
        vec![None; 50],
        (0..50).map(|row| if row % 6 == 0 { None } else { shared[row % 7].clone() }).collect(),
        shared[..1].iter().cycle().take(50).cloned().collect(),
    ];
    let record = |facts: &Option<Arc<DecodeFacts>>| {
        let status = if facts.is_some() { Status::Found } else { Status::Absent };
        Record { decode: DatasetAnswer { facts: facts.clone(), ..answer(status, None) }, ..bare() }
    };
    let block = |facts: &Vec<_>| Block {
        records: facts.iter().map(record).collect(),
        input: blank(facts.len()),
    };
    let folder = Folder::new();
    let path = folder.path("out.parquet");
    write(&spec(&path), &blocks.each_ref().map(block));

    let file = fs::File::open(&path).expect("the file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet footer");
    let batches: Vec<RecordBatch> =
        reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
    let whole = concat_batches(&batches[0].schema(), &batches).expect("one table");
    let text = |name: &str| whole.column_by_name(name).expect("a column").as_string::<i32>();
    let said = blocks.concat();
    let makes = said.iter().map(|facts| facts.as_ref()?.make.as_deref());
    assert!(text("make").iter().eq(makes));
    let trims = said.iter().map(|facts| facts.as_ref()?.trim.as_deref());
    assert!(text("trim").iter().eq(trims));
    let doors = whole.column_by_name("doors").expect("a column").as_primitive::<Int32Type>();
    assert!(doors.iter().eq(said.iter().map(|facts| facts.as_ref()?.doors)));
}
