//! What one vendor's door has seen, for the report.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::VendorReport;
use super::transport_error::TransportError;
use crate::domain::{Fault, Micros};
use crate::vendors::Parsed;

/// Latencies kept for the percentiles; older ones are overwritten beyond.
const LATENCIES: usize = 16_384;

/// Different messages about what went wrong that are kept.
const MOST_MESSAGES: usize = 5;

/// Stands for the HTTP status of a call without a reply.
const NO_REPLY: &str = "none";

/// Counts of one vendor in one run.
#[derive(Debug, Default)]
pub(super) struct Stats {
    planned: BTreeMap<&'static str, u64>,
    attempted: u64,
    ok: u64,
    retries: u64,
    by_status: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
    spent: Micros,
    foreign: u64,
    by_place: u64,
    type_drift: u64,
    /// What was seen of calls without an answer, each message once.
    trouble: BTreeMap<String, u64>,
    batch_keys: u64,
    batch_places: u64,
    latencies: Vec<Duration>,
}

impl Stats {
    /// So many calls to an endpoint are planned.
    pub(super) fn planned(&mut self, endpoint: &'static str, calls: u64) {
        *self.planned.entry(endpoint).or_default() += calls;
    }

    /// A call is sent with `keys` of the `places` it could hold.
    pub(super) fn sent(&mut self, keys: usize, places: usize, again: bool) {
        self.attempted += 1;
        self.retries += u64::from(again);
        if places > 1 {
            self.batch_keys += keys as u64;
            self.batch_places += places as u64;
        }
    }

    /// A call has ended after `latency`.
    pub(super) fn received(&mut self, status: Option<u16>, latency: Duration) {
        let status = status.map_or_else(|| NO_REPLY.into(), |status| status.to_string());
        *self.by_status.entry(status).or_default() += 1;
        if self.latencies.len() < LATENCIES {
            self.latencies.push(latency);
        } else {
            let place = usize::try_from(self.attempted).unwrap_or(0) % LATENCIES;
            self.latencies[place] = latency;
        }
    }

    /// A call brought these answers.
    pub(super) fn answered(&mut self, parsed: &Parsed) {
        self.ok += 1;
        self.foreign += u64::from(parsed.foreign);
        self.by_place += u64::from(parsed.by_place);
        self.type_drift += u64::from(parsed.type_drift);
    }

    /// A call brought no answer. Notes what a person should see of it; a status
    /// is counted anyway and says it all.
    pub(super) fn faulted(&mut self, fault: &Fault, error: Option<&TransportError>) {
        *self.faults.entry(fault.code()).or_default() += 1;
        let message = match (error, fault) {
            (Some(error), _) => error.to_string(),
            (None, Fault::Garbled { excerpt }) => {
                format!("a reply that is not an answer: `{excerpt}`")
            }
            (None, _) => return,
        };
        if self.trouble.len() < MOST_MESSAGES || self.trouble.contains_key(&message) {
            *self.trouble.entry(message).or_default() += 1;
        }
    }

    /// Money was spent, or what was held for a call is given back.
    pub(super) fn spent(&mut self, cost: Micros) {
        self.spent += cost;
    }

    /// Whether the vendor has answered anything in this run.
    pub(super) fn has_answered(&self) -> bool {
        self.ok > 0
    }

    /// Whether calls were to be sent, and not one got a connection.
    pub(super) fn was_never_there(&self) -> bool {
        let no_connection = Fault::NotSent.code();
        let unanswered = self.by_status.keys().all(|status| status == NO_REPLY);
        unanswered
            && !self.faults.is_empty()
            && self.faults.keys().all(|code| *code == no_connection)
    }

    /// The counts in the report's form; the door adds quotas and waits.
    pub(super) fn report(&self) -> VendorReport {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let place = sorted.len() * percent / 100;
            let latency = sorted.get(place).or(sorted.last()).copied().unwrap_or_default();
            (latency.as_secs_f64() * 1e4).round() / 10.0
        };
        VendorReport {
            planned: self.planned.iter().map(|(at, calls)| ((*at).to_owned(), *calls)).collect(),
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
            latency_ms: [at(50), at(95), at(100)],
            ..VendorReport::default()
        }
    }
}
