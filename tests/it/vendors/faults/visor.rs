//! What visor's own contract allows it to say, and what a run makes of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Heard, Reply};

/// The parameters of a request, decoded.
fn query(heard: &Heard) -> BTreeMap<String, String> {
    let url = format!("http://visor.invalid{}", heard.path);
    let url = reqwest::Url::parse(&url).expect("a path and a query");
    url.query_pairs().into_owned().collect()
}

fn asked(heard: &Heard) -> Vec<String> {
    query(heard)["vin_pattern"].split(',').map(str::to_owned).collect()
}

fn row(vin: &str) -> Value {
    json!({ "id": format!("of-{vin}"), "vin": vin, "price": 23_450, "status": "active" })
}

/// The first `limit` of the rows about `listed` VINs that were asked about.
fn search(heard: &Heard, listed: impl Fn(&str) -> bool, limit: usize) -> Reply {
    let rows: Vec<Value> =
        asked(heard).iter().filter(|vin| listed(vin)).map(|vin| row(vin)).collect();
    let next = (rows.len() > limit).then_some(limit);
    let page = json!({
        "data": rows[..rows.len().min(limit)],
        "pagination": { "limit": limit, "offset": 0, "total": rows.len(), "next_offset": next },
        "meta": {},
    });
    Reply::new(200, page.to_string()).header("x-usage-cost-micros", &2000)
}

fn refusal(status: u16, kind: &str, code: &str, message: &str) -> Reply {
    let error = json!({ "type": kind, "code": code, "message": message });
    Reply::new(status, json!({ "error": error, "_tag": "PublicApiError" }).to_string())
}

/// A plan that asks visor at `fake` for the listings of `count` VINs.
fn listing(work: &Work, count: usize, fake: &Fake) -> Plan {
    let mut plan = work.listing(&vins(count)).only(&[Dataset::Listings]);
    plan.vendor("visor").base_url = fake.url();
    plan
}

#[test]
fn a_request_off_the_contract_refuses_no_vin() {
    let fake = Fake::start(|_, _| {
        let issue = json!({ "_tag": "Type", "path": ["limit"], "message": "Expected at most 50" });
        let refused = json!({ "_tag": "HttpApiDecodeError", "issues": [issue], "message": "no" });
        Reply::new(400, refused.to_string())
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&listing(&work, 60, &fake));
    assert_eq!(enriched.report.exit_code, 76);
    enriched.all("listings_status", "failed");
    enriched.all("listings_error", "garbled");
    assert_eq!(fake.heard().len(), 1, "six batches, and one is enough to know");
    let trouble = &enriched.report.vendors["visor"].trouble;
    assert!(
        trouble.keys().any(|words| words.contains("limit: Expected at most 50")),
        "{trouble:?}"
    );
}

#[test]
fn a_vin_of_which_only_the_status_is_known_is_bought_once() {
    let fake = Fake::start(|_, heard| match heard.path.strip_prefix("/vins/") {
        None => refusal(400, "validation_error", "unknown_query_parameter", "No vin_pattern."),
        Some(vin) => {
            let status = if vin.ends_with('3') { "missing" } else { "active" };
            let data = json!({ "vin": vin, "status": status, "latest_listing": null, "build": {} });
            Reply::new(200, json!({ "data": data, "meta": {} }).to_string())
        }
    });
    let work = Work::with_faults(&[]);
    let mut plan = listing(&work, 8, &fake);
    plan.vendor("visor").allow_dearer = true;
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    assert_eq!(enriched.count("listings_status"), [("absent", 1), ("found", 7)].into());
    assert_eq!(enriched.count("listing_availability"), [("", 1), ("active", 7)].into());
    enriched.all("listing_id", "");
    assert_eq!(fake.heard().len(), 1 + 8, "each VIN once");
}

#[test]
fn no_row_of_a_further_page_is_bought_twice() {
    let fake = Fake::start(|_, heard| search(heard, |vin| !vin.ends_with('4'), 3));
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&listing(&work, 10, &fake));
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    assert_eq!(enriched.count("listings_status"), [("absent", 1), ("found", 9)].into());
    let heard = fake.heard();
    assert_eq!(heard.len(), 3, "nine rows in threes");
    let asked: Vec<usize> = heard.iter().map(|heard| asked(heard).len()).collect();
    assert_eq!(asked, [10, 7, 4], "what has its row is not asked about again");
    assert_eq!(enriched.report.vendors["visor"].spent.0, 3 * 2000);
}

#[test]
fn a_field_that_visor_does_not_know_is_left_out() {
    let fake = Fake::start(|_, heard| {
        if query(heard).contains_key("fields") {
            return refusal(400, "validation_error", "invalid_fields", "Unknown field: sold_date");
        }
        search(heard, |_| true, 100)
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&listing(&work, 31, &fake));
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("listings_status", "found");
    enriched.all("listing_price", "23450.00");
    assert_eq!(fake.heard().len(), 1 + 4, "one refusal, and then without");
}

#[test]
fn a_window_that_others_use_up_is_waited_for() {
    let used_up = |limit: u32| {
        Fake::start(move |_, heard| {
            search(heard, |_| true, 100)
                .header("x-ratelimit-limit-60s", &limit)
                .header("x-ratelimit-remaining-60s", &0)
        })
    };
    for (limit, why) in [(40, "rate_limited"), (1, "quota")] {
        let fake = used_up(limit);
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&listing(&work, 30, &fake));
        assert_eq!(enriched.report.exit_code, 75, "{limit}");
        assert_eq!(fake.heard().len(), 1, "{limit}: nothing is left");
        assert_eq!(enriched.count("listings_error"), [("", 10), (why, 20)].into(), "{limit}");
        let resumes_in = enriched.resumes_in();
        assert!((1.0..=62.0).contains(&resumes_in), "{limit}: in {resumes_in} s");
    }
}

#[test]
fn a_wait_in_the_body_parks() {
    let fake = Fake::start(|call, heard| {
        if call == 1 {
            return search(heard, |_| true, 100);
        }
        let reply = json!({
            "error": { "type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "m" },
            "retryAfter": 7200.5,
            "_tag": "PublicApiRateLimitError",
        });
        Reply::new(429, reply.to_string())
    });
    let work = Work::with_faults(&[]);
    let mut plan = listing(&work, 30, &fake);
    plan.vendor("visor").concurrency = 1.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 75);
    assert_eq!(enriched.count("listings_error"), [("", 10), ("rate_limited", 20)].into());
    let resumes_in = enriched.resumes_in();
    assert!((7190.0..=7203.0).contains(&resumes_in), "in {resumes_in} s");
}

#[test]
fn a_refused_account_is_named_as_visor_names_it() {
    let cases = [
        (402, "billing_error", "billing_state_blocked", "The card was declined."),
        (402, "billing_error", "monthly_spend_cap_exceeded", "The cap of $40 is reached."),
        (403, "permission_error", "missing_scope", "The key lacks inventory.read."),
    ];
    for (status, kind, code, message) in cases {
        let fake = Fake::start(move |_, _| refusal(status, kind, code, message));
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&listing(&work, 25, &fake));
        assert_eq!(enriched.report.exit_code, 69, "{code}");
        enriched.all("listings_error", "denied");
        let because =
            enriched.report.vendors["visor"].stopped_because.as_deref().unwrap_or_default();
        assert!(because.contains(code) && because.contains(message), "{because}");
    }
}
