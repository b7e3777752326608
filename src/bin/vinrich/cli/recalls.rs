//! `vinrich recalls`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ListArgs, ReportFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum RecallsCommand {
    /// Take NHTSA's recall file into the store, so that recalls need no network
    Import(RecallsImportArgs),
    /// Fetch NHTSA's recall file and take it in where it has changed
    Update(RecallsUpdateArgs),
    /// Show which parts of the recall file the store holds, and how old they are
    Status(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich recalls import FLAT_RCL_POST_2010.zip
  vinrich recalls import FLAT_RCL_POST_2010.zip FLAT_RCL_PRE_2010.zip
  vinrich enrich fleet.csv -o out.csv --recalls nhtsa-file

NHTSA publishes both at https://static.nhtsa.gov/odi/ffdd/rcl/ and renews the
first every day. A file replaces the edition before it, whole or not at all.
Without the second, nothing is known about cars of 2010 and before that no
report since then names.")]
pub(crate) struct RecallsImportArgs {
    /// The archives as published, or the texts inside
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Replace the edition in the store even by an older or much smaller one
    #[arg(long)]
    pub(crate) replace: bool,
    /// How the summary is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich recalls update
  vinrich recalls update --if-older 20h && vinrich enrich fleet.csv -o out.csv

Two archives are fetched from the address in `[vendors.nhtsa-file]`, without a key.
A download that was cut off is gone on with. A file replaces the edition before it,
whole or not at all. Exits: 68 NHTSA is out of reach, 76 it sends something else,
65 its edition is older or much smaller than the one in the store.")]
pub(crate) struct RecallsUpdateArgs {
    /// Do nothing where the last successful check is younger than this, such as `20h`
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) if_older: Option<Duration>,
    /// Replace the edition in the store even by an older or much smaller one
    #[arg(long)]
    pub(crate) replace: bool,
}
