//! A configuration is checked in the library: what the command refuses, a user of
//! the library is refused too, in the same words.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::Value;
use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::vendors;

use crate::support::Work;
use crate::support::command::Running;

/// One of each kind of mistake: a file, and a variable that changes it.
const MISTAKES: &[(&str, Option<(&str, &str)>)] = &[
    ("max_wiat = '1m'", None),
    ("max_wait = 'soon'", None),
    ("max_wait = ", None),
    ("zzzzzz = 1", None),
    ("datasets.recall.ttl = '1d'", None),
    ("datasets.decode.key = 'vin'", None),
    ("datasets.decode.vendors = ['acme']", None),
    ("datasets.decode.vendors = ['carvin', 'carvin']", None),
    ("datasets.decode.vendors = ['visor']", None),
    ("datasets.recalls.vendors = ['vpic']", None),
    ("datasets.listings.vendors = ['visio']", None),
    ("vendors.acme.timeout = '1s'", None),
    ("vendors.carvin.quotas = ['many']", None),
    ("vendors.carvin.concurrency = 0", None),
    ("vendors.carvin.base_url = 'http://example.com'", None),
    ("vendors.carvin.price_micros.batch = 5", None),
    ("vendors.carvin.decode_singly = 'perhaps'", None),
    ("vendors.visor.api_key = 'canary'", None),
    ("vendors.visor.api_key_env = 'vis_live_canary'", None),
    ("vendors.carstrel.currency = 'shilling'", None),
    ("vendors.carstrel = { min_year = 2024, max_year = 2020 }", None),
    ("vendors.visa.input = '[]'", None),
    ("vendors.visio.slots = ['']", None),
    ("", Some(("VINRICH_MAX_WIAT", "1m"))),
    ("", Some(("VINRICH_MAX_WAIT", "soon"))),
    ("", Some(("VINRICH_DATASETS__DECODE__VENDORS", "visor"))),
    ("", Some(("VINRICH_VENDORS__VISOR__PRICE_MICROS__USAGE", "1"))),
    ("", Some(("VINRICH_VENDORS__VISOR__API_KEY", "canary"))),
    ("vendors.carstrel.min_price = 9", Some(("VINRICH_VENDORS__CARSTREL__MAX_PRICE", "8"))),
];

/// What a user of the library is refused.
fn of_the_library(file: &Path, variable: Option<(&OsStr, &OsStr)>) -> Error {
    let env = variable.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let loaded = Settings::load(Some(file), env.into_iter(), &vendors::specs());
    loaded.expect_err(&format!("{} {variable:?}", file.display()))
}

/// The command ends as the library does.
#[track_caller]
fn assert_same(work: &Work, file: &Path, variable: Option<(&OsStr, &OsStr)>) {
    let error = of_the_library(file, variable);
    let words = ["check", "--offline", "--log-format", "json", "--config"];
    let mut command = work.command(&words);
    let ended = Running::start(command.arg(file).envs(variable)).end();
    let ended = ended.exits(i32::from(error.exit().code()));
    let told: Value = serde_json::from_str(ended.stderr.trim()).expect("one line of JSON");
    assert_eq!(told["code"], error.exit().name());
    assert_eq!(told["message"], error.to_string());
    assert_eq!(told["hint"].as_str(), error.hint_text());
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn the_library_refuses_what_the_command_refuses() {
    let work = Work::configured(&[]);
    for (text, variable) in MISTAKES {
        work.write("wrong.toml", text);
        let variable = variable.map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        assert_same(&work, &work.path("wrong.toml"), variable);
    }
    assert_same(&work, &work.path("not-there.toml"), None);
}

#[cfg(unix)]
#[test]
fn the_library_refuses_variables_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt;
    let work = Work::configured(&[]);
    work.write("empty.toml", "");
    let variable = (OsStr::new("VINRICH_STORE"), OsStr::from_bytes(b"v\xff.db"));
    assert_same(&work, &work.path("empty.toml"), Some(variable));
}

#[test]
fn every_default_is_a_setting_one_could_write() {
    let written = |spec: &&'static vendors::VendorSpec| {
        let defaults = &spec.defaults;
        let key = defaults.api_key_env.map(|name| format!("api_key_env = {name:?}\n"));
        let (id, url, quotas) = (defaults.id, defaults.base_url, defaults.quotas);
        let key = key.unwrap_or_default();
        format!("[vendors.{id}]\nbase_url = {url:?}\nquotas = {quotas:?}\n{key}")
    };
    let specs = vendors::specs();
    let work = Work::configured(&[]);
    work.write("defaults.toml", &specs.iter().map(written).collect::<String>());
    let load = |file: &str| {
        let env = std::iter::empty::<(OsString, OsString)>();
        let settings = Settings::load(Some(&work.path(file)), env, &specs);
        format!("{:?}", Settings { file: None, ..settings.expect("a configuration") })
    };
    work.write("empty.toml", "");
    assert_eq!(load("defaults.toml"), load("empty.toml"));
}
