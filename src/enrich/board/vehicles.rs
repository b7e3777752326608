//! The vehicles behind the VINs of a run.

use hashbrown::HashMap;

use super::{Board, Combined, FactsCache, Fingerprinted, LocalSays, Open};
use crate::domain::facts::DecodeFacts;
use crate::domain::{Error, Key, KeySet, Vehicle};
use crate::matching::conflicts::fill;
use crate::matching::descriptor::{Common, Descriptor};
use crate::matching::model_year::local_is_right;
use crate::reference::vpic::{Decoded, Offline};
use crate::store::{RecallMatch, Snapshot};

/// The distinct vehicles of a run, their versions, and which VIN is which.
#[derive(Debug)]
pub(crate) struct Vehicles {
    /// The vehicles.
    pub keys: KeySet,
    /// Their versions.
    pub(crate) versions: Vec<Version>,
    /// The vehicle of each group of versions that have a series and powertrain in common.
    pub(crate) groups: Vec<u32>,
    /// For each VIN's number, its version's.
    of: Vec<Option<u32>>,
}

/// A version of a vehicle: what recall sources call its model may say more than the model.
#[derive(Debug)]
pub(crate) struct Version {
    /// The vehicle's number.
    pub(crate) vehicle: u32,
    /// The number of its group.
    group: u32,
    /// What tells it from other versions.
    pub(crate) descriptor: Descriptor,
}

impl Vehicles {
    /// The same, where each of `vins` is a vehicle of its own that is not known yet.
    pub(crate) fn and_unnamed(self, vins: &[u32]) -> Self {
        let Self { keys, mut versions, mut groups, mut of } = self;
        for (vehicle, &vin) in (0u32..).skip(keys.len()).zip(vins) {
            of[vin as usize] = u32::try_from(versions.len()).ok();
            let group = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            versions.push(Version { vehicle, group, descriptor: Descriptor::default() });
            groups.push(vehicle);
        }
        let more = u32::try_from(vins.len()).unwrap_or(u32::MAX);
        Self { keys: keys.and_unnamed(more), versions, groups, of }
    }

    /// The number of a VIN's version.
    pub(crate) fn version_of(&self, vin: u32) -> Option<u32> {
        self.of[vin as usize]
    }

    /// The number of a VIN's vehicle.
    pub(crate) fn vehicle_of(&self, vin: u32) -> Option<u32> {
        Some(self.versions[self.version_of(vin)? as usize].vehicle)
    }

    /// The number of the group of a VIN's version.
    pub(crate) fn group_of(&self, vin: u32) -> Option<u32> {
        Some(self.versions[self.version_of(vin)? as usize].group)
    }

    /// What each VIN has in common with those for which it may speak.
    pub(crate) fn alike(&self) -> impl Iterator<Item = Option<Alike>> {
        self.of.iter().map(|version| {
            let Version { vehicle, descriptor, .. } = &self.versions[(*version)? as usize];
            let vehicle = self.keys.vehicle(*vehicle)?.clone();
            Some((vehicle, descriptor.series_and_powertrain()))
        })
    }

    /// The versions of which some VIN is `open`.
    pub(crate) fn versions_of_open(&self, open: &[Open]) -> Vec<Open> {
        let mut wanted = vec![Open::No; self.versions.len()];
        for (version, open) in self.of.iter().zip(open) {
            if let Some(version) = *version {
                let wanted = &mut wanted[version as usize];
                *wanted = (*wanted).max(*open);
            }
        }
        wanted
    }

    /// For each VIN, its vehicle.
    pub(crate) fn of_vins(&self) -> impl Iterator<Item = Option<&Vehicle>> {
        (0u32..).zip(&self.of).map(|(vin, _)| self.keys.vehicle(self.vehicle_of(vin)?))
    }

    /// The vehicles of which some VIN is `open`; perhaps only, while it is not known
    /// which vehicle that is.
    pub(crate) fn of_open(&self, open: &[Open]) -> Vec<Open> {
        let mut wanted = vec![Open::No; self.keys.len()];
        for (vin, open) in (0u32..).zip(open) {
            if let Some(vehicle) = self.vehicle_of(vin) {
                let most = if self.keys.is_unnamed(vehicle) { Open::Perhaps } else { Open::Yes };
                let wanted = &mut wanted[vehicle as usize];
                *wanted = (*wanted).max((*open).min(most));
            }
        }
        wanted
    }

    /// What the imported recall file says of each version, by number; `known` is what it
    /// said of others before.
    pub(crate) fn in_recall_file(
        &self,
        snapshot: &Snapshot<'_>,
        known: &mut FiledWords,
    ) -> Result<Vec<Option<LocalSays>>, Error> {
        let mut lookup = None;
        let mut says = vec![None; self.versions.len()];
        for (Version { vehicle, descriptor, .. }, says) in self.versions.iter().zip(&mut says) {
            let Some(vehicle) = self.keys.vehicle(*vehicle) else { continue };
            let version = (vehicle.clone(), descriptor.clone());
            if let Some(known) = known.get(&version) {
                *says = Some(*known);
                continue;
            }
            let lookup = match &mut lookup {
                Some(lookup) => lookup,
                none => none.insert(snapshot.recall_lookup()?),
            };
            let said = match lookup.find(vehicle, descriptor)? {
                RecallMatch::Zero => LocalSays::Absent,
                found if found.settles() => LocalSays::Found,
                _ => LocalSays::Unclear,
            };
            if known.len() >= KNOWN {
                known.clear();
            }
            known.insert(version, said);
            *says = Some(said);
        }
        Ok(says)
    }
}

/// A vehicle, and what a group of its versions has in common.
pub(crate) type Alike = (Vehicle, Common);

/// What the recall file says of versions of vehicles.
pub(crate) type FiledWords = HashMap<(Vehicle, Descriptor), LocalSays>;

/// What decodes are read from.
#[derive(Clone, Copy)]
pub(crate) struct Decodes<'d> {
    /// What vendors say.
    pub(crate) board: Option<&'d Board<'d>>,
    /// The offline decoder, where the chain has it.
    pub(crate) offline: Option<&'d Offline>,
    /// Where bodies are; `None` where there is no store yet.
    pub(crate) snapshot: Option<&'d Snapshot<'d>>,
}

impl Decodes<'_> {
    /// The vehicles that decode found behind `vins`: by what vendors answered,
    /// and by the offline decoder as far as the chain has it.
    pub(crate) fn vehicles(self, vins: &KeySet) -> Result<Vehicles, Error> {
        self.vehicles_of(vins, &vins.ids().collect::<Vec<_>>())
    }

    /// The same of the VINs numbered `ids` alone.
    pub(crate) fn vehicles_of(self, vins: &KeySet, ids: &[u32]) -> Result<Vehicles, Error> {
        let mut cache = FactsCache::default();
        let mut naming = Naming { of: vec![None; vins.len()], ..Naming::default() };
        let mut failed = None;
        if let Some(offline) = self.offline {
            offline.each(vins, ids, |id, local| match self.found(id, &mut cache) {
                Ok(remote) => {
                    let leads = offline.leads() && local.is_found();
                    let is_right = |remote: &Fingerprinted<DecodeFacts>| {
                        let key = vins.key(id);
                        let vin = key.vin();
                        vin.is_some_and(|vin| local_is_right(vin, &remote.facts, &local.facts))
                    };
                    let remote = remote.filter(|remote| !leads && !is_right(remote));
                    naming.name(id, (remote.as_ref(), Some(local)));
                }
                Err(error) => failed = Some(error),
            });
        } else {
            for &id in ids {
                naming.name(id, (self.found(id, &mut cache)?.as_ref(), None));
            }
        }
        failed.map_or_else(|| Ok(naming.finish()), Err)
    }

    /// What a vendor found behind a VIN.
    fn found(
        self,
        vin: u32,
        cache: &mut FactsCache<DecodeFacts>,
    ) -> Result<Option<Fingerprinted<DecodeFacts>>, Error> {
        let (Some(board), Some(snapshot)) = (self.board, self.snapshot) else { return Ok(None) };
        match board.best_remote(vin) {
            Some(word @ Combined::Key { column, keys, id, .. }) if word.is_found() => {
                cache.facts(column, keys, id, snapshot)
            }
            _ => Ok(None),
        }
    }
}

/// Decodes whose version is remembered; beyond, all are dropped and worked out again.
const KNOWN: usize = 65_536;

/// Numbers vehicles and their versions as they come.
#[derive(Default)]
struct Naming {
    vehicles: HashMap<Vehicle, u32>,
    versions: HashMap<(u32, Descriptor), u32>,
    /// By the fingerprints of a vendor's answer and of the offline decoder's.
    known: HashMap<(u64, u64), Option<u32>>,
    of: Vec<Option<u32>>,
}

impl Naming {
    /// Names a VIN by a vendor's answer and the offline decoder's, of which either may be
    /// silent; what the first leaves open is filled from the second.
    fn name(
        &mut self,
        vin: u32,
        (remote, local): (Option<&Fingerprinted<DecodeFacts>>, Option<&Decoded>),
    ) {
        let by = (remote.map_or(0, |of| of.hash), local.map_or(0, |of| of.hash));
        if let Some(known) = self.known.get(&by) {
            self.of[vin as usize] = *known;
            return;
        }
        let version = match (remote, local) {
            (Some(remote), Some(local)) => {
                let mut facts = DecodeFacts::clone(&remote.facts);
                fill(&mut facts, &local.facts);
                self.version(&facts)
            }
            (Some(remote), None) => self.version(&remote.facts),
            (None, Some(local)) => self.version(&local.facts),
            (None, None) => None,
        };
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(by, version);
        self.of[vin as usize] = version;
    }

    fn version(&mut self, facts: &DecodeFacts) -> Option<u32> {
        let vehicle = facts.vehicle()?;
        let next = u32::try_from(self.vehicles.len()).unwrap_or(u32::MAX);
        let vehicle = *self.vehicles.entry(vehicle).or_insert(next);
        let next = u32::try_from(self.versions.len()).unwrap_or(u32::MAX);
        Some(*self.versions.entry((vehicle, Descriptor::of(facts))).or_insert(next))
    }

    /// The vehicles in the order of a key set, and their versions by number.
    fn finish(self) -> Vehicles {
        let keys = KeySet::vehicles(self.vehicles.keys().cloned());
        let mut places = vec![0; self.vehicles.len()];
        for (vehicle, id) in self.vehicles {
            places[id as usize] = keys.id(&Key::Vehicle(vehicle)).unwrap_or_default();
        }
        let mut versions: Vec<(u32, Version)> = self
            .versions
            .into_iter()
            .map(|((vehicle, descriptor), id)| {
                (id, Version { vehicle: places[vehicle as usize], group: 0, descriptor })
            })
            .collect();
        versions.sort_unstable_by_key(|(id, _)| *id);
        let mut ids: HashMap<(u32, Common), u32> = HashMap::new();
        let mut groups = Vec::new();
        for (_, version) in &mut versions {
            let common = (version.vehicle, version.descriptor.series_and_powertrain());
            version.group = *ids.entry(common).or_insert_with(|| {
                groups.push(version.vehicle);
                u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
            });
        }
        let versions = versions.into_iter().map(|(_, version)| version).collect();
        Vehicles { keys, versions, groups, of: self.of }
    }
}
