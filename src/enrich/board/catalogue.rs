//! A source's own lists of the models that it knows: which names of a list a version of a
//! vehicle may bear, and what the source says under all of them as one answer.

use hashbrown::HashMap;

use super::column::{Ask, Column, Open, View};
use super::combined::{Combined, United};
use super::vehicles::{Vehicles, Version};
use super::word::{Said, Word};
use crate::domain::facts::{Doubts, MatchBasis};
use crate::domain::{Error, Key, KeySet, Outcome, Vehicle};
use crate::enrich::chain::Source;
use crate::enrich::report::DatasetReport;
use crate::matching::aliases::other_make;
use crate::matching::candidates::{Asked, Candidate, List};
use crate::vendors::Role;

/// The lists of a source, and the names that the vehicles of a run may bear.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The lists.
    pub(crate) lists: Column,
    /// Their makes and years.
    pub(crate) list_keys: KeySet,
    /// Those of years nearby, which tell whether a longer name is another car.
    pub(crate) near: Column,
    /// Their makes and years.
    pub(crate) near_keys: KeySet,
    /// The names that are asked about, as vehicles.
    pub(crate) names: KeySet,
    /// By version.
    pub(crate) candidates: Vec<Candidates>,
    /// The vehicles that were looked up, by what the store held of their lists and names.
    pub(crate) report: DatasetReport,
}

/// What a version may be called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    /// The lists of its make, and of another make that it may be filed under.
    pub(crate) lists: Vec<u32>,
    /// Whether all of those lists are known.
    pub(crate) is_listed: bool,
    /// Makes and years whose lists tell which of the names are another car.
    pub(crate) near: Vec<Vehicle>,
    /// Whether one of those lists is not known.
    pub(crate) is_undecided: bool,
    /// The names, and why campaigns under each may not concern it.
    pub(crate) names: Vec<(u32, Doubts)>,
    /// Its own name, where no list says how it is called: an answer under it counts.
    pub(crate) own: Option<u32>,
}

/// The names of one list.
struct Listed {
    names: Vec<String>,
    list: List,
}

impl Catalogue {
    pub(super) fn new(models: Source) -> Self {
        Self {
            lists: Column::new(models.clone()),
            list_keys: KeySet::vehicles([]),
            near: Column::new(models),
            near_keys: KeySet::vehicles([]),
            names: KeySet::vehicles([]),
            candidates: Vec::new(),
            report: DatasetReport::default(),
        }
    }

    /// Counts the vehicles of the `wanted` versions by what is known of them before they
    /// are asked about.
    pub(crate) fn note(
        &mut self,
        main: &Column,
        vehicles: &Vehicles,
        (wanted, ask): (&[Open], Ask),
    ) {
        // Of a vehicle's versions the one of which least is known counts.
        let mut known = vec![None; vehicles.keys.len()];
        for ((of, version), wanted) in self.candidates.iter().zip(&vehicles.versions).zip(wanted) {
            if *wanted == Open::No {
                continue;
            }
            let names = of.names.iter().map(|(name, _)| main.word(*name));
            let words = || names.clone().chain(of.lists.iter().map(|list| self.lists.word(*list)));
            let is_unnamed = vehicles.keys.is_unnamed(version.vehicle);
            let state = if is_unnamed || words().any(|word| word.kept_at().is_none()) {
                2
            } else {
                u8::from(words().any(|word| !word.fresh || ask.again(word)))
            };
            let known: &mut Option<u8> = &mut known[version.vehicle as usize];
            *known = (*known).max(Some(state));
        }
        let count = |state| known.iter().filter(|known| **known == Some(state)).count() as u64;
        self.report.keys = count(0) + count(1) + count(2);
        (self.report.hits, self.report.stale, self.report.misses) = (count(0), count(1), count(2));
    }

    /// Reads what the store holds: the lists, and the names as far as they are known.
    pub(super) fn read(
        &mut self,
        main: &mut Column,
        vehicles: &Vehicles,
        view: View<'_>,
    ) -> Result<(), Error> {
        if self.candidates.len() != vehicles.versions.len() {
            self.list_keys = lists_of(vehicles);
            self.choose(vehicles, view, false)?;
        }
        self.lists.read(&self.list_keys, view)?;
        self.near.read(&self.near_keys, view)?;
        main.read(&self.names, view)
    }

    /// Finds the names that each version may bear in the lists that the store holds; with
    /// `fresh` in those that need not be renewed.
    pub(crate) fn choose(
        &mut self,
        vehicles: &Vehicles,
        view: View<'_>,
        fresh: bool,
    ) -> Result<(), Error> {
        let mut known = self.known_lists(&self.list_keys, view, fresh)?;
        self.choose_in(vehicles, &known);
        let near = self.candidates.iter().flat_map(|of| &of.near).cloned();
        self.near_keys = KeySet::vehicles(near);
        if !self.near_keys.is_empty() {
            known.extend(self.known_lists(&self.near_keys, view, fresh)?);
            self.choose_in(vehicles, &known);
        }
        Ok(())
    }

    fn choose_in(&mut self, vehicles: &Vehicles, known: &HashMap<Vehicle, Listed>) {
        let mut found: Vec<Vec<(Vehicle, Doubts)>> = Vec::with_capacity(vehicles.versions.len());
        self.candidates.clear();
        for version in &vehicles.versions {
            let mut names = Vec::new();
            let is_named = !vehicles.keys.is_unnamed(version.vehicle);
            let mut of = Candidates { is_listed: is_named, ..Candidates::default() };
            for vehicle in asked_as(vehicles, version) {
                of.lists.extend(self.list_keys.id(&Key::Vehicle(vehicle.any_model())));
                match known.get(&vehicle.any_model()) {
                    Some(listed) => {
                        let Vehicle { make, model, .. } = &vehicle;
                        let asked = Asked::new(make, model, &version.descriptor);
                        let mut borne = listed.list.candidates(&asked, |_| true);
                        of.without_other_cars(&mut borne, &vehicle, |near| {
                            known.get(near).map(|listed| listed.list.has_own(&asked))
                        });
                        names.extend(borne.into_iter().map(
                            |Candidate { place, doubts, .. }| {
                                let model = listed.names[place].clone();
                                (Vehicle { model, ..vehicle.clone() }, doubts)
                            },
                        ));
                    }
                    None => of.is_listed = false,
                }
            }
            self.candidates.push(of);
            found.push(names);
        }
        let own = |(version, names): (&Version, &Vec<_>)| {
            let vehicle = vehicles.keys.vehicle(version.vehicle).filter(|_| names.is_empty());
            vehicle.cloned()
        };
        let own: Vec<Option<Vehicle>> = vehicles.versions.iter().zip(&found).map(own).collect();
        let names = found.iter().flatten().map(|(name, _)| name.clone());
        self.names = KeySet::vehicles(names.chain(own.iter().flatten().cloned()));
        for ((of, names), own) in self.candidates.iter_mut().zip(found).zip(own) {
            let id = |vehicle: Vehicle| self.names.id(&Key::Vehicle(vehicle));
            let names = names.into_iter();
            of.names = names.filter_map(|(name, doubts)| Some((id(name)?, doubts))).collect();
            of.own = own.and_then(id);
        }
    }

    /// Those of the lists `keys` that the store holds, taken apart.
    fn known_lists(
        &self,
        keys: &KeySet,
        view: View<'_>,
        fresh: bool,
    ) -> Result<HashMap<Vehicle, Listed>, Error> {
        let mut lists = HashMap::new();
        let Some(snapshot) = view.snapshot else { return Ok(lists) };
        let mut column = Column::new(self.lists.source.clone());
        column.read(keys, view)?;
        let Role::Catalogue(names_in) = column.source.endpoint.role() else { return Ok(lists) };
        for (id, of) in keys.each_vehicle() {
            let word = column.word(id);
            if !(word.is_found() || word.is_absent()) || fresh && !word.fresh {
                continue;
            }
            let names = match word.body {
                Some(body) => names_in(&snapshot.body(body, &keys.key(id))?),
                None => Vec::new(),
            };
            let mut list = List::default();
            for name in &names {
                list.add(&of.make, name);
            }
            lists.insert(of, Listed { names, list });
        }
        Ok(lists)
    }

    /// What the source says of a version, under all its names.
    ///
    /// A zero counts only where a name is surely its own, every name was asked about, and
    /// the lists are known; it is as old as the oldest of those answers.
    pub(super) fn word<'b>(
        &'b self,
        main: &'b Column,
        vehicles: &'b Vehicles,
        version: u32,
    ) -> Option<Combined<'b>> {
        let of = self.candidates.get(version as usize)?;
        let is_silent = |word: Word| word.said == Said::Nothing;
        let own = of.own.map(|own| (own, Doubts::NONE));
        let names: Vec<(u32, Doubts)> = of.names.iter().copied().chain(own).collect();
        if let [list, ..] = of.lists[..]
            && of.lists.iter().all(|list| is_silent(self.lists.word(*list)))
            && names.iter().all(|(name, _)| is_silent(main.word(*name)))
        {
            let (column, keys, basis) = (&self.lists, &self.list_keys, MatchBasis::ModelExact);
            return Some(Combined::Key { column, keys, id: list, basis });
        }
        let is = |said| move |(name, _): &&(u32, Doubts)| main.word(*name).said == said;
        let found: Vec<(u32, Doubts)> = names.iter().filter(is(Said::Found)).copied().collect();
        let unanswered = |(name, _): &(u32, Doubts)| match main.word(*name).said {
            Said::Found | Said::Absent => None,
            Said::Unanswered => main.outcome(*name).cloned(),
            Said::Refused | Said::Nothing => Some(Outcome::Inconclusive),
        };
        let unlisted = || {
            let why = of.lists.iter().find_map(|list| self.lists.outcome(*list));
            (!of.is_listed).then(|| why.cloned().unwrap_or(Outcome::Inconclusive))
        };
        let missing = unlisted().or_else(|| of.names.iter().find_map(unanswered));
        if found.is_empty() {
            let mut refused = of.names.iter().filter(is(Said::Refused));
            if let Some((id, _)) = refused.next().filter(|_| of.is_listed) {
                let (keys, basis) = (&self.names, MatchBasis::ModelExact);
                return Some(Combined::Key { column: main, keys, id: *id, basis });
            }
            if let Some(missing) = missing {
                return Some(Combined::Unanswered(missing));
            }
            if !of.names.iter().any(|(_, doubts)| doubts.is_empty()) {
                return Some(Combined::Unanswered(Outcome::Inconclusive));
            }
        }
        // A find under its own name, which no list has, is not all that there is.
        let missing = missing.or_else(|| of.own.map(|_| Outcome::Inconclusive));
        let vehicle = vehicles.keys.vehicle(vehicles.versions[version as usize].vehicle);
        let counted = if found.is_empty() { &names } else { &found };
        let is_own = |(name, _): &(u32, Doubts)| self.names.vehicle(*name) == vehicle;
        let is_exact = counted.iter().all(is_own);
        let basis = if is_exact { MatchBasis::ModelExact } else { MatchBasis::ModelVariant };
        let (lists, list_ids) = (&self.lists, &of.lists[..]);
        let zero = if found.is_empty() { Some((lists, list_ids)) } else { None };
        let united = United { column: main, keys: &self.names, names, found, zero, missing, basis };
        Some(Combined::United(Box::new(united)))
    }

    /// Whether what it says of a version rests on what a plan assumes.
    pub(super) fn is_assumed(&self, main: &Column, version: u32) -> bool {
        self.candidates.get(version as usize).is_some_and(|of| {
            !of.is_listed && self.lists.has_assumed()
                || of.names.iter().any(|(name, _)| main.is_assumed(*name))
        })
    }
}

impl Candidates {
    /// Takes out of `borne`, the names for `vehicle` in the list of its year, those that
    /// are another car's: a longer one where the source has the model's own within two
    /// years. `has_own` says so of a list, as far as it is known.
    fn without_other_cars(
        &mut self,
        borne: &mut Vec<Candidate>,
        vehicle: &Vehicle,
        has_own: impl Fn(&Vehicle) -> Option<bool>,
    ) {
        if !borne.iter().any(|name| name.is_longer) {
            return;
        }
        let near: Vec<Vehicle> = near_lists(vehicle).collect();
        let has_own: Vec<Option<bool>> = near.iter().map(has_own).collect();
        if has_own.contains(&Some(true)) {
            borne.retain(|name| !name.is_longer);
        } else {
            self.is_undecided |= has_own.contains(&None);
        }
        self.near.extend(near);
    }
}

/// How many lists of years nearby a vehicle has.
pub(crate) const NEAR_LISTS: usize = 4;

/// The lists of the years next to a vehicle's.
pub(crate) fn near_lists(vehicle: &Vehicle) -> impl Iterator<Item = Vehicle> + use<> {
    let Vehicle { make, year, .. } = vehicle.any_model();
    let years: [i32; NEAR_LISTS] = [-1, 1, -2, 2];
    years.into_iter().map(move |by| Vehicle::new(&make, "", year + by))
}

/// The makes and years of which the lists may hold names of the vehicles; vehicles that
/// have no name yet may each need one more.
pub(crate) fn lists_of(vehicles: &Vehicles) -> KeySet {
    let named = vehicles.versions.iter().flat_map(|version| asked_as(vehicles, version));
    let lists: Vec<Vehicle> = named.map(|vehicle| vehicle.any_model()).collect();
    let unnamed = vehicles.versions.iter().filter(|of| vehicles.keys.is_unnamed(of.vehicle));
    let unnamed = u32::try_from(unnamed.count()).unwrap_or(u32::MAX);
    KeySet::vehicles(lists).and_unnamed(unnamed)
}

/// The vehicle of a version as each make may list it.
fn asked_as(vehicles: &Vehicles, version: &Version) -> Vec<Vehicle> {
    let Some(vehicle) = vehicles.keys.vehicle(version.vehicle) else { return Vec::new() };
    let other = other_make(&vehicle.make, &vehicle.model, vehicle.year);
    let other = other.map(|of| Vehicle { make: of.make, model: of.model, year: vehicle.year });
    [vehicle.clone()].into_iter().chain(other).collect()
}
