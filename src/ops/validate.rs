//! `validate`: what is in the input, by local rules alone.

use crate::domain::error::Error;
use crate::enrich::plan::Plan;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::enrich::write::Filling;
use crate::input::{Inputs, Row};
use crate::output::record::Record;
use crate::output::{Output, Written};

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
    drop(idle);
    let survey = Survey::of(&inputs, plan.rules, events, cancel)?;
    report.note_survey(&inputs, &survey);
    if plan.output.rejects.is_some() {
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
    let (files, paths) = (inputs.names(), inputs.paths());
    let run_id = &report.run.run_id;
    let mut output =
        Output::create_rejects_only(&plan.output, inputs.columns(), &files, run_id, &paths)?;
    let mut block = Filling::new(inputs.columns().len());
    let mut rows = inputs.rows()?;
    let mut row = Row::default();
    while rows.next(&mut row)? {
        if let Some(exit) = report.context.cancel.asked() {
            return Err(Error::new(exit, "stopped while the rejects were written"));
        }
        let reading = row.reading(plan.rules);
        if reading.vin.is_none() {
            block.push(&row, Record::unasked(&row, reading, &files[row.file()]));
            if block.is_full() {
                output.write(block.take())?;
            }
        }
    }
    output.write(block.take())?;
    rows.finish()?;
    let written = output.commit()?;
    Ok(written.into_iter().filter(|file| file.path != "-").collect())
}
