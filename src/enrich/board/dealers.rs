//! The dealers behind listings: of whom too little is known, and what their
//! vendors tell of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Pick, Picks, Replies, Shelf};
use crate::domain::error::Error;
use crate::domain::facts::{Dealer, Listing, ListingFacts};
use crate::domain::freshness::Times;
use crate::domain::key_set::KeySet;
use crate::enrich::chain::Chain;
use crate::store::Snapshot;

/// What asking one vendor about dealers came to.
#[derive(Debug)]
pub struct DealerReplies {
    /// The dealers, by the vendor's ids.
    pub ids: KeySet,
    /// Its answers.
    pub replies: Replies,
    /// Why it was not asked, where it should have been.
    pub unasked: Option<String>,
}

/// The dealers of `vendor` of whom the listings to be written do not tell all.
pub fn dealers_to_ask(
    picks: &Picks,
    vendor: &str,
    vins: &KeySet,
    snapshot: &Snapshot<'_>,
) -> Result<KeySet, Error> {
    let mut shelf = Shelf::<ListingFacts>::default();
    let mut ids = BTreeSet::new();
    for vin in vins.sorted() {
        let pick = picks.get(vin);
        let Pick::Held { source, held, .. } = pick else { continue };
        if picks.vendor_of(pick) != Some(vendor) {
            continue;
        }
        let facts = shelf.facts(picks, *source, held, &vins.key(vin), snapshot)?;
        let listing = facts.as_ref().and_then(|(facts, _)| facts.listings.first());
        if let Some(id) = listing.and_then(Listing::dealer_to_ask)
            && !ids.contains(id)
        {
            ids.insert(id.to_owned());
        }
    }
    Ok(KeySet::names(ids))
}

/// What the store holds about dealers.
#[derive(Debug, Default)]
pub struct Dealers {
    /// By vendor, and by its id.
    known: HashMap<&'static str, HashMap<String, Dealer>>,
}

impl Dealers {
    /// Reads what is known of the dealers asked about.
    pub fn load(
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        asked: &[DealerReplies],
        times: Times,
    ) -> Result<Self, Error> {
        let mut dealers = Self::default();
        for DealerReplies { ids, replies, .. } in asked {
            let picks = Picks::load(snapshot, chain, replies, ids, times)?;
            for id in ids.sorted() {
                let Pick::Held { source, held, .. } = picks.get(id) else { continue };
                let (Some(body), key) = (held.body, ids.key(id)) else { continue };
                let source = &picks.sources[usize::from(*source)];
                let dealer = source.endpoint.dealer(&snapshot.body(body, &key)?);
                if let (Some(name), Some(dealer)) = (key.name(), dealer) {
                    let known = dealers.known.entry(source.name.vendor).or_default();
                    known.insert(name.to_owned(), dealer);
                }
            }
        }
        Ok(dealers)
    }

    /// The listings of `vendor` with all that is known of the dealer of the first,
    /// which is the one written; nothing where that adds nothing.
    pub fn complete(&self, vendor: &str, facts: &ListingFacts) -> Option<Arc<ListingFacts>> {
        let id = facts.listings.first()?.dealer_to_ask()?;
        let dealer = self.known.get(vendor)?.get(id)?;
        let mut facts = facts.clone();
        facts.listings.first_mut()?.fill_dealer(dealer);
        Some(Arc::new(facts))
    }
}
