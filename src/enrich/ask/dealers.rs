//! Wave 2: the dealers of whom the listings of wave 1 do not tell all.

use std::collections::HashMap;

use super::Asker;
use crate::domain::error::Error;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::Dataset;
use crate::enrich::board::{DealerReplies, Picks, Replies, dealers_to_ask};
use crate::enrich::chain::{Chain, Source};

impl Asker<'_> {
    /// Asks each vendor whose settings want it about the dealers of its listings.
    /// What it tells is fresh as long as a listing, whose columns it fills.
    pub(super) async fn dealers(
        &self,
        vins: &KeySet,
        listings: Option<&Replies>,
    ) -> Result<Vec<DealerReplies>, Error> {
        let chain = self.panel.chains.get(&Dataset::Listings);
        let (Some(chain), Some(listings)) = (chain, listings) else { return Ok(Vec::new()) };
        let sources: Vec<Source> = chain.sources.iter().filter_map(Source::dealers).collect();
        let mut asked = Vec::new();
        for source in sources {
            let ids = self.dealers_behind(chain, &source, vins, listings)?;
            if !ids.is_empty() {
                asked.push(self.ask_about(chain, source, ids).await?);
            }
        }
        Ok(asked)
    }

    /// The dealers of one vendor's listings, as far as the listings do not tell all.
    fn dealers_behind(
        &self,
        chain: &Chain,
        source: &Source,
        vins: &KeySet,
        listings: &Replies,
    ) -> Result<KeySet, Error> {
        let snapshot = self.store.snapshot()?;
        let picks = Picks::load(&snapshot, chain, listings, vins, self.times())?;
        dealers_to_ask(&picks, source.name.vendor, vins, &snapshot)
    }

    /// Asks about dealers if that costs nothing or there is a limit to what it may
    /// cost. What the store knows of them is used in any case.
    async fn ask_about(
        &self,
        chain: &Chain,
        source: Source,
        ids: KeySet,
    ) -> Result<DealerReplies, Error> {
        let mut replies = Replies::default();
        let price = source.settings.price_of(source.name.endpoint);
        if !self.plan.may_pay(price, &source.settings) && !self.plan.datasets.offline {
            let unasked = format!(
                "listings: {} costs {price} a call about dealers and has no spend limit; dealers \
                 were not looked up",
                source.label
            );
            replies.add(source, HashMap::new());
            return Ok(DealerReplies { ids, replies, unasked: Some(unasked) });
        }
        let all = vec![true; ids.len()];
        let (outcomes, _) = self.source(chain, &source, &ids, &all, &mut replies.report).await?;
        replies.add(source, outcomes);
        Ok(DealerReplies { ids, replies, unasked: None })
    }
}
