//! `vinrich validate`.

use clap::Args;
use vinrich::plan::Allowance;

use super::{InputArgs, RejectsArgs, ReportFormat, allowance};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich validate fleet.csv
  vinrich validate fleet.csv --rejects bad.csv --max-rejected 1%")]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) rejects: RejectsArgs,
    /// Fail (65) when more rows are rejected: a number, or a share such as 1%
    #[arg(long, value_name = "N|P%", value_parser = allowance, allow_hyphen_values = true)]
    pub(crate) max_rejected: Option<Allowance>,
    /// Fail (65) when there are no rows
    #[arg(long)]
    pub(crate) require_rows: bool,
    /// How it is printed; JSON is the report of a run, with `problems` and `duplicates`
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
