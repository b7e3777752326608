//! `vinrich man`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  vinrich man ~/.local/share/man/man1 && man vinrich-enrich")]
pub(crate) struct ManArgs {
    /// The folder that the pages are written into; those that are there are replaced
    pub(crate) folder: PathBuf,
}
