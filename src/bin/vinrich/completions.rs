//! `vinrich completions`: the completion script of a shell.

use clap::CommandFactory;
use vinrich::domain::error::{Error, Exit};

use crate::cli::{Cli, CompletionsArgs};
use crate::stdout;

pub(crate) fn run(args: &CompletionsArgs) -> Result<u8, Error> {
    // Into memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vinrich", &mut script);
    stdout::write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success.code())
}
