//! The rejected rows alone, into a rejects file: for commands that ask nobody.

use crate::domain::vin::Rules;
use crate::domain::{Cancel, Error};
use crate::input::{Batch, Inputs, RowIds};
use crate::output::record::{Block, Record};
use crate::output::{Output, Written};

/// Reads the input once more, and writes its rejected rows to the rejects file of
/// `output`. Its rows stay unwritten.
pub(crate) fn write(
    mut output: Output,
    inputs: &Inputs,
    rules: Rules,
    cancel: &Cancel,
) -> Result<Option<Written>, Error> {
    let mut row_ids = inputs.row_ids();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        if let Some(exit) = cancel.asked() {
            return Err(Error::new(exit, "stopped while the rejects were written"));
        }
        output.write(rejects_of(&batch, rules, &mut row_ids)?)?;
    }
    batches.finish()?;
    output.commit_rejects()
}

/// The rows of `batch` without a usable VIN.
fn rejects_of(batch: &Batch, rules: Rules, row_ids: &mut RowIds<'_>) -> Result<Block, Error> {
    let mut records = Vec::new();
    let mut is_rejected = Vec::with_capacity(batch.len());
    for row in batch.rows() {
        let reading = row.reading(rules);
        let row_id = row_ids.next(row, &reading);
        is_rejected.push(reading.vin.is_none());
        if reading.vin.is_none() {
            let record = Record::unasked(row.file(), row.source_row(), reading, row_id);
            records.push(Record { vin_cell: Some(row.vin().into()), ..record });
        }
    }
    Ok(Block { records, input: batch.columns_where(is_rejected)? })
}
