//! What a run report says of a vendor and its quota windows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Micros;

/// One vendor of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VendorReport {
    /// Calls by endpoint that the keys asked needed.
    pub planned: BTreeMap<String, u64>,
    /// Calls sent, retries included.
    pub attempted: u64,
    /// Calls that brought an answer.
    pub ok: u64,
    /// Calls sent again.
    pub retries: u64,
    /// Calls by HTTP status, `none` where no reply came.
    pub by_status: BTreeMap<String, u64>,
    /// Calls that failed, by fault.
    pub faults: BTreeMap<String, u64>,
    /// What was seen of calls that brought no answer: the first words of a body
    /// that is not an answer, or why no reply came. A few messages, each with its calls.
    pub trouble: BTreeMap<String, u64>,
    /// Keys asked in batch calls, over what those calls could hold.
    pub batch_fill: f64,
    /// What the calls cost: what the vendor says, else the price list.
    pub spent: Micros,
    /// Answers about foreign keys, thrown away.
    pub protocol_mismatch: u64,
    /// Answers that name no key, taken to be in the order asked.
    pub matched_by_place: u64,
    /// Values of an unexpected type.
    pub type_drift: u64,
    /// The quota windows at the end.
    pub quotas: Vec<QuotaReport>,
    /// Seconds spent waiting for quotas and back-off.
    pub waited_seconds: f64,
    /// Milliseconds from sending to the whole reply: median, 95th percentile, longest.
    pub latency_ms: [f64; 3],
    /// Why it was given up, if it was.
    pub stopped: Option<String>,
    /// The same for a person: what the vendor did, the HTTP status, its own words.
    pub stopped_because: Option<String>,
}

/// One quota window at the end of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuotaReport {
    /// Such as `100/day`.
    pub quota: String,
    /// Calls in the window.
    pub used: u64,
    /// When the next call becomes free if it is full, RFC 3339, UTC.
    pub next_free_at: Option<String>,
}
