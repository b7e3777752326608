//! The input: a fleet's list, the same bytes at every call.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use fastrand::Rng;

use crate::Result;

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

/// World manufacturer identifiers of makers that the US sees much of.
const MAKERS: [&[u8; 3]; 24] = [
    b"1FT", b"1FA", b"1G1", b"1GC", b"1HG", b"1C4", b"1C6", b"1N4", b"2HG", b"2T1", b"2C3", b"3FA",
    b"3GN", b"3VW", b"4T1", b"5YJ", b"5TD", b"5NP", b"JTD", b"JN1", b"KMH", b"KNA", b"WBA", b"WVW",
];

/// What stands in cells that should hold a VIN.
const DAMAGE: [&str; 6] =
    ["", "N/A", "1HGCM82633A00435", "1HGCM82633AO04352", "1.23457E+16", "11111111111111111"];

/// Positions of a VIN that tell its kind; 9 is the check digit, the rest the serial number.
const KIND: [usize; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10];

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

/// The kind of vehicle that `vin` is, as ten characters.
pub(crate) fn kind_of(vin: &[u8]) -> [u8; 10] {
    KIND.map(|position| vin[position])
}

/// Whether `vin` has the alphabet and, where the law asks for one, the check
/// digit of 49 CFR 565.15.
pub(crate) fn is_valid(vin: &[u8; 17]) -> bool {
    vin.iter().all(|&byte| value(byte).is_some())
        && (!matches!(vin[0], b'1'..=b'5') || check_digit(vin) == vin[8])
        && vin.iter().any(|&byte| byte != vin[0])
}

/// A VIN whose check digit and serial number are still to be set.
fn kind(rng: &mut Rng) -> [u8; 17] {
    const YEARS: &[u8] = b"123456789ABCDEFGHJKLMNPRST";
    const OTHERS: &[u8] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
    let mut vin = [b'0'; 17];
    vin[..3].copy_from_slice(MAKERS[rng.usize(..MAKERS.len())]);
    for position in [3, 4, 5, 6, 7, 10] {
        vin[position] = OTHERS[rng.usize(..OTHERS.len())];
    }
    vin[9] = YEARS[rng.usize(..YEARS.len())];
    vin
}

fn numbered(mut vin: [u8; 17], serial: usize) -> [u8; 17] {
    vin[11..].copy_from_slice(format!("{serial:06}").as_bytes());
    vin[8] = check_digit(&vin);
    vin
}

fn check_digit(vin: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let weighed = vin.iter().zip(WEIGHTS).map(|(&byte, weight)| value(byte).unwrap_or(0) * weight);
    b"0123456789X"[weighed.sum::<u32>() as usize % 11]
}

fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 1,
        b'J'..=b'N' | b'P' | b'R' => byte - b'J' + 1,
        b'S'..=b'Z' => byte - b'S' + 2,
        _ => return None,
    };
    Some(value.into())
}
