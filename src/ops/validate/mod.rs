//! `validate`: what is in the input, by local rules alone.

mod findings;

use serde::Serialize;

pub use self::findings::{Duplicate, Duplicates, Place, ProblemRow};
use crate::domain::Error;
use crate::enrich::guard;
use crate::enrich::plan::Plan;
use crate::enrich::rejects::RejectsFile;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::input::Inputs;

/// What is in an input.
#[derive(Debug, Default, Serialize)]
pub struct Validation {
    /// The files and the rows, counted as a run counts them.
    #[serde(flatten)]
    pub report: Report,
    /// The first rows with something wrong with them, in their order: rejected ones,
    /// and as far as there are fewer, those whose check digit fails.
    pub problems: Vec<ProblemRow>,
    /// Rows with the VIN of another row.
    pub duplicates: Duplicates,
    /// 65, where the input is worse than the plan allows.
    #[serde(skip)]
    pub refused: Option<Error>,
}

/// Checks the VINs of the plan's input. Rejected rows go to the plan's rejects file,
/// where it names one. No store is opened, and no vendor is asked.
///
/// # Errors
/// 64 and 66 where the input cannot be found or read as rows of VINs, 65 where it is
/// damaged, 73 and 74 where the rejects cannot be written.
pub fn validate(plan: &Plan, context: Context<'_>) -> Result<Validation, Error> {
    let report = ReportBuilder::of_plan(plan, context);
    let Context { events, cancel, .. } = context;
    let idle = cancel.idle();
    cancel.check()?;
    let inputs = Inputs::open(&plan.input)?;
    inputs.check_row_ids(&plan.input)?;
    let rejects = RejectsFile::create(plan, &inputs, &report.run.run_id, cancel)?;
    drop(idle);
    let survey = Survey::of(&inputs, plan, events, cancel)?;
    report.note_survey(&inputs, &survey);
    let (problems, duplicates) = findings::find(&inputs, &survey, plan.rules, cancel)?;
    if let Some(rejects) = rejects {
        survey.check_room(&inputs, &plan.output)?;
        report.note_files(rejects.write(&inputs, plan.rules, cancel)?);
    }
    let refused = guard::check_rows(&plan.thresholds, &survey).err();
    Ok(Validation { report: report.build(refused.as_ref()), problems, duplicates, refused })
}
