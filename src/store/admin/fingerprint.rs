//! What is shown in the place of a VIN: a keyed hash. Under this
//! store's key the same VIN always has the same one, and no one without the
//! store can try VINs against it.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
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

    /// `text` as it is kept once `vin` is forgotten: however it is capitalised,
    /// and whatever stands around it.
    pub(in crate::store) fn erase<'a>(&self, text: &'a str, vin: &Vin) -> Cow<'a, str> {
        let upper = text.to_ascii_uppercase();
        if !upper.contains(vin.as_str()) {
            return Cow::Borrowed(text);
        }
        let mark = format!("{FORGOTTEN}{}", self.of(vin));
        let mut kept = String::with_capacity(text.len() + mark.len());
        let mut from = 0;
        for (at, _) in upper.match_indices(vin.as_str()) {
            kept.push_str(&text[from..at]);
            kept.push_str(&mark);
            from = at + Vin::LENGTH;
        }
        kept.push_str(&text[from..]);
        Cow::Owned(kept)
    }
}

fn is_fingerprint(word: &str) -> bool {
    word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
#[path = "tests/fingerprint.rs"]
mod tests;
