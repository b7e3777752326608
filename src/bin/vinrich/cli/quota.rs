//! `vinrich quota`.

use clap::Args;

use super::ReportFormat;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich quota
  vinrich quota --reconcile --days 7

A vendor that asked to wait is sent nothing before that time, by any run or
process; a wait holds for 32 days at the most. `--forget-wait` is for a wait that
is clearly wrong.

Without `--reconcile` no vendor is called. With it, vendors that report what they
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
