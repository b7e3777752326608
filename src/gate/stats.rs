//! What one vendor's door has seen, for the report.

use std::collections::BTreeMap;
use std::time::Duration;

use super::transport_error::NoReply;
use crate::domain::money::Micros;
use crate::domain::outcome::Fault;
use crate::gate::report::VendorReport;

/// Latencies kept for the percentiles; older ones are overwritten beyond.
const LATENCIES: usize = 16_384;

/// Different words about what went wrong that are kept.
const MOST_WORDS: usize = 5;

/// Stands for the HTTP status of a call without a reply.
const NO_REPLY: &str = "none";

/// Counts of one vendor in one run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) planned: BTreeMap<&'static str, u64>,
    pub(super) attempted: u64,
    pub(super) ok: u64,
    pub(super) retries: u64,
    pub(super) by_status: BTreeMap<String, u64>,
    pub(super) faults: BTreeMap<String, u64>,
    pub(super) spent: Micros,
    pub(super) foreign: u64,
    pub(super) by_place: u64,
    pub(super) type_drift: u64,
    pub(super) waited: Duration,
    /// What was seen of calls without an answer, each wording once.
    trouble: BTreeMap<String, u64>,
    batch_keys: u64,
    batch_places: u64,
    latencies: Vec<Duration>,
}

impl Tally {
    /// A call leaves with `keys` of the `places` it could hold.
    pub(super) fn sent(&mut self, keys: usize, places: usize, again: bool) {
        self.attempted += 1;
        self.retries += u64::from(again);
        if places > 1 {
            self.batch_keys += keys as u64;
            self.batch_places += places as u64;
        }
    }

    /// A call has come back after `latency`.
    pub(super) fn came_back(&mut self, status: Option<u16>, latency: Duration) {
        let status = status.map_or_else(|| NO_REPLY.into(), |status| status.to_string());
        *self.by_status.entry(status).or_default() += 1;
        if self.latencies.len() < LATENCIES {
            self.latencies.push(latency);
        } else {
            let place = usize::try_from(self.attempted).unwrap_or(0) % LATENCIES;
            self.latencies[place] = latency;
        }
    }

    /// Notes what a person should see of a call that brought no answer. A status
    /// is counted anyway and says it all.
    pub(super) fn note_trouble(&mut self, fault: &Fault, no_reply: Option<&NoReply>) {
        let words = match (no_reply, fault) {
            (Some(no_reply), _) => no_reply.words(),
            (None, Fault::Garbled { excerpt }) => format!("a reply that is no answer: `{excerpt}`"),
            (None, _) => return,
        };
        if self.trouble.len() < MOST_WORDS || self.trouble.contains_key(&words) {
            *self.trouble.entry(words).or_default() += 1;
        }
    }

    /// Whether calls were to be sent, and not one got a connection.
    pub(super) fn was_never_there(&self) -> bool {
        let no_connection = Fault::NotSent.code();
        let unanswered = self.by_status.keys().all(|status| status == NO_REPLY);
        unanswered
            && !self.faults.is_empty()
            && self.faults.keys().all(|code| *code == no_connection)
    }

    /// The counts in the report's form; quotas are added by the door.
    pub(super) fn report(&self) -> VendorReport {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let place = sorted.len() * percent / 100;
            let latency = sorted.get(place).or(sorted.last()).copied().unwrap_or_default();
            (latency.as_secs_f64() * 1e4).round() / 10.0
        };
        VendorReport {
            planned: self.planned.clone(),
            attempted: self.attempted,
            ok: self.ok,
            retries: self.retries,
            by_status: self.by_status.clone(),
            faults: self.faults.clone(),
            trouble: self.trouble.clone(),
            batch_fill: match self.batch_places {
                0 => 1.0,
                places => (self.batch_keys as f64 / places as f64 * 1e3).round() / 1e3,
            },
            spent: self.spent,
            protocol_mismatch: self.foreign,
            matched_by_place: self.by_place,
            type_drift: self.type_drift,
            quotas: Vec::new(),
            waited_seconds: (self.waited.as_secs_f64() * 10.0).round() / 10.0,
            latency_ms: [at(50), at(95), at(100)],
            stopped: None,
        }
    }
}
