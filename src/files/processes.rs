//! Other processes on this machine, as far as the system tells: who holds a lock on a file,
//! and what it is doing. Told on Linux only.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// The process that holds a write lock on one of these bytes of the file at `path`.
pub(crate) fn lock_holder(path: &Path, bytes: &RangeInclusive<u64>) -> Option<u32> {
    let inode = inode_of(path)?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| holder_in(line, inode, bytes))
}

/// A line of the kernel's list: `12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120`.
fn holder_in(line: &str, inode: u64, bytes: &RangeInclusive<u64>) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", pid, file, first, last] = words.as_slice() else { return None };
    let is_it = file.rsplit(':').next()?.parse() == Ok(inode);
    let first: u64 = first.parse().ok()?;
    // The last byte of a lock without an end is `EOF`.
    let last = last.parse().unwrap_or(u64::MAX);
    let holds = first <= *bytes.end() && *bytes.start() <= last;
    (is_it && holds).then(|| pid.parse().ok()).flatten()
}

#[cfg(unix)]
fn inode_of(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::ino(&found))
}

#[cfg(not(unix))]
fn inode_of(_path: &Path) -> Option<u64> {
    None
}

/// The letter by which the kernel names the state of a process, such as `T` for stopped.
pub(crate) fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may hold some itself.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

#[cfg(test)]
#[path = "tests/processes.rs"]
mod tests;
