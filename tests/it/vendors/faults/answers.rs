//! Replies that are whole, but whose answers are not the ones asked for.

use serde_json::json;
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Reply, item};

/// Columns that tell of the run and its folder instead of the vehicle.
const OF_THE_RUN: [&str; 5] =
    ["row_id", "source_file", "decode_fetched_at", "recalls_fetched_at", "listings_fetched_at"];

fn fleet_with(faults: &[&str]) -> (Enriched, usize) {
    let work = Work::with_faults(faults);
    let mut enriched = Enriched::by(&work.fleet());
    for row in &mut enriched.rows {
        row.retain(|column, _| !OF_THE_RUN.contains(&column.as_str()));
    }
    (enriched, work.sandbox.log().len())
}

#[test]
fn order_case_and_repetition_change_nothing() {
    let (clean, calls) = fleet_with(&[]);
    for fault in ["reorder", "duplicate", "lowercase"] {
        let (enriched, twisted) = fleet_with(&[fault]);
        assert_eq!(enriched.report.exit_code, 0, "{fault}");
        assert_eq!(enriched.rows, clean.rows, "{fault}");
        assert_eq!(twisted, calls, "{fault}");
    }
}

#[test]
fn answers_about_foreign_vins_are_dropped_and_counted() {
    let (clean, calls) = fleet_with(&[]);
    let (enriched, twisted) = fleet_with(&["carvin/foreign"]);
    assert_eq!((enriched.report.exit_code, twisted), (0, calls));
    assert_eq!(enriched.rows, clean.rows);
    let carvin = &enriched.report.vendors["carvin"];
    assert_eq!(carvin.protocol_mismatch, carvin.planned["batch-decode"]);
    assert!(
        enriched.report.warnings.iter().any(|warning| warning.contains("that were not asked for"))
    );
}

#[test]
fn answers_without_vins_match_a_full_batch() {
    for (left_out, found) in [(0, 20), (1, 0)] {
        let fake = Fake::start(move |_, heard| {
            let anonymous = |vin: &String| {
                let mut item = item(vin);
                item.as_object_mut().expect("an object").remove("VIN");
                item
            };
            Reply::items(&heard.vins().iter().skip(left_out).map(anonymous).collect::<Vec<_>>())
        });
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&work.decoding(&vins(20), &fake.url()));
        let statuses = enriched.count("decode_status");
        assert_eq!(statuses.get("found").copied().unwrap_or_default(), found);
        assert_eq!(enriched.report.vendors["carvin"].matched_by_place, found as u64);
        let told = |warning: &String| warning.contains("in the order asked");
        assert_eq!(enriched.report.warnings.iter().any(told), found > 0);
    }
}

#[test]
fn a_foreign_answer_is_not_kept() {
    let [asked, foreign] = [vins(2)[0].clone(), vins(2)[1].clone()];
    let fake = Fake::start(|_, heard| {
        let about = |vin: &String| item(vin);
        let mut items: Vec<_> = heard.vins().iter().map(about).collect();
        items.extend(vins(2).iter().map(about));
        Reply::items(&items)
    });
    let work = Work::with_faults(&[]);
    Enriched::by(&work.decoding(&[asked], &fake.url())).all("decode_status", "found");
    Enriched::by(&work.decoding(std::slice::from_ref(&foreign), &fake.url()))
        .all("decode_status", "found");
    assert_eq!(fake.heard()[1].vins(), [foreign], "its answer must be asked for");
}

#[test]
fn an_answer_missing_once_is_asked_once_more() {
    let work = Work::with_faults(&["carvin/batch-decode/missing:first=1"]);
    let enriched = Enriched::by(&work.listing(&vins(40)).only(&[Dataset::Decode]));
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("decode_status", "found");
    assert_eq!(work.calls("batch-decode"), 3);
}

#[test]
fn a_missing_answer_can_be_asked_singly() {
    let work = Work::with_faults(&["carvin/batch-decode/missing"]);
    let mut plan = work.listing(&vins(20)).only(&[Dataset::Decode]);
    plan.vendor("carvin").options.insert("decode_singly", vec!["true".into()]);
    Enriched::by(&plan).all("decode_status", "found");
    assert_eq!((work.calls("batch-decode"), work.calls("decode")), (1, 1));
    Enriched::by(&plan).all("decode_status", "found");
    assert_eq!(work.sandbox.log().len(), 2, "kept like any other answer");
}

#[test]
fn an_answer_missing_twice_is_given_up() {
    let all = vins(45);
    let lost = all[3].clone();
    let fake = Fake::start({
        let lost = lost.clone();
        move |_, heard| {
            let mut vins = heard.vins();
            vins.retain(|vin| *vin != lost);
            Reply::items(&vins.iter().map(|vin| item(vin)).collect::<Vec<_>>())
        }
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.decoding(&all, &fake.url()));
    assert_eq!(enriched.report.exit_code, 3);
    assert_eq!(enriched.count("decode_status"), [("failed", 1), ("found", 44)].into());
    let row = enriched.row(&lost);
    assert_eq!(row["decode_error"], "missing_in_response");
    assert_eq!(row["make"], "");
    let asked = fake.heard().iter().filter(|heard| heard.vins().contains(&lost)).count();
    assert_eq!(asked, 2, "once, and once more");
    assert!(fake.heard().len() <= 4, "{} calls", fake.heard().len());
}

#[test]
fn allowed_failed_lookups_exit_0() {
    let fake = Fake::start(|_, _| Reply::items(&[]));
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(2), &fake.url());
    plan.thresholds.max_failed = vinrich::plan::Allowance::Percent(100.0);
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("decode_error", "missing_in_response");
}

#[test]
fn an_items_error_concerns_its_vin_alone() {
    let all = vins(40);
    let bad = all[7].clone();
    let fake = Fake::start({
        let bad = bad.clone();
        move |_, heard| {
            let answer = |vin: &String| {
                if *vin == bad {
                    json!({ "VIN": vin, "success": false, "error": "No such VIN" })
                } else {
                    item(vin)
                }
            };
            Reply::items(&heard.vins().iter().map(answer).collect::<Vec<_>>())
        }
    });
    let work = Work::with_faults(&[]);
    let plan = work.decoding(&all, &fake.url());
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "a refusal is an answer");
    assert_eq!(enriched.count("decode_status"), [("found", 39), ("refused", 1)].into());
    assert_eq!(enriched.row(&bad)["decode_error"], "No such VIN");
    assert_eq!(fake.heard().len(), 2, "not asked again alone");
    Enriched::by(&plan);
    assert_eq!(fake.heard().len(), 2, "and remembered");
}
