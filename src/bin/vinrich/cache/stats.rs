//! `vinrich cache stats`: what the store keeps.

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::store::{HeldRecallFile, SourceRecord, Store};

use super::nothing_yet;
use crate::format::{at, bytes, shown, table, text, thousands, visible};
use crate::stdout;

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
    recall_files: &[HeldRecallFile],
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
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_endpoint() {
        let source = SourceRecord {
            dataset: "decode".into(),
            vendor: "carvin".into(),
            endpoint: "batch-decode".into(),
            origin: "https://example.com live".into(),
            answers: 2000,
            found: 1980,
            bodies: 700,
            fetched: Some((1_795_314_199_000_000, 1_795_314_324_000_000)),
        };
        let unused = SourceRecord {
            endpoint: "decode".into(),
            answers: 0,
            found: 0,
            bodies: 0,
            fetched: None,
            ..source.clone()
        };
        let file = HeldRecallFile {
            part: vinrich::reference::nhtsa_file::Part::Post2010,
            name: "FLAT_RCL_POST_2010.zip".into(),
            imported_at: 1_795_314_199_000_000,
            newest: None,
            rows: 210_000,
            campaigns: 14_000,
            vehicles: 60_000,
            warnings: Vec::new(),
        };
        insta::assert_snapshot!(as_text(Path::new("v.db"), 1_500_000, &[source, unused], &[file]), @r"
        v.db: 2,000 answers, 1.5 MB

        dataset  vendor  endpoint      answers  found  bodies  oldest                   newest                   from
        decode   carvin  batch-decode    2,000  1,980     700  2026-11-22 02:23:19 UTC  2026-11-22 02:25:24 UTC  https://example.com live
        decode   carvin  decode              0      0       0                                                    https://example.com live

        FLAT_RCL_POST_2010.zip: 14,000 campaigns, imported 2026-11-22 02:23:19 UTC
        ");
    }
}
