//! `vinrich enrich`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use vinrich::PingUrl;
use vinrich::domain::money::Micros;
use vinrich::output::Format;
use vinrich::plan::Allowance;

use super::{AskArgs, EXIT_CODES, InputArgs, SandboxedArgs, allowance, delimiter, dollars};

const ENRICH_EXAMPLES: &str = "\
Examples:
  vinrich enrich fleet.csv -o enriched.csv
  vinrich enrich 'in/*.csv' -o all.parquet --with decode,recalls --rejects bad.csv
  cat vins.txt | vinrich enrich - -o - --decode carvin --offline
  vinrich enrich fleet.csv -o out.csv --max-calls 50 --max-wait 0s
  vinrich enrich fleet.csv -o out.csv --sandbox --fault carvin/429:every=3

A run that was stopped, parked or killed resumes when the same command is run
again: what was paid for is in the store.
";

#[derive(Debug, Args)]
#[command(after_help = ENRICH_EXAMPLES, after_long_help = format!("{ENRICH_EXAMPLES}\n{EXIT_CODES}"))]
pub(crate) struct EnrichArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    /// The store, instead of the one that the configuration names
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox", help_heading = "What to ask")]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) thresholds: ThresholdArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Send at most this many calls, retries included
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_calls: Option<u64>,
    /// Spend at most this much; also what allows endpoints that cost money
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    pub(crate) max_cost: Option<Micros>,
    /// Park a vendor instead of waiting longer for it [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) max_wait: Option<Duration>,
    /// Wait this long for another run that holds the output, instead of failing (79) at once
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) wait_lock: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Where the rows go; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The output's format [default: by the extension of OUT, before .gz or .zst; csv on stdout]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
    /// Which of our columns: patterns; `!` before one takes away, `@1` is schema 1 [default: all]
    #[arg(long, value_name = "PATTERN,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Append the column `run_id`
    #[arg(long)]
    pub(crate) with_run_id: bool,
    /// Write rejected rows to this file instead of the output, in the format of its name, else
    /// as CSV; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// What separates cells of CSV: `,` `;` `|` or `tab` [default: `,`; tab in TSV]
    #[arg(long, value_name = "DELIMITER", value_parser = delimiter)]
    pub(crate) output_delimiter: Option<u8>,
    /// Begin CSV with a byte order mark, and guard cells that a spreadsheet would run as a formula
    #[arg(long)]
    pub(crate) for_excel: bool,
    /// Call your columns in Parquet and Arrow as the input does, instead of in snake case
    #[arg(long)]
    pub(crate) keep_names: bool,
    /// What becomes of an incomplete output: it replaces the old one, or that is kept
    #[arg(long, value_name = "ACTION", default_value = "write")]
    pub(crate) on_incomplete: OnIncomplete,
    /// Where `--on-incomplete keep` writes the rows, in OUT's format [default: nowhere]
    #[arg(long, value_name = "FILE")]
    pub(crate) partial: Option<PathBuf>,
}

/// What is said of the run besides its summary. `vinrich runs show` has its report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct WatchArgs {
    /// Write the run's report to this file too, as JSON, however the run ends
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write metrics for Prometheus' textfile collector, such as `fleet.prom`
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// Ping URL/start, then URL where the run ends with 0 or 75, else URL/EXIT-CODE, as
    /// healthchecks.io wants it; nothing else is sent
    #[arg(long, value_name = "URL", value_parser = PingUrl::parse)]
    pub(crate) ping: Option<PingUrl>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnIncomplete {
    Write,
    Keep,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "When a run counts as failed")]
pub(crate) struct ThresholdArgs {
    /// Lookups (a dataset of a row) that may fail in a complete output: a number, or a share such as 1%
    #[arg(long, value_name = "N|P%", default_value = "0", value_parser = allowance, allow_hyphen_values = true)]
    pub(crate) max_failed: Allowance,
    /// Fail (65) when more rows are rejected: a number, or a share such as 1% [default: any number]
    #[arg(long, value_name = "N|P%", value_parser = allowance, allow_hyphen_values = true)]
    pub(crate) max_rejected: Option<Allowance>,
    /// Fail (65) when there are no rows
    #[arg(long)]
    pub(crate) require_rows: bool,
    /// Let an output of no rows, or of no usable VIN, replace the one that is there
    #[arg(long, conflicts_with = "require_rows")]
    pub(crate) allow_empty: bool,
    /// Fail (65) when OUT would lose more rows since its last complete run: a number, or a share
    /// such as 10% [default: any number; from 20% on it is a warning]
    #[arg(long, value_name = "N|P%", value_parser = allowance, allow_hyphen_values = true)]
    pub(crate) max_shrink: Option<Allowance>,
    /// Fail (78) when the store does not exist yet, instead of creating it
    #[arg(long)]
    pub(crate) require_store: bool,
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .try_map(|name| Format::from_name(&name).ok_or("is not a format"))
}
