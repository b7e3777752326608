//! Replies that are no answer, whatever their status says. They are asked for
//! again, told of in the end, and never kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::ledger::Ledger;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::wire::gzip_bomb;
use crate::support::server::{Fake, Heard, Reply};
use crate::support::{Work, each_at_once};

/// More than the largest body read.
const TOO_MUCH: usize = 17 << 20;

/// Name, reply, `decode_error`, exit code.
type Broken = (&'static str, fn(&Heard) -> Reply, &'static str, u8);

const BROKEN: [Broken; 13] = [
    ("success: false", |_| text(r#"{"success":false,"error":"Oops"}"#), "garbled", 76),
    ("an HTML page", |_| text("<!DOCTYPE html><html>Just a moment</html>"), "garbled", 76),
    ("nothing", |_| text(""), "garbled", 76),
    ("JSON of no known shape", |_| text(r#"{"vehicles":{"count":1}}"#), "garbled", 76),
    ("NaN", |heard| text(&decoded(heard).replace("\"2021\"", "NaN")), "garbled", 76),
    ("a depth bomb", |_| text(&"[".repeat(200_000)), "garbled", 76),
    ("cut, closed early", |heard| Reply::decoded(heard).cut(90).promising(80), "garbled", 76),
    ("cut, ended by closing", |heard| Reply::decoded(heard).cut(90).until_close(), "garbled", 76),
    ("too large, said so", |_| Reply::new(200, vec![b' '; TOO_MUCH]), "garbled", 76),
    ("too large, unsaid", |_| Reply::new(200, vec![b' '; TOO_MUCH]).until_close(), "garbled", 76),
    ("a gzip bomb", |_| bomb(), "garbled", 76),
    ("no gzip at all", |_| text("{}").header("content-encoding", &"gzip"), "garbled", 76),
    ("a status of its own", |heard| Reply::new(299 + 300, decoded(heard)), "http_599", 68),
];

fn text(body: &str) -> Reply {
    Reply::new(200, body)
}

fn decoded(heard: &Heard) -> String {
    let items: Vec<_> = heard.vins().iter().map(|vin| crate::support::server::item(vin)).collect();
    serde_json::json!({ "success": true, "data": items }).to_string()
}

fn bomb() -> Reply {
    let (start, more) = gzip_bomb();
    let body = [start, more.repeat((64 << 20) / 2064)].concat();
    Reply::new(200, body).header("content-encoding", &"gzip")
}

#[test]
fn a_broken_reply_is_asked_for_again() {
    each_at_once(BROKEN, |(name, broken, _, _)| {
        let fake = Fake::start(move |call, heard| match call {
            1 => broken(heard),
            _ => Reply::decoded(heard),
        });
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&work.decoding(&vins(3), &fake.url()));
        assert_eq!(enriched.report.exit_code, 0, "{name}: {:#?}", enriched.report);
        enriched.all("model", "Civic");
        assert_eq!(fake.heard().len(), 2, "{name}");
    });
}

#[test]
fn a_broken_reply_is_reported_and_dropped() {
    each_at_once(BROKEN, |(name, broken, error, exit)| {
        let healthy = Arc::new(AtomicBool::new(false));
        let fake = Fake::start({
            let healthy = Arc::clone(&healthy);
            move |_, heard| {
                if healthy.load(Ordering::Acquire) { Reply::decoded(heard) } else { broken(heard) }
            }
        });
        let work = Work::with_faults(&[]);
        let plan = work.decoding(&vins(3), &fake.url());
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, exit, "{name}");
        enriched.all("decode_status", "failed");
        enriched.all("decode_error", error);
        enriched.all("make", "");
        let ledger = Ledger::of(&plan.settings.store);
        assert_eq!((ledger.answers, ledger.bodies, ledger.open), (0, 0, 0), "{name}");
        let calls = fake.heard().len();
        assert_eq!(ledger.calls, calls, "{name}");
        // 1.2 x planned + 10, as for every outage.
        assert!(calls <= 11, "{name}: {calls} calls for one batch");

        healthy.store(true, Ordering::Release);
        let enriched = Enriched::by(&plan);
        assert_eq!((enriched.report.exit_code, fake.heard().len()), (0, calls + 1), "{name}");
        enriched.all("model", "Civic");
    });
}

#[test]
fn a_broken_reply_is_shown_in_part() {
    let fake = Fake::start(|_, heard| {
        let key = heard.key.replace("Bearer ", "");
        text(&format!("<h1>\u{1b}[2JSorry, {}</h1>\n{key} {}", heard.vins()[0], "x ".repeat(999)))
    });
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(3), &fake.url());
    plan.vendor("carvin").api_key = Some("sk_live_canary".to_owned().into());
    let enriched = Enriched::by(&plan);
    let trouble = &enriched.report.vendors["carvin"].trouble;
    let [(words, calls)] = &trouble.iter().collect::<Vec<_>>()[..] else { panic!("{trouble:?}") };
    assert_eq!(**calls, fake.heard().len() as u64);
    assert!(words.contains("`<h1> [2JSorry, *****************</h1> ************** "), "{words}");
    assert!(words.chars().count() < 170 && !words.contains('\u{1b}'), "{words}");
    assert!(enriched.report.warnings.iter().any(|warning| warning.contains(&**words)));
}

#[test]
fn duplicate_keys_in_an_item_are_refused() {
    let fake = Fake::start(|_, heard| {
        text(&decoded(heard).replace("\"Make\":", "\"Make\":\"FORD\",\"Make\":"))
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.decoding(&vins(1), &fake.url()));
    assert_ne!(enriched.report.exit_code, 0);
    enriched.all("make", "");
}

#[test]
fn values_of_another_type_are_coerced_and_counted() {
    let fake = Fake::start(|_, heard| {
        text(&decoded(heard).replace("\"2021\"", "2021").replace("\"Civic\"", "null"))
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.decoding(&vins(2), &fake.url()));
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("model_year", "2021");
    enriched.all("model", "");
    assert_eq!(enriched.report.vendors["carvin"].type_drift, 2);
}

#[test]
fn no_reply_in_time_is_asked_for_again() {
    let work = Work::with_faults(&["carvin/stall:first=1"]);
    let mut plan = work.listing(&vins(3)).only(&[vinrich::domain::outcome::Dataset::Decode]);
    plan.vendor("carvin").timeout = std::time::Duration::from_millis(300);
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("decode_status", "found");
    assert_eq!(enriched.report.vendors["carvin"].faults["timeout"], 1);
}
