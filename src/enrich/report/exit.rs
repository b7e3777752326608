//! What a finished run makes of its exit code: what its vendors did, and what the
//! cells of its output lack.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Exit, Outcome, Status};
use crate::enrich::plan::Allowance;

/// The exit code of a run that came to its end, and of a stopped one. `vendors`:
/// how vendors were found wanting; `output`: what the output lacks.
pub(super) fn exit_of(
    stopped: Option<Exit>,
    vendors: &BTreeSet<Exit>,
    output: &BTreeSet<Exit>,
) -> Exit {
    stopped.unwrap_or_else(|| Exit::first(|exit| vendors.contains(&exit) || output.contains(&exit)))
}

/// The cells of an output that lack the answer that was asked for, by the exit code
/// that follows and by `<dataset>:<error>`. A cell is what one dataset says in one row.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    /// Cells that were asked for.
    requested: u64,
    /// Not asked yet, or written from an expired answer.
    late: ByExit,
    /// Asked without a usable answer.
    failed: ByExit,
}

type ByExit = BTreeMap<Exit, BTreeMap<String, u64>>;

impl Gaps {
    /// Counts one cell. `why` is what it says under `<dataset>_error`.
    pub(crate) fn count(&mut self, status: Status, exit: Exit, why: &str) {
        self.requested += u64::from(status != Status::NotRequested);
        if exit == Exit::Success {
            return;
        }
        let of = if status == Status::Failed { &mut self.failed } else { &mut self.late };
        let by_why = of.entry(exit).or_default();
        if let Some(cells) = by_why.get_mut(why) {
            *cells += 1;
        } else {
            by_why.insert(why.to_owned(), 1);
        }
    }

    /// Counts what came of one key for which there is no row.
    pub(crate) fn count_outcome(&mut self, about: &str, outcome: &Outcome) {
        let (status, why, exit) = outcome.verdict();
        self.count(status, exit, &format!("{about}{}", why.unwrap_or_default()));
    }

    /// Adds the counts of another part of the output.
    pub(crate) fn add(&mut self, other: Self) {
        self.requested += other.requested;
        for (into, from) in [(&mut self.late, other.late), (&mut self.failed, other.failed)] {
            for (exit, by_why) in from {
                let into = into.entry(exit).or_default();
                for (why, cells) in by_why {
                    *into.entry(why).or_default() += cells;
                }
            }
        }
    }

    /// What makes the output incomplete: every late cell, and the failed ones where
    /// they are more than `allowed`. Empty where the output is complete.
    pub(crate) fn beyond(&self, allowed: Allowance) -> ByExit {
        let failed = self.failed.values().flat_map(BTreeMap::values).sum();
        let mut beyond = Self { late: self.late.clone(), ..Self::default() };
        if allowed.exceeded_by(failed, self.requested) {
            beyond.add(Self { late: self.failed.clone(), ..Self::default() });
        }
        beyond.late
    }
}

#[cfg(test)]
#[path = "tests/exit.rs"]
mod tests;
