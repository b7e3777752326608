//! What a run tells while it goes on. The library tells, the binary draws.

use crate::domain::money::Micros;

/// Where a run's news go. Called from several threads.
pub trait Events: Sync {
    /// The run has come this far. Called often; drawing is the receiver's choice.
    fn progress(&self, progress: &Progress);

    /// Something a person should read. `code` is stable, `message` is not.
    fn note(&self, level: Level, code: &'static str, message: &str);
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
    fn note(&self, _level: Level, _code: &'static str, _message: &str) {}
}
