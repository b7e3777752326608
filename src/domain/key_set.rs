//! The distinct keys of a run: VINs, the vehicles they turned out to be, or what
//! a vendor calls by a name of its own.
//! A key is named by a small number, so that what is known about it lies in a
//! plain vector.

use std::ops::Range;

use crate::domain::key::{Key, KeyKind, Vehicle};
use crate::domain::vin::Vin;
use crate::domain::vin_set::Distinct;

/// Distinct keys, numbered from 0 in their order.
#[derive(Debug)]
pub enum KeySet {
    /// VINs.
    Vins(Distinct),
    /// Keys of one other kind; the number is the place.
    Others {
        /// Those that are known, with their stored forms, sorted by those.
        keys: Vec<(Key, String)>,
        /// How many more there are whose names are not known yet.
        unnamed: u32,
    },
}

impl KeySet {
    /// The distinct VINs of an input.
    pub fn vins(distinct: Distinct) -> Self {
        Self::Vins(distinct.in_order())
    }

    /// Distinct vehicles, in any order.
    pub fn vehicles(vehicles: impl IntoIterator<Item = Vehicle>) -> Self {
        Self::others(vehicles.into_iter().map(Key::Vehicle))
    }

    /// Distinct names, in any order.
    pub fn names(names: impl IntoIterator<Item = String>) -> Self {
        Self::others(names.into_iter().map(Key::Name))
    }

    fn others(keys: impl Iterator<Item = Key>) -> Self {
        let with_form = |key: Key| {
            let stored = key.to_stored();
            (key, stored)
        };
        let mut keys: Vec<(Key, String)> = keys.map(with_form).collect();
        keys.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        keys.dedup_by(|a, b| a.1 == b.1);
        Self::Others { keys, unnamed: 0 }
    }

    /// The same, and so many more whose names are not known yet. VINs are known.
    #[must_use]
    pub fn and_unnamed(self, more: u32) -> Self {
        match self {
            Self::Vins(_) => self,
            Self::Others { keys, unnamed } => Self::Others { keys, unnamed: unnamed + more },
        }
    }

    /// Whether the name of the key numbered `id` is not known yet.
    pub fn is_unnamed(&self, id: u32) -> bool {
        match self {
            Self::Vins(_) => false,
            Self::Others { keys, .. } => id as usize >= keys.len(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Vins(vins) => vins.len(),
            Self::Others { keys, unnamed } => keys.len() + *unnamed as usize,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key numbered `id` as an endpoint that takes keys of `kind` is asked about it;
    /// `None` where it is not asked.
    pub fn key_for(&self, kind: KeyKind, id: u32) -> Option<Key> {
        match (kind, self) {
            (KeyKind::VinOfYear, Self::Vins(vins)) => {
                Some(Key::VinOfYear(vins.vin(id), vins.open_year(id)?))
            }
            _ => Some(self.key(id)),
        }
    }

    /// Whether an endpoint that takes keys of `kind` is asked about the key numbered `id`.
    pub fn is_asked(&self, kind: KeyKind, id: u32) -> bool {
        kind != KeyKind::VinOfYear || self.key_for(kind, id).is_some()
    }

    /// Whether rows state a year that some VIN leaves open.
    pub fn has_open_years(&self) -> bool {
        matches!(self, Self::Vins(vins) if self.ids().any(|id| vins.open_year(id).is_some()))
    }

    /// The key numbered `id`, which must have a name.
    pub fn key(&self, id: u32) -> Key {
        match self {
            Self::Vins(vins) => Key::Vin(vins.vin(id)),
            Self::Others { keys, .. } => keys[id as usize].0.clone(),
        }
    }

    /// How many rows of the input have the VIN numbered `id`; `None` where the keys are
    /// not VINs.
    pub fn occurrences(&self, id: u32) -> Option<u32> {
        match self {
            Self::Vins(vins) => Some(vins.times(id)),
            Self::Others { .. } => None,
        }
    }

    /// The model year that the rows of the VIN numbered `id` state, where they agree.
    pub fn stated_year(&self, id: u32) -> Option<i32> {
        match self {
            Self::Vins(vins) => vins.stated_year(id),
            Self::Others { .. } => None,
        }
    }

    /// The vehicle numbered `id`, where the keys are vehicles.
    pub fn vehicle(&self, id: u32) -> Option<&Vehicle> {
        match self {
            Self::Vins(_) => None,
            Self::Others { keys, .. } => vehicle(&keys.get(id as usize)?.0),
        }
    }

    /// Every vehicle that has a name, with its number, sorted; none where the keys
    /// are of another kind.
    pub fn each_vehicle(&self) -> impl Iterator<Item = (u32, Vehicle)> + '_ {
        let keys = match self {
            Self::Vins(_) => &[][..],
            Self::Others { keys, .. } => keys,
        };
        let numbered = (0u32..).zip(keys);
        numbered.filter_map(|(id, (key, _))| Some((id, vehicle(key)?.clone())))
    }

    /// The number of `key`.
    pub fn id(&self, key: &Key) -> Option<u32> {
        match (self, key) {
            (Self::Vins(vins), key) => vins.get(key.vin()?),
            (Self::Others { keys, .. }, key) => {
                let stored = key.to_stored();
                let place = keys.binary_search_by(|(_, known)| known.cmp(&stored)).ok()?;
                u32::try_from(place).ok()
            }
        }
    }

    /// The numbers of `vins`.
    pub fn ids_of_vins(&self, vins: &[Vin]) -> Vec<Option<u32>> {
        match self {
            Self::Vins(known) => known.get_each(vins),
            Self::Others { .. } => vec![None; vins.len()],
        }
    }

    /// Every number; those without a name come last.
    pub fn ids(&self) -> Range<u32> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// The stored forms of the VINs whose rows state a year that they leave open, with their
    /// numbers, sorted.
    pub fn stored_of_year(&self) -> Vec<(u32, String)> {
        let of_year = |id: u32| Some((id, self.key_for(KeyKind::VinOfYear, id)?.to_stored()));
        match self {
            Self::Vins(_) => self.ids().filter_map(of_year).collect(),
            Self::Others { .. } => Vec::new(),
        }
    }

    /// The stored forms of all keys that have a name, with their numbers, sorted.
    pub fn stored(&self) -> impl ExactSizeIterator<Item = (u32, StoredForm<'_>)> {
        let named = match self {
            Self::Vins(vins) => vins.len(),
            Self::Others { keys, .. } => keys.len(),
        };
        let form = |id: u32| match self {
            Self::Vins(vins) => StoredForm::Vin(vins.vin(id)),
            Self::Others { keys, .. } => StoredForm::Text(&keys[id as usize].1),
        };
        (0..u32::try_from(named).unwrap_or(u32::MAX)).map(move |id| (id, form(id)))
    }
}

/// The form in which the store holds a key.
pub enum StoredForm<'k> {
    /// Of a VIN.
    Vin(Vin),
    /// Of any other key.
    Text(&'k str),
}

impl AsRef<str> for StoredForm<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::Vin(vin) => vin.as_str(),
            Self::Text(text) => text,
        }
    }
}

fn vehicle(key: &Key) -> Option<&Vehicle> {
    match key {
        Key::Vehicle(vehicle) => Some(vehicle),
        Key::Vin(_) | Key::VinOfYear(..) | Key::Page(_) | Key::Task(_) | Key::Name(_) => None,
    }
}

#[cfg(test)]
#[path = "tests/key_set.rs"]
mod tests;
