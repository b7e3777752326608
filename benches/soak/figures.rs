//! The figures of a night.

use std::fs;
use std::time::Duration;

/// One night's figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Night {
    pub(crate) number: usize,
    pub(crate) rows: u64,
    /// Calls of a night on which nothing goes wrong.
    pub(crate) planned: u64,
    /// Calls that the vendor saw.
    pub(crate) made: u64,
    /// Calls that it failed.
    pub(crate) faults: u64,
    /// Retries of the run that ended.
    pub(crate) retries: u64,
    pub(crate) kills: usize,
    /// VINs asked again though their answers were committed.
    pub(crate) asked_twice: u64,
    /// VINs without an answer of this night.
    pub(crate) lost: u64,
    /// Calls at the vendor that are not in the ledger.
    pub(crate) unentered: u64,
    /// Rows that are not where they belong, or missing, or too many.
    pub(crate) misplaced: u64,
    /// Rows that do not tell the truth.
    pub(crate) wrong: u64,
    pub(crate) memory: Memory,
    /// Bytes of the store.
    pub(crate) store: u64,
    /// Of all runs of the night.
    pub(crate) wall: Duration,
}

/// Memory of a run, in bytes, without the files it has mapped (the store's pages are
/// the system's cache, and grow with the store); zero where the system does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) start: u64,
    pub(crate) peak: u64,
    pub(crate) end: u64,
}

impl Memory {
    /// Looks at a process that still runs.
    pub(crate) fn look(&mut self, process: u32) {
        let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else { return };
        let told = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
        };
        let Some(now) = told("RssAnon:") else { return };
        if self.start == 0 {
            self.start = now;
        }
        (self.end, self.peak) = (now, self.peak.max(now));
    }

    /// Of two runs: the later one's start and end, and the higher peak.
    pub(crate) fn over(self, later: Self) -> Self {
        Self { peak: self.peak.max(later.peak), ..later }
    }
}

const MEGABYTE: f64 = 1e6;

impl Night {
    pub(crate) fn heading() -> String {
        format!(
            "{:>5} {:>9} {:>8} {:>8} {:>7} {:>7} {:>5} {:>6} {:>5} {:>9} {:>9} {:>6}  {:>17} {:>9} {:>8}",
            "night",
            "rows",
            "planned",
            "made",
            "faults",
            "retries",
            "kills",
            "twice",
            "lost",
            "no ledger",
            "misplaced",
            "wrong",
            "MB start/peak/end",
            "store MB",
            "rows/s"
        )
    }

    pub(crate) fn line(&self) -> String {
        let Memory { start, peak, end } = self.memory;
        let megabytes = [start, peak, end].map(|bytes| format!("{:.0}", bytes as f64 / MEGABYTE));
        format!(
            "{:>5} {:>9} {:>8} {:>8} {:>7} {:>7} {:>5} {:>6} {:>5} {:>9} {:>9} {:>6}  {:>17} {:>9.0} {:>8.0}",
            self.number,
            self.rows,
            self.planned,
            self.made,
            self.faults,
            self.retries,
            self.kills,
            self.asked_twice,
            self.lost,
            self.unentered,
            self.misplaced,
            self.wrong,
            megabytes.join("/"),
            self.store as f64 / MEGABYTE,
            self.rows as f64 / self.wall.as_secs_f64()
        )
    }
}
