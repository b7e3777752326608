//! A configuration is checked in the library: what the command refuses, a user of
//! the library is refused too, in the same words.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::Value;
use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::sandbox::{Keys, SandboxSpec};
use vinrich::vendors;

use crate::support::Work;
use crate::support::command::{DECODE, Running, Setup, vins};

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

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_not_believed() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(3));
    let config = work.path("vinrich.toml");
    set_mode(&config, 0o666);
    for words in [&DECODE[..], &["check"], &["plan", "vins.csv"], &["quota"]] {
        work.vinrich(words).exits(78).says(&["vinrich.toml", "can be written by everybody"]);
    }
    assert!(work.sandbox.log().is_empty() && !work.store().exists(), "nothing was done");
    set_mode(&config, 0o664);
    work.vinrich(&DECODE).exits(0).says(&["can be written by its group", "chmod g-w"]);
    set_mode(&config, 0o644);
    let ended = work.vinrich(&DECODE).exits(0);
    assert!(!ended.stderr.contains("vinrich.toml"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn check_says_which_files_were_trusted() {
    let work = Work::configured(&[]);
    let key = work.write("visor.key", vinrich::sandbox::key("visor").expect("a key"));
    set_mode(&key, 0o640);
    let text = format!("{}\n", work.read("vinrich.toml"))
        .replace("[vendors.visor]", "[vendors.visor]\napi_key_file = 'visor.key'");
    set_mode(&work.write("vinrich.toml", &text), 0o664);
    let found = work.vinrich(&["check", "--offline", "--format", "json"]).exits(0).json();
    let files = found["trusted"].as_array().expect("files");
    let holds: Vec<&Value> = files.iter().map(|file| &file["holds"]).collect();
    assert_eq!(holds, ["configuration", "key of visor"], "{files:?}");
    assert!(files[1]["path"].as_str().expect("a path").ends_with("visor.key"), "{files:?}");
    assert!(files[0]["warning"].as_str().expect("a warning").contains("its group"), "{files:?}");
    let text = work.vinrich(&["check", "--offline"]).exits(0);
    assert!(text.stdout().contains("visor.key (key of visor)"), "{}", text.stdout());
}

#[test]
fn test_keys_are_named() {
    for (id, variable, key) in [
        ("visor", "VISOR_API_KEY", "vis_test_4f2a9c81"),
        ("visio", "VISIO_API_KEY", "vsk_test_77d0e3b2"),
        ("carvin", "CARVIN_API_KEY", "sk_test_c0ffee99"),
    ] {
        let keys = Keys::default().with(id, key);
        let work = Work::with(SandboxSpec { keys, ..SandboxSpec::default() });
        work.configure(&Setup::default());
        work.write_vins(&vins(2));
        let run = |words: &[&str]| {
            let mut command = work.command(words);
            Running::start(command.env(variable, key)).end().exits(0)
        };
        let named = format!("the key in `{variable}` is a test key");
        let found = run(&["check", "--offline", "--format", "json"]).json();
        let vendors = found["vendors"].as_array().expect("vendors");
        for vendor in vendors {
            let warning = vendor["warning"].as_str().unwrap_or_default();
            assert_eq!(warning.contains(&named), vendor["vendor"] == id, "{vendor}");
        }
        if id != "visio" {
            run(&["enrich", "vins.csv", "-o", "out.csv"]).says(&[&named]);
            let report = work.report("out.csv");
            assert!(report["warnings"].to_string().contains(&named), "{report}");
        }
        if id == "visio" {
            run(&["photos", "request", "vins.csv", "--yes"]).says(&[&named]);
            run(&["photos", "status"]).says(&[&named]);
        }
        assert!(!work.read("vinrich.toml").contains(key));
    }
    let work = Work::configured(&[]);
    let found = work.vinrich(&["check", "--offline", "--format", "json"]).exits(0).json();
    assert!(!found.to_string().contains("is a test key"), "{found}");
}
