//! The main job against the clock: vinrich and a bare client, each in a process
//! of its own, enrich the same rows from the same local vendor, in turns.
//!
//! What counts is their ratio, since it comes from one machine and one hour. The
//! bare client has no store, no ledger and no gate: it is what the job costs
//! when nothing may go wrong. Nothing here fails on time; wrong results do fail.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

mod bare;
mod child;
mod contest;
mod fleet;
mod table;
mod vehicles;
mod vendor;
mod vins;

use std::env;
use std::error::Error;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Runs the contest; or, executed by it, one of the roles in it.
fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--role", "vendor"] => vendor::serve(),
        ["--role", "bare", port, input, out, report] => bare::run(port, input, out, report),
        _ => contest::run(),
    }
}
