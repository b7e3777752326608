//! Facts of kept answers, parsed on first use and shared by every row that needs them.

use std::sync::Arc;
use std::sync::mpsc::channel;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::Column;
use crate::domain::facts::{DecodeFacts, Facts, ListingFacts, RecallFacts};
use crate::domain::{Error, Key, KeySet};
use crate::store::{BodyId, Snapshot};

/// Parsed answers kept for rows to come; beyond, all are dropped and read again.
const CACHED: usize = 32_768;

/// From so many answers on that were not known lately, the next are read ahead.
const MANY: usize = 256;

/// Answers that are parsed together.
const STRETCH: usize = 128;

/// Parsed answers by the endpoint that reads them and the body they were read from.
#[derive(Debug)]
pub(crate) struct FactsCache<F> {
    read: HashMap<Place, Fingerprinted<F>>,
    /// How many were not known since it was last read ahead.
    missed: usize,
}

/// The endpoint that reads a body, by its address, and the body.
type Place = (usize, BodyId);

impl<F> Default for FactsCache<F> {
    fn default() -> Self {
        Self { read: HashMap::new(), missed: 0 }
    }
}

/// Facts of one dataset among [`Facts`].
pub(crate) trait OfDataset: Sized {
    /// The dataset's facts in `facts`.
    fn of(facts: Facts) -> Option<Self>;

    /// What tells them from others, where that is asked.
    fn hash(&self) -> u64;
}

macro_rules! of_dataset {
    ($($facts:ident in $variant:ident by $hash:expr),*) => {$(
        impl OfDataset for $facts {
            fn of(facts: Facts) -> Option<Self> {
                if let Facts::$variant(facts) = facts { Some(facts) } else { None }
            }

            fn hash(&self) -> u64 {
                $hash(self)
            }
        }
    )*};
}
of_dataset!(
    DecodeFacts in Decode by DecodeFacts::fingerprint,
    RecallFacts in Recalls by |_| 0,
    ListingFacts in Listings by |_| 0
);

/// Facts, and what tells them from others.
#[derive(Debug)]
pub(crate) struct Fingerprinted<F> {
    pub(crate) facts: Arc<F>,
    /// Zero but for a decode.
    pub(crate) hash: u64,
}

impl<F> Clone for Fingerprinted<F> {
    fn clone(&self) -> Self {
        Self { facts: Arc::clone(&self.facts), hash: self.hash }
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
    ) -> Result<Option<Fingerprinted<F>>, Error> {
        let Some(body) = column.word(id).body else { return Ok(None) };
        if self.read.len() >= CACHED {
            self.read.clear();
        }
        Ok(Some(match self.read.entry(place(column, body)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                self.missed += 1;
                let key = keys.key(id);
                let body = snapshot.body(body, &key)?;
                place.insert(parsed(column, &key, &body)).clone()
            }
        }))
    }

    /// Parses the answers of `wanted` that are not known yet on all cores, where lately many
    /// were not: each is a column and the number of one of its keys.
    pub(crate) fn read_ahead<'c>(
        &mut self,
        wanted: impl Iterator<Item = (&'c Column, &'c KeySet, u32)>,
        snapshot: &Snapshot<'_>,
    ) -> Result<(), Error>
    where
        F: Send + Sync,
    {
        if std::mem::take(&mut self.missed) < MANY {
            return Ok(());
        }
        let found = |(column, keys, id): (&'c Column, &'c KeySet, u32)| {
            let place = place(column, column.word(id).body?);
            (!self.read.contains_key(&place)).then_some((place, column, keys, id))
        };
        let mut new: Vec<_> = wanted.filter_map(found).collect();
        // As they lie in the store.
        new.sort_unstable_by_key(|(place, ..)| *place);
        new.dedup_by_key(|(place, ..)| *place);
        self.missed = new.len();
        if self.read.len() + new.len() > CACHED {
            self.read.clear();
        }
        // The next are fetched while those before are parsed.
        let (sender, read) = channel();
        rayon::in_place_scope(|scope| {
            for stretch in new.chunks(STRETCH) {
                let fetch = |(place, column, keys, id): &(Place, &'c Column, &'c KeySet, u32)| {
                    let key = keys.key(*id);
                    let body = snapshot.body(place.1, &key)?;
                    Ok((*place, *column, key, body))
                };
                let bodies: Vec<_> = stretch.iter().map(fetch).collect::<Result<_, Error>>()?;
                let sender = sender.clone();
                scope.spawn(move |_| {
                    for (place, column, key, body) in bodies {
                        // The receiver lives as long as the scope.
                        let _ = sender.send((place, parsed(column, &key, &body)));
                    }
                });
            }
            Ok::<_, Error>(())
        })?;
        drop(sender);
        self.read.extend(read);
        Ok(())
    }
}

fn place(column: &Column, body: BodyId) -> Place {
    (std::ptr::from_ref(column.source.endpoint.spec()).addr(), body)
}

fn parsed<F: OfDataset + Default>(column: &Column, key: &Key, body: &[u8]) -> Fingerprinted<F> {
    let answers = column.source.endpoint.role().answers();
    let facts = answers.and_then(|answers| F::of(answers.facts(key, body))).unwrap_or_default();
    Fingerprinted { hash: facts.hash(), facts: Arc::new(facts) }
}
