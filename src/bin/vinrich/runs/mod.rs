//! `vinrich runs`: the runs this store remembers, and their calls.

mod audit;
mod list;
mod show;

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::real_path;
use vinrich::store::{RunFilter, RunRecord, Store};

use crate::cli::{CommonArgs, RunsCommand};
use crate::settings;

pub(crate) fn run(command: &RunsCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let store = &settings.store;
    match command {
        RunsCommand::List(args) => list::run(args, store)?,
        RunsCommand::Show(args) => show::run(args, store)?,
        RunsCommand::Audit(args) => audit::run(args, &settings)?,
    }
    Ok(Exit::Success.code())
}

/// The latest runs whose id begins with `id`, and that wrote to `output`, where those
/// are named.
fn find(
    store: &Path,
    id: Option<&str>,
    output: Option<&Path>,
    most: u32,
) -> Result<Vec<RunRecord>, Error> {
    let Some(store) = Store::peek(store)? else { return Ok(Vec::new()) };
    let output = output.map(|path| real_path(path).to_string_lossy().into_owned());
    store.snapshot()?.runs(RunFilter { id, output: output.as_deref() }, most)
}
