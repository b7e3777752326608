//! Whether an inventory showed as many vehicles as its vendor counts.
//!
//! The count is asked for once a list is read to its end, and kept beside its pages.
//! A list that shows fewer vehicles lacks some, so a VIN that is not in it may be one
//! of those.

use std::ops::RangeInclusive;

use super::renewal::Kept;
use crate::domain::numbers::thousands;
use crate::domain::{Error, Fault, Freshness, Key, Timestamp};
use crate::enrich::chain::Source;
use crate::gate::{Door, Probed, Shared};
use crate::store::{KeptAnswer, Snapshot, SourceName};
use crate::vendors::Probe;

/// Changes to a list, while it is read and counted, that are not worth a word.
const FEW: u64 = 3;

/// How far the vehicles of a list and the vendor's count may lie apart. Pages are read
/// a second apart or faster, so a change to each page is more than any organisation
/// sells, and each change adds or hides one vehicle.
fn slack(pages: u32) -> u64 {
    FEW.max(u64::from(pages))
}

/// An inventory that does not show as many vehicles as its vendor counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Distinct vehicles in the list.
    shown: u64,
    /// What the vendor counts: at least and at most.
    counted: RangeInclusive<u64>,
}

impl Difference {
    /// The difference between a list of so many pages and vehicles and the vendor's
    /// count; `None` where that is within what may change meanwhile.
    pub(super) fn between(shown: u64, pages: u32, counted: RangeInclusive<u64>) -> Option<Self> {
        let slack = slack(pages);
        let least = counted.start().saturating_sub(slack);
        let most = counted.end().saturating_add(slack);
        (!(least..=most).contains(&shown)).then_some(Self { shown, counted })
    }

    /// Whether vehicles are missing from the list.
    pub(super) fn is_shortage(&self) -> bool {
        self.shown < *self.counted.start()
    }

    /// What the user should know of it.
    pub(super) fn remark(&self) -> String {
        let (shown, total) = (thousands(self.shown), thousands(*self.counted.end()));
        let available = match self.counted.start() {
            least if least == self.counted.end() => String::new(),
            least => format!(" ({} of them available)", thousands(*least)),
        };
        let consequence = if self.is_shortage() {
            ": it may be incomplete, so a VIN that is not in it gets no count instead of 0"
        } else {
            ": one of the two numbers is wrong"
        };
        format!(
            "its inventory showed {shown} vehicles, and the vendor counts {total}{available}{consequence}"
        )
    }
}

/// Asks how many vehicles there are for the reading that began at `snapshot`; what the
/// user should know where that was not learnt.
pub(super) async fn ask(
    shared: &Shared<'_>,
    (source, freshness): (&Source, Freshness),
    door: &Door<'_>,
    (probe, snapshot): (&Probe, Timestamp),
) -> Result<Option<String>, Error> {
    let id = shared.writer.source(name(source, probe)).await?;
    let why = match door.probe_and_keep(id, probe, (key(probe, snapshot), freshness)).await? {
        Probed::Answered { .. } => return Ok(None),
        Probed::Failed { fault: Fault::Poisoned { code }, .. } => code,
        Probed::Failed { fault, status, .. } => match status {
            Some(status) => format!("HTTP {status}, {}", fault.code()),
            None => fault.code(),
        },
        Probed::Held { why, .. } => why.code().to_owned(),
    };
    Ok(Some(format!(
        "how many vehicles the vendor counts was not learnt ({why}); its inventory is used \
         without that check"
    )))
}

/// What the vendor counted for the reading that began at `snapshot`.
pub(super) fn counted(
    store: &Snapshot<'_>,
    kept: Kept<'_>,
    source: &Source,
    snapshot: Timestamp,
) -> Result<Option<RangeInclusive<u64>>, Error> {
    let Some(probe) = kept.count else { return Ok(None) };
    let Some(id) = store.source(&name(source, probe))? else { return Ok(None) };
    let key = key(probe, snapshot);
    let mut answer = None;
    store.each_kept(id, [(0, key.to_stored())].into_iter(), |_, held| answer = Some(held))?;
    let body = answer.and_then(|held: KeptAnswer| held.body);
    let body = body.map(|body| store.body(body, &key)).transpose()?;
    Ok(body.and_then(|body| kept.pages.counted(&body)))
}

fn name(source: &Source, probe: &Probe) -> SourceName {
    SourceName { dataset: None, endpoint: probe.endpoint, ..source.name.clone() }
}

/// A count is about the reading that it was asked for.
fn key(probe: &Probe, snapshot: Timestamp) -> Key {
    Key::Name(format!("{} {}", probe.request.path, snapshot.micros()))
}

#[cfg(test)]
#[path = "tests/count.rs"]
mod tests;
