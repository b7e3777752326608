//! `vinrich enrich`: the rows of files into one enriched output.

use std::path::{Path, PathBuf};

use vinrich::config::Settings;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::{Error, Exit};
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
    let settings = settings::load(common.config.as_deref());
    let known = settings.as_ref().ok().cloned();
    let (plan, _session) =
        settings.and_then(|settings| prepare(args, settings)).inspect_err(|error| {
            let store = store(args, known.as_ref(), common);
            let command = args_to_plan::command_line();
            let watchers = watchers(args, store.as_deref());
            watchers.fail_without_plan(&command, error, context, known.as_ref());
        })?;
    signals::watch(&cancel)?;

    let outcome = vinrich::enrich(&plan, context);
    console.finish();
    let report = outcome.inspect_err(|error| {
        // A reader who has left misses nothing.
        if error.exit() != Exit::Success {
            console.say_held();
        }
    })?;
    if plan.is_filter() {
        summary::print_counts(&report, &console);
    } else {
        summary::print(&report, &console, common);
    }
    Ok(report.exit_code)
}

/// The plan, with the sandbox if it is wanted.
fn prepare(args: &EnrichArgs, settings: Settings) -> Result<(Plan, Option<Session>), Error> {
    let mut plan = args_to_plan::of_enrich(args, settings)?;
    if args.sandbox.sandbox && plan.is_filter() {
        return Err(Error::usage(
            "`--sandbox` answers calls, and a stream that passes through makes none",
        )
        .hint("leave out `--sandbox`, or `--offline`"));
    }
    let session = Session::start(&args.sandbox, &mut plan.settings)?;
    Ok((plan, session))
}

/// Which store keeps a run that has no plan; that of a sandbox goes with it.
fn store(args: &EnrichArgs, known: Option<&Settings>, common: &CommonArgs) -> Option<PathBuf> {
    match known {
        _ if args.sandbox.sandbox => None,
        _ if args.store.is_some() => args.store.clone(),
        Some(settings) => Some(settings.store.clone()),
        None => settings::store_of(common.config.as_deref()),
    }
}

/// Who is to hear of a run that has no plan.
fn watchers<'a>(args: &'a EnrichArgs, store: Option<&'a Path>) -> Watchers<'a> {
    Watchers {
        report: args.watch.report.as_deref(),
        metrics: args.watch.metrics.as_deref(),
        ping: args.watch.ping.as_ref(),
        output: Some(args.output.output.as_path()).filter(|out| *out != Path::new("-")),
        rejects: args.output.rejects.as_deref(),
        store,
    }
}
