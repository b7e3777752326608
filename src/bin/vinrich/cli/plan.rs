//! `vinrich plan`.

use std::path::PathBuf;

use clap::Args;

use super::{AskArgs, InputArgs, RejectsArgs, ReportFormat, SandboxedArgs};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich plan fleet.csv
  vinrich plan fleet.csv --recalls carvin --format json")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
    #[command(flatten)]
    pub(crate) rejects: RejectsArgs,
    /// Fail (65) where this workbook would have no room for the rows; nothing is written
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// How the forecast is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
