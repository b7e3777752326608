//! The packed form of a snapshot: chunks of vehicles, ascending by VIN, each of which can
//! be read by itself.
//!
//! A chunk holds its vehicles a column at a time, compressed by zstd: VINs as differences,
//! row ids as they are, and decodes and campaigns as numbers in lists of what the chunk
//! names. Numbers are LEB128, texts a length and UTF-8.

use std::io::Read as _;
use std::mem;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{DecodeState, ListingState, RecallState, Said, VehicleState};
use crate::domain::facts::Price;
use crate::domain::vin::PackedVin;

/// The version of this form.
pub(super) const FORMAT: i64 = 1;

/// Vehicles in a chunk: two of them are in memory while snapshots are compared.
pub(super) const VEHICLES: u32 = 65_536;

/// zstd's own default.
const LEVEL: i32 = 3;

/// A chunk unpacks to a tenth of this; more is damage.
const LARGEST: u64 = 256 << 20;

/// Packs vehicles that come ascending by VIN.
#[derive(Debug, Default)]
pub(super) struct Packer {
    chunk: Chunk,
    packed: Vec<Vec<u8>>,
}

/// A chunk without a vehicle.
pub(super) fn empty() -> Vec<u8> {
    Chunk::default().pack()
}

/// The columns of the chunk that is being filled.
#[derive(Debug, Default)]
struct Chunk {
    vehicles: u32,
    last: u128,
    vins: Vec<u8>,
    row_ids: Vec<u8>,
    said: Vec<u8>,
    decodes: Dictionary<Arc<DecodeState>>,
    campaigns: Dictionary<(String, u8)>,
    recalls: Dictionary<Arc<[RecallState]>>,
    /// The campaigns of each of `recalls`.
    sets: Vec<u8>,
    listings: Vec<u8>,
}

/// Values, each once, and for each vehicle the place of its own, counted from 1.
#[derive(Debug)]
struct Dictionary<T> {
    places: HashMap<T, u64>,
    values: Vec<u8>,
    column: Vec<u8>,
}

impl Packer {
    pub(super) fn push(&mut self, vehicle: &VehicleState) {
        self.chunk.push(vehicle);
        if self.chunk.vehicles == VEHICLES {
            self.seal();
        }
    }

    pub(super) fn finish(mut self) -> Vec<Vec<u8>> {
        if self.chunk.vehicles > 0 {
            self.seal();
        }
        self.packed
    }

    fn seal(&mut self) {
        self.packed.push(mem::take(&mut self.chunk).pack());
    }
}

impl Chunk {
    fn push(&mut self, vehicle: &VehicleState) {
        self.vehicles += 1;
        let number = vehicle.vin.pack().number();
        put_number(&mut self.vins, number.wrapping_sub(self.last));
        self.last = number;
        self.row_ids.extend_from_slice(&vehicle.row_id.to_le_bytes());
        self.said.push(Said::pack(vehicle.said));
        self.decodes.push(vehicle.decode.as_ref(), |values, decode| {
            put_text(values, &decode.make);
            put_text(values, &decode.model);
            put_number(values, decode.year.map_or(0, |year| u128::from(year.unsigned_abs()) + 1));
            values.extend_from_slice(&decode.digest.to_le_bytes());
        });
        let Self { campaigns, sets, .. } = self;
        let recalls = Some(&vehicle.recalls).filter(|recalls| !recalls.is_empty());
        self.recalls.push(recalls, |_, recalls| {
            put_number(sets, recalls.len() as u128);
            for recall in recalls.iter() {
                let campaign = (recall.number.clone(), recall.parking());
                let place = campaigns.place(&campaign, |values, (number, parking)| {
                    put_text(values, number);
                    values.push(*parking);
                });
                put_number(sets, u128::from(place) << 1 | u128::from(recall.doubtful));
            }
        });
        self.push_listings(&vehicle.listings);
    }

    fn push_listings(&mut self, listings: &[ListingState]) {
        put_number(&mut self.listings, listings.len() as u128);
        for ListingState { id, price } in listings {
            put_text(&mut self.listings, id);
            self.listings.push(u8::from(price.is_some()));
            if let Some(Price { cents, currency }) = price {
                self.listings.extend_from_slice(currency);
                put_number(&mut self.listings, u128::from(cents.cast_unsigned()));
            }
        }
    }

    fn pack(self) -> Vec<u8> {
        let mut raw = Vec::new();
        put_number(&mut raw, self.vehicles.into());
        for column in [&self.vins, &self.row_ids, &self.said] {
            raw.extend_from_slice(column);
        }
        self.decodes.put(&mut raw);
        put_number(&mut raw, self.campaigns.places.len() as u128);
        raw.extend_from_slice(&self.campaigns.values);
        put_number(&mut raw, self.recalls.places.len() as u128);
        raw.extend_from_slice(&self.sets);
        raw.extend_from_slice(&self.recalls.column);
        raw.extend_from_slice(&self.listings);
        zstd::bulk::compress(&raw, LEVEL).expect("zstd takes any bytes in memory")
    }
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), values: Vec::new(), column: Vec::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Dictionary<T> {
    /// Appends the value of a vehicle; `put` writes one that is new.
    fn push(&mut self, value: Option<&T>, put: impl FnOnce(&mut Vec<u8>, &T)) {
        let place = value.map_or(0, |value| self.place(value, put));
        put_number(&mut self.column, u128::from(place));
    }

    fn place(&mut self, value: &T, put: impl FnOnce(&mut Vec<u8>, &T)) -> u64 {
        if let Some(place) = self.places.get(value) {
            return *place;
        }
        let place = self.places.len() as u64 + 1;
        put(&mut self.values, value);
        self.places.insert(value.clone(), place);
        place
    }

    fn put(&self, raw: &mut Vec<u8>) {
        put_number(raw, self.places.len() as u128);
        raw.extend_from_slice(&self.values);
        raw.extend_from_slice(&self.column);
    }
}

/// The vehicles of a chunk, ascending by VIN; `None` where it is damaged.
pub(super) fn unpack(chunk: &[u8]) -> Option<Vec<VehicleState>> {
    let mut raw = Vec::new();
    zstd::Decoder::new(chunk).ok()?.take(LARGEST).read_to_end(&mut raw).ok()?;
    let mut columns = Columns(&raw);
    let vehicles = columns.count()?;
    let mut last = 0_u128;
    let vins: Vec<_> = times(vehicles, || {
        last = last.checked_add(columns.number()?)?;
        PackedVin::from_number(last).map(|packed| packed.unpack())
    })?;
    let row_ids = times(vehicles, || columns.array().map(u128::from_le_bytes))?;
    let said = times(vehicles, || Said::unpack(columns.array::<1>()?[0]))?;
    let known = columns.count()?;
    let decodes = or_none(None, times(known, || columns.decode().map(Arc::new).map(Some))?);
    let decode_of = times(vehicles, || columns.place(&decodes))?;
    let known = columns.count()?;
    let campaigns = times(known, || columns.campaign())?;
    let known = columns.count()?;
    let sets = times(known, || columns.recalls(&campaigns).map(Arc::from))?;
    let sets = or_none(Arc::default(), sets);
    let recalls_of = times(vehicles, || columns.place(&sets))?;
    let listings = times(vehicles, || columns.listings())?;
    let rest = vins.into_iter().zip(row_ids).zip(said).zip(decode_of).zip(recalls_of).zip(listings);
    let vehicle = |(((((vin, row_id), said), decode), recalls), listings)| VehicleState {
        vin,
        row_id,
        said,
        decode,
        recalls,
        listings,
    };
    columns.0.is_empty().then(|| rest.map(vehicle).collect())
}

/// So many values, or none where one is missing.
fn times<T>(count: usize, mut value: impl FnMut() -> Option<T>) -> Option<Vec<T>> {
    (0..count).map(|_| value()).collect()
}

/// The values behind `none`, whose place is 0.
fn or_none<T>(none: T, values: Vec<T>) -> Vec<T> {
    std::iter::once(none).chain(values).collect()
}

/// What of an unpacked chunk is not read yet.
struct Columns<'r>(&'r [u8]);

impl<'r> Columns<'r> {
    fn bytes(&mut self, length: usize) -> Option<&'r [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u128> {
        let mut number = 0;
        for shift in (0..u128::BITS).step_by(7) {
            let [byte] = self.array()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things that are still to come, each of a byte or more.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    fn decode(&mut self) -> Option<DecodeState> {
        let (make, model) = (self.text()?, self.text()?);
        let year = match self.number()? {
            0 => None,
            year => Some(i32::try_from(year - 1).ok()?),
        };
        Some(DecodeState { make, model, year, digest: u64::from_le_bytes(self.array()?) })
    }

    /// One of `values` by its place.
    fn place<T: Clone>(&mut self, values: &[T]) -> Option<T> {
        values.get(usize::try_from(self.number()?).ok()?).cloned()
    }

    fn campaign(&mut self) -> Option<(String, u8)> {
        Some((self.text()?, self.array::<1>()?[0]))
    }

    fn recalls(&mut self, campaigns: &[(String, u8)]) -> Option<Vec<RecallState>> {
        let count = self.count()?;
        times(count, || {
            let number = self.number()?;
            let (campaign, parking) =
                campaigns.get(usize::try_from((number >> 1).checked_sub(1)?).ok()?)?;
            Some(RecallState::new(campaign.clone(), number & 1 == 1, *parking))
        })
    }

    fn listings(&mut self) -> Option<Vec<ListingState>> {
        let count = self.count()?;
        times(count, || {
            let id = self.text()?;
            let price = match self.array()? {
                [0] => None,
                _ => Some(Price {
                    currency: self.array()?,
                    cents: u64::try_from(self.number()?).ok()?.cast_signed(),
                }),
            };
            Some(ListingState { id, price })
        })
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u128);
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
#[path = "tests/packed.rs"]
mod tests;
