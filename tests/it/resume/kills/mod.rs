//! The kill harness: the real binary, killed with SIGKILL wherever it hurts, and
//! then run to the end.
//!
//! It is killed at its N-th rename, fsync, write and so on, by strace, for every
//! N until a run survives (`syscalls`); by the vendor, before, inside and after
//! every reply (`replies`); and at random, on one store that grows (`growing`).
//! Commands that act are killed the same ways (`acting`). Whatever the kill, one
//! [`oracle::Oracle`] says what must hold after it and at the end. `crowd` has no
//! kills: eight processes write to one store at once.
//!
//! Each test prints one line at its end, such as
//!
//! ```text
//! kills 96, runs 108, calls planned 330, calls made 361, allowed 1482, answers lost 0, asked twice 0,
//! missing from ledger 0, unreadable outputs 0, integrity ok 96/96, extra charges 0
//! ```
//!
//! The long forms:
//!
//! - `VINRICH_KILLS=10000 cargo test --release --test it kills::growing -- --nocapture`
//!   goes on until so many kills have happened, and tells once a minute how far it
//!   is. `VINRICH_SEED` rolls other dice.
//! - `VINRICH_KILLS=…` with `kills::syscalls` or `kills::acting` leaves out no N.
//! - `VINRICH_WRITES=10000` with `kills::crowd` has each process keep so many answers.
//!
//! strace counts the calls of each thread by itself: N hits whichever thread gets
//! there first. The writer's first calls, which come after as many of the main
//! thread's, are hit by the vendor's kills and the random ones instead.

mod acting;
mod crowd;
mod growing;
mod oracle;
mod outputs;
mod replies;
mod scene;
mod site;
mod store;
mod strace;
mod syscalls;
mod vendor;
mod victim;

use crate::support::number_in;

/// How many kills are wanted; `None`: the short form.
fn kills_wanted() -> Option<usize> {
    number_in("VINRICH_KILLS")
}

/// The stride of a sweep whose short form has the `usual` one; the long form leaves out nothing.
fn stride(usual: usize) -> usize {
    if kills_wanted().is_some() { 1 } else { usual }
}
