//! `vinrich enrich`: the rows of files into one enriched output.

use vinrich::cancel::Cancel;
use vinrich::clock::SystemClock;
use vinrich::config::Settings;
use vinrich::error::Error;
use vinrich::events::{Events, Level};

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
    warn_of_open_keys(&plan.settings, &console);
    let outcome = vinrich::run(&plan, &console, &SystemClock::new(), &cancel);
    console.finish();
    let report = outcome?;
    summary::tell(&report, &console, common);
    Ok(report.exit_code)
}

fn warn_of_open_keys(settings: &Settings, console: &Console) {
    for vendor in settings.vendors.values().filter(|vendor| vendor.api_key.is_none()) {
        if let Some(warning) = vendor.key_warning() {
            console.note(Level::Warn, "key_file_readable", &warning);
        }
    }
}
