//! The distinct keys of a run: VINs, or the vehicles they turned out to be.
//! A key is named by a small number, so that what is known about it lies in a
//! plain vector.

use crate::distinct::Distinct;
use crate::error::Error;
use crate::key::{Key, Vehicle};
use crate::store::{Held, Snapshot, SourceId};

/// Distinct keys, numbered from 0.
#[derive(Debug)]
pub enum KeySet {
    /// Numbered by first appearance; `sorted` lists the numbers by VIN.
    Vins {
        /// The VINs.
        distinct: Distinct,
        /// Their numbers, by VIN.
        sorted: Vec<u32>,
    },
    /// Sorted; the number is the place.
    Vehicles(Vec<(Vehicle, String)>),
}

impl KeySet {
    /// The distinct VINs of an input.
    pub fn vins(distinct: Distinct) -> Self {
        Self::Vins { sorted: distinct.sorted(), distinct }
    }

    /// Distinct vehicles, in any order.
    pub fn vehicles(vehicles: impl IntoIterator<Item = Vehicle>) -> Self {
        let mut vehicles: Vec<(Vehicle, String)> = vehicles
            .into_iter()
            .map(|vehicle| {
                let stored = Key::Vehicle(vehicle.clone()).to_stored();
                (vehicle, stored)
            })
            .collect();
        vehicles.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        vehicles.dedup_by(|a, b| a.1 == b.1);
        Self::Vehicles(vehicles)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Vins { sorted, .. } => sorted.len(),
            Self::Vehicles(vehicles) => vehicles.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key numbered `id`.
    pub fn key(&self, id: u32) -> Key {
        match self {
            Self::Vins { distinct, .. } => Key::Vin(distinct.vin(id)),
            Self::Vehicles(vehicles) => Key::Vehicle(vehicles[id as usize].0.clone()),
        }
    }

    /// The vehicle numbered `id`, where the keys are vehicles.
    pub fn vehicle(&self, id: u32) -> Option<&Vehicle> {
        match self {
            Self::Vins { .. } => None,
            Self::Vehicles(vehicles) => vehicles.get(id as usize).map(|(vehicle, _)| vehicle),
        }
    }

    /// Every vehicle with its number, sorted; none where the keys are VINs.
    pub fn each_vehicle(&self) -> impl Iterator<Item = (u32, Vehicle)> + '_ {
        let vehicles = match self {
            Self::Vins { .. } => &[][..],
            Self::Vehicles(vehicles) => vehicles,
        };
        (0u32..).zip(vehicles.iter().map(|(vehicle, _)| vehicle.clone()))
    }

    /// The number of `key`.
    pub fn id(&self, key: &Key) -> Option<u32> {
        match (self, key) {
            (Self::Vins { distinct, .. }, Key::Vin(vin)) => distinct.get(vin),
            (Self::Vehicles(vehicles), Key::Vehicle(_)) => {
                let stored = key.to_stored();
                let place = vehicles.binary_search_by(|(_, known)| known.cmp(&stored)).ok()?;
                u32::try_from(place).ok()
            }
            _ => None,
        }
    }

    /// Every number, by key.
    pub fn sorted(&self) -> Vec<u32> {
        match self {
            Self::Vins { sorted, .. } => sorted.clone(),
            Self::Vehicles(vehicles) => (0..).take(vehicles.len()).collect(),
        }
    }

    /// Calls `take` for each key that `source` has an answer about.
    pub fn each_held(
        &self,
        snapshot: &Snapshot<'_>,
        source: SourceId,
        take: impl FnMut(u32, Held),
    ) -> Result<(), Error> {
        match self {
            Self::Vins { distinct, sorted } => {
                let keys = sorted.iter().map(|&id| (id, distinct.vin(id)));
                snapshot.each_held(source, keys, take)
            }
            Self::Vehicles(vehicles) => {
                let keys = vehicles.iter().map(|(_, stored)| stored.as_str());
                snapshot.each_held(source, (0u32..).zip(keys).collect::<Vec<_>>().into_iter(), take)
            }
        }
    }
}
