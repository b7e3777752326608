//! `vinrich enrich`: the rows of files into one enriched output.

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::{Context, SystemClock};

use crate::cli::{CommonArgs, EnrichArgs};
use crate::console::Console;
use crate::sandbox::Session;
use crate::{args_to_plan, settings, signals, summary};

pub(crate) fn run(args: &EnrichArgs, common: &CommonArgs) -> Result<u8, Error> {
    let mut plan = args_to_plan::of_enrich(args, settings::load(common.config.as_deref())?)?;
    let _session = Session::start(&args.sandbox, &mut plan.settings)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;

    let console = Console::new(common).silent_when_whole();
    let clock = SystemClock::new();
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let outcome = vinrich::enrich(&plan, context);
    console.finish();
    let report = outcome.inspect_err(|_| console.say_held())?;
    summary::print(&report, &console, common);
    Ok(report.exit_code)
}
