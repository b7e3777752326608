//! What an output says of each vehicle, gathered while its rows are written: 32 bytes for
//! a VIN, and each decode and list of campaigns once.

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

/// In the place of a number: there is none.
const NONE: u32 = u32::MAX;

/// Campaigns, and those of them that are in doubt.
type Recalls = (Arc<RecallFacts>, Option<Arc<RecallDoubt>>);

/// Gathers what the rows of an output say of their vehicles.
pub(crate) struct SnapshotBuilder<'a> {
    vins: &'a KeySet,
    /// By the number of the VIN.
    seen: Vec<Seen>,
    decodes: States<Arc<DecodeFacts>, Arc<DecodeState>>,
    recalls: States<Recalls, Arc<[RecallState]>>,
    listings: Vec<Box<[ListingState]>>,
}

/// What the first row of a VIN says.
#[derive(Clone, Copy)]
struct Seen {
    row_id: u128,
    decode: u32,
    recalls: u32,
    listings: u32,
    /// `None` before its first row.
    said: Option<[Said; 3]>,
}

/// States, each once and by a number, of facts that are told apart by their address.
struct States<F, S> {
    /// Facts are held here, so that their address stays theirs.
    known: HashMap<(usize, usize), (F, u32)>,
    numbers: HashMap<S, u32>,
    all: Vec<S>,
    most_known: usize,
}

impl<'a> SnapshotBuilder<'a> {
    /// For an output whose rows are about `vins`.
    pub(crate) fn new(vins: &'a KeySet) -> Self {
        let none = Seen { row_id: 0, decode: NONE, recalls: NONE, listings: NONE, said: None };
        Self {
            vins,
            seen: vec![none; vins.len()],
            decodes: States::knowing(DECODES),
            recalls: States::knowing(RECALLS),
            listings: Vec::new(),
        }
    }

    /// Adds a row. The first one of a VIN speaks for the vehicle.
    pub(crate) fn add(&mut self, record: &Record) {
        let seen = record.vin_id.and_then(|id| self.seen.get_mut(id as usize));
        let Some(seen) = seen.filter(|seen| seen.said.is_none()) else { return };
        let Record { decode, recalls, recall_doubt, listings, .. } = record;
        seen.row_id = record.row_id;
        seen.said = Some([said(decode), said(recalls), said(listings)]);
        if let Some(facts) = &decode.facts {
            let address = (Arc::as_ptr(facts).addr(), 0);
            seen.decode = self.decodes.number(address, facts, |facts| Arc::new(decoded(facts)));
        }
        if let Some(facts) = &recalls.facts {
            let doubt = recall_doubt.as_ref().map_or(0, |doubt| Arc::as_ptr(doubt).addr());
            let address = (Arc::as_ptr(facts).addr(), doubt);
            let facts = (Arc::clone(facts), recall_doubt.clone());
            seen.recalls = self.recalls.number(address, &facts, |(facts, doubt)| {
                facts.campaigns.iter().map(|campaign| recall(campaign, doubt.as_deref())).collect()
            });
        }
        let facts = listings.facts.iter().flat_map(|facts| &facts.listings);
        let active = facts.filter(|listing| listing.active);
        let active: Box<[_]> = active
            .map(|listing| ListingState { id: listing.id.clone(), price: listing.price })
            .collect();
        if !active.is_empty() {
            seen.listings = u32::try_from(self.listings.len()).unwrap_or(NONE);
            self.listings.push(active);
        }
    }

    /// The snapshot of an output that has so many rows.
    pub(crate) fn pack(self, rows: u64) -> PackedSnapshot {
        PackedSnapshot::pack(rows, self.vins.ids().end, |id| {
            let (vin, seen) = (*self.vins.key(id).vin()?, self.seen[id as usize]);
            let listings = self.listings.get(seen.listings as usize);
            Some(VehicleState {
                vin,
                row_id: seen.row_id,
                said: seen.said?,
                decode: self.decodes.get(seen.decode),
                recalls: self.recalls.get(seen.recalls).unwrap_or_default(),
                listings: listings.map_or_else(Vec::new, |listings| listings.to_vec()),
            })
        })
    }
}

impl<F: Clone, S: Clone + Eq + Hash> States<F, S> {
    /// No state yet; the facts of so many are held.
    fn knowing(most_known: usize) -> Self {
        Self { known: HashMap::new(), numbers: HashMap::new(), all: Vec::new(), most_known }
    }

    /// The number of what `state` makes of `facts`, which are at that address.
    fn number(&mut self, address: (usize, usize), facts: &F, state: impl FnOnce(&F) -> S) -> u32 {
        if let Some((_, number)) = self.known.get(&address) {
            return *number;
        }
        let state = state(facts);
        let number = *self.numbers.entry(state).or_insert_with_key(|state| {
            self.all.push(state.clone());
            u32::try_from(self.all.len() - 1).unwrap_or(NONE)
        });
        if self.known.len() >= self.most_known {
            self.known.clear();
        }
        self.known.insert(address, (facts.clone(), number));
        number
    }

    fn get(&self, number: u32) -> Option<S> {
        self.all.get(number as usize).cloned()
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
