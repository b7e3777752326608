//! A command under another program: under strace, which makes its system calls
//! fail, or in a mount namespace of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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

/// A mount namespace that several commands share, until it is dropped.
pub(crate) struct Namespace {
    holder: Child,
}

impl Namespace {
    /// One in which commands begin in the work folder; says why where there is none.
    pub(crate) fn of(work: &Work) -> Option<Self> {
        if !can_mount() {
            return None;
        }
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", "echo here; exec cat"]).current_dir(work.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("unshare works");
        // Its first line shows that the namespace is there.
        let said =
            BufReader::new(holder.stdout.take().expect("a pipe")).read_line(&mut String::new());
        said.expect("a line");
        let space = Self { holder };
        let enters = succeeds(
            &space.wrapper().iter().map(String::as_str).chain(["true"]).collect::<Vec<_>>(),
        );
        if !enters {
            passes_by("a mount namespace cannot be entered here");
        }
        enters.then_some(space)
    }

    fn wrapper(&self) -> [String; 7] {
        let target = self.holder.id().to_string();
        ["nsenter", "--preserve-credentials", "-U", "-m", "--wd", "-t", &target].map(str::to_owned)
    }

    /// Runs a command there to its end.
    pub(crate) fn run(&self, command: &Command) -> Ended {
        let wrapper = self.wrapper();
        let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        Running::start(&mut under(&wrapper, command)).end()
    }

    /// Runs a shell script there, which must succeed.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) {
        let [program, arguments @ ..] = self.wrapper();
        let mut command = Command::new(program);
        let status = command.args(arguments).args(["sh", "-ec", script]).status();
        assert!(status.is_ok_and(|status| status.success()), "`{script}`");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A user whom modes of files bind: this one, or where that is the administrator another.
pub(crate) struct Nobody {
    wrapper: &'static [&'static str],
}

impl Nobody {
    /// Says why where there is no such user.
    pub(crate) fn of(work: &Work) -> Option<Self> {
        const OTHER: [&str; 5] =
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        let is_bound = !rustix::process::geteuid().is_root();
        let nobody = Self { wrapper: if is_bound { &["env"] } else { &OTHER } };
        let works = Running::start(&mut nobody.command(&work.command(&["--version"]))).end();
        if works.code != Some(0) {
            passes_by("no other user can run this program here");
            return None;
        }
        Some(nobody)
    }

    /// The command as that user.
    pub(crate) fn command(&self, command: &Command) -> Command {
        under(self.wrapper, command)
    }

    /// Gives that user all that is in the work folder.
    pub(crate) fn give(&self, work: &Work) {
        if self.wrapper.len() > 1 {
            let mut give = Command::new("chown");
            let given = give.args(["-R", "65534:65534"]).arg(work.folder.path()).status();
            assert!(given.is_ok_and(|status| status.success()), "the folder is given");
        }
    }
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
