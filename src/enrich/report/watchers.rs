//! Where a run says how it went, besides its store: the report file, the metrics,
//! the ping.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::{Report, ReportBuilder, metrics};
use crate::config::Settings;
use crate::domain::{Error, Level};
use crate::enrich::plan::Plan;
use crate::enrich::session::{self, Context, Session};
use crate::files::{Named, OutputLocks, Protected, real_path};
use crate::gate::{Ping, PingUrl};
use crate::output::write_atomically;

/// Who is to be shown how a run went.
#[derive(Clone, Copy, Debug)]
pub struct Watchers<'a> {
    /// Where the report goes.
    pub report: Option<&'a Path>,
    /// Where the metrics go.
    pub metrics: Option<&'a Path>,
    /// What is pinged.
    pub ping: Option<&'a PingUrl>,
    /// Where the rows go; `None` is stdout.
    pub output: Option<&'a Path>,
    /// Where rejected rows go instead.
    pub rejects: Option<&'a Path>,
    /// Which store keeps the run, where that is known.
    pub store: Option<&'a Path>,
}

impl<'a> Watchers<'a> {
    /// Those of a plan.
    pub(crate) fn of(plan: &'a Plan) -> Self {
        Self {
            report: plan.report.as_deref(),
            metrics: plan.metrics.as_deref(),
            // Nothing of a filter goes to the network, or to the store.
            ping: plan.ping.as_ref().filter(|_| !plan.is_filter()),
            output: plan.output.path.as_deref(),
            rejects: plan.output.rejects.as_deref(),
            store: (!plan.is_filter()).then_some(&plan.settings.store),
        }
    }

    /// The run begins. What will not be written is said before anything is spent.
    pub(crate) fn begin(&self, report: &ReportBuilder<'_>) {
        if let Some(Err(error)) = self.metrics.map(metrics::check) {
            report.warn("metrics", format!("the metrics cannot be written: {error}"));
        }
        self.ping(Ping::Start, report.context);
    }

    /// The run has ended, and holds the lock of its report's place. The report file, the
    /// store, the metrics and the shell get the same exit code.
    ///
    /// # Errors
    /// 73 or 74 where a run that went well cannot write its report, or the store's record.
    pub(crate) fn end(
        &self,
        builder: &ReportBuilder<'_>,
        session: Option<Session<'_>>,
        done: Result<(), Error>,
    ) -> Result<Report, Error> {
        let was_well = done.is_ok();
        let saved = self.save_report(builder, done);
        let ended = match session {
            Some(session) => session.close(saved),
            None => saved.inspect_err(|error| self.keep(builder, error)),
        };
        if ended.is_err() && was_well {
            self.correct_report(builder, &ended);
        }
        let report = builder.build(ended.as_ref().err());
        self.watched(&report, builder.context);
        ended.map(|()| report)
    }

    /// Writes the report of a run that ended as `done` says; gives how it ends with that.
    fn save_report(
        &self,
        builder: &ReportBuilder<'_>,
        done: Result<(), Error>,
    ) -> Result<(), Error> {
        let report = builder.build(done.as_ref().err());
        let saved = self.report.map_or(Ok(()), |path| save(path, &report));
        if let (Err(_), Err(second)) = (&done, &saved) {
            let message = format!("no run report: {second}");
            builder.context.events.note(Level::Error, "report", &message);
        }
        done.and(saved)
    }

    /// The report file may say that the run went well, and it has not: it is written anew,
    /// or removed.
    fn correct_report(&self, builder: &ReportBuilder<'_>, ended: &Result<(), Error>) {
        let Some(path) = self.report else { return };
        let report = builder.build(ended.as_ref().err());
        if save(path, &report).is_err() && says_success(path, &report.run_id) {
            // On a disk that takes nothing any more there is nothing left to try.
            let _stays = std::fs::remove_file(path);
        }
    }

    /// Keeps the run in the store, where it failed before it had a session.
    fn keep(&self, builder: &ReportBuilder<'_>, error: &Error) {
        if let Some(store) = self.store {
            session::keep_failure(store, builder, error);
        }
    }

    /// The run failed before the places of its files were checked and locked. A
    /// report or metrics file is replaced, but no other file, and none is made where
    /// something `protected` goes.
    pub(crate) fn fail(&self, builder: &ReportBuilder<'_>, error: &Error, protected: &Protected) {
        self.keep(builder, error);
        let (report, events) = (builder.build(Some(error)), builder.context.events);
        let unsaved = self.report.and_then(|path| {
            let locks = self.judged("--report", path, protected);
            locks.and_then(|_held| save_over_report(path, &report)).err()
        });
        if let Some(second) = unsaved {
            events.note(Level::Warn, "report", &format!("no run report: {second}"));
        }
        let judged = self.metrics.map(|path| self.judged("--metrics", path, protected));
        let watched = match &judged {
            Some(Err(second)) => {
                note_metrics(builder.context, second);
                Self { metrics: None, ..*self }
            }
            _ => *self,
        };
        watched.watched(&report, builder.context);
    }

    /// As `Watchers::fail`, of a run that failed before it had a plan.
    pub fn fail_without_plan(
        &self,
        command: &str,
        error: &Error,
        context: Context<'_>,
        settings: Option<&Settings>,
    ) {
        let protected = match (settings, self.store) {
            (Some(settings), _) => Protected::of(settings),
            (None, Some(store)) => Protected::of_store(store),
            (None, None) => Protected::default(),
        };
        let report = ReportBuilder::start(command, context).writing_to(self.output);
        self.fail(&report, error, &protected);
    }

    /// The lock of a file that may be written though the run's files were not judged.
    fn judged(
        &self,
        flag: &'static str,
        path: &Path,
        protected: &Protected,
    ) -> Result<OutputLocks, Error> {
        let (place, rows) = (real_path(path), [self.output, self.rejects]);
        if rows.into_iter().flatten().any(|rows| real_path(rows) == place) {
            return Err(Error::usage(format!("`{}` is named for the rows", path.display())));
        }
        OutputLocks::take(&[Named { flag, path }], protected, None)
    }

    /// Writes the metrics and pings. The run is not the worse for it where that fails.
    fn watched(&self, report: &Report, context: Context<'_>) {
        let output = self.output.map_or_else(|| "-".into(), real_path);
        let output = output.to_string_lossy();
        if let Some(Err(error)) = self.metrics.map(|path| metrics::save(path, report, &output)) {
            note_metrics(context, &error);
        }
        self.ping(Ping::End(report.exit_code), context);
    }

    fn ping(&self, ping: Ping, context: Context<'_>) {
        if let Some(Err(message)) = self.ping.map(|url| url.send(ping)) {
            context.events.note(Level::Warn, "ping", &message);
        }
    }
}

/// Says that the metrics are not written.
fn note_metrics(context: Context<'_>, error: &Error) {
    let message = format!("the metrics cannot be written: {error}");
    context.events.note(Level::Warn, "metrics", &message);
}

fn save(path: &Path, report: &Report) -> Result<(), Error> {
    write_atomically(path, report.to_json()?.as_bytes())
}

/// As [`save`], unless another kind of file is there.
fn save_over_report(path: &Path, report: &Report) -> Result<(), Error> {
    if path.exists() && !is_report(path) {
        let what = "is there already, and is not a run report: it is left alone";
        return Err(Error::usage(format!("`{}` {what}", path.display())));
    }
    save(path, report)
}

/// Whether the file is the report of that run, and says that it went well.
fn says_success(path: &Path, run_id: &str) -> bool {
    let report = std::fs::read(path).ok();
    let report = report.and_then(|report| serde_json::from_slice::<Value>(&report).ok());
    report.is_some_and(|report| report["run_id"] == run_id && report["exit_code"] == 0)
}

/// Whether the file begins as [`Report::to_json`] does.
fn is_report(path: &Path) -> bool {
    const FIRST_WORDS: &[u8] = b"{\n  \"run_id\": \"";
    let mut first = [0; FIRST_WORDS.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == FIRST_WORDS
}
