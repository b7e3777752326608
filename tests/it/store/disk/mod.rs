//! Disks that are full, broken, read-only, damaged, or on a network; clocks that
//! were wrong; and backups.
//!
//! Faults of the disk are played by `strace` (a system call fails from the nth
//! time on) and by a small tmpfs in a mount namespace of the test's own. A
//! machine without them passes those tests by, and says so; `CI_TRACES` makes
//! `strace` a must.
//!
//! The sweeps take every so-manieth place, of which some begin anywhere;
//! `VINRICH_SWEEP=10` takes ten times as many of them, up to all.

#[cfg(target_os = "linux")]
mod broken_off;
mod clock;
mod copies;
#[cfg(target_os = "linux")]
mod damage;
#[cfg(target_os = "linux")]
mod filesystems;
#[cfg(target_os = "linux")]
mod full;
mod lost;
mod no_store;
#[cfg(target_os = "linux")]
mod streams;

use crate::support::command::{Setup, vins};
use crate::support::{Work, number_in};

/// A work folder with so many VINs, one call at a time.
pub(super) fn work_with(count: usize, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    work.configure(&Setup { carvin: "quotas = []\nconcurrency = 1", ..Setup::default() });
    work.write_vins(&vins(count));
    work
}

/// How far apart the places of a sweep are.
pub(super) fn step(usual: usize) -> usize {
    (usual / number_in("VINRICH_SWEEP").unwrap_or(1).max(1)).max(1)
}

/// Files that vinrich left half-written in a folder of the work folder.
pub(super) fn leftovers(work: &Work, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(work.path(folder)).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".tmp")).collect()
}

/// VINs that were asked more than once, counted.
pub(super) fn asked_again(work: &Work) -> usize {
    work.decodes_by_vin().values().map(|times| times - 1).sum()
}
