//! Wave 2: the dealers of whom the listings of wave 1 do not tell all.

use super::{Asker, Gate, Question};
use crate::domain::Error;
use crate::enrich::board::{Board, Column, DealerReplies, Open, dealers_to_ask};
use crate::enrich::chain::Source;

impl<G: Gate> Asker<'_, G> {
    /// Asks each vendor whose settings want it about the dealers of its listings.
    /// What it tells is fresh as long as a listing, whose columns it fills. What
    /// the store knows of a dealer is used even where it may not be asked.
    pub(super) async fn dealers(&self, listings: &Board<'_>) -> Result<Vec<DealerReplies>, Error> {
        let mut asked = Vec::new();
        for source in listings.chain.sources().filter_map(Source::dealers) {
            let (ids, mut open) = match self.gate.snapshot()? {
                Some(snapshot) => dealers_to_ask(listings, source.name.vendor, &snapshot)?,
                None => continue,
            };
            if ids.is_empty() {
                continue;
            }
            let mut column = Column::new(source);
            let unasked = self.gate.may_not_pay(&column.source, "dealers");
            if unasked.is_some() {
                for open in &mut open {
                    *open = (*open).min(Open::Perhaps);
                }
            }
            // A plan says what the answers would cost.
            if unasked.is_none() || G::COUNTS_ONLY {
                let question = Question { chain: listings.chain, keys: &ids, open: &open };
                self.column(question, &mut column).await?;
            }
            asked.push(DealerReplies { ids, column, unasked });
        }
        Ok(asked)
    }
}
