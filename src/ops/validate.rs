//! `validate`: what is in the input, by local rules alone.

use crate::domain::Error;
use crate::domain::vin::Rules;
use crate::enrich::plan::Plan;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::files::{OutputLocks, Protected};
use crate::input::{Batch, Inputs, RowIds};
use crate::output::record::{Block, Record};
use crate::output::{InputInfo, Output, Written};

/// Checks the VINs of the plan's input. Rejected rows go to the plan's rejects file,
/// where it names one. No store is opened, and no vendor is asked.
///
/// # Errors
/// 64 and 66 where the input cannot be found or read as rows of VINs, 65 where it has
/// more rejects than the plan allows, 73 and 74 where the rejects cannot be written.
pub fn validate(plan: &Plan, context: Context<'_>) -> Result<Report, Error> {
    let report = ReportBuilder::of_plan(plan, context);
    let Context { events, cancel, .. } = context;
    let idle = cancel.idle();
    cancel.check()?;
    let inputs = Inputs::open(&plan.input)?;
    inputs.check_row_ids(&plan.input)?;
    let protected = Protected::of(&plan.settings).and("an input file", inputs.paths());
    let _locks = OutputLocks::take(&plan.written(), &protected, plan.wait_lock)?;
    drop(idle);
    let survey = Survey::of(&inputs, plan, events, cancel)?;
    report.note_survey(&inputs, &survey);
    if plan.output.rejects.is_some() {
        survey.check_room(&inputs, &plan.output)?;
        report.note_files(write_rejects(plan, &report, &inputs)?);
    }
    survey.check(&plan.thresholds)?;
    Ok(report.build(None))
}

fn write_rejects(
    plan: &Plan,
    report: &ReportBuilder<'_>,
    inputs: &Inputs,
) -> Result<Vec<Written>, Error> {
    let (files, headers, tell_kinds) = (inputs.names(), inputs.headers(), inputs.tell_kinds());
    let run_id = &report.run.run_id;
    let input = InputInfo {
        columns: inputs.columns(),
        types: inputs.types(),
        tell_kinds: &tell_kinds,
        headers: &headers,
        files: &files,
    };
    let mut output = Output::create_rejects_only(&plan.output, input, run_id)?;
    let mut row_ids = inputs.row_ids();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        if let Some(exit) = report.context.cancel.asked() {
            return Err(Error::new(exit, "stopped while the rejects were written"));
        }
        output.write(rejects_of(&batch, plan.rules, &mut row_ids)?)?;
    }
    batches.finish()?;
    let written = output.commit()?;
    Ok(written.into_iter().filter(|file| file.path != "-").collect())
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
