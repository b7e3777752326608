//! One line of the table: what vinrich does, what its rivals do, and the bar.

use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::child::Used;

/// One run of one runner.
pub(crate) struct Measured {
    pub(crate) used: Used,
    /// What it reported; null where it reports nothing.
    pub(crate) report: Value,
}

/// What is done once, in a process of its own.
pub(crate) type Run<'a> = Box<dyn Fn() -> Result<Measured> + 'a>;

/// vinrich and, where there are any, rivals at the same work.
pub(crate) struct Race<'a> {
    /// The name by which it is chosen comes first.
    pub(crate) name: String,
    pub(crate) bar: Bar,
    pub(crate) vinrich: Runner<'a>,
    /// The bar speaks of the first.
    pub(crate) rivals: Vec<Runner<'a>>,
}

/// How fast vinrich must be, and how small.
pub(crate) struct Bar {
    pub(crate) time: Time,
    pub(crate) megabytes: Option<f64>,
}

#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// The rival's time over vinrich's.
    AtLeast(f64),
    /// vinrich's time over the rival's.
    AtMost(f64),
    /// Whatever a rival takes.
    Within(Duration),
}

/// One of those who run, and its runs.
pub(crate) struct Runner<'a> {
    pub(crate) name: String,
    run: Run<'a>,
    runs: Vec<Measured>,
}

impl<'a> Race<'a> {
    pub(crate) fn new(name: String, time: Time, vinrich: Run<'a>) -> Self {
        let vinrich = Runner { name: "vinrich".into(), run: vinrich, runs: Vec::new() };
        Self { name, bar: Bar { time, megabytes: None }, vinrich, rivals: Vec::new() }
    }

    pub(crate) fn below_megabytes(mut self, megabytes: f64) -> Self {
        self.bar.megabytes = Some(megabytes);
        self
    }

    pub(crate) fn against(mut self, name: String, run: Run<'a>) -> Self {
        self.rivals.push(Runner { name, run, runs: Vec::new() });
        self
    }

    /// Runs each once; whose turn is first changes from pair to pair.
    pub(crate) fn run_pair(&mut self, number: usize) -> Result<()> {
        let mut turns: Vec<&mut Runner<'a>> =
            self.rivals.iter_mut().chain([&mut self.vinrich]).collect();
        if number.is_multiple_of(2) {
            turns.reverse();
        }
        for runner in turns {
            let measured = (runner.run)()
                .map_err(|error| format!("{}: {}: {error}", self.name, runner.name))?;
            runner.runs.push(measured);
        }
        Ok(())
    }

    /// What the bar speaks of: a ratio, or seconds.
    pub(crate) fn result(&self) -> Option<f64> {
        let ours = self.vinrich.wall();
        let rival = self.rivals.first().map(Runner::wall);
        match self.bar.time {
            Time::AtLeast(_) => rival.map(|rival| rival / ours),
            Time::AtMost(_) => rival.map(|rival| ours / rival),
            Time::Within(_) => Some(ours),
        }
    }

    /// Whether the bar is met; unknown where the rival was not there.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let result = self.result()?;
        let in_time = match self.bar.time {
            Time::AtLeast(least) => result >= least,
            Time::AtMost(most) => result <= most,
            Time::Within(most) => result < most.as_secs_f64(),
        };
        let is_small = match (self.bar.megabytes, self.vinrich.megabytes()) {
            (Some(most), Some(megabytes)) => megabytes < most,
            _ => true,
        };
        Some(in_time && is_small)
    }
}

impl Runner<'_> {
    pub(crate) fn wall(&self) -> f64 {
        self.median(|run| Some(run.used.wall.as_secs_f64())).unwrap_or(f64::NAN)
    }

    pub(crate) fn walls(&self) -> impl Iterator<Item = f64> {
        self.runs.iter().map(|run| run.used.wall.as_secs_f64())
    }

    pub(crate) fn cpu(&self) -> Option<f64> {
        self.median(|run| run.used.cpu.map(|cpu| cpu.as_secs_f64()))
    }

    pub(crate) fn megabytes(&self) -> Option<f64> {
        self.median(|run| run.used.peak_memory.map(|bytes| bytes as f64 / 1e6))
    }

    /// Seconds of a phase, where the report has them.
    pub(crate) fn phase(&self, name: &str) -> Option<f64> {
        self.median(|run| run.report["phase_seconds"][name].as_f64())
    }

    fn median(&self, value: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        let mut values = self.runs.iter().map(value).collect::<Option<Vec<f64>>>()?;
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}
