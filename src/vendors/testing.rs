//! What the vendors' tests share: replies from fixture files, and keys.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{Endpoint, Parsed, Reply, Said};
use crate::config::{QuotaReset, VendorSettings};
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

/// A vendor's settings, as a request may need them.
pub(super) fn settings() -> VendorSettings {
    VendorSettings {
        base_url: "https://vendor.example".into(),
        api_key_env: None,
        api_key_file: None,
        api_key: None,
        quotas: Vec::new(),
        quota_reset: QuotaReset::Rolling,
        spend: Vec::new(),
        price: BTreeMap::new(),
        concurrency: NonZeroU32::MIN,
        timeout: Duration::from_secs(30),
        confirm_zero: true,
        allow_dearer: false,
        options: BTreeMap::new(),
        sandbox: false,
    }
}

/// JSON texts of any nesting, made of these scalars and keys; a key may repeat.
pub(super) fn json_like(
    scalar: BoxedStrategy<String>,
    keys: Vec<&'static str>,
) -> impl Strategy<Value = String> {
    let any_scalar = prop_oneof![
        4 => scalar,
        1 => prop_oneof![Just("null"), Just("true"), Just("false"), Just("0"), Just("\"\\ud800\"")]
            .prop_map(str::to_owned),
    ];
    let key = proptest::sample::select(keys);
    any_scalar.prop_recursive(4, 40, 5, move |inner| {
        let entry =
            (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            proptest::collection::vec(entry, 0..5)
                .prop_map(|entries| format!("{{{}}}", entries.join(","))),
        ]
    })
}
