//! `vinrich check`.

use clap::Args;

use super::{ReportFormat, SandboxedArgs};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich check
  vinrich check visio
  vinrich check --offline --format json

Every call is entered in the ledger and counts under the vendor's quotas; none
costs money. Vendors without a call that is free of charge are not called, nor
are those that no dataset names, unless VENDOR does.

Exit codes: 0 when some dataset has a source that can be asked; 77 when a key
that was found is refused, or none was found; 68, 69, 75 or 76 when no source can
be asked because its vendor refuses, is not reached or sends what cannot be read.")]
pub(crate) struct CheckArgs {
    /// Call these too, though no dataset names them
    #[arg(value_name = "VENDOR", conflicts_with = "offline")]
    pub(crate) vendors: Vec<String>,
    /// Call no vendor: look at keys, settings and local data only
    #[arg(long)]
    pub(crate) offline: bool,
    /// How the findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}
