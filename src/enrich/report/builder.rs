//! What a run notes of itself while it goes on, and the exit code that follows.

use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::exit::{Gaps, exit_of};
use super::{InputReport, OutputReport, Report, RowTally, RowsReport, owned};
use crate::domain::{Error, Exit, Fields, Level, Moment, Note, Outcome, Status, Timestamp};
use crate::enrich::plan::{Allowance, Plan};
use crate::enrich::session::Context;
use crate::enrich::survey::Survey;
use crate::files::real_path;
use crate::gate::{AFTER_OUTAGE, VendorReport};
use crate::input::{FileDigest, InputFile, Inputs};
use crate::output::schema::SCHEMA_VERSION;
use crate::output::{Renamed, Written};
use crate::store::RunInfo;

/// The report of a run that is under way.
pub(crate) struct ReportBuilder<'a> {
    /// The run, as the store knows it.
    pub(crate) run: RunInfo,
    pub(crate) context: Context<'a>,
    /// Cells that may fail before the output counts as incomplete.
    max_failed: Allowance,
    notes: RefCell<Notes>,
}

/// What was noted so far.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) report: Report,
    phase_started: i64,
    /// How vendors were found wanting.
    vendors: BTreeSet<Exit>,
    /// What the output lacks.
    pub(super) gaps: Gaps,
    resume_at: Option<Timestamp>,
    /// Questions about comparable vehicles without an answer, by vendor and why.
    pub(super) lacking_comparables: BTreeMap<(String, String), u64>,
    stopped: Option<Exit>,
    /// When the report was first built.
    ended: Option<Moment>,
}

/// What pass 2 wrote.
pub(crate) struct Wrote {
    /// Rows in the output.
    pub(crate) rows: u64,
    /// Rows in the rejects file instead.
    pub(crate) diverted: u64,
    /// Rows by status, and errors.
    pub(crate) tally: RowTally,
    /// The files.
    pub(crate) files: Vec<Written>,
}

impl<'a> ReportBuilder<'a> {
    /// Starts a run in which no lookup may fail; `command` holds no secrets.
    pub(crate) fn start(command: &str, context: Context<'a>) -> Self {
        let started = context.clock.now();
        let run_id = run_id(started);
        context.events.run_started(&run_id);
        let run = RunInfo {
            run_id,
            boot_id: context.clock.boot_id().to_owned(),
            command: command.to_owned(),
            started,
            output: None,
        };
        let report = Report {
            run_id: run.run_id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            started_at: started.wall.rfc3339(),
            ..Report::default()
        };
        let notes = Notes { report, phase_started: started.boot, ..Notes::default() };
        Self { run, context, max_failed: Allowance::Count(0), notes: RefCell::new(notes) }
    }

    /// Says where its output goes; `None` is stdout, or nowhere.
    pub(crate) fn writing_to(mut self, output: Option<&Path>) -> Self {
        self.run.output = output.map(|path| real_path(path).to_string_lossy().into_owned());
        self
    }

    /// Starts a run of `plan`.
    pub(crate) fn of_plan(plan: &Plan, context: Context<'a>) -> Self {
        let mut builder =
            Self::start(&plan.command, context).writing_to(plan.output.path.as_deref());
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
        notes.report.phase_seconds.insert(phase.to_owned(), seconds);
        notes.phase_started = now.boot;
    }

    /// The files and rows that were read.
    pub(crate) fn note_inputs(&self, inputs: &Inputs, survey: &Survey) {
        let mut notes = self.notes();
        notes.report.inputs = input_reports(inputs, survey);
        notes.report.rows = RowsReport {
            read: survey.rows,
            valid: survey.valid,
            distinct_vins: survey.distinct(),
            rejected: owned(survey.rejected.clone()),
            check_digit_warnings: survey.check_digit_warnings,
            ..RowsReport::default()
        };
    }

    /// A file of `rows` rows by a command that acts.
    pub(crate) fn note_sheet(&self, rows: u64, written: Written) {
        self.notes().report.rows.written = rows;
        self.note_files([written]);
    }

    /// Files that were written, and what they could not hold.
    pub(crate) fn note_files(&self, files: impl IntoIterator<Item = Written>) {
        for file in files {
            for warning in &file.warnings {
                self.warn("workbook", warning.clone());
            }
            self.notes().report.outputs.push(OutputReport::from(file));
        }
    }

    /// Columns of the input that the output calls otherwise.
    pub(crate) fn note_renamed(&self, columns: &[Renamed]) {
        self.notes().report.renamed_columns = columns.to_vec();
    }

    /// One vendor's calls.
    pub(crate) fn note_calls(&self, label: String, report: VendorReport) {
        self.notes().report.vendors.insert(label, report);
    }

    /// Keys that stay without an answer, in a command without rows of datasets.
    pub(crate) fn note_unanswered<'o>(&self, outcomes: impl IntoIterator<Item = &'o Outcome>) {
        for outcome in outcomes {
            self.note_gap("", outcome);
        }
    }

    /// A key that stays without an answer, where no row says so.
    pub(super) fn note_gap(&self, about: &str, outcome: &Outcome) {
        self.judge_vendor(outcome);
        self.notes().gaps.count_outcome(about, outcome);
    }

    /// Something that was asked for and not done, and why.
    pub(crate) fn note_undone(&self, exit: Exit, why: &str) {
        self.notes().gaps.count(Status::Failed, exit, why);
    }

    /// Whether a vendor was found wanting, whatever other sources said.
    pub(super) fn judge_vendor(&self, outcome: &Outcome) {
        let exit = outcome.verdict().2;
        if exit.judges_a_vendor() {
            self.notes().vendors.insert(exit);
        }
    }

    /// What the rows of the output lack.
    pub(crate) fn note_gaps(&self, gaps: Gaps) {
        self.notes().gaps.add(gaps);
    }

    /// Notes whether the run was stopped; a stopped run writes nothing.
    pub(crate) fn note_stop(&self) {
        self.notes().stopped = self.context.cancel.asked();
    }

    /// Whether the run was stopped when that was last noted.
    pub(crate) fn is_stopped(&self) -> bool {
        self.notes().stopped.is_some()
    }

    /// When a vendor that was parked can be asked again. The run is worth repeating
    /// once every one can.
    pub(crate) fn note_resume(&self, at: Option<Timestamp>) {
        let mut notes = self.notes();
        notes.resume_at = notes.resume_at.max(at);
    }

    /// Rows in the input.
    pub(crate) fn rows(&self) -> u64 {
        self.notes().report.rows.read
    }

    /// Shows a warning, once, and keeps it for the report.
    pub(crate) fn warn(&self, code: &'static str, message: String) {
        self.warn_of(Fields::default(), code, message);
    }

    /// As [`ReportBuilder::warn`], with what the warning is about.
    pub(crate) fn warn_of(&self, fields: Fields, code: &'static str, message: String) {
        if self.notes().report.warnings.contains(&message) {
            return;
        }
        let note = Note { level: Level::Warn, code, message: &message, fields };
        self.context.events.publish(&note);
        self.notes().report.warnings.push(message);
    }

    /// Whether the output lacks something that was asked for, whatever vendors did.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.notes().gaps.beyond(self.max_failed).is_empty()
    }

    /// The report as if the run ended now, by itself or with `error`.
    pub(crate) fn build(&self, error: Option<&Error>) -> Report {
        let now = self.context.clock.now();
        let mut notes = self.notes();
        // The store keeps the same end as the report file and the metrics.
        let ended = *notes.ended.get_or_insert(now);
        let gaps = notes.gaps.beyond(self.max_failed);
        let lacks = gaps.keys().copied().collect();
        let exit =
            error.map_or_else(|| exit_of(notes.stopped, &notes.vendors, &lacks), Error::exit);
        let mut report = notes.report.clone();
        report.incomplete =
            gaps.into_iter().map(|(exit, by_why)| (exit.name().into(), by_why)).collect();
        report.exit_code = exit.code();
        report.outcome = exit.name().into();
        report.error = error.map(Error::to_string);
        report.ended_at = ended.wall.rfc3339();
        report.seconds = ended.boot.saturating_sub(self.run.started.boot) as f64 / 1e6;
        // A vendor that fails says not when it will be well: it is worth another try soon.
        let soon = || ended.wall.later(AFTER_OUTAGE);
        report.resume_at = match exit {
            Exit::Parked | Exit::Outage => Some(notes.resume_at.unwrap_or_else(soon)),
            Exit::OwnLimit => notes.resume_at,
            _ => None,
        }
        .map(Timestamp::rfc3339);
        report
    }
}

/// `20261122T015500Z-3fa94c1e`: sorts by start time, unique.
pub(crate) fn run_id(started: Moment) -> String {
    let time = started.wall.rfc3339().replace(['-', ':'], "");
    format!("{time}-{:08x}", fastrand::u32(..))
}

fn input_reports(inputs: &Inputs, survey: &Survey) -> Vec<InputReport> {
    let files = inputs.files().iter().zip(&survey.digests);
    files.map(|(file, digest)| input_report(file, digest)).collect()
}

fn input_report(file: &InputFile, digest: &FileDigest) -> InputReport {
    let found = file.found().cloned().unwrap_or_default();
    let skipped = || found.skipped.iter().map(|(kind, lines)| (kind.name(), lines));
    InputReport {
        name: file.name.clone(),
        rows: digest.rows,
        bytes: file.length(),
        sha256: digest.sha256.clone(),
        format: file.format.name().to_owned(),
        packing: file.packing.map(str::to_owned),
        sheet: file.sheet.clone(),
        encoding: file.encoding.map(str::to_owned),
        delimiter: file.delimiter.map(|delimiter| char::from(delimiter).to_string()),
        quote: file.quote.clone(),
        escape: file.escape.map(str::to_owned),
        has_header: file.has_header,
        header_line: file.header_line,
        vin_column: file.vin_column.clone(),
        vin_column_by: file.vin_column_by.name().to_owned(),
        claim_columns: owned(file.claim_columns.clone()),
        skipped: skipped().map(|(kind, lines)| (kind.to_owned(), lines.count)).collect(),
        skipped_lines: skipped()
            .map(|(kind, lines)| (kind.to_owned(), lines.first.clone()))
            .collect(),
        short_rows: found.short.count,
        long_rows: found.long.count,
        cut_off_line: found.cut_off,
    }
}
