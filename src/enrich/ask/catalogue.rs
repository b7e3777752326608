//! Recalls from a source that lists the models it knows: a name that is not in
//! the list means nothing, and the same model may be there under another one.

use std::collections::HashMap;

use super::Asker;
use super::turns::Asked;
use crate::domain::error::Error;
use crate::domain::key::{Key, KeyKind, Vehicle};
use crate::domain::key_set::KeySet;
use crate::domain::outcome::Outcome;
use crate::enrich::board::{Catalogued, Replies, Stage, Vehicles};
use crate::enrich::chain::{Chain, Source};
use crate::matching::variants;
use crate::store::Answered;

impl Asker<'_> {
    /// Asks about vehicles under the names that the source has for them.
    pub(super) async fn by_catalogue(
        &self,
        chain: &Chain,
        source: &Source,
        vehicles: &Vehicles,
        mut wanted: Vec<bool>,
    ) -> Result<Stage, Error> {
        let nameless = self.not_listed(chain, source, vehicles, &wanted).await?;
        for &id in &nameless {
            wanted[id as usize] = false;
        }
        let mut main = Asked::default();
        let keys = &vehicles.keys;
        (main.outcomes, _) = self.source(chain, source, keys, &wanted, &mut main.report).await?;
        main.outcomes.extend(nameless.into_iter().map(|id| (id, Outcome::Inconclusive)));
        let catalogued = match source.catalogue() {
            Some(models) => {
                let mut unclear = self.zeros(source, vehicles, &wanted, &main.outcomes).await?;
                self.add_renamed(source, &models, vehicles, &main.outcomes, &mut unclear).await?;
                Some(self.hold_against(chain, source, models, vehicles, &unclear).await?)
            }
            None => None,
        };
        let main = main.of(source.clone());
        Ok(Stage { by: KeyKind::Vehicle, main, confirmed: None, catalogued })
    }

    /// The vehicles whose very name a fresh list of the source's models does not
    /// have: asked under it, the source could only say what means nothing.
    async fn not_listed(
        &self,
        chain: &Chain,
        source: &Source,
        vehicles: &Vehicles,
        wanted: &[bool],
    ) -> Result<Vec<u32>, Error> {
        let refresh = self.plan.datasets.refresh.contains(&chain.dataset);
        let Some(models) = source.catalogue().filter(|_| !refresh) else { return Ok(Vec::new()) };
        let id = self.shared.writer.source(source.name.clone()).await?;
        let mut unknown = wanted.to_vec();
        {
            // A name that was good once may be good again.
            let snapshot = self.store.snapshot()?;
            snapshot.each_held_in(id, &vehicles.keys, |id, held| {
                unknown[id as usize] &= held.said != Answered::Found;
            })?;
        }
        let asked = vehicles.keys.each_vehicle().filter(|(id, _)| unknown[*id as usize]);
        let asked: Vec<(u32, Vehicle)> = asked.collect();
        let lists = KeySet::vehicles(asked.iter().map(|(_, vehicle)| vehicle.any_model()));
        let names = self.names(&models, &lists, Some(chain)).await?;
        let is_not_listed = |vehicle: &Vehicle| {
            names.get(&vehicle.any_model()).is_some_and(|names| !names.contains(&vehicle.model))
        };
        Ok(asked.into_iter().filter(|(_, of)| is_not_listed(of)).map(|(id, _)| id).collect())
    }

    /// Adds the vehicles that have no answer under their own name, and that the
    /// source was known to call by another one: what was found under that still
    /// counts, whatever keeps their own name from being asked tonight.
    async fn add_renamed(
        &self,
        source: &Source,
        models: &Source,
        vehicles: &Vehicles,
        outcomes: &HashMap<u32, Outcome>,
        unclear: &mut [bool],
    ) -> Result<(), Error> {
        let mut lost = vec![false; vehicles.keys.len()];
        for &id in outcomes.keys() {
            lost[id as usize] = !unclear[id as usize];
        }
        let id = self.shared.writer.source(source.name.clone()).await?;
        {
            let snapshot = self.store.snapshot()?;
            snapshot.each_held_in(id, &vehicles.keys, |id, _| lost[id as usize] = false)?;
        }
        let lost = vehicles.keys.each_vehicle().filter(|(id, _)| lost[*id as usize]);
        let lost: Vec<(u32, Vehicle)> = lost.collect();
        let lists = KeySet::vehicles(lost.iter().map(|(_, vehicle)| vehicle.any_model()));
        let names = self.names(models, &lists, None).await?;
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
        chain: &Chain,
        source: &Source,
        models: Source,
        vehicles: &Vehicles,
        zeros: &[bool],
    ) -> Result<Catalogued, Error> {
        let zeros: Vec<(u32, Vehicle)> =
            vehicles.keys.each_vehicle().filter(|(id, _)| zeros[*id as usize]).collect();
        let lists = KeySet::vehicles(zeros.iter().map(|(_, vehicle)| vehicle.any_model()));
        let mut listed_in = Replies::default();
        let all = vec![true; lists.len()];
        let (outcomes, _) =
            self.source(chain, &models, &lists, &all, &mut listed_in.report).await?;
        listed_in.add(models.clone(), outcomes);

        let names = self.names(&models, &lists, None).await?;
        let mut listed = vec![false; vehicles.keys.len()];
        let mut others: Vec<(u32, Vehicle)> = Vec::new();
        for (id, vehicle) in &zeros {
            let Some(names) = names.get(&vehicle.any_model()) else { continue };
            if names.contains(&vehicle.model) {
                listed[*id as usize] = true;
                continue;
            }
            let other = |model| (*id, Vehicle { model, ..vehicle.clone() });
            others.extend(variants(&vehicle.model, names).into_iter().map(other));
        }
        let names = KeySet::vehicles(others.iter().map(|(_, vehicle)| vehicle.clone()));
        let mut other_names: HashMap<u32, Vec<u32>> = HashMap::new();
        for (id, vehicle) in others {
            other_names.entry(id).or_default().extend(names.id(&Key::Vehicle(vehicle)));
        }
        let mut variants = Replies::default();
        let all = vec![true; names.len()];
        let (outcomes, _) = self.source(chain, source, &names, &all, &mut variants.report).await?;
        variants.add(source.clone(), outcomes);
        Ok(Catalogued { models: listed_in, other_names, listed, names, variants })
    }

    /// The model names in the lists that the store holds; in those that are
    /// fresh, where a chain says what that is.
    async fn names(
        &self,
        models: &Source,
        lists: &KeySet,
        fresh_in: Option<&Chain>,
    ) -> Result<HashMap<Vehicle, Vec<String>>, Error> {
        let id = self.shared.writer.source(models.name.clone()).await?;
        let snapshot = self.store.snapshot()?;
        let mut bodies = Vec::new();
        snapshot.each_held_in(id, &lists, |id, held| {
            let counts =
                fresh_in.is_none_or(|chain| chain.is_fresh(&lists.key(id), &held, self.times()));
            bodies.extend(held.body.filter(|_| counts).map(|body| (id, body)));
        })?;
        let mut names = HashMap::new();
        for (id, body) in bodies {
            let Some(list) = lists.vehicle(id) else { continue };
            let words = snapshot.body(body, &lists.key(id))?;
            names.insert(list.clone(), models.endpoint.names(&words));
        }
        Ok(names)
    }
}
