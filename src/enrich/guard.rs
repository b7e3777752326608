//! Whether the rows that were read may be spent on, and may replace the output that is
//! there: decided here alone, before anything is asked. An export that was spoilt on its
//! way never replaces a good output.

use std::fs;
use std::path::Path;

use crate::domain::numbers::thousands;
use crate::domain::{Error, Exit};
use crate::enrich::plan::{Plan, Thresholds};
use crate::enrich::report::Report;
use crate::enrich::session::Session;
use crate::enrich::survey::Survey;

/// An output that loses this share of its rows, in percent, is warned about.
const WARNED_SHRINK: u64 = 20;

/// 65 where the input itself is not good enough, whatever output there is.
pub(crate) fn check_rows(thresholds: &Thresholds, survey: &Survey) -> Result<(), Error> {
    if thresholds.require_rows && survey.rows == 0 {
        return Err(refused("the input has no rows".into())
            .hint("without `--require-rows` an empty input gives an empty output"));
    }
    match thresholds.max_rejected {
        Some(most) if most.exceeded_by(survey.rejects(), survey.rows) => {
            let (bad, all) = (thousands(survey.rejects()), thousands(survey.rows));
            Err(refused(format!("{bad} of {all} rows have no usable VIN")).hint(
                "`vinrich validate` shows them with their reasons; `--max-rejected` sets how many are too many",
            ))
        }
        _ => Ok(()),
    }
}

/// 65 where rows would replace an output that are surely not what it should become.
pub(crate) fn check_usable(plan: &Plan, survey: &Survey) -> Result<(), Error> {
    let Some(output) = replaced(plan).filter(|_| !plan.thresholds.allow_empty) else {
        return Ok(());
    };
    let kept = format!("`{}` is left as it is", output.display());
    if survey.rows == 0 {
        Err(refused(format!("the input has no rows; {kept}"))
            .hint("`--allow-empty` lets an empty output replace it"))
    } else if survey.valid == 0 {
        let rows = thousands(survey.rows);
        Err(refused(format!("no row of the input has a usable VIN (rows: {rows}); {kept}")).hint(
            "`vinrich validate` shows what is wrong with them; `--allow-empty` writes them all the same",
        ))
    } else {
        Ok(())
    }
}

/// 65 where an output would lose more rows than may be lost, compared with the last
/// complete run that wrote it. A warning where it would lose many.
pub(crate) fn check_shrink(
    plan: &Plan,
    survey: &Survey,
    session: &Session<'_>,
) -> Result<(), Error> {
    let Some(output) = replaced(plan) else { return Ok(()) };
    let output = output.display();
    let Some(last) = last_complete(session)? else {
        if plan.thresholds.max_shrink.is_some() {
            let message = format!(
                "`--max-shrink` has nothing to compare with: the store knows of no complete run that wrote `{output}`"
            );
            session.report.warn("shrink", message);
        }
        return Ok(());
    };
    let (run, before) = last;
    let rows = rows_to_write(plan, survey);
    let fewer = before.saturating_sub(rows);
    let message = || {
        let percent = (fewer * 100).checked_div(before).unwrap_or_default();
        let (rows, before) = (thousands(rows), thousands(before));
        format!(
            "`{output}` would have {rows} rows, {percent} % fewer than the {before} of its last complete run, {run}"
        )
    };
    if plan.thresholds.max_shrink.is_some_and(|most| most.exceeded_by(fewer, before)) {
        return Err(refused(format!("{}; it is left as it is", message())).hint(
            "raise `--max-shrink`, or leave it out once, if so many rows are gone for good",
        ));
    }
    if fewer > 0 && fewer * 100 >= before * WARNED_SHRINK {
        session.report.warn("shrink", message());
    }
    Ok(())
}

fn refused(message: String) -> Error {
    Error::new(Exit::BadInput, message)
}

/// The output that the run would replace; a file without a byte is none yet.
fn replaced(plan: &Plan) -> Option<&Path> {
    let path = plan.output.path.as_deref()?;
    fs::metadata(path).is_ok_and(|file| file.len() > 0).then_some(path)
}

fn rows_to_write(plan: &Plan, survey: &Survey) -> u64 {
    if plan.output.rejects.is_some() { survey.valid } else { survey.rows }
}

/// The last complete run that wrote the output of this one, and how many rows: by its
/// snapshot, else by the report of a run from before those were kept.
fn last_complete(session: &Session<'_>) -> Result<Option<(String, u64)>, Error> {
    let Some(output) = &session.report.run.output else { return Ok(None) };
    let view = session.store.snapshot()?;
    if let Some(kept) = view.output_snapshots(Some(output))?.into_iter().next() {
        return Ok(Some((kept.run_id, kept.rows)));
    }
    let complete = |json: &str| Report::from_json(json).filter(Report::wrote_complete_output);
    let report = view.find_report(output, complete)?;
    Ok(report.map(|report| (report.run_id, report.rows.written)))
}
