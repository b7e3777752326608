//! VINs, made up: kinds of vehicles, and any number of each.

use fastrand::Rng;

/// World manufacturer identifiers of makers that the US sees much of.
const MAKERS: [&[u8; 3]; 24] = [
    b"1FT", b"1FA", b"1G1", b"1GC", b"1HG", b"1C4", b"1C6", b"1N4", b"2HG", b"2T1", b"2C3", b"3FA",
    b"3GN", b"3VW", b"4T1", b"5YJ", b"5TD", b"5NP", b"JTD", b"JN1", b"KMH", b"KNA", b"WBA", b"WVW",
];

/// Positions of a VIN that tell its kind; 9 is the check digit, the rest the serial number.
const KIND: [usize; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10];

/// The kind of vehicle that `vin` is, as ten characters.
pub(crate) fn kind_of(vin: &[u8]) -> [u8; 10] {
    KIND.map(|position| vin[position])
}

/// A VIN whose check digit and serial number are still to be set.
pub(crate) fn kind(rng: &mut Rng) -> [u8; 17] {
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

/// A VIN of a kind with this serial number of six digits.
pub(crate) fn numbered(mut vin: [u8; 17], serial: usize) -> [u8; 17] {
    vin[11..].copy_from_slice(format!("{serial:06}").as_bytes());
    vin[8] = check_digit(&vin);
    vin
}

/// The check digit of 49 CFR 565.15.
pub(crate) fn check_digit(vin: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let weighed = vin.iter().zip(WEIGHTS).map(|(&byte, weight)| value(byte).unwrap_or(0) * weight);
    b"0123456789X"[weighed.sum::<u32>() as usize % 11]
}

/// What a character counts in the check digit; `None` where no VIN has it.
pub(crate) fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 1,
        b'J'..=b'N' | b'P' | b'R' => byte - b'J' + 1,
        b'S'..=b'Z' => byte - b'S' + 2,
        _ => return None,
    };
    Some(value.into())
}
