//! Each command, handed to the file that does it.

use vinrich::domain::error::Error;

use crate::cli::{Cli, Command};
use crate::{
    cache, check, completions, decode, enrich, photos, plan, quota, recalls, runs, sandbox, schema,
    store, tool, validate, vpic,
};

/// Does what was typed; gives the exit code.
pub(crate) fn run(Cli { command, common }: Cli) -> Result<u8, Error> {
    match command {
        Command::Enrich(args) => enrich::run(&args, &common),
        Command::Plan(args) => plan::run(&args, &common),
        Command::Validate(args) => validate::run(&args, &common),
        Command::Decode(args) => decode::run(&args, &common),
        Command::Vpic { command } => vpic::run(&command, &common),
        Command::Check(args) => check::run(&args, &common),
        Command::Quota(args) => quota::run(&args, &common),
        Command::Photos { command } => photos::run(&command, &common),
        Command::Tool { command } => tool::run(&command, &common),
        Command::Runs { command } => runs::run(&command, &common),
        Command::Cache { command } => cache::run(&command, &common),
        Command::Store { command } => store::run(&command, &common),
        Command::Recalls { command } => recalls::run(&command, &common),
        Command::Schema(args) => schema::run(&args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Completions(args) => completions::run(&args),
    }
}
