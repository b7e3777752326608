//! Recalls: no zero is told that nobody has confirmed.

use std::collections::BTreeSet;
use std::time::Duration;

use vinrich::config::RecallKey;
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::clock::ScriptedClock;
use crate::support::library::{Enriched, Row, Tweak, vin};

const DECODE_AND_RECALLS: [Dataset; 2] = [Dataset::Decode, Dataset::Recalls];

fn vehicle(row: &Row) -> Option<[&str; 3]> {
    let vehicle = [row["make"].as_str(), row["model"].as_str(), row["model_year"].as_str()];
    vehicle.iter().all(|part| !part.is_empty()).then_some(vehicle)
}

/// The distinct vehicles of the rows that `of` picks.
fn vehicles(enriched: &Enriched, of: impl Fn(&Row) -> bool) -> BTreeSet<[&str; 3]> {
    enriched.rows.iter().filter(|row| of(row)).filter_map(vehicle).collect()
}

#[test]
fn each_vehicle_costs_one_call_zeros_two() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.fleet().only(&DECODE_AND_RECALLS));
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!(work.calls("recalls"), vehicles(&enriched, |_| true).len());

    let zero_by_vehicle = vehicles(&enriched, |row| {
        row["recall_campaign_count"] == "0" || row["recall_match_basis"] != "model_exact"
    });
    assert_eq!(work.calls("recalls-vin"), zero_by_vehicle.len());
    let zeros = enriched.rows.iter().filter(|row| row["recall_campaign_count"] == "0");
    for row in zeros {
        assert_eq!(
            (row["recalls_status"].as_str(), row["recall_campaigns"].as_str()),
            ("absent", "[]")
        );
        assert!(["vin", "model_exact"].contains(&row["recall_match_basis"].as_str()));
    }
    for row in enriched.rows.iter().filter(|row| row["recalls_status"] != "absent") {
        assert_ne!(row["recall_campaign_count"], "0");
    }
}

/// A VIN whose vehicle has no recalls, as the sandbox's fleet has them.
fn zero() -> String {
    "1FTPW14518F060965".into()
}

/// Ford trucks of 2016, many of which the decoder calls `F-250` and the recall
/// source `F-250 SD`.
fn trucks() -> Vec<String> {
    (0..100).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect()
}

#[test]
fn a_model_known_otherwise_is_not_a_zero() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.listing(&trucks()).only(&DECODE_AND_RECALLS));
    let trapped: Vec<_> = enriched.rows.iter().filter(|row| row["model"] == "F-250").collect();
    assert!(trapped.len() > 1, "the sandbox has such trucks");
    for row in &trapped {
        assert_eq!(row["recalls_status"], "found");
        let count: u32 = row["recall_campaign_count"].parse().expect("a count");
        assert!(count > 0);
        assert!(["vin", "model_variant"].contains(&row["recall_match_basis"].as_str()));
    }
    let by_vin = trapped.iter().filter(|row| row["recall_match_basis"] == "vin");
    let kinds: std::collections::BTreeSet<_> = trapped
        .iter()
        .map(|row| (&row["series"], &row["electrification_level"], &row["fuel_type_primary"]))
        .collect();
    assert_eq!(by_vin.count(), kinds.len(), "one of each is asked, its siblings are told");
    assert!(kinds.len() < trapped.len());
}

#[test]
fn an_unconfirmed_zero_is_inconclusive() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&trucks()).only(&DECODE_AND_RECALLS);
    plan.vendor("carvin").confirm_zero = false;
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "that nothing can be concluded is an answer");
    assert_eq!(work.calls("recalls-vin"), 0);
    for row in enriched.rows.iter().filter(|row| row["model"] == "F-250") {
        assert_eq!(row["recalls_status"], "failed");
        assert_eq!(row["recalls_error"], "inconclusive");
        assert_eq!(row["recall_campaign_count"], "");
    }
}

#[test]
fn a_zero_whose_confirmation_fails_is_not_told() {
    let work = Work::with_faults(&["carvin/recalls-vin/500"]);
    let enriched = Enriched::by(&work.listing(&trucks()).only(&DECODE_AND_RECALLS));
    assert_ne!(enriched.report.exit_code, 0);
    for row in &enriched.rows {
        assert_ne!(row["recall_campaign_count"], "0");
    }
}

#[test]
fn asked_by_vin_when_told_so() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&trucks()).only(&[Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).key = RecallKey::Vin;
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!((work.calls("recalls-vin"), work.calls("recalls")), (100, 0));
    assert_eq!(work.calls("batch-decode"), 0, "no decode is needed");
    enriched.all("recall_match_basis", "vin");
    enriched.all("decode_status", "not_requested");
}

#[test]
fn recalls_without_a_vehicle_say_why() {
    let work = Work::with_faults(&[]);
    // A maker that nobody registered: an all-empty decode.
    let unknown = vin("ZZ91234A", 'G', "EA00000");
    let enriched = Enriched::by(&work.listing(&[unknown]).only(&DECODE_AND_RECALLS));
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("decode_status", "absent");
    enriched.all("recalls_status", "not_requested");
    enriched.all("recalls_error", "vehicle_unknown");
    enriched.all("recall_campaign_count", "");
}

#[test]
fn recalls_alone_decode_what_they_need() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.listing(&trucks()).only(&[Dataset::Recalls]));
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!(work.calls("batch-decode"), 5);
    assert!(enriched.count("recalls_status").keys().all(|status| *status != "not_requested"));
}

#[test]
fn a_zero_is_as_old_as_its_confirmation() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = work.listing(&[zero()]).only(&DECODE_AND_RECALLS);
    let first = Enriched::at(&plan, &clock);
    first.all("recalls_status", "absent");
    let confirmed_at = first.rows[0]["recalls_fetched_at"].clone();

    clock.pass(Duration::from_hours(24));
    plan.limits.max_calls = Some(1);
    let second = Enriched::at(&plan, &clock);
    assert_eq!(second.report.exit_code, 80, "the vehicle was asked again, the VIN was not");
    second.all("recalls_status", "absent");
    second.all("recalls_error", "stale:own_limit");
    assert!(second.rows[0]["recalls_fetched_at"][..10] == confirmed_at[..10]);
}

#[test]
fn a_refreshed_zero_is_confirmed_again() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&[zero()]).only(&DECODE_AND_RECALLS);
    Enriched::by(&plan).all("recalls_status", "absent");
    plan.datasets.refresh = [Dataset::Recalls].into();
    Enriched::by(&plan).all("recalls_status", "absent");
    assert_eq!((work.calls("recalls"), work.calls("recalls-vin")), (2, 2));
}

#[test]
fn a_failed_refresh_keeps_the_answer() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&[zero()]).only(&DECODE_AND_RECALLS);
    let before = Enriched::by(&plan);
    plan.datasets.refresh = [Dataset::Decode, Dataset::Recalls].into();
    plan.limits.max_calls = Some(0);
    let after = Enriched::by(&plan);
    for column in ["decode_status", "recalls_status", "recall_campaign_count", "record_hash"] {
        assert_eq!(after.rows[0][column], before.rows[0][column], "{column}");
    }
}
