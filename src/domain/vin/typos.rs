//! VINs that one slip of the hand may have made of another.

use super::clean::{Cleaned, unwrapped};
use super::{ALPHABET, Rules, Vin, VinError, impostor, read};

/// Letters and digits taken for each other, by eye.
const LOOK_ALIKES: [(u8, u8); 11] = [
    (b'S', b'5'),
    (b'5', b'S'),
    (b'B', b'8'),
    (b'8', b'B'),
    (b'Z', b'2'),
    (b'2', b'Z'),
    (b'G', b'6'),
    (b'6', b'G'),
    // Three letters that stand in no VIN.
    (b'I', b'1'),
    (b'O', b'0'),
    (b'Q', b'0'),
];

/// The VINs that `cell`, which fails, may have been meant to be: distinct, each
/// of them one slip away and with a check digit that fits.
///
/// A slip is two neighbours swapped, a character dropped or typed too many, or
/// one taken for its look-alike. There are none for a cell that does not fail,
/// or that is no VIN at all. At most some sixty of the 561 insertions into 16
/// characters fit.
pub fn candidates(cell: &str) -> Vec<Vin> {
    let cleaned = Cleaned::of(unwrapped(cell));
    let text = cleaned.as_bytes();
    let meant = match (read(cell, Rules::default()).error, text.len()) {
        (Some(VinError::CheckDigit), _) => [swapped(text), unmistaken(text)].concat(),
        (Some(VinError::IllegalCharacter), _) => unmistaken(text),
        (Some(VinError::Length), SHORT) => with_one_more(text),
        (Some(VinError::Length), LONG) => with_one_less(text),
        _ => Vec::new(),
    };
    let mut vins: Vec<Vin> =
        meant.iter().filter_map(|text| Vin::from_bytes(text)).filter(is_plausible).collect();
    vins.sort_unstable();
    vins.dedup();
    vins
}

/// How `meant`, one of these candidates, differs from `cell`: `positions 16 and 17 swapped`.
/// `None` where it does so in more than one way.
pub fn difference(cell: &str, meant: &Vin) -> Option<String> {
    let cleaned = Cleaned::of(unwrapped(cell));
    let (typed, meant) = (cleaned.as_bytes(), meant.0);
    let same =
        |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| pairs.take_while(|(a, b)| a == b).count();
    let at = same(&mut typed.iter().zip(&meant));
    let most = typed.len().min(meant.len()) - at;
    let behind = same(&mut typed.iter().rev().zip(meant.iter().rev())).min(most);
    let (position, next) = (at + 1, at + 2);
    let read = |text: &[u8], place: usize| text.get(place).map_or(' ', |&byte| char::from(byte));
    match (typed.len() - at - behind, meant.len() - at - behind) {
        (0, 1) => Some(format!("`{}` added at position {position}", read(&meant, at))),
        (1, 0) => Some(format!("`{}` at position {position} dropped", read(typed, at))),
        (1, 1) => {
            let (typed, meant) = (read(typed, at), read(&meant, at));
            Some(format!("`{meant}` for `{typed}` at position {position}"))
        }
        (2, 2) if typed[at] == meant[at + 1] && typed[at + 1] == meant[at] => {
            Some(format!("positions {position} and {next} swapped"))
        }
        _ => None,
    }
}

/// The length of a VIN that lost a character, and of one that gained one.
const SHORT: usize = Vin::LENGTH - 1;
const LONG: usize = Vin::LENGTH + 1;

/// The check digit counts here whatever the WMI, as it is all the evidence there is.
fn is_plausible(vin: &Vin) -> bool {
    vin.check_digit_fits() && vin.ends_in_digits() && impostor(vin).is_none()
}

fn swapped(text: &[u8]) -> Vec<Vec<u8>> {
    let swap = |place: usize| {
        let mut text = text.to_vec();
        text.swap(place - 1, place);
        text
    };
    (1..text.len()).map(swap).collect()
}

fn unmistaken(text: &[u8]) -> Vec<Vec<u8>> {
    let replaced = |place: usize| {
        let (_, meant) = LOOK_ALIKES.into_iter().find(|(seen, _)| *seen == text[place])?;
        let mut text = text.to_vec();
        text[place] = meant;
        Some(text)
    };
    (0..text.len()).filter_map(replaced).collect()
}

fn with_one_more(text: &[u8]) -> Vec<Vec<u8>> {
    let insert = |place: usize| {
        ALPHABET
            .iter()
            .map(move |&character| [&text[..place], &[character], &text[place..]].concat())
    };
    (0..=text.len()).flat_map(insert).collect()
}

fn with_one_less(text: &[u8]) -> Vec<Vec<u8>> {
    (0..text.len()).map(|place| [&text[..place], &text[place + 1..]].concat()).collect()
}

#[cfg(test)]
#[path = "tests/typos.rs"]
mod tests;
