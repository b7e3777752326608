//! Files and variables that were not meant to be a configuration.

use proptest::prelude::*;

use super::{complaint, load};
use crate::domain::Exit;

#[test]
fn nesting_without_end_is_refused() {
    let deep = 100_000;
    for text in [
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
    ] {
        assert!(complaint(&text, &[]).starts_with("`vinrich.toml` line 1: "));
    }
}

/// Texts that look like a configuration more often than random ones do.
fn file_like() -> impl Strategy<Value = String> {
    let table = prop_oneof![
        Just("[datasets.decode]".to_owned()),
        Just("[vendors.carvin]".to_owned()),
        Just("[vendors.visor.price_micros]".to_owned()),
        "\\[[a-z.\\[\\]]{0,12}",
    ];
    let key = prop_oneof![
        proptest::sample::select(vec![
            "store",
            "max_wait",
            "durability",
            "ttl",
            "vendors",
            "quotas",
            "quota_reset",
            "spend",
            "price_micros",
            "concurrency",
            "timeout",
            "base_url",
            "api_key_env",
            "listings",
            "a.b",
        ])
        .prop_map(str::to_owned),
        "[a-z_.\"-]{0,10}",
    ];
    let value = prop_oneof![
        "\"[0-9a-zA-Z /:.]{0,12}\"",
        "-?[0-9]{1,20}",
        "[0-9]{1,4}[.-][0-9]{1,3}",
        Just("true".to_owned()),
        Just("[\"carvin\", \"100/day\"]".to_owned()),
        Just("{ a = { b = 1 } }".to_owned()),
        "\\PC{0,8}",
    ];
    let line = prop_oneof![
        1 => table,
        4 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_file_and_environment_load_or_are_refused(
        text in file_like(),
        name in "VINRICH_(MAX_WAIT|STORE|VENDORS__(CARVIN|VPIC_API)__(QUOTAS|TIMEOUT|CONCURRENCY)|[A-Z_]{0,16})",
        value in "(10m|1/day,2/hour|[0-9]{1,12}|\\PC{0,10})",
    ) {
        match load(&text, &[(name.as_str(), value.as_str())]) {
            Ok(settings) => for vendor in settings.vendors.values() {
                prop_assert!(!vendor.timeout.is_zero() && vendor.concurrency.get() <= 256);
                prop_assert!(vendor.quotas.iter().all(|quota| !quota.window.is_zero()));
            },
            Err(error) => prop_assert_eq!(error.exit(), Exit::Config),
        }
    }
}
