//! What is known about the keys of a run: what asking came to, what the store
//! holds, and the best of both for each key.

mod dealers;
mod pick;
mod shelf;
mod stage;
mod vehicles;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::error::Error;
use crate::domain::freshness::Times;
use crate::domain::key::KeyKind;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::Outcome;
use crate::enrich::chain::{Chain, Source};
use crate::enrich::inventory::{Inventory, Known, Renewed};
use crate::enrich::report::DatasetReport;
use crate::store::{Snapshot, SourceId};

pub use dealers::{DealerReplies, Dealers, dealers_to_ask};
pub use pick::{Pick, Picks};
pub use shelf::{Shelf, Shelved};
pub use stage::{StagePicks, Verdict};
pub use vehicles::Vehicles;

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
        self.warnings.extend(renewed.warning);
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
    /// The vehicles behind the VINs, where anyone was asked by vehicle.
    pub vehicles: Option<Vehicles>,
    /// One for each remote source, in the chain's order.
    pub stages: Vec<Stage>,
}

/// What asking one source for recalls came to.
#[derive(Debug)]
pub struct Stage {
    /// What it was asked about.
    pub by: KeyKind,
    /// Its answers.
    pub main: Replies,
    /// By VIN, for zeros asked by vehicle.
    pub confirmed: Option<Replies>,
    /// Against its list of models, for zeros asked by vehicle.
    pub catalogued: Option<Catalogued>,
}

impl Stage {
    /// Every question that was put.
    pub fn replies(&self) -> impl Iterator<Item = &Replies> {
        let catalogued = self.catalogued.iter().flat_map(|of| [&of.models, &of.variants]);
        [&self.main].into_iter().chain(&self.confirmed).chain(catalogued)
    }
}

/// Zeros held against a source's list of the models it knows.
#[derive(Debug)]
pub struct Catalogued {
    /// The lists, by make and year.
    pub models: Replies,
    /// The vehicles whose model goes by other names there, and under which.
    pub other_names: HashMap<u32, Vec<u32>>,
    /// The vehicles whose model is listed by its very name.
    pub listed: Vec<bool>,
    /// The other names, as vehicles.
    pub names: KeySet,
    /// The answers about them.
    pub variants: Replies,
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
    /// The dealers behind listings, one entry for each vendor.
    pub dealers: Vec<DealerReplies>,
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
    times: Times,
) -> Result<Vec<Seen>, Error> {
    let mut seen = vec![Seen::Never; keys.len()];
    snapshot.each_held_in(source, &keys, |id, held| {
        seen[id as usize] = if chain.is_fresh(&keys.key(id), &held, times) {
            Seen::Fresh(held.fetched_at)
        } else {
            Seen::Expired(held.fetched_at)
        };
    })?;
    Ok(seen)
}
