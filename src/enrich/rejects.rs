//! The rejected rows alone, into a rejects file: for commands that ask no vendor.

use crate::domain::vin::Rules;
use crate::domain::{Cancel, Error};
use crate::enrich::plan::Plan;
use crate::enrich::write::{lock, with_info};
use crate::files::OutputLocks;
use crate::input::{Batch, Inputs, RowIds};
use crate::output::record::{Block, Record};
use crate::output::{InputInfo, Output, Written};

/// A rejects file without an output beside it.
pub(crate) struct RejectsFile {
    output: Output,
    _locks: OutputLocks,
}

impl RejectsFile {
    /// Takes its place, where the plan names one. Fails as an output does.
    pub(crate) fn create(
        plan: &Plan,
        inputs: &Inputs,
        run_id: &str,
        cancel: &Cancel,
    ) -> Result<Option<Self>, Error> {
        if plan.output.rejects.is_none() {
            return Ok(None);
        }
        let mut written = plan.written();
        written.retain(|named| named.flag == "--rejects");
        let locks = lock(plan, &written, inputs, cancel)?;
        let create =
            |input: InputInfo<'_>| Output::create_rejects_only(&plan.output, input, run_id);
        let output = with_info(inputs, create)?;
        Ok(Some(Self { output, _locks: locks }))
    }

    /// Reads the input once more, and puts the file in its place.
    pub(crate) fn write(
        self,
        inputs: &Inputs,
        rules: Rules,
        cancel: &Cancel,
    ) -> Result<Option<Written>, Error> {
        write(self.output, inputs, rules, cancel)
    }
}

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
