//! What was typed becomes one checked [`Plan`].

use std::collections::BTreeSet;
use std::path::Path;

use vinrich::config::{self, Settings};
use vinrich::domain::error::Error;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::vin::{self, Rules, Vin, VinError};
use vinrich::enrich::plan::{Allowance, Limits, Plan, Thresholds, Wanted};
use vinrich::input::InputSpec;
use vinrich::output::{Format, OutputSpec};
use vinrich::vendors;

use crate::cli::{
    AskArgs, EnrichArgs, InputArgs, OnIncomplete, OutputArgs, PlanArgs, RowsArgs, ThresholdArgs,
    ValidateArgs,
};

/// What `vinrich enrich` shall do.
pub(crate) fn of_enrich(args: &EnrichArgs, mut settings: Settings) -> Result<Plan, Error> {
    let datasets = wanted(&args.ask, &mut settings)?;
    if let Some(max_wait) = args.limits.max_wait {
        settings.max_wait = max_wait;
    }
    Ok(Plan {
        input: input(&args.input),
        rules: rules(&args.input),
        output: output(&args.output)?,
        settings,
        datasets,
        limits: Limits { max_calls: args.limits.max_calls, max_cost: args.limits.max_cost },
        thresholds: thresholds(&args.thresholds, args.output.on_incomplete),
        wait_lock: args.limits.wait_lock,
        report: args.output.report.clone(),
        command: command_line(),
    })
}

/// What `vinrich plan` shall look at.
pub(crate) fn of_plan(args: &PlanArgs, mut settings: Settings) -> Result<Plan, Error> {
    let datasets = wanted(&args.ask, &mut settings)?;
    Ok(Plan { datasets, ..looking_only(input(&args.input), rules(&args.input), settings) })
}

/// What `vinrich validate` shall check.
pub(crate) fn of_validate(args: &ValidateArgs, settings: Settings) -> Plan {
    let mut plan = looking_only(input(&args.input), rules(&args.input), settings);
    plan.output.rejects.clone_from(&args.rejects);
    plan.thresholds.max_rejected = args.max_rejected;
    plan.thresholds.require_rows = args.require_rows;
    plan
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
        output: OutputSpec { path: None, format: Format::Csv, rejects: None, for_excel: false },
        settings,
        datasets: Wanted::default(),
        limits: Limits::default(),
        thresholds: Thresholds { max_failed: Allowance::Percent(100.0), ..Thresholds::default() },
        wait_lock: None,
        report: None,
        command: command_line(),
    }
}

/// Rows whose vehicles are acted upon.
pub(crate) fn rows(args: &RowsArgs) -> InputSpec {
    InputSpec {
        sources: args.inputs.clone(),
        vin_column: args.vin_column.clone(),
        delimiter: args.delimiter,
        ..InputSpec::default()
    }
}

fn input(args: &InputArgs) -> InputSpec {
    InputSpec {
        map: args.map.iter().cloned().collect(),
        keep: args.keep.clone(),
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

fn output(args: &OutputArgs) -> Result<OutputSpec, Error> {
    let path = (args.output != Path::new("-")).then(|| args.output.clone());
    distinct_files(args, path.as_deref())?;
    let format = match (args.format, &path) {
        (Some(format), _) => format,
        (None, Some(path)) => Format::from_path(path)?,
        (None, None) => Format::Csv,
    };
    if args.for_excel && format != Format::Csv {
        return Err(Error::usage("`--for-excel` guards CSV cells; the output is not CSV"));
    }
    Ok(OutputSpec { path, format, rejects: args.rejects.clone(), for_excel: args.for_excel })
}

/// Refuses the same file for two purposes, where the second would replace the first.
fn distinct_files(args: &OutputArgs, output: Option<&Path>) -> Result<(), Error> {
    let flags: [(&str, Option<&Path>); 3] = [
        ("--output", output),
        ("--rejects", args.rejects.as_deref()),
        ("--report", args.report.as_deref()),
    ];
    for (flag, path) in flags {
        let Some(path) = path else { continue };
        if path == Path::new("-") {
            return Err(Error::usage(format!(
                "`{flag}` needs a file; only `--output` can be stdout"
            )));
        }
        let ends_as_folder = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if ends_as_folder || path.is_dir() {
            return Err(Error::usage(format!("`{flag}` names a folder: `{}`", path.display()))
                .hint("name a file in it"));
        }
    }
    for (place, (flag, path)) in flags.iter().enumerate() {
        let earlier = flags[..place].iter().find(|(_, other)| path.is_some() && other == path);
        if let Some((other, _)) = earlier {
            return Err(Error::usage(format!("`{other}` and `{flag}` name the same file")));
        }
    }
    Ok(())
}

/// The command line as it was typed, for the report. No flag takes a key.
pub(crate) fn command_line() -> String {
    std::iter::once("vinrich".to_owned())
        .chain(std::env::args_os().skip(1).map(|word| shell_word(&word.to_string_lossy())))
        .collect::<Vec<_>>()
        .join(" ")
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
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::time::Duration;

    use clap::Parser;
    use vinrich::domain::money::Micros;

    use super::*;
    use crate::cli::{Cli, Command};

    fn settings() -> Settings {
        let nowhere = tempfile::NamedTempFile::new().unwrap();
        Settings::load(Some(nowhere.path()), std::iter::empty(), &vendors::specs()).unwrap()
    }

    fn enrich(words: &str) -> Result<Plan, Error> {
        let words = ["vinrich", "enrich"].into_iter().chain(words.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Command::Enrich(args) => of_enrich(&args, settings()),
            other => panic!("{other:?}"),
        }
    }

    fn refused(words: &str) -> String {
        let error = enrich(words).unwrap_err();
        assert_eq!(error.exit(), vinrich::domain::error::Exit::Usage);
        error.to_string()
    }

    #[test]
    fn every_flag_reaches_the_plan() {
        let plan = enrich(
            "a.csv b/ -o out.parquet --with recalls,decode --decode carvin --vin-column VIN --delimiter tab \
             --keep id,site --rejects bad.csv --refresh recalls --max-calls 50 --max-cost 2.50 --max-wait 30s \
             --wait-lock 5m --max-failed 1.5% --max-rejected 10 --require-rows --require-store --on-incomplete keep \
             --strict --repair --report r.json",
        )
        .unwrap();
        assert_eq!(plan.input.sources, ["a.csv", "b/"]);
        assert_eq!(plan.input.vin_column.as_deref(), Some("VIN"));
        assert_eq!(plan.input.delimiter, Some(b'\t'));
        assert_eq!(plan.input.keep, ["id", "site"]);
        assert!(plan.rules.strict && plan.rules.repair);
        assert_eq!(plan.output.path.as_deref(), Some(Path::new("out.parquet")));
        assert_eq!(plan.output.format, Format::Parquet);
        assert_eq!(plan.output.rejects.as_deref(), Some(Path::new("bad.csv")));
        assert_eq!(plan.datasets.named, [Dataset::Decode, Dataset::Recalls].into());
        assert_eq!(plan.datasets.refresh, [Dataset::Recalls].into());
        assert_eq!(plan.settings.datasets[&Dataset::Decode].vendors, ["carvin"]);
        assert_eq!(plan.limits.max_calls, Some(50));
        assert_eq!(plan.limits.max_cost, Some(Micros(2_500_000)));
        assert_eq!(plan.settings.max_wait, Duration::from_secs(30));
        assert_eq!(plan.wait_lock, Some(Duration::from_mins(5)));
        assert_eq!(plan.thresholds.max_failed, Allowance::Percent(1.5));
        assert_eq!(plan.thresholds.max_rejected, Some(Allowance::Count(10)));
        assert!(
            plan.thresholds.require_rows
                && plan.thresholds.require_store
                && plan.thresholds.keep_complete
        );
        assert_eq!(plan.report.as_deref(), Some(Path::new("r.json")));
    }

    #[test]
    fn little_typed_means_the_defaults() {
        let plan = enrich("fleet.csv -o out.csv").unwrap();
        assert!(
            plan.datasets.named.is_empty()
                && plan.datasets.refresh.is_empty()
                && !plan.datasets.offline
        );
        assert_eq!(plan.settings.max_wait, Duration::from_mins(10));
        assert_eq!(plan.thresholds.max_failed, Allowance::Count(0));
        assert!(!plan.thresholds.keep_complete);
        assert_eq!(
            (plan.wait_lock, plan.limits.max_calls, plan.limits.max_cost),
            (None, None, None)
        );
    }

    #[test]
    fn the_format_follows_the_name_and_the_flag_beats_it() {
        for (name, format) in [
            ("o.csv", Format::Csv),
            ("o.PARQUET", Format::Parquet),
            ("o.ndjson", Format::Jsonl),
            ("o.arrow", Format::Arrow),
            ("o.dat --format jsonl", Format::Jsonl),
            ("o.csv --format arrow", Format::Arrow),
            ("- --format parquet", Format::Parquet),
        ] {
            assert_eq!(
                enrich(&format!("f.csv -o {name}")).unwrap().output.format,
                format,
                "{name}"
            );
        }
        let stdout = enrich("f.csv -o -").unwrap().output;
        assert_eq!((stdout.path, stdout.format), (None, Format::Csv));
        assert_eq!(refused("f.csv -o out.xlsx"), "the name `out.xlsx` does not tell a format");
        assert_eq!(refused("f.csv -o out"), "the name `out` does not tell a format");
    }

    #[test]
    fn each_contradiction_has_its_message() {
        for (words, expected) in [
            ("f -o o.csv --rejects o.csv", "`--output` and `--rejects` name the same file"),
            ("f -o o.csv --rejects r --report r", "`--rejects` and `--report` name the same file"),
            ("f -o o.csv --rejects -", "`--rejects` needs a file; only `--output` can be stdout"),
            ("f -o out/", "`--output` names a folder: `out/`"),
            ("f -o o.parquet --for-excel", "`--for-excel` guards CSV cells; the output is not CSV"),
            ("f -o o.csv --decode carvin,carvin", "`--decode` names `carvin` twice"),
            (
                "f -o o.csv --with recalls --decode carvin",
                "`--decode` names vendors for a dataset that `--with` leaves out",
            ),
            (
                "f -o o.csv --with decode --refresh recalls",
                "`--refresh recalls` asks again for a dataset that is not asked for",
            ),
        ] {
            assert_eq!(refused(words), expected);
        }
        let unknown = refused("f -o o.csv --decode acme");
        assert!(
            unknown.starts_with("`--decode` names an unknown vendor `acme`; this build knows ")
        );
    }

    #[test]
    fn the_command_line_is_kept_as_a_shell_would_read_it() {
        let words =
            ["in/*.csv", "-o", "a b.csv", "", "it's", "--fault=carvin/429:every=7"].map(shell_word);
        assert_eq!(
            words.join(" "),
            r"'in/*.csv' -o 'a b.csv' '' 'it'\''s' --fault=carvin/429:every=7"
        );
    }
}
