//! The dealers behind listings: of whom too little is known, and what their
//! vendors tell of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Beside, Board, Combined, FactsCache, Open, View};
use crate::domain::facts::{Dealer, Listing, ListingFacts};
use crate::domain::{Error, KeySet};
use crate::store::Snapshot;
use crate::vendors::Role;

/// The dealers of `vendor` of whom the listings to be written do not tell all, and
/// whether they are asked about.
pub(crate) fn dealers_to_ask(
    board: &Board<'_>,
    vendor: &str,
    snapshot: &Snapshot<'_>,
) -> Result<(KeySet, Vec<Open>), Error> {
    let mut cache = FactsCache::<ListingFacts>::default();
    let mut ids: BTreeMap<String, Open> = BTreeMap::new();
    for vin in board.vins.ids() {
        let Some(word) = board.best(vin, None) else { continue };
        let Combined::Key { column, keys, id, .. } = word else { continue };
        if word.vendor() != Some(vendor) {
            continue;
        }
        let facts = cache.facts(column, keys, id, snapshot)?;
        let listing = facts.as_ref().and_then(|read| read.facts.listings.first());
        if let Some(id) = listing.and_then(Listing::dealer_to_ask) {
            let open = if board.is_assumed(vin) { Open::Perhaps } else { Open::Yes };
            match ids.get_mut(id) {
                Some(known) => *known = open.max(*known),
                None => _ = ids.insert(id.to_owned(), open),
            }
        }
    }
    let open = ids.values().copied().collect();
    Ok((KeySet::names(ids.into_keys()), open))
}

/// What the store holds about dealers.
#[derive(Debug, Default)]
pub(crate) struct Dealers {
    /// By vendor, and by its id.
    known: HashMap<&'static str, HashMap<String, Dealer>>,
}

impl Dealers {
    /// Reads what is known of the dealers asked about.
    pub(crate) fn load(asked: &mut [Beside], view: View<'_>) -> Result<Self, Error> {
        let mut dealers = Self::default();
        let Some(snapshot) = view.snapshot else { return Ok(dealers) };
        for Beside { keys: ids, column, .. } in asked {
            column.read(ids, view)?;
            let source = &column.source;
            let Role::Dealers(read) = source.endpoint.role() else { continue };
            for id in ids.ids() {
                let word = column.word(id);
                let (Some(body), key) = (word.body.filter(|_| word.is_answer()), ids.key(id))
                else {
                    continue;
                };
                let dealer = read(&snapshot.body(body, &key)?);
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
    pub(crate) fn complete(&self, vendor: &str, facts: &ListingFacts) -> Option<Arc<ListingFacts>> {
        let id = facts.listings.first()?.dealer_to_ask()?;
        let dealer = self.known.get(vendor)?.get(id)?;
        let mut facts = facts.clone();
        facts.listings.first_mut()?.fill_dealer(dealer);
        Some(Arc::new(facts))
    }
}
