//! What may be typed about what the store keeps: runs and answers.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use vinrich::domain::outcome::Dataset;

use super::{ReportFormat, dataset};

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// The latest runs, the newest first
    List(RunsListArgs),
    /// One run's report, as JSON
    Show(RunsShowArgs),
    /// Every call: when, by whom, to whom, about what, at what price; never a VIN
    Audit(RunsAuditArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunsListArgs {
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct RunsShowArgs {
    /// The run's id, or how it begins
    #[arg(value_name = "RUN")]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich runs audit --since 7d
  vinrich runs audit --since 2026-11-01 --until 2026-12-01 --export november.csv
  vinrich runs audit --vin 1HGCM82633A004352    who asked about it, and when

A VIN stands there as `hmac:` and its HMAC-SHA-256 under a key that this store
alone holds: the same VIN has always the same one, also after it was forgotten.
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

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Answers by dataset and vendor, their age, and the store's size
    Stats,
    /// All that was said about a VIN, by whom and when, and what the next run would do
    Explain(CacheExplainArgs),
    /// Remove all that the store knows of VINs, for good
    Forget(CacheForgetArgs),
    /// Remove what is older than anybody wants to know
    Prune(CachePruneArgs),
    /// Check that the store is whole
    Verify(CacheVerifyArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich cache explain 1HGCM82633A004352
  vinrich cache explain 1HGCM82633A004352 --format json")]
pub(crate) struct CacheExplainArgs {
    /// The VIN
    #[arg(value_name = "VIN")]
    pub(crate) vin: String,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  vinrich cache forget 1HGCM82633A004352

Answers, earlier answers, lists that name the VIN and records of what was done
are removed, the VIN in the ledger becomes a keyed hash, and the store's file is
written anew, which takes as much free disk as it is large. It cannot reach what
is elsewhere: output files, run reports, backups. It is refused (79) while a run
uses the store.")]
pub(crate) struct CacheForgetArgs {
    /// VINs, as they are written
    #[arg(required = true, value_name = "VIN")]
    pub(crate) vins: Vec<String>,
    /// Forget them though it is not known whether a call about them has acted: it may be
    /// done, and charged, twice
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich cache prune --older-than 400d --dry-run
  vinrich cache prune --older-than 90d --dataset listings

Calls stay for the audit for 400 days, and while a quota or spend limit counts
them, whatever is typed. It is refused (79) while a run uses the store.")]
pub(crate) struct CachePruneArgs {
    /// Remove answers fetched longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) older_than: Duration,
    /// Answers of this dataset alone, and no calls: decode, recalls or listings
    #[arg(long, value_name = "DATASET", value_parser = dataset)]
    pub(crate) dataset: Option<Dataset>,
    /// Remove calls older than that too, instead of keeping them for 400 days
    #[arg(long, conflicts_with = "dataset")]
    pub(crate) calls: bool,
    /// Count only
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  vinrich cache verify || vinrich store restore backup.db

It ends with 78 where something is wrong. Runs may go on meanwhile.")]
pub(crate) struct CacheVerifyArgs {
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
