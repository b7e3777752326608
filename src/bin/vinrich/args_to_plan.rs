//! What was typed becomes one checked [`Plan`].

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use vinrich::config::{self, Settings};
use vinrich::domain::Timestamp;
use vinrich::domain::error::Error;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::vin::{self, Rules, Vin, VinError};
use vinrich::input::InputSpec;
use vinrich::output::{Choice, Format, OutputSpec};
use vinrich::plan::{Allowance, Limits, Plan, Thresholds, Wanted};
use vinrich::vendors;

use crate::cli::{
    AskArgs, EnrichArgs, InputArgs, OnIncomplete, OutputArgs, PlanArgs, RowsArgs, ThresholdArgs,
    ValidateArgs,
};

/// What `vinrich enrich` shall do.
pub(crate) fn of_enrich(args: &EnrichArgs, mut settings: Settings) -> Result<Plan, Error> {
    let datasets = wanted(&args.ask, &mut settings)?;
    if let Some(store) = &args.store {
        (settings.store, settings.store_is_named) = (store.clone(), true);
    }
    if let Some(max_wait) = args.limits.max_wait {
        settings.max_wait = max_wait;
    }
    Ok(Plan {
        input: input(&args.input),
        rules: rules(&args.input),
        output: output(args)?,
        settings,
        datasets,
        limits: Limits { max_calls: args.limits.max_calls, max_cost: args.limits.max_cost },
        thresholds: Thresholds {
            // Who names a store for a run that fills none means one that is there.
            require_store: args.thresholds.require_store
                || args.store.is_some() && args.ask.offline,
            ..thresholds(&args.thresholds, args.output.on_incomplete)
        },
        wait_lock: args.limits.wait_lock,
        report: args.watch.report.clone(),
        metrics: args.watch.metrics.clone(),
        ping: args.watch.ping.clone(),
        command: command_line(),
    })
}

/// What `vinrich plan` shall look at.
pub(crate) fn of_plan(args: &PlanArgs, mut settings: Settings) -> Result<Plan, Error> {
    let datasets = wanted(&args.ask, &mut settings)?;
    let mut plan =
        Plan { datasets, ..looking_only(input(&args.input), rules(&args.input), settings) };
    if let Some(path) = &args.output {
        let output = OutputSpec::new(Some(path.clone()), None);
        plan.output = output.map_err(|error| error.hint("name a file such as `fleet.xlsx`"))?;
    }
    divert(&mut plan.output, args.rejects.rejects.as_deref())?;
    Ok(plan)
}

/// What `vinrich validate` shall check.
pub(crate) fn of_validate(args: &ValidateArgs, settings: Settings) -> Result<Plan, Error> {
    let mut plan = looking_only(input(&args.input), rules(&args.input), settings);
    divert(&mut plan.output, args.rejects.rejects.as_deref())?;
    plan.thresholds.max_rejected = args.max_rejected;
    plan.thresholds.require_rows = args.require_rows;
    Ok(plan)
}

/// What the next run would do, without its input.
pub(crate) fn of_next_run(settings: Settings) -> Plan {
    looking_only(InputSpec::default(), Rules::default(), settings)
}

/// The VIN that was typed.
pub(crate) fn vin(typed: &str) -> Result<Vin, Error> {
    let reading = vin::read(typed, Rules::default());
    reading.vin.ok_or_else(|| {
        let why = reading.error.map_or("not_a_vin", VinError::as_str);
        Error::usage(format!("`{typed}` is not a VIN: {why}"))
    })
}

/// A plan that writes no rows, fails for nothing and asks no vendor by itself.
fn looking_only(input: InputSpec, rules: Rules, settings: Settings) -> Plan {
    Plan {
        input,
        rules,
        output: OutputSpec::new(None, Some(Format::Csv)).expect("CSV can go to stdout"),
        settings,
        datasets: Wanted::default(),
        limits: Limits::default(),
        thresholds: Thresholds { max_failed: Allowance::Percent(100.0), ..Thresholds::default() },
        wait_lock: None,
        report: None,
        metrics: None,
        ping: None,
        command: command_line(),
    }
}

/// Rows whose vehicles are acted upon.
pub(crate) fn rows(args: &RowsArgs) -> InputSpec {
    InputSpec {
        sources: args.inputs.clone(),
        vin_column: args.vin_column.clone(),
        format: args.input_format,
        delimiter: args.delimiter,
        quote: args.quote,
        escape: args.escape.map(Into::into),
        header_row: args.header_row,
        sheet: args.sheet.clone(),
        ..InputSpec::default()
    }
}

fn input(args: &InputArgs) -> InputSpec {
    InputSpec {
        map: args.map.iter().cloned().collect(),
        keep: args.keep.clone(),
        source_name: args.source_name.clone(),
        row_key: args.row_key.clone(),
        corrections: args.corrections.clone(),
        ..rows(&args.rows)
    }
}

fn rules(args: &InputArgs) -> Rules {
    Rules { strict: args.strict, repair: args.repair }
}

fn thresholds(args: &ThresholdArgs, on_incomplete: OnIncomplete) -> Thresholds {
    Thresholds {
        max_failed: args.max_failed,
        max_rejected: args.max_rejected,
        require_rows: args.require_rows,
        allow_empty: args.allow_empty,
        max_shrink: args.max_shrink,
        require_store: args.require_store,
        keep_complete: on_incomplete == OnIncomplete::Keep,
    }
}

/// The datasets asked for; a vendor flag names its dataset and replaces its vendors.
fn wanted(args: &AskArgs, settings: &mut Settings) -> Result<Wanted, Error> {
    let mut named: BTreeSet<Dataset> = args.datasets.iter().copied().collect();
    let flags = [
        (Dataset::Decode, &args.decode),
        (Dataset::Recalls, &args.recalls),
        (Dataset::Listings, &args.listings),
    ];
    for (dataset, ids) in flags {
        if ids.is_empty() {
            continue;
        }
        if !args.datasets.is_empty() && !args.datasets.contains(&dataset) {
            return Err(Error::usage(format!(
                "`--{dataset}` names vendors for a dataset that `--with` leaves out"
            ))
            .hint(format!("add `{dataset}` to `--with`, or drop one of the two")));
        }
        named.insert(dataset);
        let sources = config::sources(dataset, ids, &vendors::specs())
            .map_err(|what| Error::usage(format!("`--{dataset}` {what}")))?;
        if let Some(of) = settings.datasets.get_mut(&dataset) {
            of.vendors = sources;
            of.named = true;
        }
    }
    if let Some(unasked) =
        args.refresh.iter().find(|dataset| !named.is_empty() && !named.contains(dataset))
    {
        return Err(Error::usage(format!(
            "`--refresh {unasked}` asks again for a dataset that is not asked for"
        ))
        .hint(format!("add `{unasked}` to `--with`")));
    }
    Ok(Wanted { named, refresh: args.refresh.iter().copied().collect(), offline: args.offline })
}

fn output(args: &EnrichArgs) -> Result<OutputSpec, Error> {
    let EnrichArgs { output: args, watch, thresholds, .. } = args;
    let path = (args.output != Path::new("-")).then(|| args.output.clone());
    if path.is_none() && args.rejects.as_deref() == Some(Path::new("-")) {
        return Err(Error::usage("`--output` and `--rejects` are both stdout")
            .hint("name a file for one of them"));
    }
    let flags = [
        ("--output", path.as_deref()),
        ("--report", watch.report.as_deref()),
        ("--metrics", watch.metrics.as_deref()),
        ("--partial", args.partial.as_deref()),
    ];
    for (flag, path) in flags {
        path.map_or(Ok(()), |path| refuse_folder(flag, path))?;
    }
    let mut spec = OutputSpec::new(path, args.format)?;
    let has_cells = spec.format.delimiter().is_some();
    if args.for_excel && !has_cells {
        return Err(Error::usage("`--for-excel` guards CSV cells; the output is not CSV")
            .hint("leave it out; in a workbook (`-o FILE.xlsx`) no cell is a formula"));
    }
    if args.output_delimiter.is_some() && !has_cells {
        return Err(Error::usage(
            "`--output-delimiter` separates CSV cells; the output is not CSV",
        )
        .hint("leave it out, or name a `.csv` file"));
    }
    refuse_partial(args, &spec)?;
    if thresholds.max_shrink.is_some() && spec.path.is_none() {
        return Err(Error::usage("`--max-shrink` needs an output file, not stdout"));
    }
    divert(&mut spec, args.rejects.as_deref())?;
    spec.partial.clone_from(&args.partial);
    spec.delimiter = args.output_delimiter;
    spec.for_excel = args.for_excel;
    spec.keep_names = args.keep_names;
    let columns = Choice::of(&args.columns)?;
    spec.columns = if args.with_run_id { columns.with_run_id() } else { columns };
    Ok(spec)
}

/// Refuses to keep what stdout has passed on, and another format than the output's.
fn refuse_partial(args: &OutputArgs, output: &OutputSpec) -> Result<(), Error> {
    let keep = args.on_incomplete == OnIncomplete::Keep;
    if keep && output.path.is_none() {
        return Err(Error::usage("`--on-incomplete keep` needs an output file, not stdout"));
    }
    let Some(partial) = &args.partial else { return Ok(()) };
    if !keep {
        return Err(Error::usage("`--partial` needs `--on-incomplete keep`")
            .hint("without it the output is written, complete or not"));
    }
    if Format::from_path(partial).is_ok_and(|named| named != output.format) {
        return Err(Error::usage(format!(
            "`--partial` takes the rows in the output's format: {}",
            output.format.name()
        )));
    }
    Ok(())
}

/// What `--rejects` means to every command that has it.
fn divert(spec: &mut OutputSpec, rejects: Option<&Path>) -> Result<(), Error> {
    let Some(path) = rejects else { return Ok(()) };
    if path != Path::new("-") {
        refuse_folder("--rejects", path)?;
    }
    spec.divert(path.to_owned())
}

/// The time that `2026-11-22`, `2026-11-22T02:10:00Z` or `7d` (ago) means.
pub(crate) fn time(typed: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(time) = typed.parse::<Timestamp>() {
        return Some(time);
    }
    if let Some(day) = typed.parse::<Date>().ok().filter(|_| typed.len() == "2026-11-22".len()) {
        return Timestamp::start_of(day);
    }
    config::duration(typed).ok().map(|ago| now.earlier(ago))
}

/// 64: `flag` is to name a file.
pub(crate) fn refuse_folder(flag: &str, path: &Path) -> Result<(), Error> {
    let ends_as_folder = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if ends_as_folder || path.is_dir() {
        return Err(Error::usage(format!("`{flag}` names a folder: `{}`", path.display()))
            .hint("name a file in it"));
    }
    Ok(())
}

/// The command line as it was typed, for the report. No flag takes a key; who knows
/// the address of a ping can ping it, so that is left out.
pub(crate) fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    as_kept(words)
}

fn as_kept(words: impl Iterator<Item = String>) -> String {
    let mut line = vec!["vinrich".to_owned()];
    let mut is_secret = false;
    for word in words {
        line.push(match word.split_once('=') {
            _ if is_secret => "…".into(),
            Some(("--ping", _)) => "--ping=…".into(),
            _ => shell_word(&word),
        });
        is_secret = word == "--ping";
    }
    line.join(" ")
}

/// `word` so that a shell reads it back as one word.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:%@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[path = "tests/args_to_plan.rs"]
mod tests;
