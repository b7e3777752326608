//! What a user notices of the configuration: who wins, and what an error says.
#![allow(clippy::unwrap_used, reason = "tests")]

mod noise;
mod specs;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::domain::Exit;
use specs::{CARVIN, VISOR, VPIC_API};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn load_from(path: &Path, env: &[(&str, &str)]) -> Result<Settings, Error> {
    let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Settings::load(Some(path), env, &[&CARVIN, &VISOR, &VPIC_API])
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vinrich.toml");
    std::fs::write(&path, text).unwrap();
    load_from(&path, env)
}

/// Message and hint, with the folder of the file cut off.
fn complaint(text: &str, env: &[(&str, &str)]) -> String {
    let error = load(text, env).unwrap_err();
    assert_eq!(error.exit(), Exit::Config);
    let said = format!("{error}\n{}", error.hint_text().unwrap_or_default());
    match (said.find('`'), said.find("vinrich.toml` line")) {
        (Some(start), Some(name)) if start < name => {
            format!("{}{}", &said[..=start], &said[name..])
        }
        _ => said,
    }
    .trim_end()
    .to_owned()
}

#[test]
fn an_empty_file_leaves_the_defaults() {
    let settings = load("", &[]).unwrap();
    assert!(settings.store.ends_with("vinrich/vinrich.db"), "{}", settings.store.display());
    assert_eq!(settings.max_wait, Duration::from_mins(10));
    assert_eq!(settings.durability, Durability::Normal);

    let of = |dataset| &settings.datasets[&dataset];
    let (decode, recalls, listings) =
        (of(Dataset::Decode), of(Dataset::Recalls), of(Dataset::Listings));
    // `nhtsa` is a default that these vendors do not have.
    assert_eq!(decode.vendors, ["carvin", "vpic"]);
    assert_eq!(recalls.vendors, ["nhtsa-file", "carvin"]);
    assert_eq!(listings.vendors, ["visor"]);
    assert_eq!(recalls.key, RecallKey::Vehicle);
    assert_eq!(decode.ttl.as_secs(), 365 * DAY);
    assert_eq!(decode.max_stale.as_secs(), 30 * 365 * DAY);
    assert_eq!(recalls.ttl.as_secs(), 20 * HOUR);
    assert_eq!(recalls.max_stale.as_secs(), 600 * HOUR);
    assert_eq!(listings.ttl.as_secs(), 20 * HOUR);
    assert_eq!(listings.max_stale.as_secs(), 3 * DAY);

    let visor = &settings.vendors["visor"];
    assert_eq!(visor.base_url, "https://api.visor.vin/v1");
    assert_eq!(
        visor.quotas.iter().map(Quota::to_string).collect::<Vec<_>>(),
        ["10/10s", "60/minute"]
    );
    assert_eq!(visor.price_of("vins"), Micros(3000));
    assert_eq!(visor.price_of("usage"), Micros::ZERO);
    assert_eq!(visor.timeout, Duration::from_secs(30));
    assert!(visor.confirm_zero && !visor.allow_dearer && !visor.sandbox);
    assert_eq!(settings.vendors["vpic-api"].api_key_env, None);
}

#[test]
fn every_key_of_the_file_is_read() {
    let settings = load(
        r#"
        store = "/var/lib/fleet.db"
        max_wait = "90s"
        durability = "full"
        [datasets.decode]
        vendors = ["vpic-api", "carvin"]
        ttl = "10d"
        [datasets.recalls]
        vendors = []
        key = "vin"
        max_stale = "2d"
        [vendors.carvin]
        base_url = "http://127.0.0.1:8080/"
        api_key_env = "MY_KEY"
        api_key_file = "/run/secrets/carvin"
        quotas = ["5/second", "1000/month"]
        quota_reset = "00:00 UTC"
        spend = ["2 USD/day", "40 USD/month"]
        price_micros = 1500
        concurrency = 8
        timeout = "5s"
        confirm_zero = false
        allow_dearer = true
        [vendors.visor]
        quotas = []
        price_micros = { listings = 2500 }
        [vendors.vpic-api]
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(settings.store, Path::new("/var/lib/fleet.db"));
    assert_eq!(settings.max_wait, Duration::from_secs(90));
    assert_eq!(settings.durability, Durability::Full);
    let decode = &settings.datasets[&Dataset::Decode];
    assert_eq!(decode.vendors, ["vpic-api", "carvin"]);
    assert_eq!((decode.ttl.as_secs(), decode.max_stale.as_secs()), (10 * DAY, 300 * DAY));
    let recalls = &settings.datasets[&Dataset::Recalls];
    assert!(recalls.vendors.is_empty());
    assert_eq!((recalls.key, recalls.max_stale.as_secs()), (RecallKey::Vin, 2 * DAY));

    let carvin = &settings.vendors["carvin"];
    assert_eq!(carvin.base_url, "http://127.0.0.1:8080");
    assert_eq!(carvin.api_key_env.as_deref(), Some("MY_KEY"));
    assert_eq!(carvin.api_key_file.as_deref(), Some(Path::new("/run/secrets/carvin")));
    assert_eq!(
        carvin.quotas.iter().map(Quota::to_string).collect::<Vec<_>>(),
        ["5/second", "1000/month"]
    );
    assert_eq!(carvin.quota_reset.to_string(), "00:00 UTC");
    assert_eq!(
        carvin.spend.iter().map(SpendLimit::to_string).collect::<Vec<_>>(),
        ["$2.00/day", "$40.00/month"]
    );
    assert_eq!(
        carvin.price_of("decode"),
        Micros(1500),
        "one number is the price of every endpoint"
    );
    assert_eq!(carvin.concurrency.get(), 8);
    assert_eq!(carvin.timeout, Duration::from_secs(5));
    assert!(!carvin.confirm_zero && carvin.allow_dearer);

    let visor = &settings.vendors["visor"];
    assert!(visor.quotas.is_empty(), "an empty list lifts the default quotas");
    assert_eq!(visor.price_of("listings"), Micros(2500));
    assert_eq!(visor.price_of("vins"), Micros(3000), "endpoints not in the table keep their price");
}

#[test]
fn the_environment_beats_the_file() {
    let settings = load(
        "max_wait = '1m'\n[vendors.carvin]\nquotas = ['1/day']\nconcurrency = 2\ntimeout = '9s'\n",
        &[
            ("VINRICH_MAX_WAIT", "2m"),
            ("VINRICH_VENDORS__CARVIN__QUOTAS", "100/day, 10/second"),
            ("VINRICH_VENDORS__CARVIN__CONCURRENCY", "6"),
            ("VINRICH_VENDORS__CARVIN__BASE_URL", "https://example.com/"),
            ("VINRICH_VENDORS__CARVIN__CONFIRM_ZERO", "false"),
            ("VINRICH_VENDORS__CARVIN__PRICE_MICROS__BATCH_DECODE", "70"),
            ("VINRICH_VENDORS__VPIC_API__TIMEOUT", "3s"),
            ("VINRICH_VENDORS__VPIC_API__QUOTAS", ""),
            ("VINRICH_DATASETS__DECODE__VENDORS", "vpic-api,carvin"),
            ("UNRELATED", "ignored"),
        ],
    )
    .unwrap();
    let (carvin, vpic) = (&settings.vendors["carvin"], &settings.vendors["vpic-api"]);
    assert_eq!(settings.max_wait, Duration::from_mins(2));
    assert_eq!(
        carvin.quotas.iter().map(Quota::to_string).collect::<Vec<_>>(),
        ["100/day", "10/second"]
    );
    assert_eq!(carvin.concurrency.get(), 6);
    assert_eq!(carvin.timeout, Duration::from_secs(9), "what the environment leaves alone stays");
    assert_eq!(carvin.base_url, "https://example.com");
    assert!(!carvin.confirm_zero);
    assert_eq!(carvin.price_of("batch-decode"), Micros(70));
    assert_eq!(vpic.timeout, Duration::from_secs(3));
    assert!(vpic.quotas.is_empty());
    assert_eq!(settings.datasets[&Dataset::Decode].vendors, ["vpic-api", "carvin"]);
}

#[test]
fn the_environment_may_name_the_file_and_the_flag_beats_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, wait: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("max_wait = '{wait}'")).unwrap();
        path
    };
    let (flag, variable) = (file("flag.toml", "1s"), file("variable.toml", "2s"));
    let env: [(OsString, OsString); 1] = [("VINRICH_CONFIG".into(), variable.into_os_string())];
    let wait = |named: Option<&Path>| {
        Settings::load(named, env.clone().into_iter(), &[&CARVIN]).unwrap().max_wait.as_secs()
    };
    assert_eq!(wait(None), 2);
    assert_eq!(wait(Some(&flag)), 1);
}

#[test]
fn relative_paths_start_at_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vinrich.toml");
    std::fs::write(&path, "store = 'data/v.db'\n[vendors.carvin]\napi_key_file = 'key'").unwrap();
    let settings = load_from(&path, &[]).unwrap();
    assert_eq!(settings.store, folder.path().join("data/v.db"));
    assert_eq!(settings.vendors["carvin"].api_key_file, Some(folder.path().join("key")));
}

#[test]
fn a_byte_order_mark_is_allowed() {
    assert_eq!(load("\u{feff}max_wait = '5s'", &[]).unwrap().max_wait.as_secs(), 5);
}

#[test]
fn a_named_file_that_is_not_there_is_an_error() {
    let error = load_from(Path::new("no/such.toml"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "cannot read configuration file `no/such.toml`");
    assert_eq!(error.exit(), Exit::Config);
}

/// A file, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    ("max_wiat = '1m'", "line 1: unknown key `max_wiat`\nthe nearest known key is `max_wait`"),
    ("\n\nvendor = 1", "line 3: unknown key `vendor`\nthe nearest known key is `vendors`"),
    (
        "[vendor.carvin]\ntimeout = '1s'",
        "line 2: unknown key `vendor`\nthe nearest known key is `vendors`",
    ),
    (
        "[datasets.recall]\nttl = '1d'",
        "line 2: unknown key `datasets.recall`\nthe nearest known key is `recalls`",
    ),
    (
        "[vendors.carvin]\nquota = []",
        "line 2: unknown key `vendors.carvin.quota`\nthe nearest known key is `quotas`",
    ),
    ("[vendors.carvim]", "line 1: unknown key `vendors.carvim`\nthe nearest known key is `carvin`"),
    (
        "[vendors.acme]\ntimeout = '1s'",
        "line 2: unknown vendor `acme`\nthis build knows `carvin`, `visor`, `vpic-api`",
    ),
    (
        "zzzzzz = 1",
        "line 1: unknown key `zzzzzz`\nknown here are `store`, `max_wait`, `durability`, `datasets`, `vendors`",
    ),
    (
        "max_wait = 10",
        "line 1: `max_wait` must be a duration with its unit in quotes, such as `\"10s\"`",
    ),
    (
        "max_wait = 'soon'",
        "line 1: `max_wait` must be a duration such as `10m`, `20h` or `365d`, not `soon`",
    ),
    ("max_wait.x = 1", "line 1: `max_wait.x` makes a table of `max_wait`, which is a single value"),
    ("vendors = 1", "line 1: `vendors` must be a table of settings, not a single value"),
    (
        "vendors.carvin = 1",
        "line 1: `vendors.carvin` must be a table of settings, not a single value",
    ),
    ("durability = 'some'", "line 1: `durability` must be `normal` or `full`, not `some`"),
    ("store = ''", "line 1: `store` must be a path, not empty"),
    ("store = 1", "line 1: `store` must be text in quotes, not a number"),
    (
        "datasets.decode.vendors = ['acme']",
        "line 1: `datasets.decode.vendors` names an unknown vendor `acme`; this build knows `carvin`, `visor`, `vpic-api`, `vpic`, `nhtsa-file`",
    ),
    (
        "datasets.decode.vendors = ['carvin', 'carvin']",
        "line 1: `datasets.decode.vendors` names `carvin` twice",
    ),
    (
        "datasets.decode.vendors = 'carvin'",
        "line 1: `datasets.decode.vendors` must be a list in brackets: `[\"carvin\"]`",
    ),
    (
        "datasets.decode.key = 'vin'",
        "line 1: `datasets.decode.key` is for recalls alone; decode is always asked by VIN",
    ),
    (
        "datasets.recalls.key = 'plate'",
        "line 1: `datasets.recalls.key` must be `vehicle` or `vin`, not `plate`",
    ),
    (
        "vendors.carvin.quotas = [1]",
        "line 1: `vendors.carvin.quotas` must be a list in brackets, not a list with other things than text",
    ),
    (
        "vendors.carvin.quotas = ['many']",
        "line 1: `vendors.carvin.quotas` must be a quota such as `100/day` or `10/10s`, not `many`",
    ),
    (
        "vendors.carvin.concurrency = 0",
        "line 1: `vendors.carvin.concurrency` must be from 1 to 256, not `0`",
    ),
    (
        "vendors.carvin.timeout = '0s'",
        "line 1: `vendors.carvin.timeout` must be longer than nothing",
    ),
    (
        "vendors.carvin.price_micros = -1",
        "line 1: `vendors.carvin.price_micros` must not be below zero, not `-1`",
    ),
    (
        "vendors.carvin.price_micros = 0.5",
        "line 1: `vendors.carvin.price_micros` must be a whole number, not a number with a decimal point",
    ),
    (
        "vendors.carvin.confirm_zero = 'yes'",
        "line 1: `vendors.carvin.confirm_zero` must be `true` or `false`, not text",
    ),
    (
        "vendors.carvin.base_url = 'http://example.com'",
        "line 1: `vendors.carvin.base_url` must be `https`; `http` is for this machine alone (127.0.0.1, localhost)",
    ),
];

#[test]
fn errors_in_the_file_name_the_line_and_the_way_out() {
    for (text, expected) in MISTAKES {
        assert_eq!(complaint(text, &[]), format!("`vinrich.toml` {expected}"), "of {text:?}");
    }
}

#[test]
fn errors_in_the_environment_name_the_variable() {
    let cases = [
        (
            "VINRICH_MAX_WIAT",
            "1m",
            "unknown variable `VINRICH_MAX_WIAT`\nthe nearest known variable is `VINRICH_MAX_WAIT`",
        ),
        (
            "VINRICH_MAX_WAIT",
            "soon",
            "environment variable `VINRICH_MAX_WAIT` must be a duration such as `10m`, `20h` or `365d`, not `soon`",
        ),
        (
            "VINRICH_VENDORS__VPIC_API__TIMOUT",
            "1s",
            "unknown variable `VINRICH_VENDORS__VPIC_API__TIMOUT`\nthe nearest known variable is `VINRICH_VENDORS__VPIC_API__TIMEOUT`",
        ),
        (
            "VINRICH_VENDORS__CARVIM__TIMEOUT",
            "1s",
            "unknown variable `VINRICH_VENDORS__CARVIM__TIMEOUT`\nthe nearest known variable is `VINRICH_VENDORS__CARVIN__TIMEOUT`",
        ),
        (
            "VINRICH_VENDORS",
            "carvin",
            "environment variable `VINRICH_VENDORS` must be a table of settings, not a single value",
        ),
        (
            "VINRICH_",
            "",
            "unknown variable `VINRICH_`\nknown here are `store`, `max_wait`, `durability`, `datasets`, `vendors`",
        ),
    ];
    for (name, value, expected) in cases {
        assert_eq!(complaint("", &[(name, value)]), expected);
    }
}

#[test]
fn a_key_in_the_wrong_place_is_refused_and_never_repeated() {
    let canary = "vis_live_canary";
    let expected = "would be an API key in the configuration, where it is read by too many\n\
        put the key into an environment variable and name that with `api_key_env`, or into a file named by `api_key_file`";
    assert_eq!(
        complaint(&format!("[vendors.visor]\napi_key = '{canary}'"), &[]),
        format!("`vinrich.toml` line 2: `vendors.visor.api_key` {expected}")
    );
    assert_eq!(
        complaint("", &[("VINRICH_VENDORS__VISOR__API_KEY", canary)]),
        format!("environment variable `VINRICH_VENDORS__VISOR__API_KEY` {expected}")
    );
    for text in [
        format!("[vendors.visor]\napi_key = {canary}"),
        format!("[vendors.visor]\napi_key_env = '{canary}'"),
        format!("[vendors.visor]\nbase_url = 'https://example.com/?api_key={canary}'"),
        format!("[vendors.visor]\nquotas = ['100/day'\napi_key = '{canary}'"),
    ] {
        let error = load(&text, &[]).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
    }
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert!(complaint("max_wait = '1m'\nstore = \n", &[]).starts_with("`vinrich.toml` line 2: "));
    assert!(
        complaint("store = 'a'\nstore = 'b'\n", &[])
            .starts_with("`vinrich.toml` line 2: duplicate key")
    );
}

/// What no key shows by itself is refused without a line.
#[test]
fn what_the_keys_say_together_is_checked() {
    for (text, expected) in [
        (
            "datasets.decode.vendors = ['carvin', 'visor']",
            "`datasets.decode.vendors` names `visor`, which knows nothing of decode; \
             decode come from `carvin`, `vpic-api`, `vpic`",
        ),
        (
            "vendors.carvin.price_micros = { batch = 5 }",
            "`vendors.carvin.price_micros.batch` is the price of no endpoint\n\
             the endpoints of `carvin` are `batch-decode`, `recalls`",
        ),
        ("vendors.visor = { from = '2', to = '1' }", "`vendors.visor`: `from` is above `to`"),
    ] {
        assert_eq!(complaint(text, &[]), expected);
    }
    // The environment may put right what the file says.
    let env = [("VINRICH_DATASETS__DECODE__VENDORS", "carvin")];
    assert!(load("datasets.decode.vendors = ['visor']", &env).is_ok());
}

#[cfg(unix)]
#[test]
fn a_setting_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let env = [("VINRICH_STORE", b"v\xff.db"), ("UNRELATED", b"\xff\xff.db")];
    let env = env.map(|(name, value)| (name.into(), OsString::from_vec(value.to_vec())));
    let nothing = tempfile::NamedTempFile::new().unwrap();
    let error = Settings::load(Some(nothing.path()), env.into_iter(), &[&CARVIN]).unwrap_err();
    assert_eq!(error.to_string(), "environment variable `VINRICH_STORE` is not UTF-8");
    assert_eq!(error.exit(), Exit::Config);
}

#[test]
fn sources_are_named_for_what_they_answer() {
    let named = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        sources(Dataset::Decode, &ids, &[&CARVIN, &VISOR, &VPIC_API])
    };
    assert_eq!(named(&["vpic", "carvin"]), Ok(vec!["vpic", "carvin"]));
    assert_eq!(named(&["carvin", "carvin"]), Err("names `carvin` twice".into()));
    assert!(named(&["visor"]).unwrap_err().starts_with("names `visor`, which knows nothing of"));
    assert!(named(&["nhtsa-file"]).is_err());
    assert_eq!(
        named(&["acme"]).unwrap_err(),
        "names an unknown vendor `acme`; this build knows \
         `carvin`, `visor`, `vpic-api`, `vpic`, `nhtsa-file`"
    );
}
