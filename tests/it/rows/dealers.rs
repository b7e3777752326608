//! Dealers: looked up by id where a listing does not describe them, if that is wanted.

use std::collections::BTreeSet;

use vinrich::config::VendorSettings;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::library::{Enriched, Row, Tweak, vins};

/// So many VINs that some of their listings leave the dealer open.
const MANY: usize = 120;

/// The columns that a dealer fills.
const OF_DEALERS: [&str; 3] = ["listing_dealer", "listing_city", "listing_region"];

fn looking_for_listings(work: &Work) -> Plan {
    work.listing(&vins(MANY)).only(&[Dataset::Listings])
}

fn with_dealers(work: &Work) -> Plan {
    let mut plan = looking_for_listings(work);
    want_dealers(plan.vendor("visor"));
    plan
}

fn want_dealers(settings: &mut VendorSettings) {
    settings.options.insert("dealers", vec!["true".into()]);
}

/// The rows with a listing that does not tell all of its dealer.
fn open(rows: &[Row]) -> Vec<usize> {
    let is_open = |row: &Row| {
        row["listings_status"] == "found" && OF_DEALERS.iter().any(|c| row[*c].is_empty())
    };
    (0..rows.len()).filter(|&place| is_open(&rows[place])).collect()
}

#[test]
fn dealers_are_left_alone_unless_wanted() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&looking_for_listings(&work));
    assert!(!open(&enriched.rows).is_empty(), "the sandbox leaves some dealers open");
    assert_eq!(work.calls("dealers"), 0);
}

#[test]
fn one_call_fills_in_the_dealers() {
    let work = Work::with_faults(&[]);
    let before = Enriched::by(&looking_for_listings(&work));
    let enriched = Enriched::by(&with_dealers(&work));
    assert_eq!((enriched.report.exit_code, &enriched.report.warnings[..]), (0, &[][..]));
    assert_eq!(open(&enriched.rows), [0; 0]);

    let log = work.sandbox.log();
    let [call] = &log.iter().filter(|seen| seen.endpoint == "dealers").collect::<Vec<_>>()[..]
    else {
        panic!("one call")
    };
    let distinct: BTreeSet<_> = call.keys.iter().collect();
    assert_eq!(distinct.len(), call.keys.len(), "each dealer once");
    assert_eq!(enriched.attempted("visor"), 1, "the listings were known");
    assert_eq!(enriched.report.vendors["visor"].spent.0, 1000);

    let were_open = open(&before.rows);
    for (place, (row, old)) in enriched.rows.iter().zip(&before.rows).enumerate() {
        for column in row.keys().filter(|column| column.starts_with("listing")) {
            let kept = !old[column].is_empty() || !OF_DEALERS.contains(&column.as_str());
            assert!(!kept || row[column] == old[column], "{column}");
        }
        let changed = row["record_hash"] != old["record_hash"];
        assert_eq!(changed, were_open.contains(&place), "a row that is filled is another one");
    }

    let again = Enriched::by(&with_dealers(&work));
    assert_eq!(work.calls("dealers"), 1, "they are known");
    assert_eq!(again.rows, enriched.rows);
    let mut offline = with_dealers(&work);
    offline.datasets.offline = true;
    assert_eq!(Enriched::by(&offline).rows, enriched.rows);
}

#[test]
fn dealers_need_a_spend_limit() {
    let work = Work::with_faults(&[]);
    let mut plan = with_dealers(&work);
    let visor = plan.vendor("visor");
    visor.spend.clear();
    visor.price.insert("listings".into(), vinrich::domain::money::Micros::ZERO);
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!(work.calls("dealers"), 0);
    assert!(!open(&enriched.rows).is_empty());
    let [warning] = &enriched.report.warnings[..] else { panic!("{:?}", enriched.report.warnings) };
    assert!(warning.contains("dealers") && warning.contains("spend limit"), "{warning}");

    plan.limits.max_cost = Some(vinrich::domain::money::Micros(1_000_000));
    let enriched = Enriched::by(&plan);
    assert_eq!((work.calls("dealers"), open(&enriched.rows).len()), (1, 0));
}

#[test]
fn a_reached_limit_keeps_the_listings() {
    let work = Work::with_faults(&[]);
    let first = Enriched::by(&looking_for_listings(&work));
    let mut plan = with_dealers(&work);
    plan.limits.max_cost = Some(vinrich::domain::money::Micros(500));
    let enriched = Enriched::by(&plan);
    assert_eq!(work.calls("dealers"), 0);
    assert_eq!(enriched.rows, first.rows);
    assert_eq!(enriched.report.outcome, "own_limit", "there is more to be had");
}

#[test]
fn failed_dealers_spoil_no_listing() {
    for (fault, exit) in [("403", 69), ("html", 76)] {
        let work = Work::with_faults(&[&format!("visor/dealers/{fault}")]);
        let enriched = Enriched::by(&with_dealers(&work));
        assert_eq!(enriched.report.exit_code, exit, "{fault}");
        assert!(!open(&enriched.rows).is_empty());
        let statuses = enriched.count("listings_status");
        assert_eq!(statuses["found"] + statuses["absent"], MANY, "{fault}: {statuses:?}");
        enriched.all("listings_error", "");
    }
}

#[test]
fn a_plan_counts_dealers_of_possible_listings() {
    let work = Work::with_faults(&[]);
    let calls = |plan: &Plan| {
        let clock = vinrich::SystemClock::new();
        let forecast = vinrich::plan(plan, &vinrich::domain::events::Silent, &clock);
        let vendors = forecast.expect("a plan").vendors;
        (vendors[0].calls.get("dealers").copied().unwrap_or(0), vendors[0].calls_at_least)
    };
    let (with, least) = calls(&with_dealers(&work));
    let (without, _) = calls(&looking_for_listings(&work));
    assert!(with > 0 && without == 0 && least > 0, "{with} and {without} calls, at least {least}");
}
