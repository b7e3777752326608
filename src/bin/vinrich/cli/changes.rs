//! `vinrich changes`.

use std::path::PathBuf;

use clap::Args;
use vinrich::domain::Micros;

use super::{ReportFormat, dollars};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich changes
  vinrich changes --output fleet.parquet --since 30d
  vinrich changes --output fleet.csv --keep Unit -o changes.csv
  vinrich changes --confirm-new --max-calls 50
  vinrich enrich fleet.csv -o fleet.parquet --quiet && vinrich changes --quiet

Every run that writes a complete output keeps a snapshot of it in the store. The
latest is compared with an earlier one, by VIN: the order of rows and columns does
not count. Exits 0 whether or not something changed; --quiet prints nothing where
nothing has.")]
pub(crate) struct ChangesArgs {
    /// Whose changes [default: the output that was written last]
    #[arg(long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Compare with this: a run's id or how it begins, the output as it was on a day, at a
    /// time or so long ago, or `last` for the snapshot before the latest
    #[arg(long, value_name = "RUN|DATE|DURATION|last", default_value = "last")]
    pub(crate) since: String,
    /// Show these columns of the output beside each VIN, such as a unit's number; they are read
    /// from the output as it is now, so a vehicle that was removed has none
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(crate) keep: Vec<String>,
    /// Ask a vendor that answers by VIN about the vehicles with a new recall, and no others:
    /// a call each, under the usual quotas and limits. A recall that it does not name stays
    #[arg(long)]
    pub(crate) confirm_new: bool,
    /// Send at most this many of those calls
    #[arg(long, value_name = "N", requires = "confirm_new")]
    pub(crate) max_calls: Option<u64>,
    /// Spend at most this on them
    #[arg(long, value_name = "USD", value_parser = dollars, requires = "confirm_new")]
    pub(crate) max_cost: Option<Micros>,
    /// Write a row for each change to this CSV file instead
    #[arg(short = 'o', value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How the changes are printed
    #[arg(long, value_name = "FORMAT", default_value = "text", conflicts_with = "out")]
    pub(crate) format: ReportFormat,
}
