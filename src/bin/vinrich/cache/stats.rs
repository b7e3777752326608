//! `vinrich cache stats`: what the store keeps.

use std::path::Path;

use serde::Serialize;
use vinrich::domain::error::{Error, Exit};
use vinrich::store::{KeptRecallFile, SourceRecord, Store};

use crate::cli::ListArgs;
use crate::format::{at, bytes, rfc3339, shown, text, thousands, visible};
use crate::recalls::held_as_json;
use crate::table::table;

pub(super) fn run(args: &ListArgs, path: &Path) -> Result<u8, Error> {
    let Some(store) = Store::peek(path)? else {
        super::say(args.format, None::<&Stats>, path, |_| String::new())?;
        return Ok(Exit::Success.code());
    };
    let bytes =
        std::fs::metadata(path).map_err(|source| Error::io("cannot look at", path, source))?.len();
    let snapshot = store.snapshot()?;
    let (sources, files) = (snapshot.sources()?, snapshot.recall_files()?);
    let stats = Stats::of(path, bytes, &sources, &files);
    super::say(args.format, Some(&stats), path, |_| as_text(path, bytes, &sources, &files))?;
    Ok(Exit::Success.code())
}

/// The JSON of all that.
#[derive(Serialize)]
struct Stats {
    store: String,
    bytes: u64,
    answers: u64,
    sources: Vec<SourceStats>,
    recall_files: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct SourceStats {
    dataset: String,
    vendor: String,
    endpoint: String,
    origin: String,
    answers: u64,
    found: u64,
    bodies: u64,
    oldest: Option<String>,
    newest: Option<String>,
}

impl Stats {
    fn of(path: &Path, bytes: u64, sources: &[SourceRecord], files: &[KeptRecallFile]) -> Self {
        Self {
            store: path.display().to_string(),
            bytes,
            answers: sources.iter().map(|source| source.answers).sum(),
            sources: sources.iter().map(SourceStats::of).collect(),
            recall_files: files.iter().map(held_as_json).collect(),
        }
    }
}

impl SourceStats {
    fn of(source: &SourceRecord) -> Self {
        Self {
            dataset: source.dataset.clone(),
            vendor: source.vendor.clone(),
            endpoint: source.endpoint.clone(),
            origin: source.origin.clone(),
            answers: source.answers,
            found: source.found,
            bodies: source.bodies,
            oldest: source.fetched.and_then(|(oldest, _)| rfc3339(oldest)),
            newest: source.fetched.and_then(|(_, newest)| rfc3339(newest)),
        }
    }
}

fn as_text(
    path: &Path,
    size: u64,
    sources: &[SourceRecord],
    recall_files: &[KeptRecallFile],
) -> String {
    let answers: u64 = sources.iter().map(|source| source.answers).sum();
    let mut lines =
        vec![format!("{}: {} answers, {}", shown(path), thousands(answers), bytes(size))];
    if !sources.is_empty() {
        lines.push(String::new());
        lines.extend(table(&rows(sources)));
    }
    if !recall_files.is_empty() {
        lines.push(String::new());
    }
    lines.extend(recall_files.iter().map(|file| {
        let (campaigns, imported_at) = (thousands(file.campaigns), at(file.imported_at));
        format!("{}: {campaigns} campaigns, imported {imported_at}", visible(&file.name))
    }));
    text(&lines)
}

fn rows(sources: &[SourceRecord]) -> Vec<Vec<String>> {
    let heading =
        ["dataset", "vendor", "endpoint", "answers", "found", "bodies", "oldest", "newest", "from"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(sources.iter().map(|of| {
        let mut row = vec![of.dataset.clone(), of.vendor.clone(), of.endpoint.clone()];
        row.extend([of.answers, of.found, of.bodies].map(thousands));
        let (oldest, newest) =
            of.fetched.map_or_else(Default::default, |(oldest, newest)| (at(oldest), at(newest)));
        row.extend([oldest, newest, visible(&of.origin).into_owned()]);
        row
    }));
    rows
}

#[cfg(test)]
#[path = "tests/stats.rs"]
mod tests;
