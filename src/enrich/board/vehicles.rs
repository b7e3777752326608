//! The vehicles behind the VINs of a run.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Pick, Picks, Shelf};
use crate::domain::error::Error;
use crate::domain::facts::DecodeFacts;
use crate::domain::key::{Key, Vehicle};
use crate::domain::key_set::KeySet;
use crate::matching::conflicts::fill;
use crate::reference::vpic::Offline;
use crate::store::{Answered, Snapshot};

/// The distinct vehicles of a run and which VIN is which.
#[derive(Debug)]
pub struct Vehicles {
    /// The vehicles.
    pub keys: KeySet,
    /// For each VIN's number, its vehicle's.
    pub of: Vec<Option<u32>>,
}

impl Vehicles {
    /// Which of them the imported recall file settles, by number.
    pub fn filed(&self, snapshot: &Snapshot<'_>) -> Result<Vec<bool>, Error> {
        let mut settled = vec![false; self.keys.len()];
        snapshot.each_filed(self.keys.each_vehicle(), |id, filed| {
            settled[id as usize] = filed.settles();
        })?;
        Ok(settled)
    }

    /// The vehicles that decode found behind the VINs: by what vendors answered,
    /// and by the offline decoder as far as the chain heeds it.
    pub fn of(
        picks: Option<&Picks>,
        offline: Option<&Offline>,
        vins: &KeySet,
        snapshot: Option<&Snapshot<'_>>,
    ) -> Result<Self, Error> {
        let mut shelf = Shelf::default();
        let mut naming = Naming { ids: HashMap::new(), of: vec![None; vins.len()] };
        let mut to_decode = Vec::new();
        for id in vins.sorted() {
            let facts = found(picks, id, vins, snapshot, &mut shelf)?;
            let vehicle = facts.and_then(|facts| facts.vehicle());
            match (vehicle, offline) {
                (Some(vehicle), Some(offline)) if !offline.leads() => naming.name(id, vehicle),
                (_, Some(_)) => to_decode.push(id),
                (Some(vehicle), None) => naming.name(id, vehicle),
                (None, None) => {}
            }
        }
        let mut failed = None;
        if let Some(offline) = offline {
            offline.each(vins, &to_decode, |id, local| {
                match found(picks, id, vins, snapshot, &mut shelf) {
                    Ok(remote) => {
                        let vehicle = both(remote, &local.facts, local.is_found(), offline.leads());
                        if let Some(vehicle) = vehicle {
                            naming.name(id, vehicle);
                        }
                    }
                    Err(error) => failed = Some(error),
                }
            });
        }
        failed.map_or_else(|| Ok(naming.finish()), Err)
    }
}

/// The vehicle by a vendor's answer and the offline decoder's, either of which
/// may be silent.
fn both(
    remote: Option<Arc<DecodeFacts>>,
    local: &DecodeFacts,
    local_found: bool,
    local_leads: bool,
) -> Option<Vehicle> {
    match remote {
        Some(remote) if !(local_leads && local_found) => {
            let mut facts = DecodeFacts::clone(&remote);
            fill(&mut facts, local);
            facts.vehicle()
        }
        _ => local.vehicle(),
    }
}

/// What a vendor found behind a VIN.
fn found(
    picks: Option<&Picks>,
    id: u32,
    vins: &KeySet,
    snapshot: Option<&Snapshot<'_>>,
    shelf: &mut Shelf<DecodeFacts>,
) -> Result<Option<Arc<DecodeFacts>>, Error> {
    let (Some(picks), Some(snapshot)) = (picks, snapshot) else { return Ok(None) };
    let Pick::Held { source, held, .. } = picks.get(id) else { return Ok(None) };
    if held.said != Answered::Found {
        return Ok(None);
    }
    let facts = shelf.facts(picks, *source, held, &vins.key(id), snapshot)?;
    Ok(facts.map(|(facts, _)| facts))
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
