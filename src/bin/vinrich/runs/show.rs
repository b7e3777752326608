//! `vinrich runs show`: one run's summary again, or its report as JSON.

use std::path::Path;

use vinrich::domain::error::Error;
use vinrich::report::Report;
use vinrich::store::RunRecord;

use super::find;
use super::list::{Listed, as_text};
use crate::cli::{ReportFormat, RunsShowArgs};
use crate::format::{at, visible, visible_json};
use crate::{stdout, summary};

/// What names the latest run.
const LATEST: &str = "latest";

/// Runs looked through for the latest that read and wrote rows.
const MOST: u32 = 200;

pub(super) fn run(args: &RunsShowArgs, store: &Path) -> Result<(), Error> {
    let run = one(args, store)?;
    match (args.format, &run.report) {
        (ReportFormat::Json, Some(report)) => {
            stdout::write(&format!("{}\n", visible_json(report.trim_end())))
        }
        (ReportFormat::Json, None) => stdout::write_json(&Listed::of(&run)),
        (ReportFormat::Text, _) => stdout::write(&shown(&run)),
    }
}

/// The run that is meant.
fn one(args: &RunsShowArgs, store: &Path) -> Result<RunRecord, Error> {
    let id = Some(args.id.as_str()).filter(|id| *id != LATEST);
    let output = args.output.as_deref();
    let mut runs = find(store, id, output, if id.is_some() { 2 } else { MOST })?;
    let found = match id {
        Some(_) => (runs.len() == 1).then_some(0),
        // Commands such as `check` are runs too, and not what is asked about.
        None => runs.iter().position(is_about_rows),
    };
    found.map(|place| runs.swap_remove(place)).ok_or_else(|| {
        let of = output.map_or_else(String::new, |path| format!(" of `{}`", path.display()));
        let message = match id {
            Some(id) => format!("no run{of}, or more than one, begins with `{id}`"),
            None => format!("there is no run{of} yet"),
        };
        Error::usage(message).hint("`vinrich runs list` shows the runs that the store knows")
    })
}

/// Whether it is a run over rows, as far as is known: one without a report may be.
fn is_about_rows(run: &RunRecord) -> bool {
    run.report.as_deref().is_none_or(|report| Report::from_json(report).is_some())
}

/// What the run printed at its end, under a line that says which run it was.
fn shown(run: &RunRecord) -> String {
    let Some(report) = run.report.as_deref().and_then(Report::from_json) else {
        return as_text(&[Listed::of(run)]);
    };
    let (id, began, command) = (&run.run_id, at(run.started_at), visible(&run.command));
    format!("run {id}, started {began}\n{command}\n{}", summary::again(&report))
}

#[cfg(test)]
#[path = "tests/show.rs"]
mod tests;
