//! A command under another program: under strace, which makes its system calls
//! fail, or in a mount namespace of its own.

use std::process::{Command, Stdio};

use super::{Ended, Running};
use crate::support::{Work, passes_by};

/// Traces the calls that a rule `trace=` names. `--seccomp-bpf` would make it much
/// faster, but strace then does not send the signals of `inject=`.
pub(crate) const STRACE: [&str; 3] = ["strace", "-f", "-qq"];

/// `inner`, started by another program.
pub(crate) fn under(wrapper: &[&str], inner: &Command) -> Command {
    let mut outer = Command::new(wrapper[0]);
    outer.args(&wrapper[1..]).arg(inner.get_program()).args(inner.get_args()).env_clear();
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(inner.get_current_dir().expect("a work folder"));
    outer
}

/// Runs `vinrich WORDS…` while these rules make system calls fail.
pub(crate) fn failing(work: &Work, words: &[&str], rules: &[String]) -> Ended {
    let mut wrapper = [&STRACE[..], &["-o", "strace.log"]].concat();
    for rule in rules {
        wrapper.extend(["-e", rule]);
    }
    Running::start(&mut under(&wrapper, &work.command(words))).end()
}

/// Whether a rule of the last [`failing`] run was used.
pub(crate) fn was_hit(work: &Work) -> bool {
    work.read("strace.log").contains("(INJECTED)")
}

/// Runs a shell script in a mount namespace of its own; `"$@"` there is
/// `vinrich WORDS…`.
pub(crate) fn in_namespace(work: &Work, script: &str, words: &[&str]) -> Ended {
    let wrapper = ["unshare", "-rm", "sh", "-ec", script, "sh"];
    Running::start(&mut under(&wrapper, &work.command(words))).end()
}

/// Whether there is a strace that works. `.ci/run` installs it where it may, and
/// says `CI_TRACES` where that has worked.
pub(crate) fn can_trace() -> bool {
    let works = succeeds(&[&STRACE[..], &["-o", "/dev/null", "true"]].concat());
    assert!(works || std::env::var_os("CI_TRACES").is_none(), "strace is missing");
    if !works {
        passes_by("there is no strace, or this machine lets nobody trace");
    }
    works
}

/// Whether filesystems can be mounted for this test alone.
pub(crate) fn can_mount() -> bool {
    let works = succeeds(&["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]);
    if !works {
        passes_by("there is no mount namespace to be had");
    }
    works
}

fn succeeds(command: &[&str]) -> bool {
    let mut command_line = Command::new(command[0]);
    command_line.args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    command_line.status().is_ok_and(|status| status.success())
}
