//! `vinrich tool run`: a paid tool, once for each row or vehicle.

use std::path::Path;

use vinrich::config::Settings;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::{Error, Exit};
use vinrich::tool::{Per, ToolPlan};
use vinrich::vendors::visa;
use vinrich::{Context, Intent, SystemClock};

use crate::cli::{CommonArgs, PerWhat, ToolCommand, ToolRunArgs};
use crate::console::Console;
use crate::format::count;
use crate::sandbox::Session;
use crate::{args_to_plan, confirm, settings, signals, summary};

pub(crate) fn run(command: &ToolCommand, common: &CommonArgs) -> Result<u8, Error> {
    let ToolCommand::Run(args) = command;
    let mut settings = settings::load(common.config.as_deref())?;
    let _session = Session::start(&args.sandbox, &mut settings)?;
    let plan = plan(args, settings)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    let console = Console::new(common);
    let clock = SystemClock::new();
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let outcome = vinrich::tool(&plan, context, &|Intent { calls }| agree(args, calls));
    console.finish();
    let report = outcome?;
    if !common.quiet || report.exit_code != 0 {
        let ok: u64 = report.vendors.values().map(|vendor| vendor.ok).sum();
        let spent = report
            .vendors
            .values()
            .map(|vendor| vendor.spent)
            .sum::<vinrich::domain::money::Micros>();
        let rows = count(report.rows.read, "row");
        let headline = format!("{rows}: {} of `{}`, {spent} charged", count(ok, "run"), args.tool);
        summary::print_acted(&report, &headline, &console, common);
    }
    Ok(report.exit_code)
}

fn plan(args: &ToolRunArgs, settings: Settings) -> Result<ToolPlan, Error> {
    Ok(ToolPlan {
        input: args_to_plan::rows(&args.rows),
        tool: args.tool.clone(),
        template: template(args, &settings)?,
        template_file: args.input.clone(),
        per: match args.per {
            PerWhat::Row => Per::Row,
            PerWhat::Vehicle => Per::Vehicle,
        },
        max_cost: args.max_cost,
        max_calls: args.consent.max_calls,
        output: (args.output != Path::new("-")).then(|| args.output.clone()),
        command: args_to_plan::command_line(),
        settings,
    })
}

/// The template's text, and what to call it in an error.
fn template(args: &ToolRunArgs, settings: &Settings) -> Result<(String, String), Error> {
    if let Some(path) = &args.input {
        let text = std::fs::read_to_string(path).map_err(|source| {
            Error::new(Exit::NoInput, format!("cannot read the template `{}`", path.display()))
                .because(source)
        })?;
        return Ok((format!("the template `{}`", path.display()), text));
    }
    let configured = settings.vendors.get(visa::ID).and_then(|visa| visa.option(visa::INPUT));
    let text = configured.ok_or_else(|| {
        Error::usage("a tool needs an `input`, and no template says what it is").hint(
            "`--input FILE` names a JSON file such as {\"prompt\": \"Describe a {make} {model}\"}; \
             or set `input` under [vendors.visa]",
        )
    })?;
    Ok((format!("`vendors.{}.{}`", visa::ID, visa::INPUT), text.to_owned()))
}

/// `--max-cost` is the consent; on a terminal the number of runs is shown first.
fn agree(args: &ToolRunArgs, calls: usize) -> Result<(), Error> {
    if args.consent.yes || !confirm::can_be_asked() {
        return Ok(());
    }
    let runs = count(calls as u64, "time");
    confirm::ask(&format!("run `{}` {runs} and spend at most {}", args.tool, args.max_cost))
}
