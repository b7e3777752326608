//! Looking after the accounts: `vinrich check` and `vinrich quota --reconcile`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use vinrich::sandbox::{Keys, SandboxSpec};

use crate::support::Work;
use crate::support::command::{Ended, Running, Setup, vins};
use crate::support::server::{Fake, Reply};

const CANARY: &str = "vis_live_canary0f9e8d7c6b5a4321";

const LISTINGS: [&str; 6] = ["enrich", "vins.csv", "-o", "out.csv", "--with", "listings"];

/// What `check --format json` says of one vendor.
fn vendor<'a>(check: &'a Value, id: &str) -> &'a Value {
    let vendors = check["vendors"].as_array().expect("vendors");
    vendors.iter().find(|vendor| vendor["vendor"] == id).expect("the vendor")
}

fn check(work: &Work, words: &[&str]) -> Ended {
    work.vinrich(&[&["check", "--format", "json"], words].concat())
}

/// A work folder where visor's address is `url`.
fn with_visor_at(url: &str) -> Work {
    let work = Work::configured(&[]);
    work.readdress("visor", url);
    work
}

#[test]
fn good_keys_are_checked_for_free() {
    let work = Work::configured(&[]);
    let found = check(&work, &[]).exits(0).json();
    let visor = &vendor(&found, "visor")["call"];
    assert_eq!((&visor["state"], &visor["scope"]), (&"accepted".into(), &"usage.read".into()));
    assert_eq!(visor["limits"][0]["quota"], "200/10s");
    let carvin = &vendor(&found, "carvin")["call"];
    assert_eq!(carvin["state"], "not_asked");
    assert!(carvin["why"].as_str().expect("words").contains("every call counts"));
    let seen = work.sandbox.log();
    assert!(
        seen.iter().all(|call| call.vendor != "carvin" && call.status == Some(200)),
        "{seen:?}"
    );

    let text = work.vinrich(&["check"]).exits(0);
    assert!(text.stdout().contains("the key is accepted"), "{}", text.stdout());
    assert!(text.stdout().contains("vinrich vpic install"), "{}", text.stdout());
}

#[test]
fn check_calls_only_vendors_that_a_run_asks() {
    let work = Work::with_faults(&[]);
    let tables =
        "[datasets.recalls]\nvendors = ['nhtsa']\n[datasets.listings]\nvendors = ['visor']";
    work.configure(&Setup { tables, ..Setup::default() });
    let found = check(&work, &[]).exits(0).json();
    assert_eq!(vendor(&found, "nhtsa")["call"]["state"], "accepted");
    // Another source of listings, and one of decodes, both of which are in no chain.
    for id in ["carstrel", "vpic-api", "visio"] {
        let call = &vendor(&found, id)["call"];
        let why = format!("not asked: no dataset needs it; `vinrich check {id}` asks it");
        assert_eq!(call["why"], why.as_str(), "{id}");
    }
    let called = || -> BTreeSet<String> {
        work.sandbox.log().into_iter().map(|call| call.vendor.to_string()).collect()
    };
    assert_eq!(called(), ["nhtsa", "visor"].map(String::from).into());

    // Photo requests have no chain: their key is tried where one asks for it.
    let found = check(&work, &["visio"]).exits(0).json();
    assert_eq!(vendor(&found, "visio")["call"]["state"], "accepted");
    assert_eq!(called(), ["nhtsa", "visio", "visor"].map(String::from).into());
    let unknown = check(&work, &["vizio"]).exits(64);
    assert!(unknown.stderr.contains("unknown vendor `vizio`"), "{}", unknown.stderr);
}

#[test]
fn every_call_of_a_check_is_recorded() {
    let work = Work::configured(&[]);
    check(&work, &[]).exits(0);
    let db = work.db();
    let calls: Vec<(String, String, i64, String)> = db
        .prepare(
            "SELECT sources.vendor, sources.endpoint, replies.charged, replies.state
             FROM calls JOIN sources ON sources.id = calls.source
             JOIN replies ON replies.call = calls.id ORDER BY sources.vendor",
        )
        .and_then(|mut rows| {
            rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .expect("the ledger");
    assert_eq!(calls.len(), work.sandbox.log().len(), "{calls:?}");
    assert!(calls.contains(&("visor".into(), "usage".into(), 0, "ok".into())), "{calls:?}");
    let runs = work.vinrich(&["runs", "list"]).exits(0);
    assert!(runs.stdout().contains("vinrich check --format json"), "{}", runs.stdout());
    let stats = work.vinrich(&["cache", "stats"]).exits(0);
    assert!(!stats.stdout().contains("usage"), "no answers are kept: {}", stats.stdout());
}

#[test]
fn offline_calls_nobody_and_creates_nothing() {
    let work = Work::configured(&[]);
    let ended = work.vinrich(&["check", "--offline"]).exits(0);
    assert!(ended.stdout().contains("no vendor was called"), "{}", ended.stdout());
    assert!(work.sandbox.log().is_empty() && !work.store().exists());
}

#[test]
fn a_refused_key_exits_77() {
    let work = Work::configured(&[]);
    let mut command = work.command(&["check"]);
    let ended = Running::start(command.env("VISOR_API_KEY", CANARY)).end().exits(77);
    assert!(
        ended.stdout().contains("the key is refused (HTTP 401: \"invalid_api_key: "),
        "{}",
        ended.stdout()
    );
    assert!(ended.stdout().contains("environment variable `VISOR_API_KEY`"), "{}", ended.stdout());
    assert!(!ended.stdout().contains("canary") && !ended.stderr.contains("canary"));
}

#[test]
fn no_key_is_shown_whatever_the_vendor_says() {
    for fault in ["none", "visor/401", "visor/html", "visor/garbled", "visor/reset"] {
        let faults =
            if fault == "none" { Vec::new() } else { vec![fault.parse().expect("a rule")] };
        let keys = Keys::default().with("visor", CANARY);
        let work = Work::with(SandboxSpec { faults, keys, ..SandboxSpec::default() });
        work.configure(&Setup::default());
        for words in [&["check"][..], &["check", "--format", "json"], &["quota", "--reconcile"]] {
            let mut command = work.command(words);
            command.env("VISOR_API_KEY", CANARY).env("RUST_LOG", "trace");
            let ended = Running::start(&mut command).end();
            let said = format!("{}{}", ended.stdout(), ended.stderr);
            assert!(!said.contains("canary"), "{fault}: {said}");
        }
        let store = std::fs::read(work.store()).expect("the store");
        assert!(memchr::memmem::find(&store, CANARY.as_bytes()).is_none(), "{fault}");
    }
}

#[test]
fn a_missing_scope_is_named_and_stops_nothing() {
    let work = Work::configured(&["visor/usage/403"]);
    let found = check(&work, &[]).exits(0).json();
    let call = &vendor(&found, "visor")["call"];
    assert!(
        call["why"].as_str().expect("words").contains("lacks the scope `usage.read`"),
        "{call}"
    );
    assert_eq!(call["stops_runs"], false);
    work.vinrich(&["quota", "--reconcile"]).exits(69).says(&["usage.read", "hint: "]);
}

#[test]
fn a_garbled_check_says_what_to_do() {
    for (fault, words, exit) in [
        ("visor/html", "none of its API", 76),
        ("visor/500", "it fails (HTTP 500: ", 68),
        ("visor/402", "blocked", 69),
        ("visor/429:wait=9h", "wait 32400 s", 75),
        ("visor/reset", "", 68),
        ("visor/truncate", "none of its API", 76),
    ] {
        let work = Work::configured(&[fault]);
        let found = check(&work, &[]).exits(0).json();
        let call = &vendor(&found, "visor")["call"];
        assert!(call["why"].as_str().expect("words").contains(words), "{fault}: {call}");
        assert_eq!(
            (&call["exit_code"], &call["stops_runs"]),
            (&exit.into(), &true.into()),
            "{fault}"
        );
        assert!(!call["hint"].as_str().expect("a hint").is_empty());
        work.vinrich(&["quota", "--reconcile"]).exits(exit).says(&["error: visor: ", words]);
    }
}

#[test]
fn an_unreachable_vendor_costs_no_quota() {
    let work = with_visor_at("http://127.0.0.1:9");
    let found = check(&work, &[]).exits(0).json();
    let call = &vendor(&found, "visor")["call"];
    assert_eq!(call["why"], "connection refused");
    assert!(call["hint"].as_str().expect("a hint").contains("[vendors.visor]"), "{call}");
}

#[test]
fn a_server_without_tls_is_named() {
    let plain = Work::with_faults(&[]);
    let work = with_visor_at(&plain.sandbox.base_url("visor").replace("http:", "https:"));
    let found = check(&work, &[]).exits(0).json();
    let why = vendor(&found, "visor")["call"]["why"].clone();
    assert!(why.as_str().expect("words").starts_with("no TLS: "), "{why}");
}

#[test]
fn the_reason_decides_the_exit_code() {
    let work = Work::configured(&["nhtsa/down", "vpic-api/down", "visor/down", "carstrel/down"]);
    let mut command = work.command(&["check"]);
    Running::start(command.env_remove("CARVIN_API_KEY")).end().exits(68);
}

#[test]
fn vendors_are_checked_at_the_same_time() {
    let work = Work::with_faults(&["latency=1s"]);
    let tables = "[datasets.recalls]\nvendors = ['nhtsa']";
    work.configure(&Setup { tables, ..Setup::default() });
    let started = Instant::now();
    let found = check(&work, &["visio"]).exits(0).json();
    let asked = work.sandbox.log().len();
    assert!(asked >= 3, "{asked}");
    let one_after_another = Duration::from_secs(asked as u64);
    assert!(started.elapsed() < one_after_another, "{:?} for {asked}", started.elapsed());
    assert!(vendor(&found, "visor")["call"]["milliseconds"].as_u64() >= Some(1000));

    let stalled = Work::configured(&["visor/stall"]);
    stalled.configure(&Setup { visor: "quotas = []\ntimeout = '300ms'", ..Setup::default() });
    let found = check(&stalled, &[]).exits(0).json();
    assert_eq!(vendor(&found, "visor")["call"]["why"], "no reply in time");
}

#[test]
fn a_full_window_is_respected() {
    let work = Work::configured(&[]);
    work.configure(&Setup { visor: "quotas = ['1/hour']", ..Setup::default() });
    check(&work, &[]).exits(0);
    let found = check(&work, &[]).exits(0).json();
    let call = &vendor(&found, "visor")["call"];
    assert_eq!(call["state"], "not_asked");
    assert!(call["why"].as_str().expect("words").contains("its quota has no room"), "{call}");
    assert_eq!(work.calls("usage"), 1);
}

#[cfg(unix)]
#[test]
fn a_check_that_is_interrupted_ends_at_once() {
    let work = Work::configured(&["visor/stall"]);
    let running = work.start(&["check"]);
    crate::support::command::eventually("the call", || work.calls("usage") == 1);
    running.signal("INT");
    let ended = running.end().exits(130).says(&["stopped"]);
    assert!(ended.stdout.is_empty());
    let runs = work.vinrich(&["runs", "list"]).exits(0);
    assert!(runs.stdout().contains("exit 130"), "{}", runs.stdout());
}

#[test]
fn check_tries_itself_out_on_the_sandbox() {
    let work = Work::with_faults(&[]);
    let mut command = work.command(&["check", "--sandbox", "--fault", "visor/401"]);
    command.env_remove("CARVIN_API_KEY").env_remove("VISOR_API_KEY");
    let ended = Running::start(&mut command).end().exits(77);
    assert!(ended.stdout().contains("the key is refused"), "{}", ended.stdout());
}

/// Runs listings for 45 VINs: five charged calls.
fn with_five_calls() -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(45));
    work.vinrich(&LISTINGS).exits(0);
    assert_eq!(work.calls("listings"), 5);
    work
}

fn reconcile(work: &Work, code: i32) -> Value {
    let words = ["quota", "--reconcile", "--format", "json"];
    let mut json = work.vinrich(&words).exits(code).json();
    json["reconciled"][0].take()
}

#[test]
fn after_a_run_the_books_agree() {
    let work = with_five_calls();
    let books = reconcile(&work, 0);
    let five = serde_json::json!({ "calls": 5, "charged_micros": 10_000 });
    assert_eq!((&books["ledger"], &books["said"]), (&five, &five), "{books}");
    assert_eq!(books["differences"], serde_json::json!([]));
    let text = work.vinrich(&["quota", "--reconcile"]).exits(0);
    assert!(text.stdout().contains("the books agree\n"), "{}", text.stdout());
    assert!(text.stdout().contains("5 calls charged, $0.01"), "{}", text.stdout());
    assert!(text.stdout().contains("do not say what they count: carvin"));
    let found = check(&work, &[]).exits(0).json();
    let usage = &vendor(&found, "visor")["call"]["usage"];
    assert_eq!(usage["said"], usage["ledger"]);
}

/// A vendor that says it counted `requests` on the day `days` ago.
fn counting(days: i64, requests: u64) -> Fake {
    use jiff::ToSpan as _;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today.saturating_sub(days.days());
    let body = serde_json::json!({ "data": [{ "date": day.to_string(),
        "metering_class": "listing_search", "requests": requests,
        "charged_micros": requests * 2000 }] });
    Fake::start(move |_, _| Reply::new(200, body.to_string()))
}

#[test]
fn check_shows_visors_own_words() {
    for (status, kind, code, words) in [
        (402, "billing_error", "monthly_spend_cap_exceeded", "The cap of $40 is reached"),
        (402, "billing_error", "billing_state_blocked", "This plan has no API access"),
        (403, "permission_error", "missing_scope", "The key lacks inventory.read"),
        (403, "permission_error", "ip_not_allowed", "203.0.113.9 is not on the key's list"),
    ] {
        let error = serde_json::json!({ "type": kind, "code": code, "message": words });
        let body = serde_json::json!({ "error": error }).to_string();
        let fake = Fake::start(move |_, _| Reply::new(status, body.clone()));
        let shown = with_visor_at(&fake.url()).vinrich(&["check", "visor"]);
        for part in [code, words] {
            assert!(shown.stdout().contains(part), "{part}: {}", shown.stdout());
        }
    }
}

#[test]
fn a_difference_of_the_books_exits_3() {
    let fake = counting(3, 7);
    let work = with_visor_at(&fake.url());
    let books = reconcile(&work, 3);
    assert_eq!(books["differences"][0]["lines"][0]["said"]["calls"], 7, "{books}");
    let text = work.vinrich(&["quota", "--reconcile"]).exits(3);
    for words in ["the books differ", "listings", "7 calls and $0.014 more", "other programs"] {
        assert!(text.stdout().contains(words), "{words}: {}", text.stdout());
    }
    assert!(fake.heard()[0].path.contains("start_date="), "{:?}", fake.heard());
    work.vinrich(&["quota", "--reconcile", "--days", "3"]).exits(0);
}

#[test]
fn todays_difference_may_be_the_vendors_delay() {
    let fake = counting(0, 7);
    let work = with_visor_at(&fake.url());
    let text = work.vinrich(&["quota", "--reconcile"]).exits(0);
    assert!(text.stdout().contains("not settled yet"), "{}", text.stdout());
}

#[test]
fn reconciling_needs_a_key_and_days_need_reconciling() {
    let work = Work::configured(&[]);
    let mut command = work.command(&["quota", "--reconcile"]);
    let ended = Running::start(command.env_remove("VISOR_API_KEY")).end().exits(77);
    assert!(ended.stdout().contains("no API key (VISOR_API_KEY)"), "{}", ended.stdout());
    work.vinrich(&["quota", "--days", "3"]).exits(64);
    work.vinrich(&["quota", "--reconcile", "--days", "0"]).exits(64);
    work.vinrich(&["quota"]).exits(0);
    assert!(work.sandbox.log().is_empty(), "without `--reconcile` nobody is called");
}
