//! Wave 3: what vehicles of the same make, model and model year cost.

use std::collections::BTreeSet;

use super::{Asker, Gate};
use crate::domain::facts::{PricePoint, PriceQuestion};
use crate::domain::{Dataset, Error, KeySet};
use crate::enrich::board::{Beside, Board, Open, Vehicles};
use crate::enrich::chain::Source;

impl<G: Gate> Asker<'_, G> {
    /// Asks each vendor of listings whose settings want it about the makes and model
    /// years of the run. Whatever comes of it, no listing is the poorer for it.
    pub(super) async fn comparables(
        &self,
        listings: &Board<'_>,
        decode: Option<&Board<'_>>,
        known: Option<&Vehicles>,
    ) -> Result<Vec<Beside>, Error> {
        let sources: Vec<_> = listings.chain.sources().filter_map(Source::comparables).collect();
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let found = match known {
            Some(_) => None,
            None => Some(self.vehicles_of(listings.vins, decode)?),
        };
        let Some(vehicles) = known.or(found.as_ref()) else { return Ok(Vec::new()) };
        let mut asked = Vec::new();
        for (source, points) in sources {
            asked.push(self.prices(listings, source, (&vehicles.keys, points)).await?);
        }
        Ok(asked)
    }

    async fn prices(
        &self,
        listings: &Board<'_>,
        source: Source,
        (vehicles, points): (&KeySet, &[PricePoint]),
    ) -> Result<Beside, Error> {
        let questions = KeySet::names(questions(vehicles, points));
        let (chain, open) = (listings.chain.of_comparables(), vec![Open::Yes; questions.len()]);
        let asked = (source, "comparable vehicles");
        let asked = self.beside(asked, &chain, (questions, open)).await?;
        if asked.unasked.is_none() || G::COUNTS_ONLY {
            let ids = 0..u32::try_from(vehicles.len()).unwrap_or(u32::MAX);
            let unnamed = ids.filter(|&id| vehicles.is_unnamed(id)).count() * points.len();
            self.gate.may_also_ask(Dataset::Listings, &asked.column.source, unnamed as u64);
        }
        Ok(asked)
    }
}

/// One for each make, model year and price, in a fixed order.
fn questions(vehicles: &KeySet, points: &[PricePoint]) -> impl Iterator<Item = String> {
    let each = vehicles.each_vehicle().flat_map(|(_, vehicle)| {
        let question =
            move |&point| PriceQuestion { make: vehicle.make.clone(), year: vehicle.year, point };
        points.iter().map(question)
    });
    each.collect::<BTreeSet<_>>().into_iter().map(|question| question.to_string())
}
