//! Recalls from a source that lists the models it knows: a name that is not in
//! the list means nothing, and the same model may be there under another one.

use std::collections::HashMap;

use super::zeros::ByVehicle;
use super::{Asker, Gate, Question, Unlisted};
use crate::domain::{Error, Key, KeySet, Outcome, Vehicle};
use crate::enrich::board::{Catalogue, Column};
use crate::enrich::chain::Chain;
use crate::matching::variants;
use crate::vendors::Role;

/// The names in lists of models, by make and year.
type Names = HashMap<Vehicle, Vec<String>>;

impl<G: Gate> Asker<'_, G> {
    /// Asks about vehicles under the names that the source has for them.
    pub(super) async fn with_catalogue(
        &self,
        about: ByVehicle<'_>,
        main: &mut Column,
        catalogue: &mut Catalogue,
        wanted: Vec<bool>,
    ) -> Result<(), Error> {
        self.read(about.question(), main)?;
        let nameless = self.not_listed(about, main, catalogue, &wanted)?;
        let mut named = wanted.clone();
        for &id in &nameless {
            named[id as usize] = false;
        }
        main.not_asked(nameless, &Outcome::Inconclusive);
        self.ask_open(about.question(), main, &named).await?;
        let mut unclear = main.zeros(&wanted);
        self.add_renamed(about, main, catalogue, &mut unclear)?;
        self.hold_against(about, main, catalogue, &unclear).await
    }

    /// The vehicles whose very name a fresh list of the source's models does not
    /// have: asked under it, the source could only say what means nothing.
    fn not_listed(
        &self,
        about: ByVehicle<'_>,
        main: &Column,
        catalogue: &Catalogue,
        wanted: &[bool],
    ) -> Result<Vec<u32>, Error> {
        if self.plan.datasets.refresh.contains(&about.chain.dataset) {
            return Ok(Vec::new());
        }
        // A name that was good once may be good again.
        let asked = about.each(|id| wanted[id as usize] && !main.was_found(id));
        let lists = KeySet::vehicles(asked.iter().map(|(_, vehicle)| vehicle.any_model()));
        let names = self.names(about.chain, &catalogue.lists, &lists, true)?;
        let is_not_listed = |vehicle: &Vehicle| {
            names.get(&vehicle.any_model()).is_some_and(|names| !names.contains(&vehicle.model))
        };
        Ok(asked.into_iter().filter(|(_, of)| is_not_listed(of)).map(|(id, _)| id).collect())
    }

    /// Adds the vehicles that have no answer under their own name, and that the
    /// source was known to call by another one: what was found under that still
    /// counts, whatever keeps their own name from being asked tonight.
    fn add_renamed(
        &self,
        about: ByVehicle<'_>,
        main: &Column,
        catalogue: &Catalogue,
        unclear: &mut [bool],
    ) -> Result<(), Error> {
        let lost = about.each(|id| {
            main.outcomes.contains_key(&id) && !unclear[id as usize] && !main.was_kept(id)
        });
        let lists = KeySet::vehicles(lost.iter().map(|(_, vehicle)| vehicle.any_model()));
        let names = self.names(about.chain, &catalogue.lists, &lists, false)?;
        for (id, vehicle) in lost {
            let names = names.get(&vehicle.any_model());
            unclear[id as usize] |= names.is_some_and(|names| !names.contains(&vehicle.model));
        }
        Ok(())
    }

    /// Asks for the models that the source knows of each zero's make and year,
    /// and then about those that may be the same model by another name.
    async fn hold_against(
        &self,
        about: ByVehicle<'_>,
        main: &Column,
        catalogue: &mut Catalogue,
        zeros: &[bool],
    ) -> Result<(), Error> {
        let zeros = about.each(|id| zeros[id as usize]);
        let lists = KeySet::vehicles(zeros.iter().map(|(_, vehicle)| vehicle.any_model()));
        let all = vec![true; lists.len()];
        let question = Question { chain: about.chain, keys: &lists };
        self.column(question, &mut catalogue.lists, &all).await?;

        let names = self.names(about.chain, &catalogue.lists, &lists, G::COUNTS_ONLY)?;
        let is_unknown = |(_, vehicle): &&(u32, Vehicle)| !names.contains_key(&vehicle.any_model());
        let unknown = zeros.iter().filter(is_unknown).count() as u64;
        let assumed = self.gate.unknown_list(main, unknown) == Unlisted::Listed;
        catalogue.listed = vec![false; about.vehicles.keys.len()];
        let mut others: Vec<(u32, Vehicle)> = Vec::new();
        for (id, vehicle) in &zeros {
            let names = names.get(&vehicle.any_model());
            if names.is_none()
                && let Some(list) = lists.id(&Key::Vehicle(vehicle.any_model()))
                && let Some(why) = catalogue.lists.outcomes.get(&list)
            {
                catalogue.unread.insert(*id, why.clone());
            }
            let listed = names.map_or(assumed, |names| names.contains(&vehicle.model));
            catalogue.listed[*id as usize] = listed;
            let Some(names) = names.filter(|_| !listed) else { continue };
            let other = |model| (*id, Vehicle { model, ..vehicle.clone() });
            others.extend(variants(&vehicle.model, names).into_iter().map(other));
        }
        catalogue.names = KeySet::vehicles(others.iter().map(|(_, vehicle)| vehicle.clone()));
        for (id, vehicle) in others {
            let name = catalogue.names.id(&Key::Vehicle(vehicle));
            catalogue.other_names.entry(id).or_default().extend(name);
        }
        let all = vec![true; catalogue.names.len()];
        let question = Question { chain: about.chain, keys: &catalogue.names };
        self.column(question, &mut catalogue.words, &all).await.map(drop)
    }

    /// The model names in the lists that the store holds; with `fresh`, in those
    /// that need not be renewed.
    fn names(
        &self,
        chain: &Chain,
        lists: &Column,
        keys: &KeySet,
        fresh: bool,
    ) -> Result<Names, Error> {
        let snapshot = self.gate.snapshot()?;
        let mut column = Column::new(lists.source.clone());
        column.read(keys, self.view(chain, snapshot.as_ref()))?;
        let mut names = HashMap::new();
        let Some(snapshot) = &snapshot else { return Ok(names) };
        let Role::Catalogue(names_in) = column.source.endpoint.role() else { return Ok(names) };
        for (id, list) in keys.each_vehicle() {
            if let Some(body) = column.kept_body(id, fresh) {
                names.insert(list, names_in(&snapshot.body(body, &keys.key(id))?));
            }
        }
        Ok(names)
    }
}

impl ByVehicle<'_> {
    /// The vehicles that are `wanted`, with their numbers.
    fn each(self, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Vehicle)> {
        self.vehicles.keys.each_vehicle().filter(|(id, _)| wanted(*id)).collect()
    }
}
