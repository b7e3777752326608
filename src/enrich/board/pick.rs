//! The best of what is known about each key, over all sources of its chain.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Replies;
use crate::domain::error::Error;
use crate::domain::facts::{Comparables, DecodeFacts};
use crate::domain::freshness::Times;
use crate::domain::key::Key;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::{Outcome, Status};
use crate::enrich::chain::{Chain, Source};
use crate::enrich::inventory::Inventory;
use crate::store::{Answered, Held, Snapshot};

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
    pub(crate) sources: Vec<Source>,
    inventories: BTreeMap<usize, Arc<Inventory>>,
    by_key: Vec<Pick>,
}

impl Picks {
    /// Picks, for each key, the best of what the chain's sources have said.
    pub fn load(
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        replies: &Replies,
        keys: &KeySet,
        times: Times,
    ) -> Result<Self, Error> {
        let mut picks = vec![Pick::Nothing; keys.len()];
        let mut words = Words::default();
        for (place, source) in replies.sources.iter().enumerate() {
            let outcomes = &replies.outcomes[place];
            let inventory = replies.inventories.get(&place);
            let place = u8::try_from(place).unwrap_or(u8::MAX);
            let mut fresh = HashSet::new();
            if let Some(inventory) = inventory {
                for (id, pick) in (0u32..).zip(&mut picks) {
                    pick.improve(Pick::in_inventory(place, inventory, &keys.key(id)));
                }
            } else if let Some(source_id) = snapshot.source(&source.name)? {
                snapshot.each_held_in(source_id, &keys, |id, held| {
                    let stale = if chain.is_fresh(&keys.key(id), &held, times) {
                        if outcomes.contains_key(&id) {
                            fresh.insert(id);
                        }
                        None
                    } else if chain.freshness.too_old(held.fetched_at, times.now) {
                        return;
                    } else {
                        Some(words.stale(outcomes.get(&id)))
                    };
                    picks[id as usize].improve(Pick::Held { source: place, held, stale });
                })?;
            }
            // A renewal that failed takes nothing from an answer that is still fresh.
            for (&id, outcome) in outcomes.iter().filter(|(id, _)| !fresh.contains(id)) {
                picks[id as usize].improve(Pick::Outcome(words.outcome(outcome)));
            }
        }
        let inventories = replies.inventories.clone();
        Ok(Self { sources: replies.sources.clone(), inventories, by_key: picks })
    }

    /// The inventory that a pick comes from.
    pub(crate) fn inventory_of(&self, pick: &Pick) -> Option<&Inventory> {
        let Pick::Held { source, .. } = pick else { return None };
        self.inventories.get(&usize::from(*source)).map(AsRef::as_ref)
    }

    /// The id of the vendor whose answer a pick is.
    pub(crate) fn vendor_of(&self, pick: &Pick) -> Option<&'static str> {
        let Pick::Held { source, .. } = pick else { return None };
        Some(self.sources.get(usize::from(*source))?.name.vendor)
    }

    /// Vehicles like this one, in the first inventory of the chain.
    pub(crate) fn comparables(&self, vehicle: &DecodeFacts) -> Option<Arc<Comparables>> {
        let (make, model) = (vehicle.make.as_deref()?, vehicle.model.as_deref()?);
        let (_, inventory) = self.inventories.first_key_value()?;
        Some(inventory.comparables(make, model, vehicle.model_year?))
    }

    pub(crate) fn get(&self, id: u32) -> &Pick {
        &self.by_key[id as usize]
    }

    /// Keys without a fresh answer.
    pub fn unanswered(&self) -> u64 {
        let fresh = |pick: &&Pick| matches!(pick, Pick::Held { stale: None, .. });
        (self.by_key.len() - self.by_key.iter().filter(fresh).count()) as u64
    }

    /// Answers that are written though they have expired.
    pub fn stale(&self) -> u64 {
        let stale = |pick: &&Pick| matches!(pick, Pick::Held { stale: Some(_), .. });
        self.by_key.iter().filter(stale).count() as u64
    }
}

impl Pick {
    /// What a whole inventory says of a VIN: it is there, or it is not.
    fn in_inventory(source: u8, inventory: &Inventory, key: &Key) -> Self {
        let listed = key.vin().is_some_and(|vin| inventory.listings(vin).is_some());
        let held = Held {
            said: if listed { Answered::Found } else { Answered::Absent },
            detail: None,
            body: None,
            fetched_at: inventory.fetched_at(),
        };
        Self::Held { source, held, stale: inventory.stale().cloned() }
    }

    /// Takes `other` where it is worth more: a fresh find, then a stale answer
    /// over none at all, then the order of the statuses.
    fn improve(&mut self, other: Self) {
        if other.rank() < self.rank() {
            *self = other;
        }
    }

    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Held { held, stale: None, .. } if held.said == Answered::Found => 0,
            Self::Held { held, stale: Some(_), .. } if held.said == Answered::Found => 1,
            Self::Held { stale: Some(_), .. } => 2,
            Self::Outcome(outcome) => Self::rank_of(outcome),
            Self::Held { held, .. } if held.said == Answered::Absent => 5,
            Self::Held { .. } => 6,
            Self::Nothing => 7,
        }
    }

    /// The rank of a key without an answer.
    pub(crate) fn rank_of(outcome: &Outcome) -> u8 {
        match outcome.verdict().0 {
            Status::Found => 0,
            Status::Pending => 3,
            Status::Failed => 4,
            Status::Absent => 5,
            Status::Refused | Status::NotRequested => 6,
        }
    }

    pub(crate) fn is_fresh(&self) -> bool {
        matches!(self, Self::Held { stale: None, .. })
    }

    /// Of two answers, the one that stands worse is stale, or else older; a key
    /// without an answer stands worst of all.
    pub(crate) fn standing(&self) -> Option<(bool, i64)> {
        match self {
            Self::Held { held, stale, .. } => Some((stale.is_none(), held.fetched_at)),
            Self::Nothing | Self::Outcome(_) => None,
        }
    }

    pub(crate) fn is_inconclusive(&self) -> bool {
        matches!(self, Self::Outcome(outcome) if **outcome == Outcome::Inconclusive)
    }

    pub(crate) fn is(&self, answered: Answered) -> bool {
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
