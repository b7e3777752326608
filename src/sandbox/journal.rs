//! What the sandbox was asked, for tests and for the summary at its end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Instant;

use super::lock;

/// Calls kept one by one; older ones live on in the tally only.
pub(super) const KEPT: usize = 20_000;

/// One call as the sandbox saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it had been read whole.
    pub at: Instant,
    /// The vendor it was meant for; empty when the path named none.
    pub vendor: &'static str,
    /// The endpoint under the id it has in vinrich, such as `batch-decode` or
    /// `recalls-vin`; `unknown` when there is none.
    pub endpoint: &'static str,
    /// What was asked about: VINs, `FORD F-150 2016`, or ids of dealers.
    pub keys: Vec<String>,
    /// The HTTP status sent; `None` while none is, and when a fault kept it back.
    pub status: Option<u16>,
}

/// How many calls came to one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The vendor.
    pub vendor: &'static str,
    /// The endpoint.
    pub endpoint: &'static str,
    /// The HTTP status sent; `None` for calls without a reply.
    pub status: Option<u16>,
    /// How many.
    pub calls: u64,
    /// The keys they asked about, repetitions included.
    pub keys: u64,
}

/// The book of calls. A call enters when it arrives and is closed by its status.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    calls: VecDeque<Seen>,
    /// Calls that were dropped from the front of `calls`.
    dropped: u64,
    /// By vendor, endpoint and status: calls and keys.
    counts: BTreeMap<(&'static str, &'static str, Option<u16>), (u64, u64)>,
}

/// Names one call in the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry(u64);

impl Journal {
    /// Enters a call that has just arrived.
    pub(super) fn arrived(&self, call: Seen) -> Entry {
        let mut pages = lock(&self.0);
        pages.count(&call);
        if pages.calls.len() == KEPT {
            pages.calls.pop_front();
            pages.dropped += 1;
        }
        pages.calls.push_back(call);
        Entry(pages.dropped + pages.calls.len() as u64 - 1)
    }

    /// Notes the status that was sent.
    pub(super) fn sent(&self, entry: Entry, status: u16) {
        let mut pages = lock(&self.0);
        let place =
            entry.0.checked_sub(pages.dropped).and_then(|place| usize::try_from(place).ok());
        let Some(call) = place.and_then(|place| pages.calls.get_mut(place)) else { return };
        call.status = Some(status);
        let call = call.clone();
        pages.recount(&call);
    }

    pub(super) fn calls(&self) -> Vec<Seen> {
        lock(&self.0).calls.iter().cloned().collect()
    }

    pub(super) fn tally(&self) -> Vec<Tally> {
        let pages = lock(&self.0);
        let lines = pages.counts.iter().filter(|(_, (calls, _))| *calls > 0);
        lines
            .map(|(&(vendor, endpoint, status), &(calls, keys))| Tally {
                vendor,
                endpoint,
                status,
                calls,
                keys,
            })
            .collect()
    }
}

impl Pages {
    fn count(&mut self, call: &Seen) {
        let (calls, keys) =
            self.counts.entry((call.vendor, call.endpoint, call.status)).or_default();
        *calls += 1;
        *keys += call.keys.len() as u64;
    }

    /// Moves a call from "no reply" to the status it was sent.
    fn recount(&mut self, call: &Seen) {
        let open = self.counts.entry((call.vendor, call.endpoint, None)).or_default();
        open.0 = open.0.saturating_sub(1);
        open.1 = open.1.saturating_sub(call.keys.len() as u64);
        self.count(call);
    }
}

#[cfg(test)]
#[path = "tests/journal.rs"]
mod tests;
