//! `vinrich cache stats`: what the store keeps.

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::store::{KeptRecallFile, SourceRecord, Store};

use super::nothing_yet;
use crate::format::{at, bytes, shown, text, thousands, visible};
use crate::stdout;
use crate::table::table;

pub(super) fn run(path: &Path) -> Result<u8, Error> {
    let said = match Store::peek(path)? {
        Some(store) => {
            let size = std::fs::metadata(path)
                .map_err(|source| Error::io("cannot look at", path, source))?
                .len();
            let snapshot = store.snapshot()?;
            as_text(path, size, &snapshot.sources()?, &snapshot.recall_files()?)
        }
        None => nothing_yet(path),
    };
    stdout::write(&said)?;
    Ok(Exit::Success.code())
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
