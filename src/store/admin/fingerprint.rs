//! What is shown in the place of a VIN: a keyed hash. Under this
//! store's key the same VIN always has the same one, and no one without the
//! store can try VINs against it.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use memchr::memmem;
use sha2::Sha256;

use crate::domain::Vin;
use crate::domain::numbers::hex;

/// Precedes the fingerprint of a VIN that was forgotten, in `calls.keys`
/// and other kept text. No key begins so.
pub(in crate::store) const FORGOTTEN: char = '#';

/// Precedes a fingerprint where people see it.
pub(in crate::store) const SHOWN: &str = "hmac:";

/// Digits of a fingerprint.
const DIGITS: usize = 64;

/// HMAC-SHA-256 of VINs under the install key.
#[derive(Clone, Debug)]
pub(in crate::store) struct Fingerprints(Hmac<Sha256>);

impl Fingerprints {
    pub(in crate::store) fn new(install_key: &[u8]) -> Self {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(install_key);
        Self(mac.expect("HMAC takes a key of any length"))
    }

    /// Of one VIN, as 64 lower-case hex digits.
    pub(in crate::store) fn of(&self, vin: &Vin) -> String {
        let mut mac = self.0.clone();
        mac.update(vin.as_str().as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// `text` as an auditor may see it: each word that is a VIN, and each one
    /// that was forgotten, as `hmac:` and its fingerprint.
    pub(in crate::store) fn hide(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if let Some(vin) = Vin::in_any_case(word) {
                shown.push_str(SHOWN);
                shown.push_str(&self.of(&vin));
            } else {
                if is_fingerprint(word) && shown.ends_with(FORGOTTEN) {
                    shown.pop();
                    shown.push_str(SHOWN);
                }
                shown.push_str(word);
            }
            shown.push_str(&piece[word.len()..]);
        }
        shown
    }

    /// `text` as it is kept once `vin` is forgotten: however it is spelled
    /// ([`one_spelling`]), and whatever stands around it.
    pub(in crate::store) fn erase<'a>(&self, text: &'a str, vin: &Vin) -> Cow<'a, str> {
        let (spelled, places): (Vec<u8>, Vec<usize>) = one_spelling(text.as_bytes()).unzip();
        let mut found = memmem::find_iter(&spelled, vin.as_str()).peekable();
        if found.peek().is_none() {
            return Cow::Borrowed(text);
        }
        let mark = format!("{FORGOTTEN}{}", self.of(vin));
        let mut kept = String::with_capacity(text.len() + mark.len());
        let mut from = 0;
        for first in found {
            kept.push_str(&text[from..places[first]]);
            kept.push_str(&mark);
            from = places[first + Vin::LENGTH - 1] + 1;
        }
        kept.push_str(&text[from..]);
        Cow::Owned(kept)
    }
}

/// The bytes of a text in which a VIN stands as it is: in capitals, without blanks and
/// dashes, each with its place.
pub(in crate::store) fn one_spelling(text: &[u8]) -> impl Iterator<Item = (u8, usize)> + '_ {
    let kept = text.iter().enumerate().filter(|(_, byte)| !matches!(byte, b' ' | b'-'));
    kept.map(|(place, byte)| (byte.to_ascii_uppercase(), place))
}

fn is_fingerprint(word: &str) -> bool {
    word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
#[path = "tests/fingerprint.rs"]
mod tests;
