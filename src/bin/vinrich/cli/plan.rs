//! `vinrich plan`.

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
    pub(crate) output: RejectsArgs,
    /// How the forecast is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
