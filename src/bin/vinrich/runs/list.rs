//! `vinrich runs list`: the latest runs, a line each.

use std::path::Path;

use serde::Serialize;
use vinrich::domain::Timestamp;
use vinrich::domain::error::Error;
use vinrich::domain::money::Micros;
use vinrich::report::Report;
use vinrich::store::{RunRecord, RunState};

use super::find;
use crate::cli::{ReportFormat, RunsListArgs};
use crate::format::{at, rfc3339, text, thousands, took, visible};
use crate::stdout;
use crate::table::{is_narrow, table};

pub(super) fn run(args: &RunsListArgs, store: &Path) -> Result<(), Error> {
    let runs = find(store, None, args.output.as_deref(), args.limit)?;
    let listed: Vec<Listed<'_>> = runs.iter().map(Listed::of).collect();
    match args.format {
        ReportFormat::Json => stdout::write_json(&listed),
        ReportFormat::Text => stdout::write(&as_text(&listed)),
    }
}

/// One run, in a line.
#[derive(Debug, Serialize)]
pub(super) struct Listed<'a> {
    run_id: &'a str,
    started_at: Option<String>,
    ended_at: Option<String>,
    /// How long it took.
    seconds: Option<f64>,
    /// `running`, `killed` or `ended`.
    state: &'static str,
    exit_code: Option<u8>,
    /// The exit code's name.
    outcome: Option<String>,
    /// What it came of, as far as the report says.
    reason: Option<String>,
    /// Rows written; of runs that read and write rows alone.
    rows: Option<u64>,
    calls: u64,
    cost_micros: Micros,
    /// Where its rows went, if to a file.
    output: Option<&'a str>,
    command: &'a str,
    #[serde(skip)]
    started: Timestamp,
}

impl<'a> Listed<'a> {
    pub(super) fn of(run: &'a RunRecord) -> Self {
        let report = run.report.as_deref().and_then(Report::from_json);
        let (state, exit_code) = match run.state {
            RunState::Running => ("running", None),
            RunState::Killed => ("killed", None),
            RunState::Ended(code) => ("ended", Some(code)),
        };
        Self {
            run_id: &run.run_id,
            started_at: rfc3339(run.started_at),
            ended_at: run.ended_at.and_then(rfc3339),
            // When a killed run died is not known: it was found dead later.
            seconds: run
                .ended_at
                .filter(|_| exit_code.is_some())
                .map(|ended| ended.since(run.started_at).as_secs_f64()),
            state,
            exit_code,
            outcome: report.as_ref().map(|report| report.outcome.clone()),
            reason: report.as_ref().and_then(reason),
            rows: report.as_ref().map(|report| report.rows.written),
            calls: run.calls,
            cost_micros: run.spent,
            output: run.output.as_deref(),
            command: &run.command,
            started: run.started_at,
        }
    }

    /// Such as `exit 75: carvin quota`.
    fn ending(&self) -> String {
        let Some(code) = self.exit_code else { return self.state.into() };
        let why = self.reason.as_deref().or(self.outcome.as_deref().filter(|_| code != 0));
        why.map_or_else(|| format!("exit {code}"), |why| format!("exit {code}: {}", visible(why)))
    }
}

/// The error, or the vendors that were given up and why.
fn reason(report: &Report) -> Option<String> {
    let given_up = report.vendors.iter().filter_map(|(vendor, of)| {
        of.stopped.as_deref().filter(|_| report.exit_code != 0).map(|why| format!("{vendor} {why}"))
    });
    let given_up = given_up.collect::<Vec<_>>().join(", ");
    report.error.clone().or_else(|| Some(given_up).filter(|words| !words.is_empty()))
}

pub(super) fn as_text(runs: &[Listed<'_>]) -> String {
    if runs.is_empty() {
        return "no runs yet\n".into();
    }
    let heading = ["run", "started", "took", "rows", "calls", "cost", "ended", "command"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|run| {
        vec![
            run.run_id.to_owned(),
            at(run.started),
            run.seconds.map_or_else(|| "?".into(), took),
            run.rows.map(thousands).unwrap_or_default(),
            thousands(run.calls),
            run.cost_micros.to_string(),
            run.ending(),
            visible(run.command).into_owned(),
        ]
    }));
    if is_narrow() {
        // The id of a run begins with it.
        for row in &mut rows {
            row.remove(1);
        }
    }
    text(&table(&rows))
}
