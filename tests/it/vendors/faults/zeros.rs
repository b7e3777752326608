//! Zeros that may be none: nhtsa's empty 400 for a name it does not know, or
//! when it is asked too fast.

use std::time::Duration;

use vinrich::domain::outcome::Dataset;
use vinrich::sandbox::Seen;

use crate::support::library::{Enriched, Row, Tweak, vin};
use crate::support::{Work, each_at_once};

/// A Honda of 1984 that has recalls.
fn recalled() -> String {
    vin("1HGBH41J", 'E', "N000001")
}

/// Asks nhtsa alone for the recalls of `vins`, which carvin decodes.
fn recalls(vins: &[String], faults: &[&str]) -> (Work, Enriched) {
    let work = Work::with_faults(faults);
    let mut plan = work.listing(vins).only(&[Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa"];
    let enriched = Enriched::by(&plan);
    (work, enriched)
}

/// What nhtsa was asked at `endpoint`.
fn asked(work: &Work, endpoint: &str) -> Vec<Seen> {
    let log = work.sandbox.log().into_iter();
    log.filter(|seen| (seen.vendor, seen.endpoint) == ("nhtsa", endpoint)).collect()
}

#[test]
fn it_is_asked_once_more_and_later() {
    let (work, enriched) = recalls(&[recalled()], &["nhtsa/recalls/empty400:first=1"]);
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("recalls_status", "found");
    enriched.all("recall_match_basis", "model_exact");
    let [first, second] = &asked(&work, "recalls")[..] else { panic!("two calls") };
    assert_eq!((first.status, second.status), (Some(400), Some(200)));
    assert!(second.at - first.at >= Duration::from_millis(1500));
    assert_eq!(enriched.report.vendors["nhtsa"].faults["inconclusive"], 1);
}

#[test]
fn repeated_unconfirmed_zeros_are_not_an_outage() {
    let years = ['B', 'C', 'D', 'E', 'F', 'G', 'H', 'J'];
    let vins = years.map(|year| vin("1HGBH41J", year, "N000001"));
    let (work, enriched) = recalls(&vins, &["nhtsa/empty400"]);
    assert_eq!(enriched.report.exit_code, 0, "that nothing can be said is an answer");
    enriched.all("decode_status", "found");
    enriched.all("recalls_status", "failed");
    enriched.all("recalls_error", "inconclusive");
    enriched.all("recall_campaign_count", "");
    assert_eq!(asked(&work, "recalls").len(), vins.len() * 2, "once more, and no more");
    assert_eq!(enriched.report.vendors["nhtsa"].stopped, None);
}

#[test]
fn the_catalogue_finds_a_model_filed_otherwise() {
    let trucks: Vec<String> =
        (0..40).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect();
    let (work, enriched) = recalls(&trucks, &[]);
    let trapped: Vec<_> = enriched.rows.iter().filter(|row| row["model"] == "F-250").collect();
    assert!(trapped.len() > 1, "the sandbox has such trucks");
    for row in trapped {
        assert_eq!(row["recalls_status"], "found");
        assert_eq!(row["recall_match_basis"], "model_variant");
    }
    assert_eq!(asked(&work, "models").len(), 1, "one catalogue for a make and year");
    let names: Vec<String> =
        asked(&work, "recalls").into_iter().flat_map(|seen| seen.keys).collect();
    assert_eq!(names.iter().filter(|name| *name == "FORD F-250 2016").count(), 0, "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "FORD F-250 SD 2016").count(), 1, "{names:?}");
}

#[test]
fn two_sources_agree_on_a_vehicles_campaigns() {
    let vins: Vec<String> = (0..30).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect();
    let told = |vendor: &'static str| {
        let work = Work::with_faults(&[]);
        let mut plan = work.listing(&vins).only(&[Dataset::Recalls]);
        plan.dataset(Dataset::Recalls).vendors = vec![vendor];
        let columns = ["recall_campaigns", "recall_latest_date", "recall_top_component"];
        let of = |row: &Row| columns.map(|name| row[name].clone());
        Enriched::by(&plan).rows.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(told("nhtsa"), told("carvin"));
}

#[test]
fn pages_and_refusals_are_not_zeros() {
    let faults =
        [("html", 76, "garbled"), ("504", 68, "outage"), ("403:wait=1h", 75, "rate_limited")];
    each_at_once(faults, |(fault, exit, error)| {
        let vins = ['B', 'C', 'D', 'E', 'H'].map(|year| vin("1HGBH41J", year, "N000001"));
        let (_, enriched) = recalls(&vins, &[&format!("nhtsa/{fault}")]);
        assert_eq!(enriched.report.exit_code, exit, "{fault}");
        for row in &enriched.rows {
            let is_known = [error, "http_504", "outage"].contains(&row["recalls_error"].as_str());
            assert!(is_known, "{fault}: {}", row["recalls_error"]);
            assert_eq!(row["recall_campaign_count"], "", "{fault}");
        }
    });
}
