//! `vinrich recalls`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ListArgs, ReportFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum RecallsCommand {
    /// Take NHTSA's recall file into the store, so that recalls need no network
    Import(RecallsImportArgs),
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
