//! `photos`: links by which customers send photos of vehicles.
//!
//! A photo request is made once a vehicle, journalled before it is sent, and
//! never sent again while nobody knows what became of it: the vendor's list
//! tells, at the start of every command and at the end of the one that lost a
//! reply. What the list does not tell is left to the operator.

mod book;
mod wording;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use self::book::{Book, Made, reconcile};
use self::wording::Wording;
use crate::config::Settings;
use crate::domain::error::{Error, Exit};
use crate::domain::key::Key;
use crate::domain::outcome::{Held as Wait, Outcome};
use crate::domain::vin::{Rules, Vin};
use crate::enrich::plan::Limits;
use crate::enrich::report::{OutputReport, Report};
use crate::enrich::run::reports_of;
use crate::enrich::survey::Survey;
use crate::input::{InputSpec, Inputs, Row};
use crate::ops::acting::{Confirm, Desk, Intent, Job, World, settings_of, whole};
use crate::output::{InputInfo, Sheet, Written};
use crate::store::{Answered, Held, SourceId};
use crate::vendors::visio::{self, CANCEL, REQUEST, SHOW, Wanted};

/// The columns of `photos status`, and those that follow the input's in `photos request`.
const COLUMNS: [&str; 6] = [
    "vin",
    "photo_request_id",
    "photo_request_state",
    "photo_request_url",
    "photo_expires_at",
    "photo_error",
];

/// The state of a vehicle that nobody made a photo request for.
const NOT_REQUESTED: &str = "not_requested";

/// What is said of a photo request that another run is making.
const ELSEWHERE: Outcome = Outcome::Pending(Wait::Elsewhere);

/// What a command about photo requests shall do.
#[derive(Clone, Debug)]
pub struct PhotoPlan {
    /// The vehicles; `photos status` may be about all.
    pub input: Option<InputSpec>,
    /// Store and vendors.
    pub settings: Settings,
    /// The most calls to be sent.
    pub max_calls: Option<u64>,
    /// Where the rows go.
    pub output: To,
    /// The command line as it may be kept.
    pub command: String,
}

/// Where rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// Nobody wants them.
    Nowhere,
    /// Standard output.
    Stdout,
    /// A CSV file.
    File(PathBuf),
}

/// What a command about photo requests came to.
#[derive(Clone, Debug, Default)]
pub struct Photos {
    /// The run's account.
    pub report: Report,
    /// Vehicles looked at.
    pub vehicles: usize,
    /// Made, shown or cancelled in this run.
    pub done: usize,
    /// Vehicles that had a photo request before.
    pub had: usize,
    /// Photo requests that nobody knows the outcome of.
    pub unknown: usize,
}

/// Makes a photo request for each vehicle of the input that has none; with
/// `again`, one more for each.
pub fn request(
    plan: &PhotoPlan,
    again: bool,
    world: World<'_>,
    confirm: Confirm<'_>,
) -> Result<Photos, Error> {
    let settings = settings_of(&plan.settings, visio::ID)?;
    let job = job(plan, world)?;
    let inputs = Inputs::open(&input(plan))?;
    let wording = Wording::of(settings, inputs.columns())?;
    let sheet = sheet(plan, &job.run_id, Some(&inputs))?;
    let (wanted, _) = vehicles(&inputs, |row, vin| (vin, wording.fill(row, &vin)))?;
    let mut photos = Photos { vehicles: wanted.len(), ..Photos::default() };
    let report = job.carry_out(world, async |desk| {
        let source = desk.source(REQUEST).await?;
        reconcile(desk, source).await?;
        let before = Book::read(desk, source)?;
        let (keys, had) = missing(&wanted, &before, again);
        photos.had = had;
        if !keys.is_empty() {
            confirm(Intent { calls: keys.len() })?;
        }
        let mut outcomes = desk.ask(REQUEST, keys.clone()).await?;
        if outcomes.values().any(|outcome| *outcome == Outcome::Unknown) {
            reconcile(desk, source).await?;
        }
        let book = Book::read(desk, source)?;
        outcomes.retain(|key, _| !book.is_done(key));
        outcomes.extend(refused(desk, source, &keys)?);
        desk.count(outcomes.values());
        photos.done = keys.iter().filter(|key| book.is_done(key)).count();
        photos.unknown = told_of_unknown(desk, &book, wanted.iter().map(|(vin, _)| vin));
        let elsewhere = |(vin, _): &&(Vin, Wanted)| book.in_flight(vin) > 0;
        desk.count(wanted.iter().filter(elsewhere).map(|_| &ELSEWHERE));
        let Some(sheet) = sheet.filter(|_| desk.shared.cancel.asked().is_none()) else {
            return Ok(());
        };
        let errors = outcomes.iter().filter_map(|(key, outcome)| {
            Some((visio::vin_of(key)?, outcome.verdict().1.unwrap_or_default()))
        });
        let (survey, written) = write_rows(&inputs, sheet, &book, &errors.collect())?;
        desk.note_rows(&inputs, &survey, written);
        Ok(())
    })?;
    save(plan, &report)?;
    Ok(Photos { report, ..photos })
}

/// Asks how photo requests stand, and writes a row for each.
pub fn status(plan: &PhotoPlan, world: World<'_>) -> Result<Photos, Error> {
    let job = job(plan, world)?;
    let inputs = plan.input.as_ref().map(Inputs::open).transpose()?;
    let only = inputs.as_ref().map(|inputs| vehicles(inputs, |_, vin| vin)).transpose()?;
    let (only, survey) = only.map_or_else(Default::default, |(vins, survey)| (Some(vins), survey));
    let sheet = sheet(plan, &job.run_id, None)?;
    let mut photos = Photos::default();
    let report = job.carry_out(world, async |desk| {
        let source = desk.source(REQUEST).await?;
        reconcile(desk, source).await?;
        let mut book = Book::read(desk, source)?;
        if let Some(only) = &only {
            book.keep(&only.iter().copied().collect());
        }
        let cancelled = desk.source(CANCEL).await?;
        book.take_cancelled(desk, cancelled)?;
        let asked: Vec<Key> = book.open().map(|made| visio::about(&made.request.id)).collect();
        let mut outcomes = desk.ask(SHOW, asked.clone()).await?;
        let shown = desk.source(SHOW).await?;
        outcomes.extend(refused(desk, shown, &asked)?);
        desk.count(outcomes.values());
        book.take_shown(desk, shown)?;
        photos.done = asked.len() - outcomes.len();
        photos.unknown = told_of_unknown(desk, &book, book.vins().iter());
        let vins = only.unwrap_or_else(|| book.vins());
        photos.vehicles = vins.len();
        let Some(mut sheet) = sheet.filter(|_| desk.shared.cancel.asked().is_none()) else {
            return Ok(());
        };
        for vin in &vins {
            for cells in cells_of(vin, &book) {
                sheet.row(cells.iter().map(String::as_str))?;
            }
        }
        let rows = sheet.rows();
        let mut report = desk.report.borrow_mut();
        report.outputs.push(OutputReport::from(sheet.commit()?));
        if let Some(inputs) = &inputs {
            (report.inputs, report.rows) = reports_of(inputs, &survey);
        }
        report.rows.written = rows;
        Ok(())
    })?;
    save(plan, &report)?;
    Ok(Photos { report, ..photos })
}

/// Cancels the photo requests of `vins`; of every vehicle where that is `None`.
pub fn cancel(
    plan: &PhotoPlan,
    vins: Option<&[Vin]>,
    world: World<'_>,
    confirm: Confirm<'_>,
) -> Result<Photos, Error> {
    let job = job(plan, world)?;
    let mut photos = Photos::default();
    let report = job.carry_out(world, async |desk| {
        let source = desk.source(REQUEST).await?;
        reconcile(desk, source).await?;
        let mut book = Book::read(desk, source)?;
        if let Some(vins) = vins {
            book.keep(&vins.iter().copied().collect());
        }
        let cancelled = desk.source(CANCEL).await?;
        book.take_cancelled(desk, cancelled)?;
        let asked: Vec<Key> = book.open().map(|made| visio::about(&made.request.id)).collect();
        photos.vehicles = vins.map_or_else(|| book.vins().len(), <[Vin]>::len);
        if !asked.is_empty() {
            confirm(Intent { calls: asked.len() })?;
        }
        let mut outcomes = desk.ask(CANCEL, asked.clone()).await?;
        outcomes.extend(refused(desk, cancelled, &asked)?);
        desk.count(outcomes.values());
        tell_of_refused(desk, &outcomes);
        photos.done = asked.len() - outcomes.len();
        photos.unknown = told_of_unknown(desk, &book, book.vins().iter());
        Ok(())
    })?;
    Ok(Photos { report, ..photos })
}

fn job<'a>(plan: &'a PhotoPlan, world: World<'_>) -> Result<Job<'a>, Error> {
    let settings = settings_of(&plan.settings, visio::ID)?;
    let limits = Limits { max_calls: plan.max_calls, max_cost: None };
    Ok(Job::new(visio::ID, &plan.settings, settings, limits, &plan.command, world.clock))
}

fn input(plan: &PhotoPlan) -> InputSpec {
    plan.input.clone().unwrap_or_default()
}

/// The file for the rows; the input's columns come first where there are any.
fn sheet(plan: &PhotoPlan, run_id: &str, inputs: Option<&Inputs>) -> Result<Option<Sheet>, Error> {
    let path = match &plan.output {
        To::Nowhere => return Ok(None),
        To::Stdout => None,
        To::File(path) => Some(path.as_path()),
    };
    let columns = inputs.map(Inputs::columns).unwrap_or_default();
    let paths = inputs.map(Inputs::paths).unwrap_or_default();
    let input = InputInfo { columns, files: &[], paths: &paths };
    Sheet::create(path, run_id, input, &COLUMNS).map(Some)
}

/// What `make` makes of each vehicle's first row, in order.
fn vehicles<T>(
    inputs: &Inputs,
    make: impl Fn(Row<'_>, Vin) -> T,
) -> Result<(Vec<T>, Survey), Error> {
    let mut survey = Survey::default();
    let mut seen = HashSet::new();
    let mut made = Vec::new();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(row, Rules::default());
            if let Some(vin) = row.reading(Rules::default()).vin.filter(|vin| seen.insert(*vin)) {
                made.push(make(row, vin));
            }
        }
    }
    survey.digests = batches.finish()?;
    Ok((made, survey))
}

/// The tasks to be sent, and how many vehicles need none. One that was sent
/// without a known outcome is a photo request until the list says otherwise.
fn missing(wanted: &[(Vin, Wanted)], book: &Book, again: bool) -> (Vec<Key>, usize) {
    let mut keys = Vec::new();
    let mut had = 0;
    for (vin, wanted) in wanted {
        let before = book.count(vin);
        if before == 0 || again {
            keys.push(wanted.task(vin, book.next_number(vin)));
        } else {
            had += usize::from(book.of(vin).next().is_some());
        }
    }
    (keys, had)
}

/// Those of `keys` that the vendor refused, and why: its word is kept as an answer.
fn refused(desk: &Desk<'_>, source: SourceId, keys: &[Key]) -> Result<Vec<(Key, Outcome)>, Error> {
    let held = desk.held(source, keys)?.into_iter();
    let refused = held.filter(|(_, held)| held.said == Answered::Refused);
    let why = |held: &Held| held.detail.as_deref().unwrap_or("refused").to_owned();
    Ok(refused.map(|(key, held)| (key, Outcome::Refused(why(&held)))).collect())
}

/// Says which requests to cancel were refused: they stay open.
fn tell_of_refused(desk: &Desk<'_>, outcomes: &HashMap<Key, Outcome>) {
    let codes = outcomes.values().filter_map(|outcome| match outcome {
        Outcome::Refused(code) => Some(code.as_str()),
        _ => None,
    });
    let codes: Vec<&str> = codes.collect();
    let Some(code) = codes.iter().min() else { return };
    desk.ends_with(Exit::SomeFailed);
    let requests = if codes.len() == 1 { "photo request was" } else { "photo requests were" };
    desk.warn(
        "not_cancelled",
        format!("{} {requests} not cancelled: the vendor refused (`{code}`)", codes.len()),
    );
}

/// Says how many photo requests of these vehicles nobody knows the outcome of.
fn told_of_unknown<'a>(desk: &Desk<'_>, book: &Book, vins: impl Iterator<Item = &'a Vin>) -> usize {
    let unknown: usize = vins.map(|vin| book.unknown(vin)).sum();
    if unknown > 0 {
        desk.ends_with(Exit::SomeFailed);
        let requests = if unknown == 1 { "photo request was" } else { "photo requests were" };
        desk.warn(
            "outcome_unknown",
            format!(
                "{unknown} {requests} sent once without a reply and not found at the vendor: not \
                 sent again; look there, then `vinrich photos status`, or `photos request --again`"
            ),
        );
    }
    unknown
}

/// Leaves the run's report beside its file.
fn save(plan: &PhotoPlan, report: &Report) -> Result<(), Error> {
    match &plan.output {
        To::File(path) => report.save_beside(path),
        To::Nowhere | To::Stdout => Ok(()),
    }
}

/// A row for each row of the input, with its vehicle's latest photo request.
fn write_rows(
    inputs: &Inputs,
    mut sheet: Sheet,
    book: &Book,
    errors: &HashMap<Vin, String>,
) -> Result<(Survey, Written), Error> {
    let mut survey = Survey::default();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(row, Rules::default());
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
    let written = whole(sheet, &survey)?;
    Ok((survey, written))
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
