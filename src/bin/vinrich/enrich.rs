//! `vinrich enrich`: the rows of files into one enriched output.

use std::path::Path;

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::plan::Plan;
use vinrich::report::Watchers;
use vinrich::{Context, SystemClock};

use crate::cli::{CommonArgs, EnrichArgs};
use crate::console::Console;
use crate::sandbox::Session;
use crate::{args_to_plan, settings, signals, summary};

pub(crate) fn run(args: &EnrichArgs, common: &CommonArgs) -> Result<u8, Error> {
    let cancel = Cancel::new();
    let console = Console::new(common).silent_when_whole();
    let clock = SystemClock::new();
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let prepared = prepare(args, common);
    let (plan, _session) = prepared.inspect_err(|error| {
        watchers(args).fail_without_plan(&args_to_plan::command_line(), error, context);
    })?;
    signals::watch(&cancel)?;

    let outcome = vinrich::enrich(&plan, context);
    console.finish();
    let report = outcome.inspect_err(|_| console.say_held())?;
    summary::print(&report, &console, common);
    Ok(report.exit_code)
}

/// What is typed and configured, with the sandbox if it is wanted.
fn prepare(args: &EnrichArgs, common: &CommonArgs) -> Result<(Plan, Option<Session>), Error> {
    let mut plan = args_to_plan::of_enrich(args, settings::load(common.config.as_deref())?)?;
    let session = Session::start(&args.sandbox, &mut plan.settings)?;
    Ok((plan, session))
}

/// Who is to hear of a run that has no plan.
fn watchers(args: &EnrichArgs) -> Watchers<'_> {
    Watchers {
        report: args.watch.report.as_deref(),
        metrics: args.watch.metrics.as_deref(),
        ping: args.watch.ping.as_ref(),
        output: Some(args.output.output.as_path()).filter(|out| *out != Path::new("-")),
        rejects: args.output.rejects.as_deref(),
    }
}
