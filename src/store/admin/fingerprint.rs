//! What is shown in the place of a VIN: a keyed hash. Under this
//! store's key the same VIN always has the same one, and no one without the
//! store can try VINs against it.

use std::borrow::Cow;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Vin;

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
        let mut digits = String::with_capacity(DIGITS);
        for byte in mac.finalize().into_bytes() {
            let _infallible = write!(digits, "{byte:02x}");
        }
        digits
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
mod tests {
    use super::*;

    const VIN: &str = "1HGCM82633A004352";

    fn vin() -> Vin {
        Vin::new(VIN).expect("a VIN")
    }

    #[test]
    fn a_fingerprint_is_the_hmac_under_the_key() {
        // printf %s 1HGCM82633A004352 | openssl dgst -sha256 -hmac key
        assert_eq!(
            Fingerprints::new(b"key").of(&vin()),
            "ddf13ffa3e062a29b1373bf72f617c45ef2bb388da45e603671108a140026f5f"
        );
        assert_ne!(Fingerprints::new(b"key").of(&vin()), Fingerprints::new(b"other").of(&vin()));
    }

    #[test]
    fn hiding_replaces_vins_and_nothing_else() {
        let prints = Fingerprints::new(b"key");
        let print = prints.of(&vin());
        for (text, shown) in [
            (format!("tool {VIN}"), format!("tool hmac:{print}")),
            (VIN.to_lowercase(), format!("hmac:{print}")),
            (format!("/v?vin={VIN}&a=1"), format!("/v?vin=hmac:{print}&a=1")),
            (format!("tool #{print}"), format!("tool hmac:{print}")),
            (
                "é 16ed7612-0000-4000-8000-000000000000 #1".into(),
                "é 16ed7612-0000-4000-8000-000000000000 #1".into(),
            ),
            (String::new(), String::new()),
        ] {
            assert_eq!(prints.hide(&text), shown, "{text}");
        }
    }

    #[test]
    fn erasing_a_vin_leaves_its_fingerprint() {
        let prints = Fingerprints::new(b"key");
        let mark = format!("#{}", prints.of(&vin()));
        let text = format!("é{VIN}x {}\n", VIN.to_lowercase());
        assert_eq!(prints.erase(&text, &vin()), format!("é{mark}x {mark}\n"));
        assert!(matches!(prints.erase("nothing of it", &vin()), Cow::Borrowed(_)));
    }
}
