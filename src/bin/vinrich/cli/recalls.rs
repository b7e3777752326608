//! `vinrich recalls`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{ListArgs, ReportFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum RecallsCommand {
    /// Take NHTSA's recall file into the store, so that recalls need no network
    Import(RecallsImportArgs),
    /// Fetch NHTSA's recall file and take it in where it has changed
    Update(RecallsUpdateArgs),
    /// Show which parts of the recall file the store holds, and how old they are
    Status(ListArgs),
    /// Write down that a recall is done on a vehicle
    Done(RecallsDoneArgs),
    /// Take in a file that says which recalls are done on which vehicles
    ImportStatus(RecallsImportStatusArgs),
    /// List the recalls that are open on the vehicles of an output
    Open(RecallsOpenArgs),
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

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich recalls done 1HGCM82633A004352 20V026000 --date 2026-11-20
  vinrich recalls done 1HGCM82633A004352 20V026000 --note 'invoice 4711' --by workshop
  vinrich recalls done 1HGCM82633A004352 20V026000 --take-back

A campaign that is done stays in every output: NHTSA says which vehicles a campaign
names, not which were repaired.")]
pub(crate) struct RecallsDoneArgs {
    /// The VIN
    #[arg(value_name = "VIN")]
    pub(crate) vin: String,
    /// NHTSA's number of the campaign, such as 20V026000
    #[arg(value_name = "CAMPAIGN")]
    pub(crate) campaign: String,
    /// The day it was done, as YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub(crate) date: Option<Date>,
    /// What else there is to say, such as the number of the invoice
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub(crate) by: String,
    /// Take back what was said so before
    #[arg(long, conflicts_with_all = ["date", "note"])]
    pub(crate) take_back: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich recalls import-status from-the-maker.xlsx
  vinrich recalls import-status search.csv --by 'NHTSA bulk search' --format json

A row for each vehicle and campaign: VIN, `campaign` (24V001000 or 24V-001),
`status` (open, closed and other usual words), and if there are `date` and `note`.
Any format that `enrich` reads. What cannot be read is left out and counted (exit 3;
65 where nothing can be read). Of two statements the one of the later day counts.")]
pub(crate) struct RecallsImportStatusArgs {
    /// The file, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Who says so, instead of the file's name
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// The column with the VINs, by name or by place
    #[arg(long, value_name = "COLUMN")]
    pub(crate) vin_column: Option<String>,
    /// The sheet of a workbook, by name or by place
    #[arg(long, value_name = "NAME|N")]
    pub(crate) sheet: Option<String>,
    /// How the summary is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich recalls open
  vinrich recalls open -o open.csv
  vinrich recalls open --output out/fleet.csv --all --format json

It reads what the store keeps of the last complete run, and calls no vendor. Orders
not to drive come first. A recall in doubt may not concern the vehicle. What
`recalls done` or `import-status` said is done is left out, unless `--all` is given.")]
pub(crate) struct RecallsOpenArgs {
    /// Whose vehicles [default: the output that was written last]
    #[arg(long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// List those too that are said to be done
    #[arg(long)]
    pub(crate) all: bool,
    /// Write a row for each recall to this CSV file instead
    #[arg(short = 'o', value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text", conflicts_with = "out")]
    pub(crate) format: ReportFormat,
}
