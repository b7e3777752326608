//! The figures, as a person reads them.

use std::fs;
use std::time::Duration;

use crate::contest::VINS;
use crate::race::{Race, Runner, Time};
use crate::rivals::{Clients, Rivals};

/// The phases of a run, by their names in its report.
const PHASES: [&str; 3] = ["reading", "asking", "writing"];

/// Prints where, when and with what the races are run.
pub(crate) fn print_head(
    (rivals, clients): (Option<&Rivals>, Option<&Clients>),
    vins: usize,
    pairs: usize,
) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let version = env!("CARGO_PKG_VERSION");
    println!("{}: {}, {cores} cores", jiff::Zoned::now().date(), processor());
    match rivals {
        Some(Rivals { versions, .. }) => println!(
            "vinrich {version}, {}, {}; medians of {pairs} pairs run by turns",
            versions.duckdb_name(),
            versions.ultravin_name()
        ),
        None => println!(
            "vinrich {version}; medians of {pairs} pairs run by turns; DuckDB and the decoder's \
             own path were skipped: `VINRICH_BENCH_PYTHON` names no Python that has them"
        ),
    }
    if let Some(Clients { versions, .. }) = clients {
        println!("clients: aiohttp {}, dlt {}", versions.aiohttp, versions.dlt);
    }
    if vins != VINS {
        println!("the bars are meant for {VINS} VINs, not for {vins}");
    }
}

/// The processor's name, where the system gives it.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    name.map_or("a processor without a name", |name| name.trim_start_matches([' ', '\t', ':']))
        .into()
}

/// Prints all that was measured.
pub(crate) fn print(races: &[Race<'_>], vendors: Option<Duration>) {
    println!("\n{:50} {:>7} {:>7} {:>6} {:>8}   bar", "", "wall s", "CPU s", "MB", "result");
    for race in races {
        println!("{}", race.name);
        print_runner(&race.vinrich, &result(race));
        for rival in &race.rivals {
            print_runner(rival, "");
        }
    }
    println!(
        "\n{:50} {:>7} {:>7} {:>7} {:>7}",
        "where vinrich's time goes, s", "reading", "asking", "writing", "rest"
    );
    for race in races {
        let phases = PHASES.map(|name| race.vinrich.phase(name));
        let Some(known) = phases.into_iter().sum::<Option<f64>>() else { continue };
        let [reading, asking, writing] = phases.map(|phase| cell(phase, 7, 2));
        // Starting, the store's opening and end, the report.
        let rest = cell(Some(race.vinrich.wall() - known), 7, 2);
        println!("{:50} {reading} {asking} {writing} {rest}", race.name);
    }
    if let Some(cpu) = vendors {
        println!("the local vendors took {:.2} s of CPU in all", cpu.as_secs_f64());
    }
}

fn print_runner(runner: &Runner<'_>, result: &str) {
    let walls: Vec<String> = runner.walls().map(|wall| seconds(wall, 0)).collect();
    println!(
        "  {:48} {} {} {} {result:<38} {}",
        runner.name,
        seconds(runner.wall(), 7),
        cell(runner.cpu(), 7, 2),
        cell(runner.megabytes(), 6, 0),
        walls.join(" ")
    );
}

/// How far the bar is.
fn result(race: &Race<'_>) -> String {
    let (unit, bar) = match race.bar.time {
        Time::AtLeast(least) => ("x", format!("at least {least} x")),
        Time::AtMost(most) => ("x", format!("at most {most} x")),
        Time::Within(most) => ("s", format!("below {} s", most.as_secs_f64())),
    };
    let memory = race.bar.megabytes.map(|most| format!(", {most} MB")).unwrap_or_default();
    let met = match race.is_met() {
        Some(true) => "met",
        Some(false) => "NOT met",
        None => "not run",
    };
    let result =
        race.result().map_or_else(|| "-".into(), |result| format!("{} {unit}", seconds(result, 0)));
    format!("{result:>8}   {bar}{memory}: {met}")
}

/// Milliseconds are shown where there are no seconds.
fn seconds(value: f64, width: usize) -> String {
    cell(Some(value), width, if value < 0.1 { 4 } else { 2 })
}

fn cell(value: Option<f64>, width: usize, digits: usize) -> String {
    match value {
        Some(value) => format!("{value:>width$.digits$}"),
        None => format!("{:>width$}", "-"),
    }
}
