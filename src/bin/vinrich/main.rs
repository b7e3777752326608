//! The `vinrich` command: what was typed, done, and told in an exit code.

mod bar;
mod cache;
mod check;
mod cli;
mod completions;
mod consent;
mod decode;
mod enrich;
mod failure;
mod meaning;
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
mod summary;
mod tool;
mod validate;
mod vpic;
mod words;

use std::process::ExitCode;

use clap::Parser;
use vinrich::error::Error;

use crate::cli::{CacheCommand, Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    failure::on_panic();
    let code = match Cli::try_parse() {
        Ok(cli) => {
            let log_format = cli.common.log_format;
            run(cli).unwrap_or_else(|error| failure::tell(&error, log_format))
        }
        Err(usage) => cli::refuse(&usage),
    };
    ExitCode::from(code)
}

/// Does what was typed; gives the exit code.
fn run(Cli { command, common }: Cli) -> Result<u8, Error> {
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
        Command::Cache { command: CacheCommand::Stats } => cache::stats(&common),
        Command::Recalls { command } => recalls::run(&command, &common),
        Command::Schema(args) => schema::run(&args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Completions(args) => completions::run(&args),
    }
}
