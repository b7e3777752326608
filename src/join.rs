//! The join: a row and the answers about its vehicle become one record.
//!
//! What the store holds about each key is picked once, in one read transaction;
//! bodies are parsed on first use and shared by every row that needs them.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::answers::{Answers, Pick, Picks, RecallReplies, Replies, Shelf, Shelved, Vehicles};
use crate::error::Error;
use crate::facts::{Comparables, DecodeFacts, ListingFacts, MatchBasis, RecallFacts};
use crate::input::{Inputs, Row};
use crate::key::Key;
use crate::keyset::KeySet;
use crate::outcome::{Dataset, Outcome, Status};
use crate::panel::{Chain, Panel};
use crate::record::{Record, Told};
use crate::store::{Answered, Snapshot};
use crate::vin::Reading;

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
            files: inputs.names(),
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
            let (told, facts) = self.listings_of(id, &key)?;
            hash.add(&told, facts);
            record.listings = told;
            record.comparables = self.comparables_of(&record.decode);
            hash.add_comparables(record.comparables.as_deref());
        }
        record.record_hash = hash.finish();
        Ok(record)
    }

    /// The listings of a VIN: an answer about it, or what an inventory says.
    fn listings_of(&mut self, id: u32, key: &Key) -> Result<(Told<ListingFacts>, u64), Error> {
        let Some(picks) = &self.listings else { return Ok((Told::not_requested(None), 0)) };
        let pick = picks.get(id);
        let (mut told, mut hash) =
            tell_pick(picks, pick, key, self.snapshot, &mut self.listing_shelf)?;
        let in_inventory =
            picks.inventory_of(pick).zip(key.vin()).and_then(|(of, vin)| of.listings(vin));
        if let Some((facts, of)) = in_inventory {
            (told.facts, hash) = (Some(facts), of);
        }
        Ok((told, hash))
    }

    /// Vehicles like the decoded one, where an inventory was read.
    fn comparables_of(&self, decode: &Told<DecodeFacts>) -> Option<Arc<Comparables>> {
        self.listings.as_ref()?.comparables(decode.facts.as_deref()?)
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

    fn add_comparables(&mut self, comparables: Option<&Comparables>) {
        // Rows of a run without inventories keep the hash they had before there were any.
        let Some(Comparables { count, prices }) = comparables else { return };
        self.0.update(&count.to_le_bytes());
        for cents in prices.iter().flat_map(|prices| [prices.median, prices.min, prices.max]) {
            self.0.update(&cents.to_le_bytes());
        }
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
