//! The input: a fleet's list, the same bytes at every call.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use fastrand::Rng;

use super::Result;
use super::vins::{check_digit, kind, numbered, value};

/// Kinds of vehicles: VINs of one kind differ in check digit and serial number.
pub(crate) const KINDS: usize = 30_000;

/// A serial number has six digits.
const MOST: usize = 1_000_000;

/// What stands in cells that should hold a VIN.
const DAMAGE: [&str; 6] =
    ["", "N/A", "1HGCM82633A00435", "1HGCM82633AO04352", "1.23457E+16", "11111111111111111"];

/// How large a fleet is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fleet {
    /// Distinct valid VINs.
    pub(crate) distinct: usize,
    /// Rows that repeat an earlier VIN: a tenth of those.
    duplicates: usize,
    /// Rows with something that is not a VIN: a fiftieth of those.
    malformed: usize,
}

#[derive(Clone, Copy)]
enum Row {
    New,
    Duplicate,
    Malformed,
}

impl Fleet {
    pub(crate) fn of(distinct: usize) -> Result<Self> {
        if !(1..=MOST).contains(&distinct) {
            return Err(format!("a fleet has 1 to {MOST} VINs, not {distinct}").into());
        }
        Ok(Self { distinct, duplicates: distinct / 10, malformed: distinct / 50 })
    }

    pub(crate) fn rows(self) -> usize {
        self.distinct + self.duplicates + self.malformed
    }

    /// Writes the rows to `path`, with VINs of `kinds`.
    pub(crate) fn write(self, path: &Path, kinds: &[[u8; 17]]) -> Result<()> {
        let mut rng = Rng::with_seed(565);
        let mut rows = [
            vec![Row::New; self.distinct],
            vec![Row::Duplicate; self.duplicates],
            vec![Row::Malformed; self.malformed],
        ]
        .concat();
        // The first row is a new one: a duplicate needs something to repeat.
        rng.shuffle(&mut rows[1..]);

        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "Unit,VIN,Odometer,In Service")?;
        let mut known: Vec<[u8; 17]> = Vec::with_capacity(self.distinct);
        for (unit, row) in rows.into_iter().enumerate() {
            let vin = match row {
                Row::New => {
                    known.push(numbered(kinds[rng.usize(..kinds.len())], known.len()));
                    std::str::from_utf8(&known[known.len() - 1])?
                }
                Row::Duplicate => std::str::from_utf8(&known[rng.usize(..known.len())])?,
                Row::Malformed => DAMAGE[rng.usize(..DAMAGE.len())],
            };
            let (odometer, year) = (rng.u32(10..250_000), rng.u32(2005..2026));
            let (month, day) = (rng.u32(1..13), rng.u32(1..29));
            writeln!(file, "U-{unit:06},{vin},{odometer},{year}-{month:02}-{day:02}")?;
        }
        Ok(file.flush()?)
    }
}

/// The kinds that the local vendor knows.
pub(crate) fn kinds() -> Vec<[u8; 17]> {
    let mut rng = Rng::with_seed(49);
    (0..KINDS).map(|_| kind(&mut rng)).collect()
}

/// Whether `vin` has the alphabet and, where the law asks for one, the check
/// digit of 49 CFR 565.15.
pub(crate) fn is_valid(vin: &[u8; 17]) -> bool {
    vin.iter().all(|&byte| value(byte).is_some())
        && (!matches!(vin[0], b'1'..=b'5') || check_digit(vin) == vin[8])
        && vin.iter().any(|&byte| byte != vin[0])
}
