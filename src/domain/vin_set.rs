//! The distinct VINs of an input, in about 17 bytes each, and what their rows state of them.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::domain::vin::{PackedVin, Vin};

/// A set of VINs that numbers them 0, 1, 2… in order of first appearance, or once all are
/// there [by VIN](Distinct::in_order), and counts how often each was inserted.
///
/// The VINs lie packed in one vector; the table holds only their numbers.
#[derive(Default)]
pub struct Distinct {
    vins: Vec<PackedVin>,
    /// How often each was inserted, up to 255 …
    times: Vec<u8>,
    /// … and how often beyond that, by number.
    times_beyond: HashMap<u32, u32>,
    /// The model year that rows state, as far as some do.
    years: Vec<StatedYear>,
    ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Distinct {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of `vin`, which is added if it is new.
    ///
    /// # Panics
    ///
    /// Past 2^32 distinct VINs, more than were ever issued; they would take 64 GiB.
    pub fn insert(&mut self, vin: Vin) -> u32 {
        let hashed = self.hashed(&vin);
        self.insert_hashed(hashed)
    }

    /// The numbers of `vins`, as [`Distinct::insert`] gives them.
    pub fn insert_each(&mut self, vins: &[Vin]) -> Vec<u32> {
        let hashed: Vec<_> = vins.iter().map(|vin| self.hashed(vin)).collect();
        hashed.into_iter().map(|hashed| self.insert_hashed(hashed)).collect()
    }

    fn insert_hashed(&mut self, (hash, packed): (u64, PackedVin)) -> u32 {
        let Self { vins, ids, hasher, .. } = self;
        let entry = ids.entry(
            hash,
            |&id| vins[id as usize] == packed,
            |&id| hasher.hash_one(vins[id as usize]),
        );
        match entry {
            Entry::Occupied(known) => {
                let id = *known.get();
                self.count_again(id);
                id
            }
            Entry::Vacant(vacant) => {
                let id = u32::try_from(vins.len()).expect("fewer than 2^32 distinct VINs");
                vacant.insert(id);
                vins.push(packed);
                self.times.push(1);
                id
            }
        }
    }

    /// Notes that a row states the model year of the VIN numbered `id`.
    pub fn state_year(&mut self, id: u32, year: i32) {
        let place = id as usize;
        if self.years.len() <= place {
            self.years.resize(self.vins.len().max(place + 1), StatedYear::default());
        }
        self.years[place].note(year);
    }

    /// The model year that the rows of the VIN numbered `id` state; `None` where none does,
    /// or two differ.
    pub fn stated_year(&self, id: u32) -> Option<i32> {
        self.years.get(id as usize)?.year()
    }

    /// The same, where it decides between the two that the VIN may mean: it is the earlier
    /// one, or position 7 would tell that for a car.
    pub fn open_year(&self, id: u32) -> Option<i32> {
        /// Until then position 10 has only letters twice.
        const SECOND_CYCLE_ENDS: i32 = 2030;
        let stated = self.stated_year(id)?;
        let vin = self.vin(id);
        let [earlier, later] =
            vin.model_years().filter(|[_, later]| *later <= SECOND_CYCLE_ENDS)?;
        let is_open =
            stated == earlier || stated == later && vin.light_model_year() == Some(earlier);
        is_open.then_some(stated)
    }

    fn count_again(&mut self, id: u32) {
        let times = &mut self.times[id as usize];
        match times.checked_add(1) {
            Some(more) => *times = more,
            None => *self.times_beyond.entry(id).or_default() += 1,
        }
    }

    /// How often the VIN numbered `id` was inserted.
    ///
    /// # Panics
    ///
    /// When `id` was not given out by this set.
    pub fn times(&self, id: u32) -> u32 {
        let beyond = self.times_beyond.get(&id).copied().unwrap_or(0);
        u32::from(self.times[id as usize]).saturating_add(beyond)
    }

    /// The number of `vin`, if it was inserted.
    pub fn get(&self, vin: &Vin) -> Option<u32> {
        self.find(self.hashed(vin))
    }

    /// The numbers of `vins`, as [`Distinct::get`] gives them, all at once: each lies
    /// elsewhere in memory, and many can be waited for at a time.
    pub fn get_each(&self, vins: &[Vin]) -> Vec<Option<u32>> {
        let hashed: Vec<_> = vins.iter().map(|vin| self.hashed(vin)).collect();
        hashed.into_iter().map(|hashed| self.find(hashed)).collect()
    }

    fn hashed(&self, vin: &Vin) -> (u64, PackedVin) {
        let packed = vin.pack();
        (self.hasher.hash_one(packed), packed)
    }

    fn find(&self, (hash, packed): (u64, PackedVin)) -> Option<u32> {
        self.ids.find(hash, |&id| self.vins[id as usize] == packed).copied()
    }

    /// The VIN numbered `id`.
    ///
    /// # Panics
    ///
    /// When `id` was not given out by this set.
    pub fn vin(&self, id: u32) -> Vin {
        self.vins[id as usize].unpack()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.vins.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vins.is_empty()
    }

    /// The same VINs, numbered in their own order: as a sorted store has them.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        // With its number behind it, a VIN is compared where it lies.
        let numbered = (0u32..).zip(&self.vins);
        let mut sorted: Vec<u128> =
            numbered.map(|(id, vin)| vin.number() << u32::BITS | u128::from(id)).collect();
        sorted.sort_unstable();
        let number = |vin: u128| u32::try_from(vin & u128::from(u32::MAX)).unwrap_or_default();
        let order: Vec<u32> = sorted.into_iter().map(number).collect();
        let mut new_number = vec![0u32; order.len()];
        for (new, old) in (0u32..).zip(&order) {
            new_number[*old as usize] = new;
        }
        if !self.years.is_empty() {
            self.years.resize(self.vins.len(), StatedYear::default());
            self.years = in_order_of(&order, &self.years);
        }
        self.ids.iter_mut().for_each(|id| *id = new_number[*id as usize]);
        let beyond = self.times_beyond.into_iter();
        let times_beyond = beyond.map(|(id, times)| (new_number[id as usize], times)).collect();
        let (vins, times) = (in_order_of(&order, &self.vins), in_order_of(&order, &self.times));
        Self { vins, times, times_beyond, ..self }
    }
}

/// The values by new numbers; `order` has the old ones.
fn in_order_of<T: Copy>(order: &[u32], values: &[T]) -> Vec<T> {
    order.iter().map(|old| values[*old as usize]).collect()
}

/// A model year in one byte.
#[derive(Clone, Copy, Default)]
struct StatedYear(u8);

impl StatedYear {
    /// The year before the first one.
    const BEFORE: i32 = 1899;
    /// Two rows differ.
    const DIFFERS: u8 = u8::MAX;

    fn note(&mut self, year: i32) {
        let stated = u8::try_from(year - Self::BEFORE).unwrap_or(Self::DIFFERS);
        self.0 = if self.0 == 0 || self.0 == stated { stated } else { Self::DIFFERS };
    }

    fn year(self) -> Option<i32> {
        let is_one = self.0 != 0 && self.0 != Self::DIFFERS;
        is_one.then(|| Self::BEFORE + i32::from(self.0))
    }
}

impl FromIterator<Vin> for Distinct {
    fn from_iter<I: IntoIterator<Item = Vin>>(vins: I) -> Self {
        let mut set = Self::new();
        vins.into_iter().for_each(|vin| _ = set.insert(vin));
        set
    }
}

/// How many, never which: VIN lists stay out of logs.
impl std::fmt::Debug for Distinct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Distinct({} VINs)", self.len())
    }
}

#[cfg(test)]
#[path = "tests/vin_set.rs"]
mod tests;
