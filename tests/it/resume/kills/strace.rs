//! strace, which kills a process at the system call it is told.

use super::site::Site;
use super::stride;
use super::victim::{Fate, Victim};
use crate::support::command::trace::STRACE;
use crate::support::one_in;

/// The `n`th of some system calls, as any one thread counts them.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    calls: &'static str,
    n: usize,
}

impl At {
    /// Runs a command, and kills it there.
    pub(super) fn kill(self, site: &Site, words: &[&str]) -> Fate {
        let trace = format!("trace={}", self.calls);
        let inject = format!("inject={}:signal=SIGKILL:when={}", self.calls, self.n);
        let rules = ["-o", "/dev/null", "-e", &trace, "-e", &inject, "--"];
        let tracer = [&STRACE[..], &rules].concat();
        Victim::start(&mut site.command_under(&tracer, words)).end()
    }

    /// In words.
    pub(super) fn name(self) -> String {
        format!("{} {}", self.calls.split(',').next().unwrap_or_default(), self.n)
    }
}

/// Calls `attempt` with each kind of system call and N, until it says that the
/// run survived, since it makes fewer of them. The short form tries one in so many as
/// stands beside a kind, the long one leaves out none.
pub(super) fn each(calls: &[(&'static str, usize)], mut attempt: impl FnMut(At) -> bool) {
    for &(calls, usual) in calls {
        one_in(stride(usual)).all(|n| attempt(At { calls, n }));
    }
}
