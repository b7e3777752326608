//! Recalls from a source that lists the models it knows: the lists are asked first, and
//! then each name in them that a vehicle may bear, once.

use std::collections::BTreeSet;

use super::zeros::ByVehicle;
use super::{Asker, Gate, Question};
use crate::domain::{Error, Key, KeySet, Vehicle};
use crate::enrich::board::{Candidates, Catalogue, Column, NEAR_LISTS, Open, lists_of, near_lists};

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
        self.near_lists(about, catalogue, (wanted, &open)).await?;
        let candidates = catalogue.candidates.iter().zip(wanted);
        let unlisted = candidates.filter(|(of, wanted)| !of.is_listed && **wanted != Open::No);
        let unlisted = unlisted.count();
        self.gate.may_rename(main, unlisted as u64);
        self.read(about.chain, &catalogue.names, main)?;
        let mut asked = Vec::new();
        for (of, wanted) in catalogue.candidates.iter().zip(wanted) {
            // A plan does not know what the lists of years nearby will say.
            let is_sure = !(of.is_undecided && G::COUNTS_ONLY);
            let named = if is_sure { *wanted } else { (*wanted).min(Open::Perhaps) };
            asked.extend(of.names.iter().map(|(name, _)| (*name, named)));
            // A name that was good once may be good again, whatever the lists say now.
            let may_be_good = |own: &u32| !of.is_listed && !G::COUNTS_ONLY || main.was_found(*own);
            asked.extend(of.own.filter(may_be_good).map(|own| (own, *wanted)));
        }
        let open = openness(&catalogue.names, asked.into_iter());
        self.ask_open(Question { chain: about.chain, keys: &catalogue.names, open: &open }, main)
            .await
            .map(drop)
    }

    /// Asks for the lists of years nearby, where they tell whether a name is another car's,
    /// and chooses again. Those of `lists` that are open were asked for before.
    async fn near_lists(
        &self,
        about: ByVehicle<'_>,
        catalogue: &mut Catalogue,
        (wanted, lists): (&[Open], &[Open]),
    ) -> Result<(), Error> {
        let Catalogue { list_keys, near_keys, .. } = &*catalogue;
        let is_new = |list: &Vehicle| {
            let known = list_keys.id(&Key::Vehicle(list.clone()));
            known.is_none_or(|id| lists[id as usize] == Open::No)
        };
        let near_of = |(of, wanted): (&Candidates, &Open)| {
            let ids = of.near.iter().filter(|list| is_new(list));
            let ids = ids.filter_map(|list| near_keys.id(&Key::Vehicle(list.clone())));
            ids.map(|id| (id, *wanted)).collect::<Vec<_>>()
        };
        let asked = catalogue.candidates.iter().zip(wanted).flat_map(near_of);
        let open = openness(near_keys, asked);
        if G::COUNTS_ONLY {
            let may_need = Self::near_of_unlisted(about, catalogue, wanted, is_new);
            let source = &catalogue.near.source;
            self.gate.may_also_ask(about.chain.dataset, source, may_need);
        }
        let Catalogue { near, near_keys, .. } = catalogue;
        if near_keys.is_empty() {
            return Ok(());
        }
        let question = Question { chain: about.chain, keys: near_keys, open: &open };
        self.column(question, near).await?;
        self.choose(about, catalogue, G::COUNTS_ONLY)
    }

    /// How many lists of years nearby may be needed for lists that are not known yet.
    fn near_of_unlisted(
        about: ByVehicle<'_>,
        catalogue: &Catalogue,
        wanted: &[Open],
        is_new: impl Fn(&Vehicle) -> bool,
    ) -> u64 {
        let versions = catalogue.candidates.iter().zip(&about.vehicles.versions).zip(wanted);
        let unlisted = versions.filter(|((of, _), wanted)| !of.is_listed && **wanted != Open::No);
        let (mut lists, mut unnamed) = (BTreeSet::new(), 0);
        for ((_, of), _) in unlisted {
            match about.vehicles.keys.vehicle(of.vehicle) {
                Some(vehicle) => lists.extend(near_lists(vehicle).filter(&is_new)),
                None => unnamed += NEAR_LISTS,
            }
        }
        (lists.len() + unnamed) as u64
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
