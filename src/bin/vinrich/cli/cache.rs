//! `vinrich cache`.

use std::time::Duration;

use clap::{Args, Subcommand};
use vinrich::domain::outcome::Dataset;

use super::{ListArgs, ReportFormat, dataset};

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Answers by dataset and vendor, their age, and the store's size
    Stats(ListArgs),
    /// Every answer about a VIN, its source and age, and what the next run would do
    Explain(CacheExplainArgs),
    /// Remove all that the store knows of VINs, for good
    Forget(CacheForgetArgs),
    /// Remove answers and calls beyond an age
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
is elsewhere: output files, `--report` files, backups. It is refused (79) while a run
uses the store.")]
pub(crate) struct CacheForgetArgs {
    /// VINs, as they are written
    #[arg(required = true, value_name = "VIN")]
    pub(crate) vins: Vec<String>,
    /// Forget them though it is not known whether a call about them has acted: it may be
    /// done, and charged, twice
    #[arg(long)]
    pub(crate) force: bool,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
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
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
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
