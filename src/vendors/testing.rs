//! What the vendors' tests share: replies from fixture files, and keys.

use bytes::Bytes;

use super::{Endpoint, Parsed, Reply, Said};
use crate::key::Key;
use crate::vin::Vin;

/// A reply with no headers.
pub(super) fn reply(status: u16, body: &[u8]) -> Reply {
    Reply { status, headers: Vec::new(), body: Bytes::copy_from_slice(body) }
}

/// A 200 reply with the body of `tests/fixtures/<path>`.
pub(super) fn fixture(path: &str) -> Reply {
    let file = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    reply(200, &std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}")))
}

/// Keys of VINs.
pub(super) fn vins(vins: &[&str]) -> Vec<Key> {
    vins.iter().map(|vin| Key::Vin(Vin::new(vin).expect("a VIN"))).collect()
}

/// What was said about each key, `None` where nothing was.
pub(super) fn said(parsed: &Parsed, keys: &[Key]) -> Vec<Option<Said>> {
    let of = |place| parsed.answers.iter().find(|answer| answer.key == place);
    (0..keys.len()).map(|place| of(place).map(|answer| answer.said.clone())).collect()
}

/// What every reading of a reply must hold, whatever the body: no answer about
/// a key that was not asked, at most one about each, and facts that can be read.
pub(super) fn assert_sound(endpoint: &dyn Endpoint, reply: &Reply, keys: &[Key]) {
    let Ok(parsed) = endpoint.parse(reply, keys) else { return };
    let mut answered = vec![false; keys.len()];
    for answer in parsed.answers {
        assert!(answer.key < keys.len(), "an answer about nothing asked");
        assert!(!answered[answer.key], "two answers about one key");
        answered[answer.key] = true;
        endpoint.facts(&keys[answer.key], &answer.body);
    }
}
