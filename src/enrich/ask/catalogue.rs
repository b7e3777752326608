//! Recalls from a source that lists the models it knows: the lists are asked first, and
//! then each name in them that a vehicle may bear, once.

use super::zeros::ByVehicle;
use super::{Asker, Gate, Question};
use crate::domain::{Error, KeySet};
use crate::enrich::board::{Catalogue, Column, Open, lists_of};

impl<G: Gate> Asker<'_, G> {
    /// Asks about the versions that are `wanted`, under the names that the source has.
    pub(super) async fn with_catalogue(
        &self,
        about: ByVehicle<'_>,
        main: &mut Column,
        catalogue: &mut Catalogue,
        wanted: &[Open],
    ) -> Result<(), Error> {
        let vehicles = about.vehicles;
        catalogue.list_keys = lists_of(vehicles);
        self.choose(about, catalogue, false)?;
        let candidates = catalogue.candidates.iter().zip(wanted);
        let lists =
            candidates.flat_map(|(of, wanted)| of.lists.iter().map(|list| (*list, *wanted)));
        let open = openness(&catalogue.list_keys, lists);
        self.read(about.chain, &catalogue.list_keys, &mut catalogue.lists)?;
        self.read(about.chain, &catalogue.names, main)?;
        catalogue.note(main, vehicles, (wanted, self.again(about.chain)));
        let Catalogue { lists, list_keys, .. } = catalogue;
        self.ask_open(Question { chain: about.chain, keys: list_keys, open: &open }, lists).await?;

        self.choose(about, catalogue, G::COUNTS_ONLY)?;
        let candidates = catalogue.candidates.iter().zip(wanted);
        let unlisted = candidates.filter(|(of, wanted)| !of.is_listed && **wanted != Open::No);
        let unlisted = unlisted.count();
        self.gate.may_rename(main, unlisted as u64);
        self.read(about.chain, &catalogue.names, main)?;
        let mut asked = Vec::new();
        for (of, wanted) in catalogue.candidates.iter().zip(wanted) {
            asked.extend(of.names.iter().map(|(name, _)| (*name, *wanted)));
            // A name that was good once may be good again, whatever the lists say now.
            let may_be_good = |own: &u32| !of.is_listed && !G::COUNTS_ONLY || main.was_found(*own);
            asked.extend(of.own.filter(may_be_good).map(|own| (own, *wanted)));
        }
        let open = openness(&catalogue.names, asked.into_iter());
        self.ask_open(Question { chain: about.chain, keys: &catalogue.names, open: &open }, main)
            .await
            .map(drop)
    }

    /// Finds the names in the lists that the store holds; with `fresh` in those that need
    /// not be renewed.
    fn choose(
        &self,
        about: ByVehicle<'_>,
        catalogue: &mut Catalogue,
        fresh: bool,
    ) -> Result<(), Error> {
        let snapshot = self.gate.snapshot()?;
        catalogue.choose(about.vehicles, self.view(about.chain, snapshot.as_ref()), fresh)
    }
}

/// Whether each of `keys` is asked about, by what asks for it. Those without a name are
/// for vehicles that are not known yet.
fn openness(keys: &KeySet, asked: impl Iterator<Item = (u32, Open)>) -> Vec<Open> {
    let mut open: Vec<Open> = (0u32..)
        .take(keys.len())
        .map(|id| if keys.is_unnamed(id) { Open::Perhaps } else { Open::No })
        .collect();
    for (id, wanted) in asked {
        let open = &mut open[id as usize];
        *open = (*open).max(wanted);
    }
    open
}
