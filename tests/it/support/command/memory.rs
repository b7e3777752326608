//! How much memory a child process took at its height.

use super::{Ended, Running};

/// The most that hostile bytes may add to the memory of a run without them.
const EXTRA: u64 = 64 << 20;

/// What became of a command, and the most memory it ever held resident, in bytes.
///
/// `None` where the system does not tell. What is read last is true of the whole
/// life of the process but for its last few milliseconds.
pub(crate) fn watched(mut running: Running) -> (Ended, Option<u64>) {
    let mut peak = None;
    while running.is_running() {
        peak = peak_of(running.pid()).or(peak);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    (running.end(), peak)
}

/// Fails if `peak` is much more than `usual`; the figures are for whoever wants to see them.
#[track_caller]
#[expect(clippy::print_stdout, reason = "shown with --no-capture")]
pub(crate) fn stays_small(name: &str, peak: u64, usual: u64) {
    let extra = peak.saturating_sub(usual);
    println!("{name}: {} MiB more than {} MiB", extra >> 20, usual >> 20);
    assert!(extra < EXTRA, "{name}: {} MiB more than {} MiB", extra >> 20, usual >> 20);
}

fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
