//! Facts of kept answers, parsed on first use and shared by every row that needs them.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::Serialize;

use super::Column;
use crate::domain::facts::{DecodeFacts, Facts, ListingFacts, RecallFacts, fingerprint};
use crate::domain::{Error, KeySet};
use crate::store::{BodyId, Snapshot};

/// Parsed answers kept for rows to come; beyond, all are dropped and read again.
const CACHED: usize = 32_768;

/// Parsed answers by the endpoint that reads them and the body they were read from.
#[derive(Debug)]
pub(crate) struct FactsCache<F> {
    read: HashMap<(usize, BodyId), (Arc<F>, u64)>,
}

impl<F> Default for FactsCache<F> {
    fn default() -> Self {
        Self { read: HashMap::new() }
    }
}

/// Facts of one dataset among [`Facts`].
pub(crate) trait OfDataset: Sized + Serialize {
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

impl<F: OfDataset + Default> FactsCache<F> {
    /// The facts of the answer about the key numbered `id`, and their hash; `None`
    /// where the answer has no words.
    pub(crate) fn facts(
        &mut self,
        column: &Column,
        keys: &KeySet,
        id: u32,
        snapshot: &Snapshot<'_>,
    ) -> Result<Option<(Arc<F>, u64)>, Error> {
        let Some(body) = column.word(id).body else { return Ok(None) };
        if self.read.len() >= CACHED {
            self.read.clear();
        }
        let endpoint = column.source.endpoint;
        let reader = std::ptr::from_ref(endpoint.spec()).addr();
        Ok(Some(match self.read.entry((reader, body)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let key = keys.key(id);
                let body = snapshot.body(body, &key)?;
                let facts = endpoint.role().answers().map(|answers| answers.facts(&key, &body));
                let facts = facts.and_then(F::of).unwrap_or_default();
                let hash = fingerprint(&facts);
                place.insert((Arc::new(facts), hash)).clone()
            }
        }))
    }
}
