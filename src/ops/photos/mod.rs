//! `photos`: links by which customers send photos of vehicles.
//!
//! A photo request is made once a vehicle, journalled before it is sent, and
//! never sent again while its outcome is unknown: the vendor's list
//! says it, at the start of every command and at the end of the one that lost a
//! reply. What the list does not say is left to the operator.

mod book;
mod download;
mod rows;
mod wording;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

pub use self::download::download;

use self::book::{Book, reconcile};
use self::rows::{ELSEWHERE, vehicles, write_rows};
use self::wording::Wording;
use crate::config::Settings;
use crate::domain::{Error, Exit, Fault, Key, Outcome, Vin};
use crate::enrich::plan::Limits;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::input::{InputSpec, Inputs};
use crate::ops::client::{Action, Confirm, Intent, VendorClient, settings_of};
use crate::store::{AnswerKind, KeptAnswer, SourceId};
use crate::vendors::visio::{self, CANCEL, REQUEST, SHOW, SlotField, Wanted};

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

impl To {
    /// The file, where they go to one.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Nowhere | Self::Stdout => None,
            Self::File(path) => Some(path),
        }
    }
}

/// What a command about photo requests came to.
#[derive(Clone, Debug, Default)]
pub struct Photos {
    /// The run's report.
    pub report: Report,
    /// Vehicles looked at.
    pub vehicles: usize,
    /// Made, shown or cancelled in this run.
    pub done: usize,
    /// Vehicles that had a photo request before.
    pub had: usize,
    /// Photo requests whose outcome is unknown.
    pub unknown: usize,
    /// Photos that were downloaded before.
    pub there: usize,
}

/// Makes a photo request for each vehicle of the input that has none; with
/// `again`, one more for each.
///
/// # Errors
/// 64 and 66 where the input or the wording cannot be used, 77 where there is no API
/// key; else what `confirm` returns, or a failure of the store or the output.
pub fn request(
    plan: &PhotoPlan,
    again: bool,
    context: Context<'_>,
    confirm: Confirm<'_>,
) -> Result<Photos, Error> {
    let action = action(plan)?;
    let report = ReportBuilder::start(&plan.command, context).writing_to(plan.output.path());
    let (inputs, sheet, wanted) = action.prepare(&report, || {
        let inputs = Inputs::open(&plan.input.clone().unwrap_or_default())?;
        let wording = Wording::of(action.of_vendor, inputs.columns())?;
        let sheet = rows::sheet(plan, Some(&inputs), inputs.columns())?;
        let (wanted, _) = vehicles(&inputs, |row, vin| (vin, wording.fill(row, &vin)))?;
        Ok((inputs, sheet, wanted))
    })?;
    let mut photos = Photos { vehicles: wanted.len(), ..Photos::default() };
    let report = action.run(&report, async |client| {
        let source = client.source(REQUEST).await?;
        reconcile(client, source).await?;
        let before = Book::read(client, source)?;
        let (keys, had) = missing(&wanted, &before, again);
        photos.had = had;
        if !keys.is_empty() {
            confirm(Intent { calls: keys.len() })?;
        }
        let (keys, mut outcomes) = ask(client, &wanted, &before, keys).await?;
        if outcomes.values().any(|outcome| *outcome == Outcome::Unknown) {
            reconcile(client, source).await?;
        }
        let mut book = Book::read(client, source)?;
        book.take_cancelled(client, client.source(CANCEL).await?)?;
        book.take_shown(client, client.source(SHOW).await?)?;
        outcomes.retain(|key, _| !book.is_done(key));
        outcomes.extend(refused(client, source, &keys)?);
        client.report.note_unanswered(outcomes.values());
        warn_of_refused(client, &outcomes, "made");
        photos.done = keys.iter().filter(|key| book.is_done(key)).count();
        photos.unknown = warn_of_unknown(client, &book, wanted.iter().map(|(vin, _)| vin));
        let elsewhere = wanted.iter().filter(|(vin, _)| book.in_flight(vin) > 0);
        client.report.note_unanswered(elsewhere.map(|_| &ELSEWHERE));
        let Some(sheet) = sheet.filter(|_| !client.is_stopped()) else { return Ok(()) };
        let errors = outcomes.iter().filter_map(|(key, outcome)| {
            Some((visio::vin_of(key)?, outcome.verdict().1.unwrap_or_default()))
        });
        let (survey, written) = write_rows(&inputs, sheet, &book, &errors.collect())?;
        client.report.note_inputs(&inputs, &survey);
        client.report.note_sheet(survey.rows, written);
        Ok(())
    })?;
    Ok(Photos { report, ..photos })
}

/// Asks for the state of photo requests, and writes a row for each.
///
/// # Errors
/// 64 and 66 where the input cannot be used, 77 where there is no API key; else a
/// failure of the store or the output.
pub fn status(plan: &PhotoPlan, context: Context<'_>) -> Result<Photos, Error> {
    let action = action(plan)?;
    let report = ReportBuilder::start(&plan.command, context).writing_to(plan.output.path());
    let (inputs, only, sheet) = action.prepare(&report, || {
        let inputs = plan.input.as_ref().map(Inputs::open).transpose()?;
        let only = inputs.as_ref().map(|inputs| vehicles(inputs, |_, vin| vin)).transpose()?;
        let sheet = rows::sheet(plan, inputs.as_ref(), &[])?;
        Ok((inputs, only, sheet))
    })?;
    let (only, survey) = only.map_or_else(Default::default, |(vins, survey)| (Some(vins), survey));
    let mut photos = Photos::default();
    let report = action.run(&report, async |client| {
        let (mut book, _) = open_book(client, only.as_deref()).await?;
        let asked = book.open_keys();
        let mut outcomes = client.ask(SHOW, asked.clone()).await?;
        let shown = client.source(SHOW).await?;
        outcomes.extend(refused(client, shown, &asked)?);
        client.report.note_unanswered(outcomes.values());
        book.take_shown(client, shown)?;
        photos.done = asked.len() - outcomes.len();
        photos.unknown = warn_of_unknown(client, &book, book.vins().iter());
        let vins = only.unwrap_or_else(|| book.vins());
        photos.vehicles = vins.len();
        let Some(sheet) = sheet.filter(|_| !client.is_stopped()) else { return Ok(()) };
        if let Some(inputs) = &inputs {
            client.report.note_inputs(inputs, &survey);
        }
        let (rows, written) = rows::write_statuses(&vins, &book, sheet)?;
        client.report.note_sheet(rows, written);
        Ok(())
    })?;
    Ok(Photos { report, ..photos })
}

/// Cancels the photo requests of `vins`; of every vehicle where that is `None`.
///
/// # Errors
/// 77 where there is no API key; else what `confirm` returns, or a failure of the store.
pub fn cancel(
    plan: &PhotoPlan,
    vins: Option<&[Vin]>,
    context: Context<'_>,
    confirm: Confirm<'_>,
) -> Result<Photos, Error> {
    let report = ReportBuilder::start(&plan.command, context).writing_to(plan.output.path());
    let mut photos = Photos::default();
    let report = action(plan)?.run(&report, async |client| {
        let (book, cancelled) = open_book(client, vins).await?;
        let asked = book.open_keys();
        photos.vehicles = vins.map_or_else(|| book.vins().len(), <[Vin]>::len);
        if !asked.is_empty() {
            confirm(Intent { calls: asked.len() })?;
        }
        let mut outcomes = client.ask(CANCEL, asked.clone()).await?;
        outcomes.extend(refused(client, cancelled, &asked)?);
        client.report.note_unanswered(outcomes.values());
        warn_of_refused(client, &outcomes, "cancelled");
        photos.done = asked.len() - outcomes.len();
        photos.unknown = warn_of_unknown(client, &book, book.vins().iter());
        Ok(())
    })?;
    Ok(Photos { report, ..photos })
}

fn action(plan: &PhotoPlan) -> Result<Action<'_>, Error> {
    let settings = &plan.settings;
    let of_vendor = settings_of(settings, visio::ID)?;
    let limits = Limits { max_calls: plan.max_calls, max_cost: None };
    Ok(Action { vendor: visio::ID, of_vendor, settings, limits })
}

/// The photo requests of the vehicles `only`, of all where that is `None`, and where
/// cancellations are kept.
async fn open_book(
    client: &VendorClient<'_>,
    only: Option<&[Vin]>,
) -> Result<(Book, SourceId), Error> {
    let source = client.source(REQUEST).await?;
    reconcile(client, source).await?;
    let mut book = Book::read(client, source)?;
    if let Some(only) = only {
        book.keep(&only.iter().copied().collect());
    }
    let cancelled = client.source(CANCEL).await?;
    book.take_cancelled(client, cancelled)?;
    Ok((book, cancelled))
}

/// Sends the requests; where the vendor does not know the field of the photos, once
/// more with the other one. What was sent in the end, and what has no answer.
async fn ask(
    client: &VendorClient<'_>,
    wanted: &[(Vin, Wanted)],
    book: &Book,
    keys: Vec<Key>,
) -> Result<(Vec<Key>, HashMap<Key, Outcome>), Error> {
    let outcomes = client.ask(REQUEST, keys.clone()).await?;
    let wants_items =
        |outcome: &Outcome| matches!(outcome, Outcome::Failed(fault) if visio::wants_items(fault));
    if !outcomes.values().any(wants_items) {
        return Ok((keys, outcomes));
    }
    let unmade: HashSet<Vin> = outcomes.keys().filter_map(visio::vin_of).collect();
    let unmade = wanted.iter().filter(|(vin, _)| unmade.contains(vin));
    let in_items =
        |(vin, wanted): &(Vin, Wanted)| wanted.task(vin, book.next_number(vin), SlotField::Items);
    let again: Vec<Key> = unmade.map(in_items).collect();
    let made = keys.into_iter().filter(|key| !outcomes.contains_key(key));
    let keys = made.chain(again.iter().cloned()).collect();
    Ok((keys, client.ask(REQUEST, again).await?))
}

/// The tasks to be sent, and how many vehicles need none. One that was sent
/// without a known outcome is a photo request until the list says otherwise.
fn missing(wanted: &[(Vin, Wanted)], book: &Book, again: bool) -> (Vec<Key>, usize) {
    let mut keys = Vec::new();
    let mut had = 0;
    for (vin, wanted) in wanted {
        let before = book.count(vin);
        if before == 0 || again {
            keys.push(wanted.task(vin, book.next_number(vin), SlotField::PhotoSlots));
        } else {
            had += usize::from(book.of(vin).next().is_some());
        }
    }
    (keys, had)
}

/// Those of `keys` that the vendor refused, and why: its word is kept as an answer.
fn refused(
    client: &VendorClient<'_>,
    source: SourceId,
    keys: &[Key],
) -> Result<Vec<(Key, Outcome)>, Error> {
    let held = client.held(source, keys)?.into_iter();
    let refused = held.filter(|(_, held)| held.said == AnswerKind::Refused);
    let why = |held: &KeptAnswer| held.detail.as_deref().unwrap_or("refused").to_owned();
    Ok(refused.map(|(key, held)| (key, Outcome::Refused(why(&held)))).collect())
}

/// Says how many requests were refused: nothing was made, or they stay open.
fn warn_of_refused(client: &VendorClient<'_>, outcomes: &HashMap<Key, Outcome>, done: &str) {
    let codes = outcomes.values().filter_map(|outcome| match outcome {
        Outcome::Refused(code) | Outcome::Failed(Fault::Poisoned { code }) => Some(code.as_str()),
        _ => None,
    });
    let codes: Vec<&str> = codes.collect();
    let Some(code) = codes.iter().min() else { return };
    let log_code = if done == "made" { "not_made" } else { "not_cancelled" };
    client.report.note_undone(Exit::SomeFailed, log_code);
    let requests = if codes.len() == 1 { "photo request was" } else { "photo requests were" };
    client.report.warn(
        log_code,
        format!("{} {requests} not {done}: the vendor refused (`{code}`)", codes.len()),
    );
}

/// Warns of photo requests of these vehicles whose outcome is unknown.
fn warn_of_unknown<'a>(
    client: &VendorClient<'_>,
    book: &Book,
    vins: impl Iterator<Item = &'a Vin>,
) -> usize {
    let unknown: usize = vins.map(|vin| book.unknown(vin)).sum();
    if unknown > 0 {
        client.report.note_undone(Exit::SomeFailed, "outcome_unknown");
        let requests = if unknown == 1 { "photo request was" } else { "photo requests were" };
        client.report.warn(
            "outcome_unknown",
            format!(
                "{unknown} {requests} sent once without a reply and not found at the vendor: not \
                 sent again; look there, then `vinrich photos status`, or `photos request --again`"
            ),
        );
    }
    unknown
}
