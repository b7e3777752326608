//! The notes of an enrich run: who can be asked, what the doors saw, what the
//! answers came to, what was written.

use std::collections::BTreeMap;
use std::time::Duration;

use super::builder::{ReportBuilder, Wrote};
use super::{DatasetReport, LocalReport, VendorReport, about, data_age, owned};
use crate::config::Local;
use crate::domain::facts::{Days, day, day_of};
use crate::domain::numbers::thousands;
use crate::domain::{Dataset, Error, Fields, Timestamp};
use crate::enrich::board::{Answers, Beside, Board};
use crate::enrich::chain::{Chain, Chains};
use crate::enrich::plan::Plan;
use crate::enrich::survey::Survey;
use crate::input::Inputs;
use crate::store::Store;

/// A clock that is set right within an hour is nothing to warn about.
const CLOCK_SLACK: Duration = Duration::from_hours(1);

/// How zeros of recalls that nothing confirms are counted among the errors.
const INCONCLUSIVE_RECALLS: &str = "recalls:inconclusive";

impl ReportBuilder<'_> {
    /// Which datasets do not run, and why.
    pub(crate) fn note_chains(&self, plan: &Plan, chains: &Chains) {
        for (dataset, why) in &chains.left_out {
            let left_out = Some(why.clone());
            let report = DatasetReport { left_out, ..DatasetReport::default() };
            self.notes().report.datasets.insert(dataset.name().to_owned(), report);
        }
        for (code, warning) in &chains.warnings {
            self.warn(code, warning.clone());
        }
        if let Some(warning) = plan.settings.file_warning() {
            self.warn("config_file", warning);
        }
        for source in chains.by_dataset.values().flat_map(Chain::sources) {
            let may_ask = !plan.datasets.offline;
            if let Some(warning) = source.settings.key_warning().filter(|_| may_ask) {
                self.warn("key_file", warning);
            }
            let test_key = source.key.as_ref().filter(|_| may_ask);
            if let Some(warning) = test_key.and_then(|key| source.settings.test_key_warning(key)) {
                self.warn_of(Fields::of_vendor(&source.label), "test_key", warning);
            }
            if source.unpaid {
                let message = format!(
                    "{} costs money and has no spend limit: only what the store holds is used",
                    source.label
                );
                self.warn_of(Fields::of_vendor(&source.label), "no_spend_limit", message);
            } else if may_ask && !source.can_be_asked() {
                let message =
                    format!("no key for {}: only what the store holds is used", source.label);
                self.warn_of(Fields::of_vendor(&source.label), "no_key", message);
            }
            let currency = source.settings.options.get("currency");
            if currency.is_some_and(Vec::is_empty) {
                let message = format!(
                    "no price of {} is written, as its currency is not known: set `currency` under [vendors.{}]",
                    source.label, source.name.vendor
                );
                self.warn_of(Fields::of_vendor(&source.label), "no_currency", message);
            }
        }
    }

    /// Whether the clock was set back since another run, or was ahead then: calls
    /// stamped so fill their windows until then, and answers are older than they say.
    pub(crate) fn note_clock(&self, store: &Store<'_>) -> Result<(), Error> {
        let latest = store.snapshot()?.latest_moment()?.unwrap_or_default();
        let ahead = latest.since(self.run.started.wall);
        if ahead > CLOCK_SLACK {
            let message = format!(
                "the clock was set back, or was ahead: the store holds a run of {latest}, which is {} from now; \
                 until then quotas may seem fuller, and answers fresher, than they are",
                span(ahead),
            );
            self.warn("clock", message);
        }
        Ok(())
    }

    /// Which data on this machine answer.
    pub(crate) fn note_local(&self, chains: &Chains, store: &Store<'_>) -> Result<(), Error> {
        for (dataset, chain) in &chains.by_dataset {
            let Some(local) = chain.local() else { continue };
            let mut report =
                LocalReport { dataset: dataset.name().to_owned(), ..LocalReport::default() };
            match (local, &chains.vpic) {
                (Local::Vpic, Some(vpic)) => {
                    let data = vpic.provenance();
                    report.as_of = Some(data.data_month);
                    // The month that they are of is named by its first day.
                    self.warn_of_age(local, day_of(vpic.released_at()) + 30);
                    report.digest = Some(data.digest);
                    report.decoder = Some(data.decoder_version.to_owned());
                }
                (Local::Vpic, None) => continue,
                (Local::NhtsaFile, _) => {
                    let Some(file) = store.snapshot()?.recall_file()? else { continue };
                    report.as_of = file.data_as_of.and_then(day);
                    let newest = file.data_as_of.unwrap_or_else(|| day_of(file.imported_at));
                    self.warn_of_age(local, newest);
                    report.imported_at = Some(file.imported_at.rfc3339());
                }
            }
            self.notes().report.local.insert(local.id().to_owned(), report);
        }
        Ok(())
    }

    fn warn_of_age(&self, local: Local, newest: Days) {
        let today = day_of(self.run.started.wall);
        if let Some(message) = data_age::warning(local, newest, today) {
            self.warn("old_data", message);
        }
    }

    /// What one vendor's door has seen.
    pub(crate) fn note_vendor(
        &self,
        label: String,
        report: VendorReport,
        resume_at: Option<Timestamp>,
    ) {
        if report.protocol_mismatch > 0 {
            let message = format!(
                "{label} answered about {} VINs that were not asked for",
                thousands(report.protocol_mismatch)
            );
            self.warn_of(Fields::of_vendor(&label), "protocol_mismatch", message);
        }
        if report.matched_by_place > 0 {
            let message = format!(
                "{label} named no VIN in {} answers: they were taken to be in the order asked",
                thousands(report.matched_by_place)
            );
            self.warn_of(Fields::of_vendor(&label), "matched_by_place", message);
        }
        for (seen, calls) in &report.trouble {
            let times =
                if *calls == 1 { String::new() } else { format!(" ({} calls)", thousands(*calls)) };
            let message = format!("{label}: {seen}{times}");
            self.warn_of(Fields::of_vendor(&label), "trouble", message);
        }
        self.note_calls(label, report);
        self.note_resume(resume_at);
    }

    /// What the asking came to.
    pub(crate) fn note_answers(&self, answers: &Answers) {
        self.note_part(answers);
        self.warn_of_comparables();
    }

    /// What the asking about some of the rows came to.
    pub(crate) fn note_part(&self, answers: &Answers) {
        self.note_stop();
        for board in answers.boards() {
            self.note_board(board);
        }
        for dealers in &answers.dealers {
            self.note_question(Dataset::Listings, &dealers.column.report);
            for outcome in dealers.column.outcomes.values() {
                self.note_gap("listings:dealers:", outcome);
            }
            if let Some(message) = &dealers.unasked {
                self.warn("dealers", message.clone());
            }
        }
        answers.comparables.iter().for_each(|comparables| self.note_comparables(comparables));
    }

    /// They are not part of any dataset's answers: what they lack is a warning, and the
    /// run ends as it would without them.
    fn note_comparables(&self, comparables: &Beside) {
        let Beside { column, unasked, .. } = comparables;
        if let Some(message) = unasked {
            self.warn("comparables", message.clone());
        }
        let lacking = &mut self.notes().lacking_comparables;
        for outcome in column.outcomes.values() {
            let (_, why, _) = outcome.verdict();
            let of = (column.source.label.to_string(), why.unwrap_or_default());
            *lacking.entry(of).or_default() += 1;
        }
    }

    /// Says which questions about comparable vehicles have no answer.
    pub(crate) fn warn_of_comparables(&self) {
        let lacking = std::mem::take(&mut self.notes().lacking_comparables);
        for ((vendor, why), questions) in lacking {
            let message = format!(
                "listings: questions about comparable vehicles that {vendor} did not answer: {} ({why})",
                thousands(questions)
            );
            self.warn("comparables", message);
        }
    }

    fn note_board(&self, board: &Board<'_>) {
        let dataset = board.chain.dataset;
        for column in board.columns() {
            self.note_question(dataset, &column.report);
            column.outcomes.values().for_each(|outcome| self.judge_vendor(outcome));
        }
        for inventory in board.inventories() {
            self.note_question(dataset, &inventory.report);
            if let Some(message) = &inventory.warning {
                self.warn("inventory", message.clone());
            }
            inventory.outcome().into_iter().for_each(|outcome| self.judge_vendor(outcome));
        }
    }

    /// Rows that a command that acts left without a result, such as by `tool:<tool_error>`.
    pub(crate) fn note_errors(&self, errors: BTreeMap<String, u64>) {
        self.notes().report.errors = errors;
    }

    fn note_question(&self, dataset: Dataset, report: &DatasetReport) {
        self.notes().report.datasets.entry(dataset.name().to_owned()).or_default().add(report);
        for vendor in &report.unreachable {
            let message =
                format!("{dataset}: {vendor} cannot be reached from here and was left out");
            self.warn("unreachable", message);
        }
    }

    /// What pass 1 read.
    pub(crate) fn note_survey(&self, inputs: &Inputs, survey: &Survey) {
        self.note_inputs(inputs, survey);
        for warning in inputs.warnings() {
            self.warn("input", warning);
        }
    }

    /// What a workbook says of the run.
    pub(crate) fn about(&self, chains: &Chains, now: Timestamp) -> Vec<(String, String)> {
        about::about(&self.notes().report, chains, now)
    }

    /// What pass 2 wrote.
    pub(crate) fn note_written(&self, wrote: Wrote) {
        if let Some(&rows) = wrote.tally.errors.get(INCONCLUSIVE_RECALLS) {
            self.explain_inconclusive(rows);
        }
        let mut notes = self.notes();
        let report = &mut notes.report;
        report.output_kept = wrote.files.is_empty();
        report.rows.written = wrote.rows;
        report.rows.diverted = wrote.diverted;
        for (dataset, by_status) in wrote.tally.by_status {
            report.datasets.entry(dataset.name().to_owned()).or_default().rows = owned(by_status);
        }
        for (dataset, stale) in wrote.tally.stale {
            report.datasets.entry(dataset.name().to_owned()).or_default().deferred_renewals = stale;
        }
        report.errors = wrote.tally.errors;
        report.decode_conflicts = owned(wrote.tally.decode_conflicts);
        report.input_conflicts = owned(wrote.tally.input_conflicts);
        drop(notes);
        self.note_files(wrote.files);
    }

    /// Names that the imported file does not know may be known to the service.
    fn explain_inconclusive(&self, rows: u64) {
        let by_file_alone = {
            let report = &self.notes().report;
            report.local.contains_key(Local::NhtsaFile.id())
                && !report.vendors.keys().any(|label| label.ends_with("nhtsa"))
        };
        if by_file_alone {
            self.warn(
                "inconclusive",
                format!(
                    "recalls of {} rows are inconclusive: the imported file does not know the model, or not that year; \
                     `--recalls nhtsa-file,nhtsa` asks NHTSA's service about those",
                    thousands(rows)
                ),
            );
        }
    }
}

/// Hours, or days where they are many.
fn span(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    if hours < 48 { format!("{hours} h") } else { format!("{} days", hours / 24) }
}
