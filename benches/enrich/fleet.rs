//! The input: a fleet's list, the same bytes at every call.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use fastrand::Rng;

use super::Result;
use super::vins::{check_digit, kind, numbered, value};

/// Distinct valid VINs.
pub(crate) const DISTINCT: usize = 100_000;
/// Rows that repeat an earlier VIN: 10 %.
const DUPLICATES: usize = 10_000;
/// Rows with something that is no VIN: 2 %.
pub(crate) const MALFORMED: usize = 2_000;
/// Rows in all.
pub(crate) const ROWS: usize = DISTINCT + DUPLICATES + MALFORMED;

/// Kinds of vehicles: VINs of one kind differ in check digit and serial number.
const KINDS: usize = 30_000;

/// What stands in cells that should hold a VIN.
const DAMAGE: [&str; 6] =
    ["", "N/A", "1HGCM82633A00435", "1HGCM82633AO04352", "1.23457E+16", "11111111111111111"];

#[derive(Clone, Copy)]
enum Row {
    New,
    Duplicate,
    Malformed,
}

/// Writes the input to `path`.
pub(crate) fn write(path: &Path) -> Result<()> {
    let mut rng = Rng::with_seed(565);
    let kinds: Vec<[u8; 17]> = (0..KINDS).map(|_| kind(&mut rng)).collect();
    let mut rows = [
        vec![Row::New; DISTINCT],
        vec![Row::Duplicate; DUPLICATES],
        vec![Row::Malformed; MALFORMED],
    ]
    .concat();
    // The first row is a new one: a duplicate needs something to repeat.
    rng.shuffle(&mut rows[1..]);

    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "Unit,VIN,Odometer,In Service")?;
    let mut known: Vec<[u8; 17]> = Vec::with_capacity(DISTINCT);
    for (unit, row) in rows.into_iter().enumerate() {
        let vin = match row {
            Row::New => {
                known.push(numbered(kinds[rng.usize(..KINDS)], known.len()));
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

/// Whether `vin` has the alphabet and, where the law asks for one, the check
/// digit of 49 CFR 565.15.
pub(crate) fn is_valid(vin: &[u8; 17]) -> bool {
    vin.iter().all(|&byte| value(byte).is_some())
        && (!matches!(vin[0], b'1'..=b'5') || check_digit(vin) == vin[8])
        && vin.iter().any(|&byte| byte != vin[0])
}
