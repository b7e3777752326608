//! A child process and what it used up.

use std::fs;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// Between two looks at a child's memory. The kernel keeps the peak, so only
/// growth within the last look is missed.
const LOOK: Duration = Duration::from_millis(5);

/// Linux counts CPU time in ticks of 10 ms for every reader of `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// What a child used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// From start to end.
    pub(crate) wall: Duration,
    /// User and system, all threads; unknown outside Linux.
    pub(crate) cpu: Option<Duration>,
    /// The most memory resident at once, in bytes; unknown outside Linux.
    pub(crate) peak_memory: Option<u64>,
}

/// Runs `command` to its end, which must be a success.
pub(crate) fn run(command: &mut Command) -> Result<Used> {
    let before = cpu_of_children();
    let started = Instant::now();
    let mut child = command.spawn()?;
    let (end, ended) = channel::<()>();
    let watch = {
        let child = child.id();
        thread::spawn(move || watch_memory(child, &ended))
    };
    let status = child.wait()?;
    let wall = started.elapsed();
    drop(end);
    let peak_memory = watch.join().map_err(|_| "the watching thread panicked")?;
    if !status.success() {
        return Err(format!("a child failed: {status}").into());
    }
    let cpu = before.zip(cpu_of_children()).map(|(before, after)| after.saturating_sub(before));
    Ok(Used { wall, cpu, peak_memory })
}

/// CPU time of a child that still runs.
pub(crate) fn cpu_of(child: &Child) -> Option<Duration> {
    const USER_AND_SYSTEM: usize = 11;
    ticks(&format!("/proc/{}/stat", child.id()), USER_AND_SYSTEM)
}

/// CPU time of all children that have ended.
fn cpu_of_children() -> Option<Duration> {
    const CHILDREN_USER_AND_SYSTEM: usize = 13;
    ticks("/proc/self/stat", CHILDREN_USER_AND_SYSTEM)
}

/// The sum of two neighbouring fields, counted from the one behind the command's
/// name, which may itself hold spaces.
fn ticks(stat: &str, field: usize) -> Option<Duration> {
    let stat = fs::read_to_string(stat).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(field).take(2).map(str::parse::<u32>);
    Some(TICK * ticks.sum::<std::result::Result<u32, _>>().ok()?)
}

fn watch_memory(child: u32, ended: &Receiver<()>) -> Option<u64> {
    let mut peak = None;
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        // A child that has just ended has no memory any more.
        peak = peak.max(peak_memory(child));
    }
    peak
}

fn peak_memory(child: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
