//! The vehicles behind the VINs of a run.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Board, Combined, FactsCache, LocalSays, Open};
use crate::domain::facts::DecodeFacts;
use crate::domain::{Error, Key, KeySet, Vehicle};
use crate::matching::conflicts::fill;
use crate::matching::model_year::local_is_right;
use crate::reference::vpic::Offline;
use crate::store::{RecallMatch, Snapshot};

/// The distinct vehicles of a run and which VIN is which.
#[derive(Debug)]
pub(crate) struct Vehicles {
    /// The vehicles.
    pub keys: KeySet,
    /// For each VIN's number, its vehicle's.
    pub of: Vec<Option<u32>>,
}

impl Vehicles {
    /// The same, where each of `vins` is a vehicle of its own that is not known yet.
    pub(crate) fn and_unnamed(self, vins: &[u32]) -> Self {
        let Self { keys, mut of } = self;
        for (id, &vin) in (0u32..).skip(keys.len()).zip(vins) {
            of[vin as usize] = Some(id);
        }
        let more = u32::try_from(vins.len()).unwrap_or(u32::MAX);
        Self { keys: keys.and_unnamed(more), of }
    }

    /// The vehicles of which some VIN is `open`; perhaps only, while it is not known
    /// which vehicle that is.
    pub(crate) fn of_open(&self, open: &[Open]) -> Vec<Open> {
        let mut wanted = vec![Open::No; self.keys.len()];
        for (vehicle, open) in self.of.iter().zip(open) {
            if let Some(vehicle) = *vehicle {
                let most = if self.keys.is_unnamed(vehicle) { Open::Perhaps } else { Open::Yes };
                let wanted = &mut wanted[vehicle as usize];
                *wanted = (*wanted).max((*open).min(most));
            }
        }
        wanted
    }

    /// What the imported recall file says of each, by number.
    pub(crate) fn in_recall_file(
        &self,
        snapshot: &Snapshot<'_>,
    ) -> Result<Vec<Option<LocalSays>>, Error> {
        let mut says = vec![None; self.keys.len()];
        snapshot.each_recall_match(self.keys.each_vehicle(), |id, found| {
            says[id as usize] = Some(match found {
                RecallMatch::Zero => LocalSays::Absent,
                found if found.settles() => LocalSays::Found,
                _ => LocalSays::Unclear,
            });
        })?;
        Ok(says)
    }
}

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
        self.vehicles_of(vins, &vins.sorted())
    }

    /// The same of the VINs numbered `ids` alone.
    pub(crate) fn vehicles_of(self, vins: &KeySet, ids: &[u32]) -> Result<Vehicles, Error> {
        let mut cache = FactsCache::default();
        let mut naming = Naming { ids: HashMap::new(), of: vec![None; vins.len()] };
        let mut to_decode = Vec::new();
        for &id in ids {
            if self.offline.is_some() {
                to_decode.push(id);
            } else if let Some(vehicle) =
                self.found(id, &mut cache)?.and_then(|facts| facts.vehicle())
            {
                naming.name(id, vehicle);
            }
        }
        let mut failed = None;
        if let Some(offline) = self.offline {
            offline.each(vins, &to_decode, |id, local| match self.found(id, &mut cache) {
                Ok(remote) => {
                    let leads = offline.leads() && local.is_found();
                    let is_right = |remote: &DecodeFacts| {
                        let key = vins.key(id);
                        key.vin().is_some_and(|vin| local_is_right(vin, remote, &local.facts))
                    };
                    let remote = remote.filter(|remote| !leads && !is_right(remote));
                    if let Some(vehicle) = both(remote, &local.facts) {
                        naming.name(id, vehicle);
                    }
                }
                Err(error) => failed = Some(error),
            });
        }
        failed.map_or_else(|| Ok(naming.finish()), Err)
    }

    /// What a vendor found behind a VIN.
    fn found(
        self,
        vin: u32,
        cache: &mut FactsCache<DecodeFacts>,
    ) -> Result<Option<Arc<DecodeFacts>>, Error> {
        let (Some(board), Some(snapshot)) = (self.board, self.snapshot) else { return Ok(None) };
        match board.best_remote(vin) {
            Some(word @ Combined::Key { column, keys, id, .. }) if word.is_found() => {
                cache.facts(column, keys, id, snapshot)
            }
            _ => Ok(None),
        }
    }
}

/// The vehicle by a vendor's answer and the offline decoder's, either of which
/// may be silent.
fn both(remote: Option<Arc<DecodeFacts>>, local: &DecodeFacts) -> Option<Vehicle> {
    let Some(remote) = remote else { return local.vehicle() };
    let mut facts = DecodeFacts::clone(&remote);
    fill(&mut facts, local);
    facts.vehicle()
}

/// Numbers vehicles as they come.
struct Naming {
    ids: HashMap<Vehicle, u32>,
    of: Vec<Option<u32>>,
}

impl Naming {
    fn name(&mut self, vin: u32, vehicle: Vehicle) {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.of[vin as usize] = Some(*self.ids.entry(vehicle).or_insert(next));
    }

    /// The vehicles in the order of a key set, and each VIN's number there.
    fn finish(self) -> Vehicles {
        let keys = KeySet::vehicles(self.ids.keys().cloned());
        let mut places = vec![None; self.ids.len()];
        for (vehicle, id) in self.ids {
            places[id as usize] = keys.id(&Key::Vehicle(vehicle));
        }
        let of = self.of.into_iter().map(|id| places[id? as usize]).collect();
        Vehicles { keys, of }
    }
}
