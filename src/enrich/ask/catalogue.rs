//! Recalls from a source that lists the models it knows: a name that is not in
//! the list means nothing, and the same model may be there under another one.

use std::collections::HashMap;

use super::zeros::ByVehicle;
use super::{Asker, Gate, Question};
use crate::domain::{Error, Key, KeySet, Outcome, Vehicle};
use crate::enrich::board::{Catalogue, Column, Listed, Open};
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
        wanted: Vec<Open>,
    ) -> Result<(), Error> {
        self.read(about.chain, &about.vehicles.keys, main)?;
        let nameless = self.not_listed(about, main, catalogue, &wanted)?;
        let mut named = wanted.clone();
        for &id in &nameless {
            named[id as usize] = Open::No;
        }
        main.not_asked(nameless, &Outcome::Inconclusive);
        self.ask_open(about.question(&named), main).await?;
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
        wanted: &[Open],
    ) -> Result<Vec<u32>, Error> {
        if self.plan.datasets.refresh.contains(&about.chain.dataset) {
            return Ok(Vec::new());
        }
        // A name that was good once may be good again.
        let asked = about.each(|id| wanted[id as usize] != Open::No && !main.was_found(id));
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
        unclear: &mut [Open],
    ) -> Result<(), Error> {
        let lost = about.each(|id| {
            let is_clear = unclear[id as usize] == Open::No;
            main.outcomes.contains_key(&id) && is_clear && !main.was_kept(id)
        });
        let lists = KeySet::vehicles(lost.iter().map(|(_, vehicle)| vehicle.any_model()));
        let names = self.names(about.chain, &catalogue.lists, &lists, false)?;
        for (id, vehicle) in lost {
            let names = names.get(&vehicle.any_model());
            if names.is_some_and(|names| !names.contains(&vehicle.model)) {
                unclear[id as usize] = Open::Yes;
            }
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
        zeros: &[Open],
    ) -> Result<(), Error> {
        let unnamed = (0u32..)
            .zip(zeros)
            .filter(|(id, zero)| **zero != Open::No && about.vehicles.keys.is_unnamed(*id));
        let unnamed = u32::try_from(unnamed.count()).unwrap_or(u32::MAX);
        let of_zero = about.each(|id| zeros[id as usize] != Open::No);
        let lists = of_zero.iter().map(|(_, vehicle)| vehicle.any_model());
        let lists = KeySet::vehicles(lists).and_unnamed(unnamed);
        let list_of = |(id, vehicle): &(u32, Vehicle)| (vehicle.any_model(), zeros[*id as usize]);
        let open = openness(&lists, of_zero.iter().map(list_of));
        let question = Question { chain: about.chain, keys: &lists, open: &open };
        self.column(question, &mut catalogue.lists).await?;

        let names = self.names(about.chain, &catalogue.lists, &lists, G::COUNTS_ONLY)?;
        let mut unknown = u64::from(unnamed);
        catalogue.listed = vec![Listed::No; about.vehicles.keys.len()];
        let mut others: Vec<(u32, Vehicle)> = Vec::new();
        for (id, vehicle) in &of_zero {
            let list = vehicle.any_model();
            let listed = &mut catalogue.listed[*id as usize];
            match names.get(&list) {
                None => {
                    (*listed, unknown) = (Listed::Unknown, unknown + 1);
                    let list = lists.id(&Key::Vehicle(list));
                    if let Some(why) = list.and_then(|list| catalogue.lists.outcomes.get(&list)) {
                        catalogue.unread.insert(*id, why.clone());
                    }
                }
                Some(names) if names.contains(&vehicle.model) => *listed = Listed::Yes,
                Some(names) => {
                    let other = |model| (*id, Vehicle { model, ..vehicle.clone() });
                    others.extend(variants(&vehicle.model, names).into_iter().map(other));
                }
            }
        }
        self.gate.may_rename(main, unknown);
        catalogue.names = KeySet::vehicles(others.iter().map(|(_, vehicle)| vehicle.clone()));
        let zero_of = |(id, name): &(u32, Vehicle)| (name.clone(), zeros[*id as usize]);
        let open = openness(&catalogue.names, others.iter().map(zero_of));
        for (id, vehicle) in others {
            let name = catalogue.names.id(&Key::Vehicle(vehicle));
            catalogue.other_names.entry(id).or_default().extend(name);
        }
        let question = Question { chain: about.chain, keys: &catalogue.names, open: &open };
        self.column(question, &mut catalogue.words).await.map(drop)
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

/// Whether each of `keys` is asked about, by the zeros that it is asked for.
fn openness(keys: &KeySet, zeros: impl Iterator<Item = (Vehicle, Open)>) -> Vec<Open> {
    // What has no name yet is asked for a zero that may not come.
    let mut open = vec![Open::Perhaps; keys.len()];
    for (vehicle, zero) in zeros {
        if let Some(id) = keys.id(&Key::Vehicle(vehicle)) {
            let open = &mut open[id as usize];
            *open = (*open).max(zero);
        }
    }
    open
}

impl ByVehicle<'_> {
    /// The vehicles that are `wanted`, with their numbers.
    fn each(self, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Vehicle)> {
        self.vehicles.keys.each_vehicle().filter(|(id, _)| wanted(*id)).collect()
    }
}
