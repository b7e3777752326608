//! Wave 2: the dealers of whom the listings of wave 1 do not tell all.

use super::{Asker, Gate};
use crate::domain::Error;
use crate::enrich::board::{Beside, Board, dealers_to_ask};
use crate::enrich::chain::Source;

impl<G: Gate> Asker<'_, G> {
    /// Asks each vendor whose settings want it about the dealers of its listings.
    /// What it tells is fresh as long as a listing, whose columns it fills. What
    /// the store knows of a dealer is used even where it may not be asked.
    pub(super) async fn dealers(&self, listings: &Board<'_>) -> Result<Vec<Beside>, Error> {
        let mut asked = Vec::new();
        for source in listings.chain.sources().filter_map(Source::dealers) {
            let (ids, open) = match self.gate.snapshot()? {
                Some(snapshot) => dealers_to_ask(listings, source.name.vendor, &snapshot)?,
                None => continue,
            };
            if ids.is_empty() {
                continue;
            }
            asked.push(self.beside((source, "dealers"), listings.chain, (ids, open)).await?);
        }
        Ok(asked)
    }
}
