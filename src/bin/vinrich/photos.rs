//! `vinrich photos`: links by which customers send photos of vehicles.

use std::path::{Path, PathBuf};

use vinrich::config::Settings;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::input::InputSpec;
use vinrich::photos::{self, PhotoPlan, Photos, To};
use vinrich::{Context, Intent, SystemClock};

use crate::cli::{
    CommonArgs, ConsentArgs, PhotosCancelArgs, PhotosCommand, PhotosDownloadArgs,
    PhotosRequestArgs, PhotosStatusArgs, SandboxedArgs,
};
use crate::console::Console;
use crate::format::count;
use crate::sandbox::Session;
use crate::{args_to_plan, confirm, settings, signals, summary};

pub(crate) fn run(command: &PhotosCommand, common: &CommonArgs) -> Result<u8, Error> {
    match command {
        PhotosCommand::Request(args) => request(args, common),
        PhotosCommand::Status(args) => status(args, common),
        PhotosCommand::Download(args) => download(args, common),
        PhotosCommand::Cancel(args) => cancel(args, common),
    }
}

fn request(args: &PhotosRequestArgs, common: &CommonArgs) -> Result<u8, Error> {
    let input = Some(args_to_plan::rows(&args.rows));
    let output = args.output.as_deref().map_or(To::Nowhere, to);
    let plan = planned(input, args.consent.max_calls, output);
    carry_out(&args.sandbox, common, plan, ("photo request", "made"), |plan, context| {
        let agree = agree(&args.consent, "make", "photo request");
        photos::request(plan, args.again, context, &agree)
    })
}

fn status(args: &PhotosStatusArgs, common: &CommonArgs) -> Result<u8, Error> {
    let plan = planned(only(&args.inputs), args.max_calls, to(&args.output));
    carry_out(&args.sandbox, common, plan, ("photo request", "looked at"), photos::status)
}

fn download(args: &PhotosDownloadArgs, common: &CommonArgs) -> Result<u8, Error> {
    let plan = planned(only(&args.inputs), args.max_calls, To::Nowhere);
    carry_out(&args.sandbox, common, plan, ("photo", "downloaded"), |plan, context| {
        photos::download(plan, &args.output, context)
    })
}

/// The vehicles of files, of all photo requests where there is none.
fn only(inputs: &[String]) -> Option<InputSpec> {
    let sources = inputs.to_vec();
    (!sources.is_empty()).then(|| InputSpec { sources, ..InputSpec::default() })
}

fn cancel(args: &PhotosCancelArgs, common: &CommonArgs) -> Result<u8, Error> {
    let vins = args.vins.iter().map(|vin| args_to_plan::vin(vin)).collect::<Result<Vec<_>, _>>()?;
    let vins = (!args.all).then_some(vins);
    let plan = planned(None, args.consent.max_calls, To::Nowhere);
    carry_out(&args.sandbox, common, plan, ("photo request", "cancelled"), |plan, context| {
        let agree = agree(&args.consent, "cancel", "photo request");
        photos::cancel(plan, vins.as_deref(), context, &agree)
    })
}

/// The plan, but for the settings, which are loaded later.
fn planned(
    input: Option<InputSpec>,
    max_calls: Option<u64>,
    output: To,
) -> impl FnOnce(Settings) -> PhotoPlan {
    let command = args_to_plan::command_line();
    move |settings| PhotoPlan { input, settings, max_calls, output, command }
}

/// Does the work with what every command needs around it, and prints its summary.
fn carry_out(
    sandboxed: &SandboxedArgs,
    common: &CommonArgs,
    plan: impl FnOnce(Settings) -> PhotoPlan,
    done: (&str, &str),
    work: impl FnOnce(&PhotoPlan, Context<'_>) -> Result<Photos, Error>,
) -> Result<u8, Error> {
    let mut settings = settings::load(common.config.as_deref())?;
    let _session = Session::start(sandboxed, &mut settings)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    let console = Console::new(common);
    let clock = SystemClock::new();
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let outcome = work(&plan(settings), context);
    console.finish();
    let photos = outcome?;
    if !common.quiet || photos.report.exit_code != 0 {
        summary::print_acted(&photos.report, &headline(&photos, done), &console, common);
    }
    Ok(photos.report.exit_code)
}

/// Such as `12 vehicles: 10 photo requests made, 2 vehicles had one, 1 outcome unknown`.
fn headline(photos: &Photos, (noun, verb): (&str, &str)) -> String {
    let number = |of: usize, noun: &str| count(of as u64, noun);
    let mut parts = vec![format!("{} {verb}", number(photos.done, noun))];
    if photos.there > 0 {
        parts.push(format!("{} already there", photos.there));
    }
    if photos.had > 0 {
        parts.push(format!("{} had one", number(photos.had, "vehicle")));
    }
    if photos.unknown > 0 {
        parts.push(format!("{} unknown", number(photos.unknown, "outcome")));
    }
    format!("{}: {}", number(photos.vehicles, "vehicle"), parts.join(", "))
}

/// The user's yes, given beforehand or on the terminal.
fn agree<'a>(
    args: &'a ConsentArgs,
    verb: &'a str,
    noun: &'a str,
) -> impl Fn(Intent) -> Result<(), Error> + 'a {
    move |Intent { calls }| {
        if args.yes {
            return Ok(());
        }
        confirm::ask(&format!("{verb} {}", count(calls as u64, noun)))
    }
}

fn to(path: &Path) -> To {
    if path == Path::new("-") { To::Stdout } else { To::File(PathBuf::from(path)) }
}
