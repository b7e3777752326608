//! Disks that are full, broken, read-only, damaged, or on a network; clocks that
//! were wrong; and backups.
//!
//! Faults of the disk are played by `strace` (a system call fails from the nth
//! time on) and by a small tmpfs in a mount namespace of the test's own. A
//! machine without them passes those tests by, and says so; `CI_TRACES` makes
//! `strace` a must.
//!
//! The sweeps take every so-manieth place; `VINRICH_SWEEP=10` takes ten times as
//! many of them, up to all.

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
#[cfg(target_os = "linux")]
mod streams;

use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::support::Work;
use crate::support::binary::{Ended, Running, Setup, vins};

pub(super) const DECODE: [&str; 6] = ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"];

/// A work folder with so many VINs, one call at a time.
pub(super) fn work_with(count: usize, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    work.configure(&Setup { carvin: "quotas = []\nconcurrency = 1", ..Setup::default() });
    work.write_vins(&vins(count));
    work
}

/// `inner`, started by another program.
pub(crate) fn under(wrapper: &[&str], inner: &Command) -> Command {
    let mut outer = Command::new(wrapper[0]);
    outer.args(&wrapper[1..]).arg(inner.get_program()).args(inner.get_args()).env_clear();
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(inner.get_current_dir().expect("a work folder"));
    outer
}

/// Runs `vinrich WORDS…` while these rules make system calls fail.
pub(super) fn failing(work: &Work, words: &[&str], rules: &[String]) -> Ended {
    let mut wrapper = vec!["strace", "-f", "-qq", "-o", "strace.log"];
    for rule in rules {
        wrapper.extend(["-e", rule]);
    }
    Running::start(&mut under(&wrapper, &work.command(words))).end()
}

/// Whether a rule of the last [`failing`] run was used.
pub(super) fn was_hit(work: &Work) -> bool {
    work.read("strace.log").contains("(INJECTED)")
}

/// Runs a shell script in a mount namespace of its own; `"$@"` there is
/// `vinrich WORDS…`.
pub(super) fn in_namespace(work: &Work, script: &str, words: &[&str]) -> Ended {
    let wrapper = ["unshare", "-rm", "sh", "-ec", script, "sh"];
    Running::start(&mut under(&wrapper, &work.command(words))).end()
}

/// Whether `strace` is there and may be used.
pub(crate) fn can_trace() -> bool {
    let works = succeeds(&["strace", "-o", "/dev/null", "true"]);
    assert!(works || std::env::var_os("CI_TRACES").is_none(), "strace is missing");
    works || passed_by("strace")
}

/// Whether filesystems can be mounted for this test alone.
pub(super) fn can_mount() -> bool {
    succeeds(&["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"])
        || passed_by("a mount namespace")
}

fn succeeds(command: &[&str]) -> bool {
    let mut command_line = Command::new(command[0]);
    command_line.args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    command_line.status().is_ok_and(|status| status.success())
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know")]
fn passed_by(what: &str) -> bool {
    eprintln!("passed by: {what} cannot be had here");
    false
}

/// How far apart the places of a sweep are.
pub(super) fn step(usual: usize) -> usize {
    let denser = std::env::var("VINRICH_SWEEP").ok().and_then(|times| times.parse().ok());
    (usual / denser.unwrap_or(1).max(1)).max(1)
}

/// The store is sound.
#[track_caller]
pub(super) fn is_sound(work: &Work) {
    assert_eq!(
        number(work, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        0
    );
}

/// A number from the store.
#[track_caller]
pub(super) fn number(work: &Work, sql: &str) -> i64 {
    let db = Connection::open(work.store()).expect("the store opens");
    db.query_row(sql, [], |row| row.get(0)).expect("a number")
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
