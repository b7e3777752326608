//! `vinrich enrich`: the rows of files into one enriched output.

use vinrich::cancel::Cancel;
use vinrich::clock::SystemClock;
use vinrich::error::Error;

use crate::bar::Console;
use crate::cli::{CommonArgs, EnrichArgs};
use crate::sandbox::Session;
use crate::{meaning, settings, signals, summary};

pub(crate) fn run(args: &EnrichArgs, common: &CommonArgs) -> Result<u8, Error> {
    let mut plan = meaning::of_enrich(args, settings::load(common.config.as_deref())?)?;
    let _session = Session::start(&args.sandbox, &mut plan.settings)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;

    let console = Console::new(common);
    let outcome = vinrich::run(&plan, &console, &SystemClock::new(), &cancel);
    console.finish();
    let report = outcome?;
    summary::tell(&report, &console, common);
    Ok(report.exit_code)
}
