//! What a run notes of itself while it goes on, and the exit code that follows.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;

use super::{InputReport, OutputReport, Report, RowTally, RowsReport};
use crate::domain::{Dataset, Error, Exit, Level, Moment, Outcome, Timestamp};
use crate::enrich::plan::{Allowance, Plan};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::gate::VendorReport;
use crate::input::{FileDigest, InputFile, Inputs};
use crate::output::schema::SCHEMA_VERSION;
use crate::output::{Renamed, Written};
use crate::store::RunInfo;

/// The report of a run that is under way.
pub(crate) struct ReportBuilder<'a> {
    /// The run, as the store knows it.
    pub(crate) run: RunInfo,
    pub(crate) context: Context<'a>,
    /// Lookups that may fail before the exit code is 3.
    max_failed: Allowance,
    notes: RefCell<Notes>,
}

/// What was noted so far.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) report: Report,
    phase_started: i64,
    /// Keys that have no answer of this run, by exit code.
    ends: BTreeMap<Exit, u64>,
    pub(super) lookups: u64,
    pub(super) resume_at: Option<Timestamp>,
    stopped: Option<Exit>,
}

/// What pass 2 wrote.
pub(crate) struct Wrote {
    /// Rows in the output.
    pub(crate) rows: u64,
    /// Rows in the rejects file instead.
    pub(crate) diverted: u64,
    /// Rows by status, and errors.
    pub(crate) tally: RowTally,
    /// Expired answers written because they could not be renewed.
    pub(crate) deferred: [(Dataset, u64); 3],
    /// The files.
    pub(crate) files: Vec<Written>,
}

impl<'a> ReportBuilder<'a> {
    /// Starts a run in which no lookup may fail; `command` holds no secrets.
    pub(crate) fn start(command: &str, context: Context<'a>) -> Self {
        let started = context.clock.now();
        let run = RunInfo {
            run_id: run_id(started),
            boot_id: context.clock.boot_id().to_owned(),
            command: command.to_owned(),
            started,
        };
        let report = Report {
            run_id: run.run_id.clone(),
            version: env!("CARGO_PKG_VERSION"),
            command: command.to_owned(),
            started_at: started.wall.rfc3339(),
            ..Report::default()
        };
        let notes = Notes { report, phase_started: started.boot, ..Notes::default() };
        Self { run, context, max_failed: Allowance::Count(0), notes: RefCell::new(notes) }
    }

    /// Starts a run of `plan`.
    pub(crate) fn of_plan(plan: &Plan, context: Context<'a>) -> Self {
        let mut builder = Self::start(&plan.command, context);
        builder.max_failed = plan.thresholds.max_failed;
        let report = &mut builder.notes.get_mut().report;
        report.schema_version = SCHEMA_VERSION;
        report.for_excel = plan.output.for_excel;
        builder
    }

    /// To be held for one statement only.
    pub(super) fn notes(&self) -> RefMut<'_, Notes> {
        self.notes.borrow_mut()
    }

    /// A phase has ended; the next one starts.
    pub(crate) fn phase_ended(&self, phase: &'static str) {
        let now = self.context.clock.now();
        let mut notes = self.notes();
        let seconds = now.boot.saturating_sub(notes.phase_started) as f64 / 1e6;
        notes.report.phase_seconds.insert(phase, seconds);
        notes.phase_started = now.boot;
    }

    /// The files and rows that were read.
    pub(crate) fn note_inputs(&self, inputs: &Inputs, survey: &Survey) {
        let mut notes = self.notes();
        notes.report.inputs = input_reports(inputs, survey);
        notes.report.rows = RowsReport {
            read: survey.rows,
            valid: survey.valid,
            distinct_vins: survey.vins.len() as u64,
            rejected: survey.rejected.clone(),
            check_digit_warnings: survey.check_digit_warnings,
            ..RowsReport::default()
        };
    }

    /// A file of `rows` rows by a command that acts.
    pub(crate) fn note_sheet(&self, rows: u64, written: Written) {
        self.notes().report.rows.written = rows;
        self.note_files([written]);
    }

    /// Files that were written.
    pub(crate) fn note_files(&self, files: impl IntoIterator<Item = Written>) {
        self.notes().report.outputs.extend(files.into_iter().map(OutputReport::from));
    }

    /// Columns of the input that the output calls otherwise.
    pub(crate) fn note_renamed(&self, columns: &[Renamed]) {
        self.notes().report.renamed_columns = columns.to_vec();
    }

    /// One vendor's calls.
    pub(crate) fn note_calls(&self, label: String, report: VendorReport) {
        self.notes().report.vendors.insert(label, report);
    }

    /// Keys that stay without an answer.
    pub(crate) fn note_unanswered<'o>(&self, outcomes: impl IntoIterator<Item = &'o Outcome>) {
        outcomes.into_iter().for_each(|outcome| self.add_ends(outcome.verdict().2, 1));
    }

    /// `keys` more keys end with this exit code.
    pub(crate) fn add_ends(&self, exit: Exit, keys: u64) {
        *self.notes().ends.entry(exit).or_default() += keys;
    }

    /// Notes whether the run was stopped; a stopped run writes nothing.
    pub(crate) fn note_stop(&self) {
        self.notes().stopped = self.context.cancel.asked();
    }

    /// Whether the run was stopped when that was last noted.
    pub(crate) fn is_stopped(&self) -> bool {
        self.notes().stopped.is_some()
    }

    /// When running again makes sense.
    pub(crate) fn note_resume(&self, at: Timestamp) {
        self.notes().resume_at = Some(at);
    }

    /// Rows in the input.
    pub(crate) fn rows(&self) -> u64 {
        self.notes().report.rows.read
    }

    /// Shows a warning, once, and keeps it for the report.
    pub(crate) fn warn(&self, code: &'static str, message: String) {
        if self.notes().report.warnings.contains(&message) {
            return;
        }
        self.context.events.note(Level::Warn, code, &message);
        self.notes().report.warnings.push(message);
    }

    /// Whether the run is going to end with another exit code than 0, now that all
    /// rows are counted.
    pub(crate) fn is_incomplete(&self, tally: &RowTally) -> bool {
        let notes = self.notes();
        let failed = notes.failed() + tally.inconclusive.len() as u64;
        notes.exit(failed, notes.lookups + notes.local_lookups(), self.max_failed) != Exit::Success
    }

    /// The exit code, as far as the run has come.
    pub(crate) fn exit(&self) -> Exit {
        let notes = self.notes();
        notes.exit(notes.failed(), notes.lookups, self.max_failed)
    }

    /// The report as if the run ended now, by itself or with `error`.
    pub(crate) fn build(&self, error: Option<&Error>) -> Report {
        let ended = self.context.clock.now();
        let exit = error.map_or_else(|| self.exit(), Error::exit);
        let notes = self.notes();
        let mut report = notes.report.clone();
        report.exit_code = exit.code();
        report.outcome = exit.name();
        report.error = error.map(Error::to_string);
        report.ended_at = ended.wall.rfc3339();
        report.seconds = ended.boot.saturating_sub(self.run.started.boot) as f64 / 1e6;
        if matches!(exit, Exit::Parked | Exit::OwnLimit) {
            report.resume_at = notes.resume_at.map(Timestamp::rfc3339);
        }
        report
    }
}

impl Notes {
    /// Lookups that failed.
    fn failed(&self) -> u64 {
        self.ends.get(&Exit::SomeFailed).copied().unwrap_or(0)
    }

    /// Data on this machine are looked up for every VIN.
    pub(super) fn local_lookups(&self) -> u64 {
        self.report.local.len() as u64 * self.report.rows.distinct_vins
    }

    /// The first that holds, in the order of the contract.
    fn exit(&self, failed: u64, lookups: u64, max_failed: Allowance) -> Exit {
        if let Some(stopped) = self.stopped {
            return stopped;
        }
        if let Some(exit) = Exit::gravest(|exit| self.ends.contains_key(&exit)) {
            return exit;
        }
        if max_failed.exceeded_by(failed, lookups) { Exit::SomeFailed } else { Exit::Success }
    }
}

/// `20261122T015500Z-3fa94c1e`: sorts by start time, unique.
fn run_id(started: Moment) -> String {
    let time = started.wall.rfc3339().replace(['-', ':'], "");
    format!("{time}-{:08x}", fastrand::u32(..))
}

fn input_reports(inputs: &Inputs, survey: &Survey) -> Vec<InputReport> {
    let files = inputs.files().iter().zip(&survey.digests);
    let report = |(file, digest): (&InputFile, &FileDigest)| InputReport {
        name: file.name.clone(),
        rows: digest.rows,
        bytes: file.bytes,
        sha256: digest.sha256.clone(),
        encoding: file.encoding,
        delimiter: char::from(file.delimiter).to_string(),
        has_header: file.has_header,
        vin_column: file.vin_column.clone(),
        claim_columns: file.claim_columns.clone(),
    };
    files.map(report).collect()
}
