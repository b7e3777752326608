//! The rows of photo requests: read from the input, written to a file.

use std::collections::{HashMap, HashSet};
use std::iter;

use super::book::{Book, Made};
use super::{PhotoPlan, To};
use crate::domain::vin::Rules;
use crate::domain::{Error, NotAsked, Outcome, Vin};
use crate::enrich::survey::Survey;
use crate::files::Protected;
use crate::input::{Inputs, Row};
use crate::ops::client::commit_whole;
use crate::output::{Sheet, Written};

/// The columns of `photos status`, and those that follow the input's in `photos request`.
const COLUMNS: [&str; 6] = [
    "vin",
    "photo_request_id",
    "photo_request_state",
    "photo_request_url",
    "photo_expires_at",
    "photo_error",
];

/// The state of a vehicle without a photo request.
const NOT_REQUESTED: &str = "not_requested";

/// What is said of a photo request that another run is making.
pub(super) const ELSEWHERE: Outcome = Outcome::Pending(NotAsked::Elsewhere);

/// The file for the rows, whose first columns are called `columns`.
pub(super) fn sheet(
    plan: &PhotoPlan,
    inputs: Option<&Inputs>,
    columns: &[String],
) -> Result<Option<Sheet>, Error> {
    if plan.output == To::Nowhere {
        return Ok(None);
    }
    let paths = inputs.map(Inputs::paths).unwrap_or_default();
    let protected = Protected::of(&plan.settings).and("an input file", paths);
    Sheet::create(plan.output.path(), &protected, columns, &COLUMNS).map(Some)
}

/// What `make` makes of each vehicle's first row, in order.
pub(super) fn vehicles<T>(
    inputs: &Inputs,
    make: impl Fn(Row<'_>, Vin) -> T,
) -> Result<(Vec<T>, Survey), Error> {
    let mut survey = Survey::default();
    let mut seen = HashSet::new();
    let mut made = Vec::new();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(iter::once(row), Rules::default());
            if let Some(vin) = row.reading(Rules::default()).vin.filter(|vin| seen.insert(*vin)) {
                made.push(make(row, vin));
            }
        }
    }
    survey.digests = batches.finish()?;
    Ok((made, survey))
}

/// A row for each row of the input, with its vehicle's latest photo request.
pub(super) fn write_rows(
    inputs: &Inputs,
    mut sheet: Sheet,
    book: &Book,
    errors: &HashMap<Vin, String>,
) -> Result<(Survey, Written), Error> {
    let mut survey = Survey::default();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(iter::once(row), Rules::default());
            let reading = row.reading(Rules::default());
            let mut ours = match &reading.vin {
                Some(vin) => cells_of(vin, book).pop().unwrap_or_default(),
                None => Default::default(),
            };
            let rejected = reading.error.filter(|_| reading.vin.is_none());
            let error = reading.vin.as_ref().and_then(|vin| errors.get(vin).cloned());
            if let Some(error) = error.or(rejected.map(|error| error.as_str().to_owned())) {
                ours[5] = error;
            }
            let input = row.cells().map(Option::unwrap_or_default);
            sheet.row(input.chain(ours.iter().map(String::as_str)))?;
        }
    }
    survey.digests = batches.finish()?;
    let written = commit_whole(sheet, &survey)?;
    Ok((survey, written))
}

/// Writes a row for each photo request of `vins`; gives the number of rows.
pub(super) fn write_statuses(
    vins: &[Vin],
    book: &Book,
    mut sheet: Sheet,
) -> Result<(u64, Written), Error> {
    for cells in vins.iter().flat_map(|vin| cells_of(vin, book)) {
        sheet.row(cells.iter().map(String::as_str))?;
    }
    Ok((sheet.rows(), sheet.commit()?))
}

/// The cells of a vehicle: a row for each of its photo requests, or one that says
/// that there is none.
fn cells_of(vin: &Vin, book: &Book) -> Vec<[String; COLUMNS.len()]> {
    let blank = |state: &str, error: &str| {
        [
            vin.to_string(),
            String::new(),
            state.to_owned(),
            String::new(),
            String::new(),
            error.to_owned(),
        ]
    };
    let mut rows: Vec<_> = book.of(vin).map(|made| cells(vin, made)).collect();
    rows.extend((0..book.unknown(vin)).map(|_| blank("unknown", "outcome_unknown")));
    let elsewhere = ELSEWHERE.verdict().1.unwrap_or_default();
    rows.extend((0..book.in_flight(vin)).map(|_| blank("unknown", &elsewhere)));
    if rows.is_empty() {
        rows.push(blank(NOT_REQUESTED, ""));
    }
    rows
}

fn cells(vin: &Vin, made: &Made) -> [String; COLUMNS.len()] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let request = &made.request;
    [
        vin.to_string(),
        request.id.clone(),
        text(&request.state),
        text(&request.url),
        text(&request.expires_at),
        String::new(),
    ]
}
