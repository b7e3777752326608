//! `vinrich cache forget`: VINs leave the store for good.

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::store::{self, Forgotten};

use crate::args_to_plan;
use crate::cli::CacheForgetArgs;
use crate::format::{bytes, count, text};

pub(super) fn run(args: &CacheForgetArgs, store: &Path) -> Result<u8, Error> {
    let vins = args.vins.iter().map(|vin| args_to_plan::vin(vin)).collect::<Result<Vec<_>, _>>()?;
    let forgotten = store::forget(store, &vins, args.force)?;
    let number = vins.len() as u64;
    super::say(args.format, forgotten.as_ref(), store, |forgotten| as_text(number, forgotten))?;
    Ok(Exit::Success.code())
}

/// Nothing here repeats a VIN: what is said may be kept.
fn as_text(vins: u64, forgotten: &Forgotten) -> String {
    let Forgotten {
        answers,
        history,
        mentions,
        lists,
        bodies,
        operations,
        recall_statuses,
        calls,
        runs,
        snapshots,
        bytes: size,
    } = *forgotten;
    let removed = [
        (answers, "answer", ""),
        (history, "earlier answer", ""),
        (mentions, "answer", " about something else that named it, to be asked again"),
        (lists, "list", " that named it, to be read again"),
        (operations, "record", " of what was done"),
        (recall_statuses, "statement", " about a recall"),
    ];
    let counted =
        |(number, noun, more): &(u64, &str, &str)| format!("  {}{more}", count(*number, noun));
    let mut lines = vec![format!("{} forgotten", count(vins, "VIN"))];
    lines.push("removed:".into());
    lines.extend(removed.iter().filter(|(number, ..)| *number > 0).map(counted));
    lines.extend((bodies > 0).then(|| format!("  {}", super::bodies(bodies))));
    if snapshots > 0 {
        lines.push(format!("  rows in {} of outputs", count(snapshots, "snapshot")));
    }
    if lines.len() == 2 {
        lines[1] = "the store knew nothing of it".into();
    }
    if calls > 0 {
        lines.push(format!(
            "{} of the ledger now {} a keyed hash instead; `vinrich runs audit --vin` still finds {}",
            count(calls, "call"),
            if calls == 1 { "holds" } else { "hold" },
            if calls == 1 { "it" } else { "them" },
        ));
    }
    if runs > 0 {
        lines.push(format!(
            "{} had it on the command line or in the report: replaced too",
            count(runs, "run")
        ));
    }
    lines.push(format!(
        "the store was written anew: {} before, {} now",
        bytes(size.0),
        bytes(size.1)
    ));
    lines.push(
        "not reached: output files, reports written by `--report`, exports, backups of the store, and copies kept by `store restore`, by an upgrade, or of a store that was lost"
            .into(),
    );
    text(&lines)
}

#[cfg(test)]
#[path = "tests/forget.rs"]
mod tests;
