//! `vinrich runs`: the runs this store remembers.

use vinrich::error::{Error, Exit};
use vinrich::store::{PastRun, RunState, Snapshots, Store};

use crate::cli::{CommonArgs, RunsCommand};
use crate::words::{at, span, table, text, thousands, visible};
use crate::{settings, stdout};

pub(crate) fn run(command: &RunsCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let store = Store::peek(&settings.store)?;
    match command {
        RunsCommand::List(args) => {
            let runs = store.map_or(Ok(Vec::new()), |store| store.runs(args.limit))?;
            stdout::write(&list(&runs))?;
        }
        RunsCommand::Show(args) => stdout::write(&show(store.as_ref(), &args.id)?)?,
    }
    Ok(Exit::Success.code())
}

fn list(runs: &[PastRun]) -> String {
    if runs.is_empty() {
        return "no runs yet\n".into();
    }
    let heading = ["run", "started", "took", "ended", "calls", "cost", "command"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|run| {
        let took = run
            .ended_at
            .map(|ended| ended.saturating_sub(run.started_at).max(0).unsigned_abs() / 1_000_000);
        vec![
            run.run_id.clone(),
            at(run.started_at),
            took.map_or_else(|| "?".into(), span),
            state(run.state),
            thousands(run.calls),
            run.spent.to_string(),
            visible(&run.command).into_owned(),
        ]
    }));
    text(&table(&rows))
}

fn state(state: RunState) -> String {
    match state {
        RunState::Ended(code) => format!("exit {code}"),
        RunState::Running => "running".into(),
        RunState::Died => "killed".into(),
    }
}

/// The report as the run left it; only an ended run has one.
fn show(store: Option<&Snapshots>, id: &str) -> Result<String, Error> {
    let unknown = || {
        Error::usage(format!("no run begins with `{}`", visible(id)))
            .hint("`vinrich runs list` shows them")
    };
    let (run, report) =
        store.map(|store| store.run(id)).transpose()?.flatten().ok_or_else(unknown)?;
    match report {
        Some(report) => Ok(format!("{}\n", report.trim_end())),
        None => Ok(list(&[run])),
    }
}

#[cfg(test)]
mod tests {
    use vinrich::money::Micros;

    use super::*;

    #[test]
    fn runs_are_listed_with_how_they_stand() {
        let run = |state, ended_at| PastRun {
            run_id: "20261122T022319Z-8d3c709b".into(),
            version: "0.1.0".into(),
            command: "vinrich enrich a.csv -o b.csv".into(),
            started_at: 1_795_314_199_000_000,
            ended_at,
            state,
            calls: 1200,
            spent: Micros(56_000),
        };
        let runs =
            [run(RunState::Running, None), run(RunState::Ended(75), Some(1_795_314_324_000_000))];
        assert_eq!(
            list(&runs),
            "run                        started                  took   ended    calls    cost  command\n\
             20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  ?      running  1,200  $0.056  vinrich enrich a.csv -o b.csv\n\
             20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  2 min  exit 75  1,200  $0.056  vinrich enrich a.csv -o b.csv\n"
        );
        assert_eq!(list(&[]), "no runs yet\n");
    }

    #[test]
    fn an_unknown_run_is_a_usage_error() {
        let error = show(None, "2026").expect_err("there is no store");
        assert_eq!(
            (error.exit(), error.to_string().as_str()),
            (Exit::Usage, "no run begins with `2026`")
        );
    }
}
