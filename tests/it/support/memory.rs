//! How much memory a child process took at its height.

use super::binary::{Ended, Running};

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

fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
