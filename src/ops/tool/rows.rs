//! The rows of a tool's results.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use super::tasks::Tasks;
use crate::domain::vin::Rules;
use crate::domain::{Error, Key, Outcome, Status};
use crate::enrich::survey::Survey;
use crate::input::Inputs;
use crate::ops::client::{VendorClient, commit_whole};
use crate::output::Sheet;
use crate::store::{AnswerKind, KeptAnswer};
use crate::vendors::visa::Execution;

/// The columns that follow the input's.
pub(super) const COLUMNS: [&str; 6] = [
    "tool_status",
    "tool_result",
    "tool_charged_micros",
    "tool_error",
    "tool_receipt",
    "tool_operation",
];

/// Why a tool is not run for a row whose cells leave its input empty.
const EMPTY_INPUT: &str = "empty_input";

/// What came of every task.
pub(super) struct Answers<'a> {
    pub(super) client: &'a VendorClient<'a>,
    pub(super) held: HashMap<Key, KeptAnswer>,
    pub(super) unanswered: HashMap<Key, Outcome>,
    /// The idempotency keys of what was ever sent: by them the vendor finds a run.
    pub(super) ids: HashMap<Key, String>,
}

/// The cells of one task.
#[derive(Default)]
struct Cells {
    status: &'static str,
    result: String,
    charged: String,
    error: String,
    receipt: String,
    operation: String,
}

impl Answers<'_> {
    fn of(&self, key: &Key) -> Result<Cells, Error> {
        let operation = self.ids.get(key).cloned().unwrap_or_default();
        Ok(Cells { operation, ..self.said_of(key)? })
    }

    fn said_of(&self, key: &Key) -> Result<Cells, Error> {
        let Some(held) = self.held.get(key) else {
            let outcome = self.unanswered.get(key).cloned();
            return Ok(Cells::without_answer(&outcome.unwrap_or(Outcome::Missing)));
        };
        match (held.said, held.detail.as_deref()) {
            (AnswerKind::Found, _) => {
                let body = self.client.body(key, held)?;
                Ok(Execution::read(&body).map_or_else(Cells::unreadable, Cells::of))
            }
            (_, why) => {
                Ok(Cells::without_answer(&Outcome::Refused(why.unwrap_or("refused").to_owned())))
            }
        }
    }
}

impl Cells {
    fn of(execution: Execution) -> Self {
        let charged = execution.charged.map(|charged| charged.0.to_string());
        Self {
            status: Status::Found.name(),
            result: execution.result,
            charged: charged.unwrap_or_default(),
            receipt: execution.receipt.unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The tool is not run for this row.
    fn not_run(why: &str) -> Self {
        Self { status: Status::NotRequested.name(), error: why.to_owned(), ..Self::default() }
    }

    fn without_answer(outcome: &Outcome) -> Self {
        let (status, error, _) = outcome.verdict();
        Self { status: status.name(), error: error.unwrap_or_default(), ..Self::default() }
    }

    fn unreadable() -> Self {
        Self { error: "unreadable".into(), ..Self::without_answer(&Outcome::Inconclusive) }
    }
}

/// Writes a row for each row. A charge stands in the first row of its run, so
/// that the column sums up to what was paid.
pub(super) fn write(
    tasks: &Tasks<'_>,
    answers: &Answers<'_>,
    inputs: &Inputs,
    mut sheet: Sheet,
) -> Result<(), Error> {
    let mut survey = Survey::default();
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    let mut is_shown = vec![false; tasks.keys.len()];
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(iter::once(row), Rules::default());
            let reading = row.reading(Rules::default());
            let place = reading.vin.as_ref().and_then(|vin| tasks.of_row(row, vin));
            let mut cells = match place {
                Some(place) => answers.of(&tasks.keys[place])?,
                None => Cells::not_run(reading.error.map_or(EMPTY_INPUT, |error| error.as_str())),
            };
            if let Some(place) = place
                && std::mem::replace(&mut is_shown[place], true)
                && !cells.charged.is_empty()
            {
                cells.charged = "0".into();
            }
            if place.is_some() && !cells.error.is_empty() {
                *errors.entry(cells.error.clone()).or_default() += 1;
            }
            let Cells { status, result, charged, error, receipt, operation } = &cells;
            let ours = [*status, result, charged, error, receipt, operation];
            sheet.row(row.cells().map(Option::unwrap_or_default).chain(ours))?;
        }
    }
    survey.digests = batches.finish()?;
    let written = commit_whole(sheet, &survey)?;
    answers.client.report.note_inputs(inputs, &survey);
    answers.client.report.note_sheet(survey.rows, written);
    tell_errors(answers.client, errors);
    Ok(())
}

/// Says how many rows have no result, by the vendor's code or why not.
fn tell_errors(client: &VendorClient<'_>, errors: BTreeMap<String, u64>) {
    if errors.is_empty() {
        return;
    }
    let rows: u64 = errors.values().sum();
    let codes: Vec<String> =
        errors.iter().map(|(code, rows)| format!("`{code}` ({rows})")).collect();
    let message = format!(
        "{} without a result: {}; `tool_operation` is the id by which the vendor knows a run",
        if rows == 1 { "1 row is".to_owned() } else { format!("{rows} rows are") },
        codes.join(", ")
    );
    client.report.warn("tool_errors", message);
    let by_row = errors.into_iter().map(|(code, rows)| (format!("tool:{code}"), rows));
    client.report.note_errors(by_row.collect());
}
