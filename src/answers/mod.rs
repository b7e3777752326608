//! What is known about the keys of a run: what asking came to, what the store
//! holds, and the best of both for each key.

mod pick;
mod shelf;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::error::Error;
use crate::inventory::{Inventory, Known, Renewed};
use crate::key::Key;
use crate::keyset::KeySet;
use crate::outcome::Outcome;
use crate::panel::{Chain, Source};
use crate::report::DatasetReport;
use crate::store::{Snapshot, SourceId};

pub use pick::{Pick, Picks};
pub use shelf::{Shelf, Shelved};

/// Why keys have no answer, by source: one map for each of a chain's sources.
pub type Outcomes = Vec<HashMap<u32, Outcome>>;

/// What asking for one dataset came to.
#[derive(Debug, Default)]
pub struct Replies {
    /// Why keys have no fresh answer.
    pub outcomes: Outcomes,
    /// The sources asked, in order; a dearer endpoint that stood in follows the cheap one.
    pub sources: Vec<Source>,
    /// Sources that are inventories, by their place among `sources`.
    pub inventories: BTreeMap<usize, Arc<Inventory>>,
    /// What the user should know of the asking.
    pub warnings: Vec<String>,
    /// Hits and misses.
    pub report: DatasetReport,
}

impl Replies {
    /// Adds what asking one more source came to.
    pub fn add(&mut self, source: Source, outcomes: HashMap<u32, Outcome>) {
        self.sources.push(source);
        self.outcomes.push(outcomes);
    }

    /// Adds what reading an inventory came to, for the keys still `open`.
    pub fn add_inventory(&mut self, source: Source, renewed: Renewed, open: &[bool]) {
        let ids = (0u32..).zip(open).filter(|(_, open)| **open).map(|(id, _)| id);
        let report = &mut self.report;
        let keys = ids.clone().count() as u64;
        report.keys += keys;
        match renewed.known {
            Known::Never => report.misses += keys,
            Known::Fresh => report.hits += keys,
            Known::Expired => report.stale += keys,
        }
        if let Some(inventory) = renewed.inventory {
            self.inventories.insert(self.sources.len(), inventory);
        }
        self.warnings.extend(renewed.warnings);
        let outcome = renewed.outcome;
        self.add(
            source,
            outcome.map_or_else(HashMap::new, |why| ids.map(|id| (id, why.clone())).collect()),
        );
    }
}

/// What asking for recalls came to.
#[derive(Debug, Default)]
pub struct RecallReplies {
    /// By vehicle, or by VIN where the vendor knows no vehicles.
    pub main: Replies,
    /// The vehicles, when asked by vehicle.
    pub vehicles: Option<Vehicles>,
    /// By VIN, for zeros asked by vehicle.
    pub confirmed: Option<Replies>,
}

/// The distinct vehicles of a run and which VIN is which.
#[derive(Debug)]
pub struct Vehicles {
    /// The vehicles.
    pub keys: KeySet,
    /// For each VIN's number, its vehicle's.
    pub of: Vec<Option<u32>>,
}

impl Vehicles {
    /// The vehicles that decode found behind the VINs.
    pub fn of(picks: &Picks, vins: &KeySet, snapshot: &Snapshot<'_>) -> Result<Self, Error> {
        let mut shelf = Shelf::default();
        let named = (0..u32::try_from(vins.len()).unwrap_or(u32::MAX))
            .map(|id| shelf.vehicle(picks, id, vins, snapshot))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = KeySet::vehicles(named.iter().flatten().cloned());
        let of = named.into_iter().map(|vehicle| keys.id(&Key::Vehicle(vehicle?))).collect();
        Ok(Self { keys, of })
    }
}

/// What the whole asking came to.
#[derive(Debug, Default)]
pub struct Answers {
    /// Decode.
    pub decode: Option<Replies>,
    /// Recalls.
    pub recalls: Option<RecallReplies>,
    /// Listings.
    pub listings: Option<Replies>,
}

/// What the store knows about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Never,
    /// A fresh answer, fetched at.
    Fresh(i64),
    /// An expired answer, fetched at.
    Expired(i64),
}

/// What the store knows about each key.
pub fn seen(
    snapshot: &Snapshot<'_>,
    chain: &Chain,
    source: SourceId,
    keys: &KeySet,
    started: i64,
) -> Result<Vec<Seen>, Error> {
    let mut seen = vec![Seen::Never; keys.len()];
    keys.each_held(snapshot, source, |id, held| {
        seen[id as usize] = if chain.is_fresh(&keys.key(id), &held, started) {
            Seen::Fresh(held.fetched_at)
        } else {
            Seen::Expired(held.fetched_at)
        };
    })?;
    Ok(seen)
}
