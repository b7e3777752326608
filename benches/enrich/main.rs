//! vinrich beside its rivals: each in a process of its own does the same work, in
//! pairs, by turns. `make bench` runs it; `cargo bench --bench enrich -- known first`
//! runs the races whose names start so.
//!
//! What counts is the ratio, since both times come from one machine and one hour. The
//! bare client has no store, no ledger and no gate: it is what the job costs when
//! nothing may go wrong. `DuckDB` joins a known fleet, and the offline decoder has a
//! Parquet path of its own. Nothing here fails on time; wrong results do fail.
//!
//! `VINRICH_BENCH_VINS` (1,000,000, which is also the most) says how many VINs,
//! `VINRICH_BENCH_PAIRS` (5) how often each pair runs. `VINRICH_BENCH_PYTHON` is a
//! Python that has what requirements.txt lists, `VINRICH_BENCH_CLIENTS` one that has what
//! clients.txt lists: the first runs are then measured beside those as well.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod bare;
mod child;
mod contest;
mod fleet;
mod ground;
mod race;
mod rivals;
mod table;
mod vehicles;
mod vendor;
mod vins;

use std::env;
use std::error::Error;

use vendor::Form;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Runs the contest; or, executed by it, one of the roles in it.
fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--role", "vendor", form] => vendor::serve(Form::named(form).ok_or("no such form")?),
        ["--role", "bare", port, input, out, report] => bare::run(port, input, out, report),
        _ => contest::run(&arguments),
    }
}
