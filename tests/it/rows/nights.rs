//! Nights on which one source fails and another answers, or none does: the exit
//! code says whether the file is complete, and the report counts what it holds.

use std::time::Duration;

use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::clock::{NIGHT, ScriptedClock, TTL, daily};
use crate::support::library::{Enriched, Tweak as _, vin, vins};
use crate::support::{Work, each_at_once};

const DECODE_AND_RECALLS: [Dataset; 2] = [Dataset::Decode, Dataset::Recalls];

/// The fleet, decoded by one source; recalls are carvin's word, or else nhtsa's.
fn two_sources(work: &Work) -> Plan {
    let mut plan = work.fleet().only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Decode).vendors = vec!["vpic-api"];
    plan.dataset(Dataset::Recalls).vendors = vec!["carvin", "nhtsa"];
    plan.settings.max_wait = Duration::ZERO;
    plan
}

/// Rows that say `stale:` of a dataset.
fn stale_rows(enriched: &Enriched, dataset: Dataset) -> u64 {
    let error = format!("{dataset}_error");
    enriched.rows.iter().filter(|row| row[&error].starts_with("stale:")).count() as u64
}

/// The file lacks nothing, and the report knows of nothing that it lacks.
#[track_caller]
fn is_complete(enriched: &Enriched, datasets: &[Dataset]) {
    let report = &enriched.report;
    assert!(report.incomplete.is_empty() && report.resume_at.is_none(), "{report:#?}");
    assert!(!report.output_kept, "{report:#?}");
    for dataset in datasets {
        assert_eq!(report.datasets[dataset.name()].deferred_renewals, 0, "{dataset}");
        assert_eq!(stale_rows(enriched, *dataset), 0, "{dataset}");
        assert!(!enriched.count(&format!("{dataset}_status")).contains_key("pending"));
    }
}

#[test]
fn a_second_source_makes_the_night_whole() {
    let mut work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = two_sources(&work);
    // The first source may be asked about little, and what it said expires every night.
    plan.vendor("carvin").quotas = daily(3);
    for _ in 0..3 {
        clock.pass(NIGHT);
        let night = Enriched::at(&plan, &clock);
        assert_eq!(night.report.exit_code, 0, "{:#?}", night.report);
        is_complete(&night, &DECODE_AND_RECALLS);
        assert_eq!(night.report.vendors["carvin"].stopped.as_deref(), Some("quota"));
        let by = night.count("recalls_vendor");
        assert!(by["carvin"] > 0 && by["nhtsa"] > 0, "{by:?}");
    }

    // Now the second source is gone too: what both said is old.
    work.restart(&["nhtsa/503"]);
    clock.pass(NIGHT);
    let alone = Enriched::at(&plan, &clock);
    assert_eq!(alone.report.exit_code, 68, "{:#?}", alone.report);
    let stale = stale_rows(&alone, Dataset::Recalls);
    assert!(stale > 0);
    assert_eq!(alone.report.datasets["recalls"].deferred_renewals, stale);
    assert!(alone.report.resume_at.is_some());
    let lacking = alone.report.incomplete.values().flatten();
    let late = lacking.filter(|(why, _)| why.starts_with("recalls:stale:"));
    assert_eq!(late.map(|(_, rows)| rows).sum::<u64>(), stale);
}

#[test]
fn a_vendor_dead_for_weeks_is_not_missed() {
    // A vendor that is out of reach judges nobody; one that refuses is to be told of.
    each_at_once([("carvin/down", 0), ("carvin/402", 69)], |(fault, exit)| {
        let mut work = Work::with_faults(&[]);
        let clock = ScriptedClock::new();
        let mut plan = work.listing(&vins(30)).only(&[Dataset::Decode]);
        let decode = plan.dataset(Dataset::Decode);
        (decode.vendors, decode.ttl) = (vec!["carvin", "vpic-api"], TTL);
        plan.settings.max_wait = Duration::ZERO;
        plan.thresholds.keep_complete = true;
        assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 0);
        work.restart(&[fault]);
        for number in 1..=16 {
            clock.pass(NIGHT);
            let night = Enriched::at(&plan, &clock);
            assert_eq!(night.report.exit_code, exit, "night {number}: {:#?}", night.report);
            assert!(!night.count("decode_vendor").contains_key("carvin"), "night {number}");
            is_complete(&night, &[Dataset::Decode]);
        }
    });
}

#[test]
fn an_unread_list_of_models_is_not_inconclusive() {
    let trucks: Vec<String> =
        (0..12).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect();
    let nights: [(&[&str], u8); 2] = [(&["nhtsa/models/503"], 68), (&[], 75)];
    each_at_once(nights, |(faults, exit)| {
        let work = Work::with_faults(faults);
        let mut plan = work.listing(&trucks).only(&[Dataset::Recalls]);
        plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa"];
        plan.settings.max_wait = Duration::ZERO;
        let names = Enriched::by(&plan).count("model").len();
        std::fs::remove_dir_all(work.path("store")).expect("a new store");
        if faults.is_empty() {
            // As many calls as there are names: the list comes after them.
            plan.vendor("nhtsa").quotas = daily(names.try_into().expect("few"));
        }
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, exit, "{:#?}", enriched.report);
        let errors = enriched.count("recalls_error");
        assert!(!errors.contains_key("inconclusive"), "{errors:?}");
        let lacks = ["outage", "http_503", "quota"].iter().filter_map(|why| errors.get(why));
        assert!(lacks.sum::<usize>() > 0, "{errors:?}");
    });
}

#[test]
fn an_answer_that_says_little_is_complete() {
    // Nhtsa cannot tell about any of these names, and does so every night.
    let work = Work::with_faults(&["nhtsa/recalls/empty400"]);
    let cars = ['B', 'D', 'F'].map(|year| vin("1HGBH41J", year, "N000007"));
    let mut plan = work.listing(&cars).only(&[Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa"];
    plan.thresholds.keep_complete = true;
    let enriched = Enriched::by(&plan);
    enriched.all("recalls_error", "inconclusive");
    assert_eq!((enriched.report.exit_code, enriched.report.output_kept), (0, false));
}
