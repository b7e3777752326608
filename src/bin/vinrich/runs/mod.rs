//! `vinrich runs`: the runs this store remembers, and their calls.

mod audit;

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::store::{RunRecord, Store};

use crate::cli::{CommonArgs, RunsCommand};
use crate::format::{at, span, text, thousands, visible, visible_json};
use crate::table::table;
use crate::{settings, stdout};

pub(crate) fn run(command: &RunsCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let store = settings.store.clone();
    match command {
        RunsCommand::List(args) => stdout::write(&list(&latest(&store, args.limit)?))?,
        RunsCommand::Show(args) => stdout::write(&show(find(&store, &args.id)?, &args.id)?)?,
        RunsCommand::Audit(args) => audit::run(args, &settings)?,
    }
    Ok(Exit::Success.code())
}

fn latest(store: &Path, most: u32) -> Result<Vec<RunRecord>, Error> {
    let Some(store) = Store::peek(store)? else { return Ok(Vec::new()) };
    store.snapshot()?.runs(most)
}

fn find(store: &Path, id: &str) -> Result<Option<RunRecord>, Error> {
    let Some(store) = Store::peek(store)? else { return Ok(None) };
    store.snapshot()?.run(id)
}

fn list(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs yet\n".into();
    }
    let heading = ["run", "started", "took", "ended", "calls", "command"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|run| {
        vec![
            run.run_id.clone(),
            at(run.started_at),
            took(run),
            ending(run),
            thousands(run.calls),
            visible(&run.command).into_owned(),
        ]
    }));
    text(&table(&rows))
}

fn took(run: &RunRecord) -> String {
    let ended = run.ended_at.filter(|ended| *ended >= run.started_at);
    ended.map_or_else(|| "?".into(), |ended| span(ended.since(run.started_at).as_secs()))
}

/// That a run was killed is written down when another run finds it.
fn ending(run: &RunRecord) -> String {
    match (run.exit_code, run.ended_at) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(_)) => "killed".into(),
        (None, None) => "running, or killed".into(),
    }
}

/// The report as the run left it; only an ended run has one.
fn show(run: Option<RunRecord>, id: &str) -> Result<String, Error> {
    let run = run.ok_or_else(|| {
        Error::usage(format!("no run, or more than one, begins with `{}`", visible(id)))
            .hint("`vinrich runs list` shows them")
    })?;
    match &run.report {
        Some(report) => Ok(format!("{}\n", visible_json(report.trim_end()))),
        None => Ok(list(&[run])),
    }
}

#[cfg(test)]
mod tests;
