//! `vinrich runs`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ReportFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// The latest runs, the newest first
    List(RunsListArgs),
    /// One run's summary again, or its report as JSON
    Show(RunsShowArgs),
    /// Every call: when, by whom, to whom, about what, at what price; never a VIN
    Audit(RunsAuditArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunsListArgs {
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
    /// Those that wrote to this file
    #[arg(long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// How the list is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich runs show
  vinrich runs show --output fleet.parquet
  vinrich runs show 20261122T0215 --format json")]
pub(crate) struct RunsShowArgs {
    /// The run's id, or how it begins; `latest` is the latest that read and wrote rows
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(crate) id: String,
    /// Of the runs that wrote to this file
    #[arg(long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// How the run is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich runs audit --since 7d
  vinrich runs audit --since 2026-11-01 --until 2026-12-01 --export november.csv
  vinrich runs audit --vin 1HGCM82633A004352    who asked about it, and when

A VIN is shown as `hmac:` and its HMAC-SHA-256 under a key that this store alone
holds: the same VIN always has the same one, also after it was forgotten.
Days begin at 00:00 UTC.")]
pub(crate) struct RunsAuditArgs {
    /// Calls of this time or later: a day, a time such as 2026-11-22T02:10:00Z, or how long ago
    #[arg(long, value_name = "DATE|DURATION")]
    pub(crate) since: Option<String>,
    /// Calls before this time
    #[arg(long, value_name = "DATE|DURATION")]
    pub(crate) until: Option<String>,
    /// Calls of one run, by its id or how it begins
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Calls to one vendor
    #[arg(long, value_name = "VENDOR")]
    pub(crate) vendor: Option<String>,
    /// Calls about one VIN
    #[arg(long, value_name = "VIN")]
    pub(crate) vin: Option<String>,
    /// How the calls are printed [default: text; with --export by its extension, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<AuditFormat>,
    /// Write them to this file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    Text,
    Csv,
    /// One object a line
    #[value(alias = "json")]
    Jsonl,
}
