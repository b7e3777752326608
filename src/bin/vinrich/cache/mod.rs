//! `vinrich cache`: what the store keeps, whether it is whole, and what is to go.

mod explain;
mod forget;
mod prune;
mod stats;
mod verify;

use std::path::Path;

use serde::Serialize;
use vinrich::domain::error::Error;

use crate::cli::{CacheCommand, CommonArgs, ReportFormat};
use crate::format::{shown, thousands};
use crate::{settings, stdout};

pub(crate) fn run(command: &CacheCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    match command {
        CacheCommand::Stats(args) => stats::run(args, &settings.store),
        CacheCommand::Explain(args) => explain::run(args, settings),
        CacheCommand::Forget(args) => forget::run(args, &settings.store),
        CacheCommand::Prune(args) => prune::run(args, &settings),
        CacheCommand::Verify(args) => verify::run(args, &settings.store, common),
    }
}

/// The message where there is no store yet.
fn nothing_yet(store: &Path) -> String {
    format!("{}: no store yet; the first run creates it\n", shown(store))
}

/// What a command says, as text or as JSON: `null` where there is no store yet.
fn say<T: Serialize>(
    format: ReportFormat,
    found: Option<&T>,
    store: &Path,
    as_text: impl FnOnce(&T) -> String,
) -> Result<(), Error> {
    match format {
        ReportFormat::Json => stdout::write_json(&found),
        ReportFormat::Text => stdout::write(&found.map_or_else(|| nothing_yet(store), as_text)),
    }
}

/// `1 body`, `2 bodies`.
fn bodies(number: u64) -> String {
    let noun = if number == 1 { "body" } else { "bodies" };
    format!("{} {noun}", thousands(number))
}
