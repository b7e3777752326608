//! What is true: the fleet, and what each VIN is. Vendor and judge both know it.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use fastrand::Rng;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::{Result, vehicles, vins};

/// Kinds of vehicles: VINs of one kind differ in check digit and serial number.
const KINDS: usize = 30_000;

/// Distinct answers. In life a million VINs share some tens of thousands.
const VEHICLES: u64 = 10_000;

/// Serial numbers have six digits.
const MOST: usize = 1_000_000;

/// Every so many-th row repeats an earlier VIN, and every so many-th is none.
const REPEATED_EVERY: usize = 40;
const DAMAGED_EVERY: usize = 50;

/// The fleet and the vehicles it consists of.
pub(crate) struct World {
    pub(crate) vins: usize,
    kinds: Vec<[u8; 17]>,
    vehicles: Vec<Vehicle>,
}

/// What is true of a VIN.
#[derive(Debug)]
pub(crate) struct Vehicle {
    /// What follows `{"VIN":"…` in a decode.
    pub(crate) decode: String,
    pub(crate) make: String,
    pub(crate) model: String,
    pub(crate) year: String,
    pub(crate) recalls: u64,
}

/// One row of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Vin(String),
    Damaged,
}

impl World {
    pub(crate) fn new(vins: usize) -> Self {
        let mut rng = Rng::with_seed(565);
        Self {
            vins: vins.min(MOST),
            kinds: (0..KINDS).map(|_| vins::kind(&mut rng)).collect(),
            vehicles: vehicles::all(VEHICLES).into_iter().map(Vehicle::new).collect(),
        }
    }

    /// The VIN with this number.
    pub(crate) fn vin(&self, number: usize) -> String {
        let kind = self.kinds[number.wrapping_mul(7919) % KINDS];
        String::from_utf8_lossy(&vins::numbered(kind, number)).into_owned()
    }

    /// The number of a VIN.
    pub(crate) fn number(&self, vin: &str) -> Option<usize> {
        let number = vin.get(11..)?.parse().ok()?;
        (number < self.vins).then_some(number)
    }

    /// What `vin` is; VINs of one kind are the same vehicle.
    pub(crate) fn vehicle(&self, vin: &str) -> &Vehicle {
        let place = match vin.len() {
            17 => xxh3_64(&vins::kind_of(vin.as_bytes())) % self.vehicles.len() as u64,
            _ => 0,
        };
        &self.vehicles[usize::try_from(place).unwrap_or(0)]
    }

    /// The rows of the input, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.vins).flat_map(|number| {
            let repeated =
                number.is_multiple_of(REPEATED_EVERY).then(|| Row::Vin(self.vin(number / 2)));
            let damaged = number.is_multiple_of(DAMAGED_EVERY).then_some(Row::Damaged);
            [Some(Row::Vin(self.vin(number))), repeated, damaged].into_iter().flatten()
        })
    }

    /// Writes the rows as CSV.
    pub(crate) fn write_input(&self, path: &Path) -> Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "Unit,VIN")?;
        for (unit, row) in self.rows().enumerate() {
            match row {
                Row::Vin(vin) => writeln!(file, "U-{unit},{vin}")?,
                Row::Damaged => writeln!(file, "U-{unit},N/A")?,
            }
        }
        Ok(file.flush()?)
    }

    /// The calls that a night takes when nothing goes wrong: full batches, each make,
    /// model and year once, and a call by VIN for each of them that has no recalls.
    pub(crate) fn calls(&self) -> u64 {
        let mut seen = std::collections::HashMap::new();
        for number in 0..self.vins {
            let Vehicle { make, model, year, recalls, .. } = self.vehicle(&self.vin(number));
            seen.insert((make, model, year), *recalls);
        }
        let zeros = seen.values().filter(|recalls| **recalls == 0).count();
        (self.vins.div_ceil(20) + seen.len() + zeros) as u64
    }
}

impl Vehicle {
    fn new(decode: String) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Told {
            make: String,
            model: String,
            model_year: String,
        }
        let told: Told = serde_json::from_str(&format!("{{\"VIN\":\"{decode}"))
            .expect("a decode is JSON, since it is made here");
        let Told { make, model, model_year: year } = told;
        let recalls = recalls_of(&make, &model, &year);
        Self { decode, make, model, year, recalls }
    }
}

/// How many campaigns name a vehicle; none for one in four.
pub(crate) fn recalls_of(make: &str, model: &str, year: &str) -> u64 {
    let vehicle = format!("{make} {model} {year}").to_uppercase();
    xxh3_64(vehicle.as_bytes()) % 4
}
