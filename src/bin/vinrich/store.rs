//! `vinrich store`: backups, and putting them back.

use std::path::Path;

use serde::Serialize;
use vinrich::domain::Timestamp;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::{Events, Level};
use vinrich::domain::money::Micros;
use vinrich::store::{self, Backup, MergeOutcome, Merged, Restored, SnapshotFile, SnapshotSpec};

use crate::cli::{
    CommonArgs, ReportFormat, StoreBackupArgs, StoreCommand, StoreRestoreArgs, StoreSnapshotArgs,
};
use crate::console::Console;
use crate::format::{at, bytes, count, rfc3339, shown, text};
use crate::{settings, stdout};

pub(crate) fn run(command: &StoreCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    match command {
        StoreCommand::Backup(args) => backup(args, &settings.store, common)?,
        StoreCommand::Snapshot(args) => snapshot(args, &settings.store, common)?,
        StoreCommand::Restore(args) => restore(args, &settings.store, common)?,
    }
    Ok(Exit::Success.code())
}

fn backup(args: &StoreBackupArgs, store: &Path, common: &CommonArgs) -> Result<(), Error> {
    let wrote = store::backup(store, &args.file, args.force)?;
    if args.format == ReportFormat::Json {
        return stdout::write_json(&Held::of(&args.file, &wrote));
    }
    if common.quiet {
        return Ok(());
    }
    stdout::write(&format!("wrote {}: {}\n", shown(&args.file), holds(&wrote)))
}

/// Bytes below which it is done before a bar could be read.
const WORTH_A_BAR: u64 = 64 << 20;

fn snapshot(args: &StoreSnapshotArgs, store: &Path, common: &CommonArgs) -> Result<(), Error> {
    let console = Console::new(common);
    let spec = SnapshotSpec { origin: args.origin.as_deref(), force: args.force };
    let wrote = store::snapshot(store, &args.file, spec, &mut |done, all| {
        if all >= WORTH_A_BAR {
            console.arrived(done, all);
        }
    });
    console.finish();
    let SnapshotFile { bytes: length, answers, origin, campaigns } = wrote?;
    if args.format == ReportFormat::Json {
        return stdout::write_json(&serde_json::json!({
            "file": args.file.display().to_string(),
            "bytes": length,
            "answers": answers,
            "origin": origin,
            "recall_campaigns": campaigns,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let mut holds = vec![bytes(length), count(answers, "answer")];
    holds.extend((campaigns > 0).then(|| count(campaigns, "recall campaign")));
    let origin = origin.map_or_else(String::new, |origin| format!(" ({origin})"));
    stdout::write(&format!("wrote {}: {}{origin}\n", shown(&args.file), holds.join(", ")))
}

fn restore(args: &StoreRestoreArgs, store: &Path, common: &CommonArgs) -> Result<(), Error> {
    let now = Timestamp::now();
    let restored = store::restore(store, &args.file, now)?;
    let console = Console::new(common);
    for (code, warning) in warnings(&restored) {
        console.note(Level::Warn, code, &warning);
    }
    if args.format == ReportFormat::Json {
        return stdout::write_json(&RestoredStore::of(&restored, store));
    }
    if common.quiet {
        return Ok(());
    }
    stdout::write(&as_text(&restored, store, &args.file))
}

/// The JSON of what a backup or a store holds.
#[derive(Serialize)]
struct Held {
    file: String,
    bytes: u64,
    answers: u64,
    calls: u64,
    latest_call: Option<String>,
}

impl Held {
    fn of(file: &Path, holds: &Backup) -> Self {
        let Backup { bytes, answers, calls, latest } = *holds;
        let latest_call = latest.and_then(rfc3339);
        Self { file: file.display().to_string(), bytes, answers, calls, latest_call }
    }
}

/// The JSON of a restore.
#[derive(Serialize)]
struct RestoredStore {
    #[serde(flatten)]
    holds: Held,
    /// What became of the replaced store: `none`, `merged`, `foreign` or `damaged`.
    replaced: &'static str,
    merged_calls: u64,
    merged_answers: u64,
    merged_cost_micros: Micros,
    kept: Option<String>,
}

impl RestoredStore {
    fn of(restored: &Restored, store: &Path) -> Self {
        let (replaced, merged) = match &restored.merge {
            MergeOutcome::Nothing => ("none", Merged::default()),
            MergeOutcome::Merged(merged) => ("merged", *merged),
            MergeOutcome::Foreign => ("foreign", Merged::default()),
            MergeOutcome::Damaged(_) => ("damaged", Merged::default()),
        };
        Self {
            holds: Held::of(store, &restored.holds),
            replaced,
            merged_calls: merged.calls,
            merged_answers: merged.answers,
            merged_cost_micros: merged.spent,
            kept: restored.kept.as_ref().map(|kept| kept.display().to_string()),
        }
    }
}

fn as_text(restored: &Restored, store: &Path, file: &Path) -> String {
    let mut lines =
        vec![format!("restored {} from {}: {}", shown(store), shown(file), holds(&restored.holds))];
    if let MergeOutcome::Merged(merged) = &restored.merge {
        lines.push(format!("  carried over from the replaced store: {}", carried_over(merged)));
    }
    lines.extend(
        restored.kept.iter().map(|kept| format!("  the replaced store is kept as {}", shown(kept))),
    );
    text(&lines)
}

fn holds(backup: &Backup) -> String {
    let (size, answers, calls) =
        (bytes(backup.bytes), count(backup.answers, "answer"), count(backup.calls, "call"));
    let latest =
        backup.latest.map_or_else(String::new, |call| format!(", the latest {}", at(call)));
    format!("{size}, {answers}, {calls}{latest}")
}

fn carried_over(merged: &Merged) -> String {
    if merged.calls == 0 && merged.answers == 0 {
        return "nothing, the backup knows it all".into();
    }
    let cost =
        if merged.spent > Micros::ZERO { format!(" ({})", merged.spent) } else { String::new() };
    format!("{}{cost}, {}", count(merged.calls, "call"), count(merged.answers, "answer"))
}

/// What the user must know of what was lost.
fn warnings(restored: &Restored) -> Vec<(&'static str, String)> {
    let since =
        restored.holds.latest.map_or_else(|| "at all".into(), |call| format!("after {}", at(call)));
    match &restored.merge {
        MergeOutcome::Merged(merged) if merged.recall_file_differs => vec![(
            "recall_file",
            "the recall file is that of the backup; `vinrich recalls update` fetches a newer one"
                .into(),
        )],
        MergeOutcome::Merged(_) => Vec::new(),
        MergeOutcome::Nothing => vec![(
            "ledger_lost",
            format!(
                "there was no store here: what was spent, and used of the quotas, {since} is \
                 unknown; `vinrich quota --reconcile` asks the vendors that report it"
            ),
        )],
        MergeOutcome::Foreign => vec![(
            "foreign_backup",
            "the backup is of another installation: calls in the replaced store are not known to \
             the restored one, and its quotas and spend limits begin with the backup's own calls"
                .into(),
        )],
        MergeOutcome::Damaged(why) => vec![(
            "ledger_lost",
            format!(
                "the replaced store was damaged ({why}): what was spent, and used of the quotas, \
                 {since} is unknown; `vinrich quota --reconcile` asks the vendors that report it"
            ),
        )],
    }
}

#[cfg(test)]
#[path = "tests/store.rs"]
mod tests;
