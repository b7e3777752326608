//! What the vendors' tests share: replies from fixture files, and keys.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{Answer, Endpoint, Parsed, Reply};
use crate::config::{QuotaReset, VendorSettings};
use crate::domain::facts::{DecodeFacts, Facts};
use crate::domain::{Key, Vin};

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
pub(super) fn said(parsed: &Parsed, keys: &[Key]) -> Vec<Option<Answer>> {
    let of = |place| parsed.answers.iter().find(|answer| answer.key == place);
    (0..keys.len()).map(|place| of(place).map(|answer| answer.said.clone())).collect()
}

/// What every reading of a reply must hold, whatever the body: no answer about
/// a key that was not asked, at most one about each, and facts that say of a VIN
/// what the answer said.
pub(super) fn assert_sound(endpoint: &'static dyn Endpoint, reply: &Reply, keys: &[Key]) {
    let Ok(parsed) = endpoint.parse(reply, keys) else { return };
    let mut answered = vec![false; keys.len()];
    for answer in parsed.answers {
        assert!(answer.key < keys.len(), "an answer about nothing asked");
        assert!(!answered[answer.key], "two answers about one key");
        answered[answer.key] = true;
        let key = &keys[answer.key];
        let Some(answers) = endpoint.role().answers() else { continue };
        answers.facts(key, &answer.body);
        // Read for another VIN: a column that holds the VIN asked about is left out.
        let facts = answers.facts(&vins(&[NOBODYS])[0], &answer.body);
        if let Facts::Decode(DecodeFacts { decode_extra: Some(extra), .. }) = &facts {
            let read = serde_json::from_str::<serde_json::Value>(extra);
            assert!(read.is_ok_and(|extra| extra.is_object()), "{extra}");
        }
        match answer.said {
            _ if key.vin().is_none() => {}
            Answer::Found => assert!(says_something(&facts), "found, and null in every column"),
            Answer::Absent => assert!(!says_something(&facts), "absent, and described"),
            Answer::Refused(_) => {}
        }
    }
}

/// A VIN that is in no fixture.
const NOBODYS: &str = "2T1BURHE0JC000000";

/// Whether facts say what their dataset is about.
fn says_something(facts: &Facts) -> bool {
    match facts {
        Facts::Decode(facts) => {
            facts.make.is_some() || facts.model.is_some() || facts.model_year.is_some()
        }
        Facts::Recalls(facts) => !facts.campaigns.is_empty(),
        Facts::Listings(facts) => !facts.listings.is_empty(),
    }
}

/// Headers of the names that vendors use for waits and quotas, with any words.
pub(super) fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    const NAMES: [&str; 10] = [
        "retry-after",
        "date",
        "ratelimit-reset",
        "x-ratelimit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-limit-10s",
        "x-ratelimit-remaining-60s",
        "x-usage-cost-micros",
        "x-request-id",
    ];
    let value = prop_oneof![
        "[-+]?[0-9]{1,21}",
        "(Mon|Thu), [0-3][0-9] (Jan|Feb) [0-9]{4} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] (GMT|[-+][0-9]{4})",
        "\\PC{0,12}",
    ];
    let header = (proptest::sample::select(NAMES.to_vec()), value);
    proptest::collection::vec(header.prop_map(|(name, value)| (name.to_owned(), value)), 0..6)
}

/// A vendor's settings, as a request may need them.
pub(super) fn settings() -> VendorSettings {
    VendorSettings {
        base_url: "https://vendor.example".into(),
        account: None,
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
        1 => proptest::sample::select(vec!["null", "true", "false", "0", "-1e999", "\"\\ud800\""])
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
