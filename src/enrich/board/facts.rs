//! Facts of kept answers, parsed on first use and shared by every row that needs them.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::Column;
use crate::domain::facts::{DecodeFacts, Facts, ListingFacts, RecallFacts, fingerprint};
use crate::domain::{Error, KeySet};
use crate::store::{BodyId, Snapshot};

/// Parsed answers kept for rows to come; beyond, all are dropped and read again.
const CACHED: usize = 32_768;

/// Parsed answers by the endpoint that reads them and the body they were read from.
#[derive(Debug)]
pub(crate) struct FactsCache<F> {
    read: HashMap<(usize, BodyId), Arc<F>>,
}

impl<F> Default for FactsCache<F> {
    fn default() -> Self {
        Self { read: HashMap::new() }
    }
}

/// Facts of one dataset among [`Facts`].
pub(crate) trait OfDataset: Sized {
    /// The dataset's facts in `facts`.
    fn of(facts: Facts) -> Option<Self>;
}

macro_rules! of_dataset {
    ($($facts:ident in $variant:ident),*) => {$(
        impl OfDataset for $facts {
            fn of(facts: Facts) -> Option<Self> {
                if let Facts::$variant(facts) = facts { Some(facts) } else { None }
            }
        }
    )*};
}
of_dataset!(DecodeFacts in Decode, RecallFacts in Recalls, ListingFacts in Listings);

/// What a vehicle is, and what tells it from another.
#[derive(Debug)]
pub(crate) struct Fingerprinted {
    pub(crate) facts: Arc<DecodeFacts>,
    pub(crate) hash: u64,
}

impl From<DecodeFacts> for Fingerprinted {
    fn from(facts: DecodeFacts) -> Self {
        Self { hash: fingerprint(&facts), facts: Arc::new(facts) }
    }
}

impl Default for Fingerprinted {
    fn default() -> Self {
        DecodeFacts::default().into()
    }
}

impl OfDataset for Fingerprinted {
    fn of(facts: Facts) -> Option<Self> {
        DecodeFacts::of(facts).map(Self::from)
    }
}

impl<F: OfDataset + Default> FactsCache<F> {
    /// The facts of the answer about the key numbered `id`; `None` where the answer has
    /// no words.
    pub(crate) fn facts(
        &mut self,
        column: &Column,
        keys: &KeySet,
        id: u32,
        snapshot: &Snapshot<'_>,
    ) -> Result<Option<Arc<F>>, Error> {
        let Some(body) = column.word(id).body else { return Ok(None) };
        if self.read.len() >= CACHED {
            self.read.clear();
        }
        let endpoint = column.source.endpoint;
        let reader = std::ptr::from_ref(endpoint.spec()).addr();
        Ok(Some(match self.read.entry((reader, body)) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => {
                let key = keys.key(id);
                let body = snapshot.body(body, &key)?;
                let facts = endpoint.role().answers().map(|answers| answers.facts(&key, &body));
                let facts = facts.and_then(F::of).unwrap_or_default();
                Arc::clone(place.insert(Arc::new(facts)))
            }
        }))
    }
}
