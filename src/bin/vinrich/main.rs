//! The `vinrich` command: what was typed, done, and told in an exit code.

mod console;
mod cache;
mod check;
mod cli;
mod completions;
mod confirm;
mod decode;
mod dispatch;
mod enrich;
mod report_error;
mod args_to_plan;
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
mod format;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    report_error::on_panic();
    signals::survive_file_limits();
    let code = match Cli::try_parse() {
        Ok(cli) => {
            let log_format = cli.common.log_format;
            dispatch::run(cli).unwrap_or_else(|error| report_error::tell(&error, log_format))
        }
        Err(usage) => cli::refuse(&usage),
    };
    ExitCode::from(code)
}
