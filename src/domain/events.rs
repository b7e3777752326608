//! What a run tells while it goes on. The library tells, the binary draws.

use serde::Serialize;

use crate::domain::money::Micros;

/// Where a run's news go. Called from several threads.
pub trait Events: Sync {
    /// The run has come this far. Called often; drawing is the receiver's choice.
    fn progress(&self, progress: &Progress);

    /// Something a person should read.
    fn publish(&self, note: &Note<'_>);

    /// As [`Events::publish`], for a note without fields.
    fn note(&self, level: Level, code: &'static str, message: &str) {
        self.publish(&Note { level, code, message, fields: Fields::default() });
    }

    /// A run begins: what follows is of it.
    fn run_started(&self, _run_id: &str) {}
}

/// One piece of news.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    /// How loud it is.
    pub level: Level,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people; it may change.
    pub message: &'a str,
    /// What it is about, for programs.
    pub fields: Fields,
}

/// What a piece of news is about, as far as that applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fields {
    /// The vendor, as in the `<dataset>_vendor` columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Why, in a word that is stable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the vendor replied with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Rows done so far, or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Money spent by this run, in millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<i64>,
    /// When running again makes sense, RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_at: Option<String>,
}

impl Fields {
    /// News with a reason.
    pub fn because(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::default() }
    }

    /// News of a vendor.
    pub fn of_vendor(vendor: &str) -> Self {
        Self { vendor: Some(vendor.to_owned()), ..Self::default() }
    }
}

/// How loud a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the usual levels")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The part of the run that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Reading and validating the input.
    #[default]
    Reading,
    /// Asking vendors.
    Asking,
    /// Writing the output.
    Writing,
    /// Done.
    Done,
}

/// How far a run has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What is under way.
    pub phase: Phase,
    /// Rows read in pass 1, or written in pass 2.
    pub rows: u64,
    /// Rows in the input, once pass 1 has counted them.
    pub rows_total: Option<u64>,
    /// Calls sent by this run.
    pub calls: u64,
    /// Calls this run is expected to make in all, as far as known.
    pub calls_planned: u64,
    /// Keys answered by the store alone.
    pub cache_hits: u64,
    /// Keys looked up in the store.
    pub lookups: u64,
    /// Money spent by this run.
    pub spent: Micros,
    /// Calls left under the tightest quota in use, and its words, such as `100/day`.
    pub quota_left: Option<(u64, String)>,
    /// When the calls planned will be done under every quota, in seconds from now.
    pub eta_seconds: Option<u64>,
    /// What is being waited for, such as `carvin: quota 100/day, until 02:10`.
    pub waiting: Option<String>,
}

/// Nobody listens.
#[derive(Debug)]
pub struct Silent;

impl Events for Silent {
    fn progress(&self, _progress: &Progress) {}
    fn publish(&self, _note: &Note<'_>) {}
}
