//! `vinrich cache prune`: what is old leaves the store.

use std::time::Duration;

use vinrich::SystemClock;
use vinrich::config::Settings;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::time::Clock;
use vinrich::store::{self, PruneSpec, Pruned};

use crate::cli::CachePruneArgs;
use crate::format::{self, count, text};

const DAY: Duration = Duration::from_hours(24);

/// Calls stay so long for the audit.
const AUDITED: Duration = Duration::from_hours(400 * 24);

/// No window that a vendor may have is longer: a month.
const LONGEST_WINDOW: Duration = Duration::from_hours(31 * 24);

pub(super) fn run(args: &CachePruneArgs, settings: &Settings) -> Result<u8, Error> {
    let now = SystemClock::new().now().wall;
    let spec = PruneSpec {
        answers_before: now.earlier(args.older_than),
        calls_before: now.earlier(age_of_calls(args, settings)),
        dataset: args.dataset,
        dry_run: args.dry_run,
    };
    let pruned = store::prune(&settings.store, &spec)?;
    super::say(args.format, pruned.as_ref(), &settings.store, |pruned| as_text(args, pruned))?;
    Ok(Exit::Success.code())
}

/// Calls that a window may still count stay, and so do those of the last 400
/// days unless they are named.
fn age_of_calls(args: &CachePruneArgs, settings: &Settings) -> Duration {
    let windows = settings.vendors.values().flat_map(|vendor| {
        let quotas = vendor.quotas.iter().map(|quota| quota.window);
        quotas.chain(vendor.spend.iter().map(|spend| spend.window))
    });
    let longest = windows.chain([LONGEST_WINDOW]).max().unwrap_or(LONGEST_WINDOW);
    // A window may have begun the day before, and clocks may have been set.
    let counted = longest.saturating_add(2 * DAY);
    let audited = if args.calls { Duration::ZERO } else { AUDITED };
    args.older_than.max(counted).max(audited)
}

fn as_text(args: &CachePruneArgs, pruned: &Pruned) -> String {
    let Pruned { answers, pages, history, bodies, calls, runs, snapshots, bytes } = *pruned;
    let verb = if args.dry_run { "would remove" } else { "removed" };
    let pages =
        if pages > 0 { format!(" ({} of lists)", count(pages, "page")) } else { String::new() };
    let mut lines = vec![
        format!("{verb} {}{pages}, {}", count(answers, "answer"), count(history, "earlier answer")),
        format!("{verb} {}", super::bodies(bodies)),
    ];
    if args.dataset.is_none() {
        lines.push(format!("{verb} {}, {}", count(calls, "call"), count(runs, "run")));
    }
    if snapshots > 0 {
        lines.push(format!("{verb} {} of outputs", count(snapshots, "snapshot")));
    }
    if !args.dry_run {
        lines.push(format!("{} before, {} now", format::bytes(bytes.0), format::bytes(bytes.1)));
    }
    text(&lines)
}

#[cfg(test)]
#[path = "tests/prune.rs"]
mod tests;
