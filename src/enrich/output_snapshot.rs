//! What an output says of each vehicle, gathered while its rows are written: 19 bytes for
//! a VIN and 4 for each dataset, and each decode and list of campaigns once.

use std::hash::Hash;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::domain::facts::{Campaign, DecodeFacts, RecallDoubt, RecallFacts};
use crate::domain::{KeySet, Status};
use crate::output::record::{DatasetAnswer, Record};
use crate::store::{DecodeState, ListingState, PackedSnapshot, RecallState, Said, VehicleState};

/// Decodes whose state is known by their address, as many as are kept anyway; beyond, all
/// are worked out again.
const DECODES: usize = 32_768;

/// The same of recalls, whose texts are long.
const RECALLS: usize = 2_048;

/// Instead of a place: there is none.
const NONE: u32 = u32::MAX;

/// Campaigns, and those of them that are in doubt.
type Recalls = (Arc<RecallFacts>, Option<Arc<RecallDoubt>>);

/// Gathers what the rows of an output say of their vehicles.
pub(crate) struct SnapshotBuilder<'a> {
    vins: &'a KeySet,
    /// Of the first row of each VIN, by the number of the VIN: what it says, `None` before
    /// it was seen, …
    said: Vec<Option<[Said; 3]>>,
    /// … and its id.
    row_ids: Vec<u128>,
    decodes: States<Arc<DecodeFacts>, Arc<DecodeState>>,
    recalls: States<Recalls, Arc<[RecallState]>>,
    listings: Vec<Box<[ListingState]>>,
    /// Where those of a VIN lie.
    decode_of: Places,
    recalls_of: Places,
    listings_of: Places,
}

/// A place for each VIN, by the number of the VIN; empty until one has any.
#[derive(Default)]
struct Places(Vec<u32>);

/// The distinct states of facts, numbered by their place; equal addresses are equal facts.
struct States<F, S> {
    /// Facts are held here, so that their address stays theirs.
    known: HashMap<(usize, usize), (F, usize)>,
    places: HashMap<S, usize>,
    all: Vec<S>,
    most_known: usize,
}

impl<'a> SnapshotBuilder<'a> {
    /// For an output whose rows are about `vins`.
    pub(crate) fn new(vins: &'a KeySet) -> Self {
        Self {
            vins,
            said: vec![None; vins.len()],
            row_ids: vec![0; vins.len()],
            decodes: States::knowing(DECODES),
            recalls: States::knowing(RECALLS),
            listings: Vec::new(),
            decode_of: Places::default(),
            recalls_of: Places::default(),
            listings_of: Places::default(),
        }
    }

    /// Adds a row. The first one of a VIN speaks for the vehicle.
    pub(crate) fn add(&mut self, record: &Record) {
        let vin = record.vin_id.map(|id| id as usize);
        let Some(vin) = vin.filter(|vin| self.said.get(*vin).is_some_and(Option::is_none)) else {
            return;
        };
        let Record { decode, recalls, recall_doubt, listings, .. } = record;
        self.row_ids[vin] = record.row_id;
        self.said[vin] = Some([said(decode), said(recalls), said(listings)]);
        let vins = self.said.len();
        if let Some(facts) = &decode.facts {
            let address = (Arc::as_ptr(facts).addr(), 0);
            let place = self.decodes.place(address, facts, |facts| Arc::new(decoded(facts)));
            self.decode_of.set(vin, place, vins);
        }
        if let Some(facts) = &recalls.facts {
            let doubt = recall_doubt.as_ref().map_or(0, |doubt| Arc::as_ptr(doubt).addr());
            let address = (Arc::as_ptr(facts).addr(), doubt);
            let facts = (Arc::clone(facts), recall_doubt.clone());
            let place = self.recalls.place(address, &facts, |(facts, doubt)| {
                facts.campaigns.iter().map(|campaign| recall(campaign, doubt.as_deref())).collect()
            });
            self.recalls_of.set(vin, place, vins);
        }
        let facts = listings.facts.iter().flat_map(|facts| &facts.listings);
        let active = facts.filter(|listing| listing.active);
        let active: Box<[_]> = active
            .map(|listing| ListingState { id: listing.id.clone(), price: listing.price })
            .collect();
        if !active.is_empty() {
            self.listings_of.set(vin, self.listings.len(), vins);
            self.listings.push(active);
        }
    }

    /// The snapshot of an output that has so many rows.
    pub(crate) fn pack(self, rows: u64) -> PackedSnapshot {
        PackedSnapshot::pack(rows, self.vins.ids().end, |id| {
            let (vin, place) = (*self.vins.key(id).vin()?, id as usize);
            let recalls = self.recalls_of.get(place).map(|of| Arc::clone(&self.recalls.all[of]));
            let listings = self.listings_of.get(place).map(|of| self.listings[of].to_vec());
            Some(VehicleState {
                vin,
                row_id: self.row_ids[place],
                said: self.said[place]?,
                decode: self.decode_of.get(place).map(|of| Arc::clone(&self.decodes.all[of])),
                recalls: recalls.unwrap_or_default(),
                listings: listings.unwrap_or_default(),
            })
        })
    }
}

impl<F: Clone, S: Clone + Eq + Hash> States<F, S> {
    /// No state yet; the facts of so many are held.
    fn knowing(most_known: usize) -> Self {
        Self { known: HashMap::new(), places: HashMap::new(), all: Vec::new(), most_known }
    }

    /// The place of what `state` makes of `facts`, which are at that address.
    fn place(&mut self, address: (usize, usize), facts: &F, state: impl FnOnce(&F) -> S) -> usize {
        if let Some((_, place)) = self.known.get(&address) {
            return *place;
        }
        let place = *self.places.entry(state(facts)).or_insert_with_key(|state| {
            self.all.push(state.clone());
            self.all.len() - 1
        });
        if self.known.len() >= self.most_known {
            self.known.clear();
        }
        self.known.insert(address, (facts.clone(), place));
        place
    }
}

impl Places {
    /// Notes the place of one of so many VINs.
    fn set(&mut self, vin: usize, place: usize, vins: usize) {
        if self.0.is_empty() {
            self.0.resize(vins, NONE);
        }
        self.0[vin] = u32::try_from(place).unwrap_or(NONE);
    }

    fn get(&self, vin: usize) -> Option<usize> {
        self.0.get(vin).filter(|place| **place != NONE).map(|place| *place as usize)
    }
}

fn said<F>(answer: &DatasetAnswer<F>) -> Said {
    match answer.status {
        Status::Found => Said::Found,
        Status::Absent => Said::Absent,
        // Asked for all the same: what it needs first is not known.
        Status::NotRequested if answer.error.is_none() => Said::NotAsked,
        Status::NotRequested | Status::Pending | Status::Failed | Status::Refused => {
            Said::Unanswered
        }
    }
}

fn decoded(facts: &DecodeFacts) -> DecodeState {
    DecodeState {
        make: facts.make.clone().unwrap_or_default(),
        model: facts.model.clone().unwrap_or_default(),
        year: facts.model_year,
        digest: facts.digest(),
    }
}

fn recall(campaign: &Campaign, doubt: Option<&RecallDoubt>) -> RecallState {
    RecallState {
        number: campaign.number.clone(),
        doubtful: doubt.is_some_and(|doubt| doubt.contains(&campaign.number)),
        park_it: campaign.park_it == Some(true),
        park_outside: campaign.park_outside == Some(true),
    }
}
