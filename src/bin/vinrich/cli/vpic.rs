//! `vinrich vpic`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum VpicCommand {
    /// Put NHTSA's decoder data on this machine, once
    Install(VpicInstallArgs),
    /// Show which decoder data are on this machine, and where
    Status(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich vpic install
  vinrich vpic install --from ultravin-3.0.2-cp310-abi3-manylinux_2_17_x86_64.whl

The data are 84 MB and go to `vendors.vpic.data` of the configuration. On a
machine that reaches only a package index, the wheel holds them:
  python3 -m pip download --no-deps ultravin==3.0.2")]
pub(crate) struct VpicInstallArgs {
    /// A file that holds them: vpic.rkyv, vpic.rkyv.zst or the wheel of ultravin [default: their release]
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
}
