//! `validate`: what is in the input, by local rules alone.

use crate::domain::Error;
use crate::enrich::plan::Plan;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::enrich::{guard, rejects};
use crate::files::{OutputLocks, Protected, Wait};
use crate::input::Inputs;
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
    let wait = plan.wait_lock.map(|wait| Wait { wait, cancel });
    let _locks = OutputLocks::take(&plan.written(), &protected, wait)?;
    drop(idle);
    let survey = Survey::of(&inputs, plan, events, cancel)?;
    report.note_survey(&inputs, &survey);
    if plan.output.rejects.is_some() {
        survey.check_room(&inputs, &plan.output)?;
        report.note_files(write_rejects(plan, &report, &inputs)?);
    }
    guard::check_rows(&plan.thresholds, &survey)?;
    Ok(report.build(None))
}

fn write_rejects(
    plan: &Plan,
    report: &ReportBuilder<'_>,
    inputs: &Inputs,
) -> Result<Option<Written>, Error> {
    let (files, headers, tell_kinds) = (inputs.names(), inputs.headers(), inputs.tell_kinds());
    let run_id = &report.run.run_id;
    let input = InputInfo {
        columns: inputs.columns(),
        types: inputs.types(),
        tell_kinds: &tell_kinds,
        headers: &headers,
        files: &files,
    };
    let output = Output::create_rejects_only(&plan.output, input, run_id)?;
    rejects::write(output, inputs, plan.rules, report.context.cancel)
}
