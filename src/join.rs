//! The join: a row and the answers about its vehicle become one record.
//!
//! What the store holds about each key is picked once, in one read transaction;
//! bodies are parsed on first use and shared by every row that needs them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde::Serialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::asking::{Answers, RecallReplies, Replies, Vehicles};
use crate::error::Error;
use crate::facts::{DecodeFacts, Facts, ListingFacts, MatchBasis, RecallFacts};
use crate::input::{Inputs, Row};
use crate::key::{Key, Vehicle};
use crate::keyset::KeySet;
use crate::outcome::{Dataset, Outcome, Status};
use crate::panel::{Chain, Panel, Source};
use crate::record::{Record, Told};
use crate::store::{Answered, BodyId, Held, Snapshot};
use crate::vin::Reading;

/// Parsed answers kept for rows to come; beyond, all are dropped and read again.
const SHELF: usize = 32_768;

/// What is known about one key of a dataset, over all sources of its chain.
#[derive(Clone, Debug, Default)]
pub enum Pick {
    /// Nothing, and nobody was to be asked.
    #[default]
    Nothing,
    /// An answer in the store.
    Held {
        /// The place of its source in the chain.
        source: u8,
        /// The answer.
        held: Held,
        /// Why it could not be renewed, when it has expired.
        stale: Option<Arc<str>>,
    },
    /// No answer, and why.
    Outcome(Arc<Outcome>),
}

/// What is known about every key of a dataset.
#[derive(Debug)]
pub struct Picks {
    sources: Vec<Source>,
    picks: Vec<Pick>,
}

impl Chain {
    /// Whether an answer was fresh when the run started, or was fetched by it.
    pub fn is_fresh(&self, key: &Key, held: &Held, started: i64) -> bool {
        let found = held.said == Answered::Found;
        held.fetched_at >= started
            || self.freshness.expires(key.to_stored().as_bytes(), found, held.fetched_at) > started
    }
}

impl Picks {
    /// Picks, for each key, the best of what the chain's sources have said.
    pub fn load(
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        replies: &Replies,
        keys: &KeySet,
        started: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let mut picks = vec![Pick::Nothing; keys.len()];
        let mut words = Words::default();
        for (place, source) in replies.sources.iter().enumerate() {
            let outcomes = &replies.outcomes[place];
            for (&id, outcome) in outcomes {
                let pick = &mut picks[id as usize];
                pick.improve(Pick::Outcome(words.outcome(outcome)));
            }
            let Some(source_id) = snapshot.source(&source.name)? else { continue };
            let place = u8::try_from(place).unwrap_or(u8::MAX);
            keys.each_held(snapshot, source_id, |id, held| {
                let stale = if chain.is_fresh(&keys.key(id), &held, started) {
                    None
                } else if chain.freshness.too_old(held.fetched_at, now) {
                    return;
                } else {
                    Some(words.stale(outcomes.get(&id)))
                };
                picks[id as usize].improve(Pick::Held { source: place, held, stale });
            })?;
        }
        Ok(Self { sources: replies.sources.clone(), picks })
    }

    fn get(&self, id: u32) -> &Pick {
        &self.picks[id as usize]
    }

    /// Answers that are written though they have expired.
    pub fn stale(&self) -> u64 {
        let stale = |pick: &&Pick| matches!(pick, Pick::Held { stale: Some(_), .. });
        self.picks.iter().filter(stale).count() as u64
    }
}

impl Pick {
    /// Takes `other` where it is worth more: a fresh find, then a stale answer
    /// over none at all, then the order of the statuses.
    fn improve(&mut self, other: Self) {
        if other.rank() < self.rank() {
            *self = other;
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Held { held, stale: None, .. } if held.said == Answered::Found => 0,
            Self::Held { held, stale: Some(_), .. } if held.said == Answered::Found => 1,
            Self::Held { stale: Some(_), .. } => 2,
            Self::Outcome(outcome) => match outcome.verdict().0 {
                Status::Found => 0,
                Status::Pending => 3,
                Status::Failed => 4,
                Status::Absent => 5,
                Status::Refused | Status::NotRequested => 6,
            },
            Self::Held { held, .. } if held.said == Answered::Absent => 5,
            Self::Held { .. } => 6,
            Self::Nothing => 7,
        }
    }

    fn is(&self, answered: Answered) -> bool {
        matches!(self, Self::Held { held, .. } if held.said == answered)
    }
}

/// Outcomes and stale marks, each wording once.
#[derive(Default)]
struct Words {
    outcomes: Vec<Arc<Outcome>>,
    stale: HashMap<String, Arc<str>>,
}

impl Words {
    fn outcome(&mut self, outcome: &Outcome) -> Arc<Outcome> {
        // A run knows few distinct outcomes; the latest is the likeliest.
        if let Some(known) = self.outcomes.iter().rev().take(16).find(|known| ***known == *outcome)
        {
            return Arc::clone(known);
        }
        let new = Arc::new(outcome.clone());
        self.outcomes.push(Arc::clone(&new));
        new
    }

    fn stale(&mut self, outcome: Option<&Outcome>) -> Arc<str> {
        let why = outcome.and_then(|outcome| outcome.verdict().1);
        let why = format!("stale:{}", why.as_deref().unwrap_or("not_renewed"));
        let known = self.stale.entry(why);
        Arc::clone(known.or_insert_with_key(|why| why.as_str().into()))
    }
}

/// Parsed answers by the body they were read from.
#[derive(Debug)]
pub struct Shelf<F> {
    read: HashMap<(u8, BodyId), (Arc<F>, u64)>,
}

impl<F> Default for Shelf<F> {
    fn default() -> Self {
        Self { read: HashMap::new() }
    }
}

/// Facts of one dataset among [`Facts`].
pub trait Shelved: Sized + Serialize {
    /// The dataset's facts in `facts`.
    fn of(facts: Facts) -> Option<Self>;
}

macro_rules! shelved {
    ($($facts:ident in $variant:ident),*) => {$(
        impl Shelved for $facts {
            fn of(facts: Facts) -> Option<Self> {
                if let Facts::$variant(facts) = facts { Some(facts) } else { None }
            }
        }
    )*};
}
shelved!(DecodeFacts in Decode, RecallFacts in Recalls, ListingFacts in Listings);

impl<F: Shelved + Default> Shelf<F> {
    /// The facts of an answer, and their hash.
    fn facts(
        &mut self,
        picks: &Picks,
        source: u8,
        held: &Held,
        key: &Key,
        snapshot: &Snapshot<'_>,
    ) -> Result<Option<(Arc<F>, u64)>, Error> {
        let Some(body) = held.body else { return Ok(None) };
        if self.read.len() >= SHELF {
            self.read.clear();
        }
        Ok(Some(match self.read.entry((source, body)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let endpoint = picks.sources[source as usize].endpoint;
                let facts = endpoint.facts(key, &snapshot.body(body, key)?);
                let facts = F::of(facts).unwrap_or_default();
                let words = serde_json::to_vec(&facts)
                    .map_err(|error| Error::internal("facts cannot be hashed").because(error))?;
                place.insert((Arc::new(facts), xxh3_64(&words))).clone()
            }
        }))
    }
}

/// The vehicle that decode found behind a VIN.
pub fn vehicle_of(
    picks: &Picks,
    id: u32,
    vins: &KeySet,
    snapshot: &Snapshot<'_>,
    shelf: &mut Shelf<DecodeFacts>,
) -> Result<Option<Vehicle>, Error> {
    let Pick::Held { source, held, .. } = picks.get(id) else { return Ok(None) };
    if held.said != Answered::Found {
        return Ok(None);
    }
    let facts = shelf.facts(picks, *source, held, &vins.key(id), snapshot)?;
    Ok(facts.and_then(|(facts, _)| {
        Some(Vehicle::new(facts.make.as_deref()?, facts.model.as_deref()?, facts.model_year?))
    }))
}

/// Everything pass 2 needs to turn rows into records.
pub struct Joiner<'a> {
    snapshot: &'a Snapshot<'a>,
    vins: &'a KeySet,
    files: Vec<String>,
    decode: Option<Picks>,
    recalls: Option<Recalls<'a>>,
    listings: Option<Picks>,
    decode_shelf: Shelf<DecodeFacts>,
    recall_shelf: Shelf<RecallFacts>,
    listing_shelf: Shelf<ListingFacts>,
}

/// What is known about recalls.
struct Recalls<'a> {
    main: Picks,
    by_vehicle: Option<ByVehicle<'a>>,
}

struct ByVehicle<'a> {
    vehicles: &'a Vehicles,
    /// Answers by VIN to zeros asked by vehicle.
    confirmed: Option<Picks>,
    /// For each vehicle, the VIN whose answer speaks for it.
    spokesman: Vec<Option<u32>>,
}

impl<'a> Joiner<'a> {
    /// Picks what the store holds about every key, in one read transaction.
    pub fn load(
        snapshot: &'a Snapshot<'a>,
        panel: &Panel,
        answers: &'a Answers,
        vins: &'a KeySet,
        inputs: &Inputs,
        started: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let load = |dataset, replies: &Option<Replies>, keys: &KeySet| match (
            panel.chains.get(&dataset),
            replies,
        ) {
            (Some(chain), Some(replies)) => {
                Picks::load(snapshot, chain, replies, keys, started, now).map(Some)
            }
            _ => Ok(None),
        };
        let recalls = match (panel.chains.get(&Dataset::Recalls), &answers.recalls) {
            (Some(chain), Some(replies)) => {
                Some(Recalls::load(snapshot, chain, replies, vins, started, now)?)
            }
            _ => None,
        };
        Ok(Self {
            snapshot,
            vins,
            files: inputs.files().iter().map(|file| file.name.clone()).collect(),
            decode: load(Dataset::Decode, &answers.decode, vins)?,
            recalls,
            listings: load(Dataset::Listings, &answers.listings, vins)?,
            decode_shelf: Shelf::default(),
            recall_shelf: Shelf::default(),
            listing_shelf: Shelf::default(),
        })
    }

    /// Expired answers that are written because they could not be renewed, by dataset.
    pub fn deferred_renewals(&self) -> [(Dataset, u64); 3] {
        let stale = |picks: Option<&Picks>| picks.map_or(0, Picks::stale);
        [
            (Dataset::Decode, stale(self.decode.as_ref())),
            (Dataset::Recalls, stale(self.recalls.as_ref().map(|recalls| &recalls.main))),
            (Dataset::Listings, stale(self.listings.as_ref())),
        ]
    }

    /// The record of one row.
    pub fn record(&mut self, row: &Row, reading: Reading) -> Result<Record, Error> {
        let mut hash = RowHash::of(row, &reading);
        let mut record = Record::unasked(row, reading, &self.files[row.file()]);
        let vin = record.reading.vin.map(Key::Vin);
        if let Some(key) = vin
            && let Some(id) = self.vins.id(&key)
        {
            let snapshot = self.snapshot;
            let (told, facts) =
                tell(self.decode.as_ref(), id, &key, snapshot, &mut self.decode_shelf)?;
            hash.add(&told, facts);
            record.decode = told;
            let (told, basis, facts) = self.recalls_of(id, &key, &record.decode)?;
            hash.add(&told, facts);
            (record.recalls, record.recall_match_basis) = (told, basis);
            let (told, facts) =
                tell(self.listings.as_ref(), id, &key, snapshot, &mut self.listing_shelf)?;
            hash.add(&told, facts);
            record.listings = told;
        }
        record.record_hash = hash.finish();
        Ok(record)
    }

    fn recalls_of(
        &mut self,
        id: u32,
        key: &Key,
        decode: &Told<DecodeFacts>,
    ) -> Result<(Told<RecallFacts>, Option<MatchBasis>, u64), Error> {
        let Some(recalls) = &self.recalls else {
            return Ok((Told::not_requested(None), None, 0));
        };
        let (snapshot, shelf) = (self.snapshot, &mut self.recall_shelf);
        let Some(by_vehicle) = &recalls.by_vehicle else {
            let (told, hash) =
                tell_pick(&recalls.main, recalls.main.get(id), key, snapshot, shelf)?;
            let basis = told.has_answer().then_some(MatchBasis::Vin);
            return Ok((told, basis, hash));
        };
        let Some(vehicle) = by_vehicle.vehicles.of[id as usize] else {
            return Ok((without_vehicle(decode), None, 0));
        };
        if let Some(confirmed) = &by_vehicle.confirmed
            && confirmed.get(id).is(Answered::Found)
        {
            let (told, hash) = tell_pick(confirmed, confirmed.get(id), key, snapshot, shelf)?;
            return Ok((told, Some(MatchBasis::Vin), hash));
        }
        let pick = recalls.main.get(vehicle);
        if !pick.is(Answered::Absent) {
            let vehicle_key = by_vehicle.vehicles.keys.key(vehicle);
            let (told, hash) = tell_pick(&recalls.main, pick, &vehicle_key, snapshot, shelf)?;
            let basis = told.has_answer().then_some(MatchBasis::ModelExact);
            return Ok((told, basis, hash));
        }
        by_vehicle.confirmed_zero(id, vehicle, &recalls.main, pick, self.vins, snapshot, shelf)
    }
}

impl<'a> Recalls<'a> {
    fn load(
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        replies: &'a RecallReplies,
        vins: &KeySet,
        started: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let load = |replies: &Replies, keys: &KeySet| {
            Picks::load(snapshot, chain, replies, keys, started, now)
        };
        let Some(vehicles) = &replies.vehicles else {
            return Ok(Self { main: load(&replies.main, vins)?, by_vehicle: None });
        };
        let confirmed =
            replies.confirmed.as_ref().map(|replies| load(replies, vins)).transpose()?;
        let mut spokesman = vec![None; vehicles.keys.len()];
        if let Some(confirmed) = &confirmed {
            for vin in vins.sorted() {
                let Some(vehicle) = vehicles.of[vin as usize] else { continue };
                let spokesman = &mut spokesman[vehicle as usize];
                let rank = |vin: u32| confirmed.get(vin).rank();
                if spokesman.is_none_or(|known| rank(vin) < rank(known)) {
                    *spokesman = Some(vin);
                }
            }
        }
        let by_vehicle = ByVehicle { vehicles, confirmed, spokesman };
        Ok(Self { main: load(&replies.main, &vehicles.keys)?, by_vehicle: Some(by_vehicle) })
    }
}

impl ByVehicle<'_> {
    /// A zero asked by vehicle: confirmed by VIN, contradicted by VIN, or inconclusive.
    ///
    /// Campaigns that a VIN of the same make, model and year has are told for its
    /// siblings too, as `model_variant`: the vendor knows the model by another
    /// name, and a zero would be false.
    #[expect(clippy::too_many_arguments, reason = "the join's state, seen from one of its parts")]
    fn confirmed_zero(
        &self,
        id: u32,
        vehicle: u32,
        main: &Picks,
        zero: &Pick,
        vins: &KeySet,
        snapshot: &Snapshot<'_>,
        shelf: &mut Shelf<RecallFacts>,
    ) -> Result<(Told<RecallFacts>, Option<MatchBasis>, u64), Error> {
        let Some((confirmed, speaker)) =
            self.confirmed.as_ref().zip(self.spokesman[vehicle as usize])
        else {
            return Ok((tell_outcome(&Outcome::Inconclusive), None, 0));
        };
        let pick = confirmed.get(speaker);
        if pick.is(Answered::Absent) {
            let vehicle_key = self.vehicles.keys.key(vehicle);
            let (told, hash) = tell_pick(main, zero, &vehicle_key, snapshot, shelf)?;
            let basis = if speaker == id { MatchBasis::Vin } else { MatchBasis::ModelExact };
            return Ok((told, Some(basis), hash));
        }
        if pick.is(Answered::Found) {
            let (told, hash) = tell_pick(confirmed, pick, &vins.key(speaker), snapshot, shelf)?;
            return Ok((told, Some(MatchBasis::ModelVariant), hash));
        }
        match pick {
            Pick::Outcome(outcome) => Ok((tell_outcome(outcome), None, 0)),
            _ => Ok((tell_outcome(&Outcome::Inconclusive), None, 0)),
        }
    }
}

fn tell<F: Shelved + Default>(
    picks: Option<&Picks>,
    id: u32,
    key: &Key,
    snapshot: &Snapshot<'_>,
    shelf: &mut Shelf<F>,
) -> Result<(Told<F>, u64), Error> {
    match picks {
        Some(picks) => tell_pick(picks, picks.get(id), key, snapshot, shelf),
        None => Ok((Told::not_requested(None), 0)),
    }
}

fn tell_pick<F: Shelved + Default>(
    picks: &Picks,
    pick: &Pick,
    key: &Key,
    snapshot: &Snapshot<'_>,
    shelf: &mut Shelf<F>,
) -> Result<(Told<F>, u64), Error> {
    let (source, held, stale) = match pick {
        Pick::Nothing => return Ok((Told::not_requested(None), 0)),
        Pick::Outcome(outcome) => return Ok((tell_outcome(outcome), 0)),
        Pick::Held { source, held, stale } => (*source, held, stale),
    };
    let (status, facts) = match held.said {
        Answered::Found => (Status::Found, shelf.facts(picks, source, held, key, snapshot)?),
        Answered::Absent => (Status::Absent, None),
        Answered::Refused => (Status::Refused, None),
    };
    let (facts, hash) = facts.map_or((None, 0), |(facts, hash)| (Some(facts), hash));
    let told = Told {
        status,
        vendor: Some(Arc::clone(&picks.sources[source as usize].label)),
        fetched_at: Some(held.fetched_at),
        error: stale.clone().or_else(|| held.detail.clone()),
        facts,
    };
    Ok((told, hash))
}

fn tell_outcome<F>(outcome: &Outcome) -> Told<F> {
    let (status, error, _) = outcome.verdict();
    Told { status, vendor: None, fetched_at: None, error: error.map(Arc::from), facts: None }
}

/// Recalls of a row whose vehicle is not known: what decode waits for or failed
/// at; when it has answered, there is no vehicle to ask about.
fn without_vehicle(decode: &Told<DecodeFacts>) -> Told<RecallFacts> {
    match decode.status {
        Status::Pending | Status::Failed => Told {
            status: decode.status,
            vendor: None,
            fetched_at: None,
            error: decode.error.clone(),
            facts: None,
        },
        Status::Found | Status::Absent | Status::Refused | Status::NotRequested => {
            Told::not_requested(Some("vehicle_unknown".into()))
        }
    }
}

/// Hashes a record's values without fetch times and stale marks.
struct RowHash(Xxh3);

impl RowHash {
    fn of(row: &Row, reading: &Reading) -> Self {
        let mut hash = Self(Xxh3::new());
        for cell in row.cells() {
            hash.text(cell);
        }
        hash.text(reading.vin.as_ref().map(AsRef::as_ref));
        hash.text(reading.error.map(crate::vin::VinError::as_str));
        hash
    }

    fn add<F>(&mut self, told: &Told<F>, facts: u64) {
        self.text(Some(told.status.name()));
        self.text(told.vendor.as_deref());
        self.text(told.error.as_deref().filter(|error| !error.starts_with("stale:")));
        self.0.update(&facts.to_le_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        // Neither byte occurs in UTF-8, so that no two rows run into each other.
        self.0.update(text.map_or(&[0xfe], str::as_bytes));
        self.0.update(&[0xff]);
    }

    fn finish(self) -> u128 {
        self.0.digest128()
    }
}
