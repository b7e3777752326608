//! What the store knows of one VIN, from whom, and what the next run would make of it.

use std::collections::BTreeMap;
use std::iter;

use serde::Serialize;

use crate::config::Local;
use crate::config::Settings;
use crate::domain::{
    Clock, Dataset, Error, Freshness, Key, KeyKind, KeySet, Page, Status, Timestamp, Vehicle, Vin,
};
use crate::enrich::board::{Answers, Board, Column, Combined};
use crate::enrich::chain::{self, Available, Chains, Source, Step};
use crate::enrich::plan::Plan;
use crate::enrich::plan::counter::{Calls, Line, Range};
use crate::enrich::plan::forecast::Count;
use crate::store::{AnswerRecord, Store};

/// All that was said about one VIN.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The VIN.
    pub vin: String,
    /// The vehicle under which recalls are asked, where decode has made it known.
    pub vehicle: Option<String>,
    /// The answers in the store.
    pub answers: Vec<ExplainedAnswer>,
    /// What a run with these settings would do, by dataset.
    pub next_run: BTreeMap<&'static str, String>,
}

/// One answer.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "as in `store::AnswerRecord`, with times in RFC 3339")]
pub struct ExplainedAnswer {
    pub dataset: String,
    pub vendor: String,
    pub endpoint: String,
    pub origin: String,
    /// What it is about: the VIN, the vehicle, or a page.
    pub key: String,
    pub status: &'static str,
    pub detail: Option<String>,
    pub fetched_at: String,
    pub age_seconds: i64,
    /// `fresh`, `expired` (written where it cannot be renewed) or `too_old`.
    pub state: &'static str,
    pub fresh_until: String,
    pub stale_until: String,
    pub call: i64,
    pub run_id: Option<String>,
    pub request_id: Option<String>,
    pub body_bytes: u64,
    /// When the same source was asked before, the latest first, and what it said.
    pub earlier: Vec<(String, &'static str)>,
}

/// Explains `vin` from the store of `plan.settings`, which is only read.
pub fn explain(plan: &Plan, vin: &Vin, clock: &dyn Clock) -> Result<Explained, Error> {
    let settings = &plan.settings;
    let known = |source: &_| chain::is_known(&settings.store, source);
    let available = Available { known: &known, ..Available::at(settings)? };
    let now = clock.now().wall;
    let chains = Chains::of(plan, &available).unwrap_or_else(|_| left_out());
    let store = Store::peek(&settings.store)?;
    let vins = KeySet::vins([*vin].into_iter().collect());
    let count = Count { plan, chains: &chains, store: store.as_ref(), now, pretend: false };
    let next_run = NextRun::of(&count, &vins)?;
    let vehicle = next_run.vehicle.clone();
    let names = next_run.kept.recalls.as_ref().map(|board| board.names_of(0));
    let names = names.unwrap_or_else(|| vehicle.clone().into_iter().collect());
    let mut said = Vec::new();
    if let Some(store) = &store {
        let snapshot = store.snapshot()?;
        let stated = vin.model_years().into_iter().flatten().map(|year| Key::VinOfYear(*vin, year));
        for key in iter::once(Key::Vin(*vin)).chain(stated) {
            said.extend(snapshot.answers_about(&key)?);
        }
        for name in &names {
            said.extend(snapshot.answers_about(&Key::Vehicle(name.clone()))?);
        }
        said.extend(snapshot.answers_naming(vin)?);
    }
    let look = Look { settings, now };
    let mut next: BTreeMap<_, _> =
        chains.left_out.iter().map(|(of, why)| (of.name(), format!("left out: {why}"))).collect();
    next.extend(
        next_run.kept.boards().map(|board| (board.chain.dataset.name(), next_run.of_chain(board))),
    );
    Ok(Explained {
        vin: vin.to_string(),
        vehicle: vehicle.as_ref().map(ToString::to_string),
        answers: said.iter().map(|record| look.explained(record)).collect(),
        next_run: next,
    })
}

/// Nobody can be asked for anything; what is kept is shown all the same.
fn left_out() -> Chains {
    let why = || "no vendor can be asked for it".to_owned();
    Chains { left_out: Dataset::ALL.map(|of| (of, why())).into(), ..Chains::default() }
}

/// Answers, seen at one moment.
struct Look<'a> {
    settings: &'a Settings,
    now: Timestamp,
}

impl Look<'_> {
    fn explained(&self, record: &AnswerRecord) -> ExplainedAnswer {
        let freshness = self.freshness(&record.dataset);
        let fresh_until =
            freshness.expires_at(&record.key, record.status == "found", record.fetched_at);
        let stale_until = freshness.stale_until(record.fetched_at).max(fresh_until);
        let state = match self.now {
            now if now < fresh_until => "fresh",
            now if now <= stale_until => "expired",
            _ => "too_old",
        };
        ExplainedAnswer {
            dataset: record.dataset.clone(),
            vendor: record.vendor.clone(),
            endpoint: record.endpoint.clone(),
            origin: record.origin.clone(),
            key: name_of(&record.key),
            status: record.status,
            detail: record.detail.clone(),
            fetched_at: record.fetched_at.rfc3339(),
            age_seconds: self.now.micros().saturating_sub(record.fetched_at.micros()) / 1_000_000,
            state,
            fresh_until: fresh_until.rfc3339(),
            stale_until: stale_until.rfc3339(),
            call: record.call,
            run_id: record.run_id.clone(),
            request_id: record.request_id.clone(),
            body_bytes: record.body_bytes,
            earlier: record.earlier.iter().map(|e| (e.fetched_at.rfc3339(), e.status)).collect(),
        }
    }

    /// What calls have done stays done.
    fn freshness(&self, dataset: &str) -> Freshness {
        let settings =
            Dataset::from_name(dataset).and_then(|dataset| self.settings.datasets.get(&dataset));
        settings.map_or_else(Freshness::lasting, |of| Freshness::new(of.ttl, of.max_stale))
    }
}

/// What the next run may ask for one VIN, by the same board and loop.
struct NextRun<'a> {
    /// What the store holds, and nothing assumed.
    kept: Answers<'a>,
    /// The vehicle under which recalls are asked, as far as decode has made it known.
    vehicle: Option<Vehicle>,
    /// What is asked.
    calls: Calls,
    /// What the board says when no source finds anything.
    not_found: Answers<'a>,
    now: Timestamp,
}

impl<'a> NextRun<'a> {
    fn of(count: &Count<'a>, vins: &'a KeySet) -> Result<Self, Error> {
        let (calls, not_found) = count.calls(vins)?;
        let (kept, mut vehicles) = count.kept(vins)?;
        let vehicle = vehicles.pop().flatten();
        Ok(Self { kept, vehicle, calls, not_found, now: count.now })
    }

    /// The steps of a chain that the next run may take, in order, each with its condition.
    fn of_chain(&self, kept: &Board<'_>) -> String {
        let mut steps = Vec::new();
        let (mut asked_before, mut is_settled) = (false, false);
        for (place, step) in kept.chain.steps.iter().enumerate() {
            let line = match step {
                Step::Remote(source) if source.key_kind() == KeyKind::Page => {
                    asked_before = true;
                    inventory(source, is_settled)
                }
                _ if is_settled => continue,
                Step::Local(local) => self.local(kept, place, *local, asked_before),
                Step::Remote(source) => {
                    let (line, asked) = self.remote(kept, (place, source), asked_before);
                    asked_before |= asked;
                    line
                }
            };
            steps.push(line);
            is_settled |= !self.goes_on(kept, place);
        }
        steps.join("; ")
    }

    /// Whether a later step may be taken too.
    fn goes_on(&self, kept: &Board<'_>, place: usize) -> bool {
        let dataset = kept.chain.dataset;
        let board = self.not_found.board(dataset);
        board.is_some_and(|board| {
            board.word(place, 0, None).is_none_or(|word| !board.settles(&word))
        })
    }

    fn local(&self, kept: &Board<'_>, place: usize, local: Local, asked_before: bool) -> String {
        let id = local.id();
        let before = if asked_before { ", if no earlier source has the answer" } else { "" };
        let says =
            self.not_found.board(kept.chain.dataset).and_then(|board| board.word(place, 0, None));
        match says {
            Some(word) if !word.is_found() && !kept.settles(&word) => {
                format!("{id} has no answer on this machine")
            }
            _ => format!("{id} answers on this machine{before}"),
        }
    }

    /// What becomes of one source, and whether it may be asked.
    fn remote(
        &self,
        kept: &Board<'_>,
        (place, source): (usize, &Source),
        asked_before: bool,
    ) -> (String, bool) {
        let label = &source.label;
        let calls = self.calls(kept, source);
        let (may, sure) = (calls.most > 0, calls.least > 0);
        let vehicle_unknown = source.key_kind() == KeyKind::Vehicle && self.vehicle.is_none();
        if vehicle_unknown {
            let when = match (may, asked_before) {
                (true, false) => "is asked once the vehicle is known",
                (true, true) => {
                    "is asked once the vehicle is known, if no earlier source has the answer"
                }
                (false, _) => "is not asked: the vehicle is not known",
            };
            return (format!("{label} {when}"), may);
        }
        let asked = match (may, sure) {
            (true, true) => "is asked",
            (true, false) => "is asked if no earlier source has the answer",
            (false, _) if source.can_be_asked() => "is not asked: an earlier source has the answer",
            (false, _) => "cannot be asked",
        };
        let mut line = match kept.word(place, 0, None).and_then(|word| kept_until(kept, &word)) {
            Some((said, until)) if self.now < until => {
                format!("{label}: {said} in the store, fresh until {until}")
            }
            Some((_, until)) if may => format!("{label}: expired {until}, asked again"),
            Some((_, until)) => {
                format!("{label}: expired {until}, written as stale, as it {asked}")
            }
            None if may || source.can_be_asked() => format!("{label} {asked}"),
            None => format!("{label} has no answer and cannot be asked"),
        };
        if source.confirming().is_some_and(|by_vin| self.calls(kept, &by_vin).most > 0) {
            line += "; a zero is confirmed by one call by VIN";
        }
        if source.catalogue().is_some_and(|models| self.calls(kept, &models).most > 0) {
            line += "; its list of models is asked first";
        }
        let own = self.vehicle.as_ref();
        let names = kept.names_of(0).into_iter().filter(|name| Some(name) != own);
        let names: Vec<String> =
            names.map(|name| format!("{} {}", name.make, name.model)).collect();
        if source.catalogue().is_some() && !names.is_empty() {
            line = format!("{line}; it calls the model {}", names.join(", "));
        }
        (line, may)
    }

    /// The calls to one endpoint.
    fn calls(&self, kept: &Board<'_>, source: &Source) -> Range {
        let (vendor, endpoint) = (source.name.vendor, source.name.endpoint);
        let line = Line { dataset: kept.chain.dataset, vendor, endpoint };
        self.calls.get(&line).copied().unwrap_or_default()
    }
}

/// What becomes of an inventory, which is read whole whatever earlier sources said.
fn inventory(source: &Source, is_settled: bool) -> String {
    let label = &source.label;
    if is_settled {
        format!("the inventory of {label} is read for comparable vehicles")
    } else {
        format!("looked up in the inventory of {label}")
    }
}

/// What the store holds: what it says, and until when it is fresh.
fn kept_until(kept: &Board<'_>, word: &Combined<'_>) -> Option<(&'static str, Timestamp)> {
    let until_of = |column: &Column, keys: &KeySet, id: u32| {
        let answer = column.key_word(id);
        let (at, found) = (answer.fetched_at()?, answer.status == Status::Found);
        Some((answer.status, kept.chain.freshness.expires_at(&keys.key(id), found, at)))
    };
    let (status, until) = match word {
        Combined::Key { column, keys, id, .. } => until_of(column, keys, *id)?,
        Combined::United(of) => {
            let names = of.names.iter().filter_map(|(name, _)| until_of(of.column, of.keys, *name));
            (word.status(), names.map(|(_, until)| until).min()?)
        }
        _ => return None,
    };
    Some((status.name(), until))
}

fn name_of(key: &Key) -> String {
    match key {
        Key::Vin(vin) => vin.to_string(),
        Key::VinOfYear(vin, year) => format!("{vin}, stated to be of {year}"),
        Key::Vehicle(vehicle) => vehicle.to_string(),
        Key::Page(Page { list, number, .. }) => format!("{list} page {number}"),
        Key::Task(task) => task.subject.clone(),
        Key::Name(name) => name.clone(),
    }
}
