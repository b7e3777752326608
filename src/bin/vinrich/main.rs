//! The `vinrich` command: what was typed becomes one command, and that an exit code.

mod console;
mod cache;
mod changes;
mod check;
mod cli;
mod completions;
mod confirm;
mod decode;
mod enrich;
mod report_error;
mod args_to_plan;
mod log_line;
mod man;
mod photos;
mod plan;
mod quota;
mod recalls;
mod runs;
mod sandbox;
mod schema;
mod settings;
mod signals;
mod stdout;
mod store;
mod summary;
mod table;
mod table_file;
mod tool;
mod usage;
mod validate;
mod vpic;
mod format;

use std::process::ExitCode;

use clap::Parser;
use vinrich::domain::error::Error;

use crate::cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    report_error::on_panic();
    signals::survive_file_limits();
    table::fit_terminal();
    let code = match Cli::try_parse() {
        Ok(cli) => {
            let log_format = cli.common.log_format;
            run(cli).unwrap_or_else(|error| report_error::print(&error, log_format))
        }
        Err(refused) => usage::refuse(&refused),
    };
    ExitCode::from(code)
}

/// Does what was typed; gives the exit code.
fn run(Cli { command, common }: Cli) -> Result<u8, Error> {
    match command {
        Command::Enrich(args) => enrich::run(&args, &common),
        Command::Plan(args) => plan::run(&args, &common),
        Command::Changes(args) => changes::run(&args, &common),
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
        Command::Man(args) => man::run(&args),
    }
}
