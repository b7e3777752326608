//! One run's account of itself: what it read, asked and wrote, and how it ended.

use std::collections::BTreeMap;

use crate::config::Local;
use crate::domain::cancel::Cancel;
use crate::domain::error::{Error, Exit};
use crate::domain::events::{Events, Level, Phase, Progress};
use crate::domain::facts::day;
use crate::domain::outcome::{Dataset, Outcome};
use crate::domain::time::{Clock, Moment};
use crate::enrich::board::{Answers, Board};
use crate::enrich::chain::{Chain, Chains};
use crate::enrich::plan::{Plan, Thresholds};
use crate::enrich::report::{
    DatasetReport, InputReport, LocalReport, OutputReport, Report, RowTally, RowsReport,
    VendorReport,
};
use crate::enrich::survey::Survey;
use crate::gate::{AFTER_OUTAGE, later, rfc3339};
use crate::input::Inputs;
use crate::output::Written;
use crate::output::schema::SCHEMA_VERSION;
use crate::store::Store;

/// A clock that is set right within an hour is nothing to warn about.
const CLOCK_SLACK_MICROS: i64 = 3_600_000_000;

/// A run under way.
pub struct Run<'a> {
    /// Sorts by start time; unique.
    pub id: String,
    /// When it started.
    pub started: Moment,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Where news go.
    pub events: &'a dyn Events,
    /// The progress when the asking ended.
    pub progress: Progress,
    report: Report,
    phase_started: i64,
    /// Keys that have no answer of this run, by exit code.
    ends: BTreeMap<Exit, u64>,
    lookups: u64,
    resume_at: Option<i64>,
    stopped: Option<Exit>,
}

/// What pass 2 wrote.
pub struct Wrote {
    /// Rows in the output.
    pub rows: u64,
    /// Rows in the rejects file instead.
    pub diverted: u64,
    /// Rows by status, and errors.
    pub tally: RowTally,
    /// Expired answers written because they could not be renewed.
    pub deferred: [(Dataset, u64); 3],
    /// The files.
    pub files: Vec<Written>,
}

impl<'a> Run<'a> {
    /// Starts the account.
    pub fn begin(plan: &Plan, events: &'a dyn Events, clock: &'a dyn Clock) -> Self {
        let started = clock.now();
        let id = run_id(started.wall);
        let report = Report {
            run_id: id.clone(),
            version: env!("CARGO_PKG_VERSION"),
            schema_version: SCHEMA_VERSION,
            command: plan.command.clone(),
            started_at: rfc3339(started.wall),
            for_excel: plan.output.for_excel,
            ..Report::default()
        };
        Self {
            id,
            started,
            clock,
            events,
            progress: Progress::default(),
            report,
            phase_started: started.boot,
            ends: BTreeMap::new(),
            lookups: 0,
            resume_at: None,
            stopped: None,
        }
    }

    /// A phase has ended; the next one starts.
    pub fn phase_ended(&mut self, phase: &'static str) {
        let now = self.clock.now();
        let seconds = now.boot.saturating_sub(self.phase_started) as f64 / 1e6;
        self.report.phase_seconds.insert(phase, seconds);
        self.phase_started = now.boot;
    }

    /// Tells that everything is written.
    pub fn tell_done(&self) {
        let rows = self.rows();
        let done =
            Progress { phase: Phase::Done, rows, rows_total: Some(rows), ..self.progress.clone() };
        self.events.progress(&done);
    }

    /// Which datasets do not run, and why.
    pub fn note_panel(&mut self, chains: &Chains) {
        for (dataset, why) in &chains.left_out {
            let left_out = Some(why.clone());
            let report = DatasetReport { left_out, ..DatasetReport::default() };
            self.report.datasets.insert(dataset.name(), report);
        }
        for warning in &chains.warnings {
            self.warn("left_out", warning.clone());
        }
        for source in chains.by_dataset.values().flat_map(Chain::sources) {
            if let Some(warning) = source.settings.key_warning() {
                self.warn("key_file", warning);
            }
            if source.unpaid {
                let words = format!(
                    "{} costs money and has no spend limit: only what the store holds is used",
                    source.label
                );
                self.warn("no_spend_limit", words);
            } else if !source.can_be_asked() {
                let words =
                    format!("no key for {}: only what the store holds is used", source.label);
                self.warn("no_key", words);
            }
            let currency = source.settings.options.get("currency");
            if currency.is_some_and(Vec::is_empty) {
                let words = format!(
                    "no price of {} is written, as nobody says in which money it is: set `currency` under [vendors.{}]",
                    source.label, source.name.vendor
                );
                self.warn("no_currency", words);
            }
        }
    }

    /// Whether the clock was set back since another run, or was ahead then: calls
    /// stamped so fill their windows until then, and answers are older than they say.
    pub fn note_clock(&mut self, store: &Store) -> Result<(), Error> {
        let ahead = store.snapshot()?.latest_moment()?.unwrap_or(0) - self.started.wall;
        if ahead > CLOCK_SLACK_MICROS {
            let words = format!(
                "the clock was set back, or was ahead: the store holds a run of {}, which is {} from now; \
                 until then quotas may seem fuller, and answers fresher, than they are",
                rfc3339(self.started.wall + ahead),
                span(ahead),
            );
            self.warn("clock", words);
        }
        Ok(())
    }

    /// Which data on this machine answer.
    pub fn note_local(&mut self, chains: &Chains, store: &Store) -> Result<(), Error> {
        for (dataset, chain) in &chains.by_dataset {
            let Some(local) = chain.local() else { continue };
            let mut report = LocalReport {
                dataset: dataset.name(),
                as_of: None,
                digest: None,
                decoder: None,
                imported_at: None,
            };
            match (local, &chains.vpic) {
                (Local::Vpic, Some(vpic)) => {
                    let data = vpic.provenance();
                    report.as_of = Some(data.data_month);
                    report.digest = Some(data.digest);
                    report.decoder = Some(data.decoder_version);
                }
                (Local::Vpic, None) => continue,
                (Local::NhtsaFile, _) => {
                    let Some(file) = store.snapshot()?.recall_file()? else { continue };
                    report.as_of = file.data_as_of.and_then(day);
                    report.imported_at = Some(rfc3339(file.imported_at));
                }
            }
            self.report.local.insert(local.id(), report);
        }
        Ok(())
    }

    /// What pass 1 read.
    pub fn note_survey(&mut self, inputs: &Inputs, survey: &Survey) {
        (self.report.inputs, self.report.rows) = reports_of(inputs, survey);
        for warning in inputs.warnings() {
            self.warn("input", warning);
        }
    }

    /// What one vendor's door has seen.
    pub fn note_vendor(&mut self, label: String, report: VendorReport, resume_at: Option<i64>) {
        if report.protocol_mismatch > 0 {
            let words = format!(
                "{label} answered about {} VINs nobody asked for",
                report.protocol_mismatch
            );
            self.warn("protocol_mismatch", words);
        }
        if report.matched_by_place > 0 {
            let words = format!(
                "{label} named no VIN in {} answers: they were taken to be in the order asked",
                report.matched_by_place
            );
            self.warn("matched_by_place", words);
        }
        for (words, calls) in &report.trouble {
            let times = if *calls == 1 { String::new() } else { format!(" ({calls} calls)") };
            self.warn("trouble", format!("{label}: {words}{times}"));
        }
        self.report.vendors.insert(label, report);
        if resume_at.is_some() {
            self.ends_with(Exit::Parked, 0);
        }
        // The run is worth repeating once every parked vendor can go on.
        self.resume_at = self.resume_at.max(resume_at);
    }

    /// What the asking came to.
    pub fn note_answers(&mut self, answers: &Answers, cancel: &Cancel) {
        self.note_stop(cancel);
        for board in [&answers.decode, &answers.recalls, &answers.listings].into_iter().flatten() {
            self.note_board(board);
        }
        for dealers in &answers.dealers {
            self.note_question(Dataset::Listings, &dealers.column.report);
            self.note_outcomes(dealers.column.outcomes.values().map(|outcome| (outcome, 1)));
            if let Some(words) = &dealers.unasked {
                self.warn("dealers", words.clone());
            }
        }
    }

    fn note_board(&mut self, board: &Board<'_>) {
        let dataset = board.chain.dataset;
        for column in board.columns() {
            self.note_question(dataset, &column.report);
            self.note_outcomes(column.outcomes.values().map(|outcome| (outcome, 1)));
        }
        for inventory in board.inventories() {
            self.note_question(dataset, &inventory.report);
            if let Some(words) = &inventory.warning {
                self.warn("inventory", words.clone());
            }
            self.note_outcomes(inventory.outcomes().into_iter());
        }
    }

    fn note_question(&mut self, dataset: Dataset, report: &DatasetReport) {
        self.report.datasets.entry(dataset.name()).or_default().add(report);
        self.lookups += report.keys;
        for vendor in &report.unreachable {
            let words = format!("{dataset}: {vendor} cannot be reached from here and was left out");
            self.warn("unreachable", words);
        }
    }

    /// Why keys have no fresh answer, each with how many.
    fn note_outcomes<'o>(&mut self, outcomes: impl Iterator<Item = (&'o Outcome, u64)>) {
        // Another name or source may conclude what was inconclusive: the rows tell.
        for (outcome, keys) in outcomes.filter(|(outcome, _)| **outcome != Outcome::Inconclusive) {
            let exit = outcome.verdict().2;
            self.ends_with(exit, keys);
            if matches!(outcome, Outcome::Pending(_)) && exit == Exit::Parked {
                // A park without a known end is worth another try soon.
                self.resume_at.get_or_insert(later(self.started.wall, AFTER_OUTAGE));
            }
        }
    }

    fn ends_with(&mut self, exit: Exit, keys: u64) {
        *self.ends.entry(exit).or_default() += keys;
    }

    /// What pass 2 wrote.
    pub fn note_written(&mut self, wrote: Wrote) {
        self.report.rows.written = wrote.rows;
        self.report.rows.diverted = wrote.diverted;
        for (dataset, by_status) in wrote.tally.by_status {
            self.report.datasets.entry(dataset.name()).or_default().rows = by_status;
        }
        self.lookups += self.local_lookups();
        let inconclusive = wrote.tally.inconclusive.len() as u64;
        if inconclusive > 0 {
            self.explain_inconclusive(inconclusive);
            self.ends_with(Exit::SomeFailed, inconclusive);
        }
        self.report.errors = wrote.tally.errors;
        self.report.decode_conflicts = wrote.tally.decode_conflicts;
        self.report.input_conflicts = wrote.tally.input_conflicts;
        for (dataset, stale) in wrote.deferred {
            if let Some(report) = self.report.datasets.get_mut(dataset.name()) {
                report.deferred_renewals = stale;
            }
        }
        self.note_files(wrote.files);
    }

    /// Names that the imported file does not know may be known to the service.
    fn explain_inconclusive(&mut self, vins: u64) {
        let asked = |id: &str| self.report.vendors.keys().any(|label| label.ends_with(id));
        if self.report.local.contains_key(Local::NhtsaFile.id()) && !asked("nhtsa") {
            self.warn(
                "inconclusive",
                format!(
                    "recalls of {vins} VINs are inconclusive: the imported file does not know the model, or not that year; \
                     `--recalls nhtsa-file,nhtsa` asks NHTSA's service about those"
                ),
            );
        }
    }

    /// Files written besides the output.
    pub fn note_files(&mut self, files: Vec<Written>) {
        self.report.outputs.extend(files.into_iter().map(OutputReport::from));
    }

    /// Rows in the input.
    pub fn rows(&self) -> u64 {
        self.report.rows.read
    }

    /// Somebody may have stopped the run; then nothing is written.
    pub fn note_stop(&mut self, cancel: &Cancel) {
        self.stopped = cancel.asked();
    }

    /// The exit code of a stopped run.
    pub fn stopped(&self) -> Option<Exit> {
        self.stopped
    }

    /// Whether the run is going to end with another exit code than 0, now that all
    /// rows are counted.
    pub fn is_incomplete(&self, tally: &RowTally, thresholds: &Thresholds) -> bool {
        let failed = self.failed() + tally.inconclusive.len() as u64;
        let lookups = self.lookups + self.local_lookups();
        self.exit_of(failed, lookups, thresholds) != Exit::Success
    }

    /// Data on this machine are looked up for every VIN.
    fn local_lookups(&self) -> u64 {
        self.report.local.len() as u64 * self.report.rows.distinct_vins
    }

    /// Lookups that failed.
    fn failed(&self) -> u64 {
        self.ends.get(&Exit::SomeFailed).copied().unwrap_or(0)
    }

    /// The account so far, as if the run ended now.
    pub fn report(&self, thresholds: &Thresholds) -> Report {
        self.report_of(self.exit(thresholds))
    }

    /// The account of a run that an error ended.
    pub fn end_with(&self, error: &Error) -> Report {
        Report { error: Some(error.to_string()), ..self.report_of(error.exit()) }
    }

    fn report_of(&self, exit: Exit) -> Report {
        let ended = self.clock.now();
        let mut report = self.report.clone();
        report.exit_code = exit.code();
        report.outcome = exit.name();
        report.ended_at = rfc3339(ended.wall);
        report.seconds = ended.boot.saturating_sub(self.started.boot) as f64 / 1e6;
        if matches!(exit, Exit::Parked | Exit::OwnLimit) {
            report.resume_at = self.resume_at.map(rfc3339);
        }
        report
    }

    fn exit(&self, thresholds: &Thresholds) -> Exit {
        self.exit_of(self.failed(), self.lookups, thresholds)
    }

    /// The first that holds, in the order of the contract.
    fn exit_of(&self, failed: u64, lookups: u64, thresholds: &Thresholds) -> Exit {
        if let Some(stopped) = self.stopped {
            return stopped;
        }
        if let Some(exit) = Exit::gravest(|exit| self.ends.contains_key(&exit)) {
            return exit;
        }
        if thresholds.max_failed.exceeded_by(failed, lookups) {
            Exit::SomeFailed
        } else {
            Exit::Success
        }
    }

    fn warn(&mut self, code: &'static str, words: String) {
        if self.report.warnings.contains(&words) {
            return;
        }
        self.events.note(Level::Warn, code, &words);
        self.report.warnings.push(words);
    }
}

/// Hours, or days where they are many.
fn span(micros: i64) -> String {
    let hours = micros / 3_600_000_000;
    if hours < 48 { format!("{hours} h") } else { format!("{} days", hours / 24) }
}

/// `20261122T015500Z-3fa94c1e`.
pub(crate) fn run_id(wall: i64) -> String {
    let time = rfc3339(wall).replace(['-', ':'], "");
    format!("{time}-{:08x}", fastrand::u32(..))
}

/// What a report says of the files that were read, and of their rows.
pub(crate) fn reports_of(inputs: &Inputs, survey: &Survey) -> (Vec<InputReport>, RowsReport) {
    let files = inputs.files().iter().zip(&survey.digests);
    let files = files.map(|(file, digest)| InputReport {
        name: file.name.clone(),
        rows: digest.rows,
        bytes: file.bytes,
        sha256: digest.sha256.clone(),
        encoding: file.encoding,
        delimiter: char::from(file.delimiter).to_string(),
        has_header: file.has_header,
        vin_column: file.vin_column.clone(),
        claim_columns: file.claim_columns.clone(),
    });
    let rows = RowsReport {
        read: survey.rows,
        valid: survey.valid,
        distinct_vins: survey.vins.len() as u64,
        rejected: survey.rejected.clone(),
        check_digit_warnings: survey.check_digit_warnings,
        ..RowsReport::default()
    };
    (files.collect(), rows)
}
