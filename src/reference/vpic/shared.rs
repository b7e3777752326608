//! Decodes that many VINs share.
//!
//! What a VIN decodes to hardly ever depends on its serial number: a million
//! VINs decode to some tens of thousands of facts.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;
use ultravin::DecodedElement;
use xxhash_rust::xxh3::xxh3_128;

use super::Decoded;
use crate::domain::facts::DecodeFacts;

/// Parts with a lock of their own, so that cores seldom wait for each other.
const PARTS: usize = 64;

/// Decodes kept in a part, some 2 KB each; beyond, all of them are dropped.
const KEPT: usize = 512;

/// Decodes by what the decoder said.
pub(super) struct Shared {
    parts: [Mutex<HashMap<u128, Decoded>>; PARTS],
}

impl Default for Shared {
    fn default() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Shared {
    /// The decode that says `elements`, read into facts only where it is new.
    pub(super) fn decoded(
        &self,
        elements: &[DecodedElement<'_>],
        read: impl FnOnce() -> DecodeFacts,
    ) -> Decoded {
        let key = key(elements);
        let part = &self.parts[usize::from(key.to_le_bytes()[0]) % PARTS];
        let lock = || part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        let facts = read();
        let hash = facts.fingerprint();
        let decoded = Decoded { facts: Arc::new(facts), hash, other_year: None };
        let mut kept = lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.entry(key).or_insert(decoded).clone()
    }
}

/// Tells what the decoder said apart: each element's number, length and words.
fn key(elements: &[DecodedElement<'_>]) -> u128 {
    let mut words = Vec::with_capacity(2048);
    for element in elements {
        words.extend_from_slice(&element.element_id.to_le_bytes());
        words.extend_from_slice(&element.value.len().to_le_bytes());
        words.extend_from_slice(element.value.as_bytes());
    }
    xxh3_128(&words)
}
