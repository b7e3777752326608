//! What may be typed to look at what there is: accounts at vendors, lists.

use clap::Args;

use super::{ReportFormat, SandboxedArgs};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich check
  vinrich check --offline --format json

Every call is entered in the ledger and counts under the vendor's quotas; none
costs money. Vendors without a call that is free of charge are not called.

Exit codes: 0 when some dataset has a source that can be asked; 77 when a key
that was found is refused, or none was found; 69, 75 or 76 when no source can
be asked because its vendor refuses, is not reached or makes no sense.")]
pub(crate) struct CheckArgs {
    /// Call nobody: look at keys, settings and local data only
    #[arg(long)]
    pub(crate) offline: bool,
    /// How the findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich quota
  vinrich quota --reconcile --days 7

A vendor that asked to wait is sent nothing before, whichever run or process it
told; it is believed for 32 days at the most. `--forget-wait` is for one whose
word was nonsense.

Without `--reconcile` nobody is called. With it, vendors that tell what they
counted (visor) are asked by a call that is not billed. Their counts lag behind:
a difference of today, or of a day that ended within the hour, is named but is
no failure; any other exits 3.")]
pub(crate) struct QuotaArgs {
    /// Compare our ledger with what the vendors say they counted and charged
    #[arg(long)]
    pub(crate) reconcile: bool,
    /// UTC days to compare, today included
    #[arg(long, value_name = "N", default_value_t = 30, requires = "reconcile")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=366))]
    pub(crate) days: u16,
    /// Forget that VENDOR asked to wait: the next run asks it at once
    #[arg(long, value_name = "VENDOR", conflicts_with = "reconcile")]
    pub(crate) forget_wait: Option<String>,
    /// How the list is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How the list is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
