//! Servers that fail, for a moment or for the whole night.

use std::time::Duration;

use vinrich::domain::outcome::Dataset;
use vinrich::report::VendorReport;

use crate::support::Work;
use crate::support::clock::ScriptedClock;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::Port;

const NIGHT: Duration = Duration::from_hours(24);

/// Calls that an outage may cost: a fifth more than planned, and ten.
fn most(vendor: &VendorReport) -> u64 {
    vendor.planned.values().sum::<u64>() * 6 / 5 + 10
}

#[test]
fn a_burst_of_server_errors_is_ridden_out() {
    for fault in ["500:every=7", "503:first=3", "502:every=9", "reset:every=7"] {
        let work = Work::with_faults(&[fault]);
        let enriched = Enriched::by(&work.fleet());
        assert_eq!(enriched.report.exit_code, 0, "{fault}: {:#?}", enriched.report);
        for dataset in Dataset::ALL {
            let statuses = enriched.count(&format!("{dataset}_status"));
            assert!(!statuses.contains_key("failed") && !statuses.contains_key("pending"));
        }
        for (name, vendor) in &enriched.report.vendors {
            assert!(vendor.attempted <= most(vendor), "{fault}: {name}: {vendor:#?}");
        }
    }
}

#[test]
fn a_blip_at_full_concurrency_is_ridden_out() {
    let work = Work::with_faults(&["carvin/503:first=16"]);
    let mut plan = work.listing(&vins(400)).only(&[Dataset::Decode]);
    plan.vendor("carvin").concurrency = 16.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
}

#[test]
fn a_total_outage_parks_and_does_not_storm() {
    let work = Work::with_faults(&["down"]);
    let enriched = Enriched::by(&work.fleet());
    assert_eq!(enriched.report.exit_code, 68, "{:#?}", enriched.report);
    assert!(enriched.resumes_in() > 0.0);
    for (name, vendor) in &enriched.report.vendors {
        assert!(vendor.attempted <= most(vendor), "{name}: {vendor:#?}");
    }
    let attempted: u64 = enriched.report.vendors.values().map(|vendor| vendor.attempted).sum();
    assert_eq!(work.sandbox.log().len() as u64, attempted);
    for row in enriched.rows.iter().filter(|row| !row["vin"].is_empty()) {
        for dataset in Dataset::ALL {
            let status = &row[&format!("{dataset}_status")];
            assert!(["pending", "failed"].contains(&status.as_str()), "{dataset}: {status}");
            assert!(!row[&format!("{dataset}_error")].is_empty());
        }
        assert_eq!((row["make"].as_str(), row["recall_campaign_count"].as_str()), ("", ""));
        assert_eq!(row["listing_count"], "");
    }
}

#[test]
fn an_outage_parks_a_small_file_too() {
    let work = Work::with_faults(&["down"]);
    let enriched = Enriched::by(&work.listing(&vins(2)).only(&[Dataset::Decode]));
    assert_eq!(enriched.report.exit_code, 68, "{:#?}", enriched.report);
    assert!(enriched.report.resume_at.is_some());
}

#[test]
fn a_vendor_that_cannot_be_reached_parks() {
    let nobody = Port::reserve();
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(120), &nobody.url());
    plan.settings.max_wait = Duration::from_secs(1);
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 68, "{:#?}", enriched.report);
    assert!(enriched.report.resume_at.is_some());
    let statuses = enriched.count("decode_status");
    assert!(statuses.keys().all(|status| ["pending", "failed"].contains(status)), "{statuses:?}");
    assert!(enriched.attempted("carvin") <= most(&enriched.report.vendors["carvin"]));
}

/// Two nights: everything is answered on the first, and every answer has
/// expired on the second, when `faults` strike.
fn two_nights(faults: &[&str], between: Duration) -> (Enriched, Enriched) {
    let mut work = Work::with_faults(&[]);
    let mut plan = work.fleet();
    plan.settings.max_wait = Duration::from_secs(1);
    plan.dataset(Dataset::Decode).ttl = Duration::from_hours(20);
    let clock = ScriptedClock::new();
    let first = Enriched::at(&plan, &clock);
    assert_eq!(first.report.exit_code, 0);
    work.restart(faults);
    clock.pass(between);
    let second = Enriched::at(&plan, &clock);
    (first, second)
}

#[test]
fn too_stale_is_null() {
    let (_, later) = two_nights(&["down"], NIGHT * 4);
    for row in later.rows.iter().filter(|row| !row["vin"].is_empty()) {
        assert!(["pending", "failed"].contains(&row["listings_status"].as_str()));
        assert_eq!((row["listing_count"].as_str(), row["listing_price"].as_str()), ("", ""));
        assert!(!row["listings_error"].starts_with("stale:"));
    }
    assert!(later.count("decode_error").keys().any(|error| error.starts_with("stale:")));
}

#[test]
fn the_next_night_renews_what_has_expired() {
    let (first, second) = two_nights(&[], NIGHT);
    assert_eq!(second.report.exit_code, 0);
    for (before, after) in first.rows.iter().zip(&second.rows) {
        if before["listings_status"] == "found" {
            assert!(before["listings_fetched_at"] < after["listings_fetched_at"]);
        }
        assert_eq!(before["record_hash"], after["record_hash"], "nothing has changed");
    }
}
