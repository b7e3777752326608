//! The figures, as a person reads them.

use std::time::Duration;

use crate::contest::Measured;
use crate::fleet;

/// The bar: vinrich's wall time over the bare client's, rows a second, memory.
const MOST_TIMES_BARE: f64 = 2.5;
const LEAST_ROWS_A_SECOND: f64 = 80_000.0;
const MOST_MEGABYTES: f64 = 200.0;

/// The phases of a run, by their names in its report.
const PHASES: [&str; 3] = ["reading", "asking", "writing"];

/// One of those who run, and its runs.
pub(crate) struct Runner {
    name: &'static str,
    runs: Vec<Measured>,
}

impl Runner {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, runs: Vec::new() }
    }

    pub(crate) fn add(&mut self, run: Measured) {
        self.runs.push(run);
    }

    fn wall(&self) -> f64 {
        self.median(|run| Some(run.used.wall.as_secs_f64())).unwrap_or(f64::NAN)
    }

    fn rows_a_second(&self) -> f64 {
        fleet::ROWS as f64 / self.wall()
    }

    fn cpu(&self) -> Option<f64> {
        self.median(|run| run.used.cpu.map(|cpu| cpu.as_secs_f64()))
    }

    fn megabytes(&self) -> Option<f64> {
        self.median(|run| run.used.peak_memory.map(|bytes| bytes as f64 / 1e6))
    }

    /// Seconds of a phase.
    fn phase(&self, name: &str) -> Option<f64> {
        self.median(|run| run.phase(name))
    }

    /// Seconds in no phase: starting, the store's opening and end, the report.
    fn rest(&self) -> Option<f64> {
        self.median(|run| {
            let told: Option<f64> = PHASES.into_iter().map(|name| run.phase(name)).sum();
            Some(run.used.wall.as_secs_f64() - told?)
        })
    }

    fn median(&self, value: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        let mut values = self.runs.iter().map(value).collect::<Option<Vec<f64>>>()?;
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    fn tell(&self) {
        let calls = self.runs.first().map_or(0, Measured::calls);
        let walls: Vec<String> =
            self.runs.iter().map(|run| format!("{:.2}", run.used.wall.as_secs_f64())).collect();
        println!(
            "{:<19} {:>8.0} {:>7.2} {} {} {:>6}   {}",
            self.name,
            self.rows_a_second(),
            self.wall(),
            cell(self.cpu(), 7, 2),
            cell(self.megabytes(), 7, 0),
            calls,
            walls.join(" ")
        );
    }

    fn tell_phases(&self) {
        let phases = PHASES.map(|name| self.phase(name));
        let [reading, asking, writing] = phases.map(|phase| cell(phase, 8, 3));
        println!("{:<19} {reading} {asking} {writing} {}", self.name, cell(self.rest(), 8, 3));
    }
}

/// Prints the table and how far the bar is.
pub(crate) fn tell(bare: &Runner, fresh: &Runner, nightly: &Runner, vendor: Option<Duration>) {
    let runners = [bare, fresh, nightly];
    println!(
        "\n{} rows: {} distinct VINs, {} malformed; to Parquet; median of {} runs\n",
        fleet::ROWS,
        fleet::DISTINCT,
        fleet::MALFORMED,
        bare.runs.len()
    );
    println!("{:19}   rows/s  wall s   CPU s      MB  calls   walls", "");
    for runner in runners {
        runner.tell();
    }
    println!("\n{:19}  reading   asking  writing     rest   (seconds)", "where time goes");
    for runner in runners {
        runner.tell_phases();
    }
    if let Some(cpu) = vendor {
        println!("{:19} {:.2} s CPU in all", "the vendor", cpu.as_secs_f64());
    }
    tell_bar(bare, fresh);
}

fn tell_bar(bare: &Runner, fresh: &Runner) {
    let ratio = fresh.wall() / bare.wall();
    let rows = fresh.rows_a_second();
    println!("\nthe bar, with a new store");
    tell_test(ratio <= MOST_TIMES_BARE, &format!("{ratio:.2} × bare, of {MOST_TIMES_BARE:.2}"));
    tell_test(
        rows >= LEAST_ROWS_A_SECOND,
        &format!("{rows:.0} rows/s, of {LEAST_ROWS_A_SECOND:.0}"),
    );
    if let Some(megabytes) = fresh.megabytes() {
        tell_test(
            megabytes < MOST_MEGABYTES,
            &format!("{megabytes:.0} MB, under {MOST_MEGABYTES:.0}"),
        );
    }
}

fn tell_test(met: bool, words: &str) {
    println!("  {:<7} {words}", if met { "met" } else { "NOT met" });
}

fn cell(value: Option<f64>, width: usize, digits: usize) -> String {
    match value {
        Some(value) => format!("{value:>width$.digits$}"),
        None => format!("{:>width$}", "-"),
    }
}
