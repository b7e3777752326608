//! Requests refused because of what they ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Heard, Reply};

#[test]
fn one_bad_vin_is_refused_alone() {
    for place in [0, 7, 19, 20, 33] {
        let all = vins(40);
        let bad = &all[place];
        let work = Work::with_faults(&[&format!("carvin/batch-decode/400:vin={bad}")]);
        let enriched = Enriched::by(&work.listing(&all).only(&[Dataset::Decode]));
        assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
        assert_eq!(enriched.count("decode_status"), [("found", 39), ("refused", 1)].into());
        let row = enriched.row(bad);
        assert_eq!((row["decode_status"].as_str(), row["make"].as_str()), ("refused", ""));
        assert!(!row["decode_error"].is_empty());
        let calls = work.calls("batch-decode");
        assert!(calls <= 2 + 9, "place {place}: {calls} calls");
    }
}

#[test]
fn a_refused_vin_is_quarantined() {
    let all = vins(40);
    let work = Work::with_faults(&[&format!("carvin/batch-decode/400:vin={}", all[7])]);
    let plan = work.listing(&all).only(&[Dataset::Decode]);
    Enriched::by(&plan);
    let calls = work.calls("batch-decode");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.row(&all[7])["decode_status"], "refused");
    assert_eq!(work.calls("batch-decode"), calls, "a second run asks nothing");
}

#[test]
fn two_bad_vins_of_a_batch_are_found() {
    for [one, other] in [[0, 19], [3, 4], [9, 10]] {
        let all = vins(20);
        let rules = [one, other].map(|n: usize| format!("carvin/400:vin={}", all[n]));
        let work = Work::with_faults(&[&rules[0], &rules[1]]);
        let enriched = Enriched::by(&work.listing(&all).only(&[Dataset::Decode]));
        assert_eq!(enriched.count("decode_status"), [("found", 18), ("refused", 2)].into());
        for place in [one, other] {
            assert_eq!(enriched.row(&all[place])["decode_status"], "refused");
        }
        let calls = work.calls("batch-decode");
        assert!(calls <= 1 + 2 * 9, "{one} and {other}: {calls} calls");
    }
}

#[test]
fn refusing_everything_blames_no_vin() {
    let healthy = Arc::new(AtomicBool::new(false));
    let fake = Fake::start({
        let healthy = Arc::clone(&healthy);
        move |_, heard| {
            if healthy.load(Ordering::Acquire) {
                Reply::decoded(heard)
            } else {
                Reply::new(400, r#"{"success":false,"error":"vins is deprecated"}"#)
            }
        }
    });
    let work = Work::with_faults(&[]);
    let plan = work.decoding(&vins(200), &fake.url());
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 76);
    assert!(fake.heard().len() <= 10 * 6 / 5 + 10, "{} calls", fake.heard().len());
    let unanswered = enriched.count("decode_status");
    assert!(!unanswered.contains_key("found"), "{unanswered:?}");

    healthy.store(true, Ordering::Release);
    Enriched::by(&plan).all("decode_status", "found");
}

/// Visor, refusing searches by `vin_pattern`.
fn without_patterns() -> Fake {
    Fake::start(|_, heard: &Heard| match heard.path.strip_prefix("/vins/") {
        None => Reply::new(
            400,
            json!({ "error": {
                "type": "validation_error",
                "code": "unknown_query_parameter",
                "message": "Unknown query parameter: vin_pattern",
            }})
            .to_string(),
        ),
        Some(vin) => {
            let listing =
                json!({ "id": "L1", "price": 20000, "miles": 10, "inventory_type": "used" });
            let data = json!({ "vin": vin, "status": "active", "latest_listing": listing });
            Reply::new(200, json!({ "data": data }).to_string())
                .header("x-usage-cost-micros", &3000)
        }
    })
}

#[test]
fn a_dearer_endpoint_is_asked_only_when_allowed() {
    for allowed in [false, true] {
        let fake = without_patterns();
        let work = Work::with_faults(&[]);
        let mut plan = work.listing(&vins(12)).only(&[Dataset::Listings]);
        let visor = plan.vendor("visor");
        visor.base_url = fake.url();
        visor.allow_dearer = allowed;
        let enriched = Enriched::by(&plan);
        let heard = fake.heard();
        let look_ups = heard.iter().filter(|heard| heard.path.starts_with("/vins/")).count();
        if allowed {
            assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
            enriched.all("listings_status", "found");
            enriched.all("listing_price", "20000.00");
            assert_eq!(look_ups, 12);
            assert_eq!(enriched.report.vendors["visor"].spent.0, 12 * 3000);
        } else {
            assert_ne!(enriched.report.exit_code, 0);
            enriched.all("listings_status", "failed");
            enriched.all("listings_error", "unknown_query_parameter");
            assert_eq!(look_ups, 0);
        }
        assert!(heard.len() - look_ups <= 4, "a refused kind of request is not halved");
    }
}

#[test]
fn answers_of_the_dearer_endpoint_are_kept() {
    let fake = without_patterns();
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(5)).only(&[Dataset::Listings]);
    let visor = plan.vendor("visor");
    visor.base_url = fake.url();
    visor.allow_dearer = true;
    Enriched::by(&plan).all("listings_status", "found");
    let look_ups =
        |fake: &Fake| fake.heard().iter().filter(|heard| heard.path.starts_with("/vins/")).count();
    assert_eq!(look_ups(&fake), 5);
    Enriched::by(&plan).all("listings_status", "found");
    assert_eq!(look_ups(&fake), 5, "nothing is paid for twice");
}
