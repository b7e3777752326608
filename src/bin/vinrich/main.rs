//! The `vinrich` command: what was typed, done, and told in an exit code.

mod bar;
mod cache;
mod check;
mod cli;
mod completions;
mod consent;
mod decode;
mod dispatch;
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
mod store;
mod summary;
mod tool;
mod validate;
mod vpic;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    failure::on_panic();
    signals::survive_file_limits();
    let code = match Cli::try_parse() {
        Ok(cli) => {
            let log_format = cli.common.log_format;
            dispatch::run(cli).unwrap_or_else(|error| failure::tell(&error, log_format))
        }
        Err(usage) => cli::refuse(&usage),
    };
    ExitCode::from(code)
}
