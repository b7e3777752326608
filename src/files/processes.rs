//! Other processes on this machine, as far as the system tells: who holds a lock on a file,
//! and what it is doing. Told on Linux only.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// A lock that a process holds on bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLock {
    /// The process.
    pub(crate) pid: u32,
    /// Whether others may hold one too.
    pub(crate) is_shared: bool,
    /// The bytes.
    pub(crate) bytes: RangeInclusive<u64>,
}

/// The locks that processes hold on the file at `path`.
pub(crate) fn locks_on(path: &Path) -> Vec<FileLock> {
    let Some(inode) = inode_of(path) else { return Vec::new() };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().filter_map(|line| lock_in(line, inode)).collect()
}

/// A line of the kernel's list: `12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120`.
fn lock_in(line: &str, inode: u64) -> Option<FileLock> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, kind, pid, file, first, last] = words.as_slice() else { return None };
    if file.rsplit(':').next()?.parse() != Ok(inode) {
        return None;
    }
    // The last byte of a lock without an end is `EOF`.
    let bytes = first.parse().ok()?..=last.parse().unwrap_or(u64::MAX);
    Some(FileLock { pid: pid.parse().ok()?, is_shared: *kind == "READ", bytes })
}

#[cfg(unix)]
fn inode_of(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::ino(&found))
}

#[cfg(not(unix))]
fn inode_of(_path: &Path) -> Option<u64> {
    None
}

/// The letter by which the kernel names the state of a process, such as `R`.
pub(crate) fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may hold some itself.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// Whether that letter is of a process which was stopped, as by Ctrl-Z.
pub(crate) fn is_stopped(state: char) -> bool {
    "Tt".contains(state)
}

#[cfg(test)]
#[path = "tests/processes.rs"]
mod tests;
