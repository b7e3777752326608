//! `vinrich man`: the manual pages, one for each command.

use clap::CommandFactory;
use vinrich::domain::error::{Error, Exit};

use crate::cli::{Cli, ManArgs};

pub(crate) fn run(args: &ManArgs) -> Result<u8, Error> {
    let cannot_create = |error| {
        let what = format!("cannot write the pages into `{}`", args.folder.display());
        Error::new(Exit::CannotCreate, what)
            .because(error)
            .hint("name a folder that exists, such as one on the search path of `man`")
    };
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(cannot_create)?;
    Ok(Exit::Success.code())
}
