//! What vehicles of the same make, model and year cost: asked by make and year, if wanted.

use std::collections::BTreeSet;

use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::library::{Enriched, Row, Tweak, fleet_vins};

const OF_COMPARABLES: [&str; 4] =
    ["comparable_count", "comparable_price_median", "comparable_price_p25", "comparable_price_p75"];

fn without(work: &Work) -> Plan {
    work.listing(&fleet_vins(60)).only(&[Dataset::Decode, Dataset::Listings])
}

fn wanting(work: &Work, which: &str) -> Plan {
    let mut plan = without(work);
    plan.vendor("visor").options.insert("comparables", vec![which.into()]);
    plan
}

/// The makes and model years of the rows.
fn makes_and_years(rows: &[Row]) -> BTreeSet<(&str, &str)> {
    let known = rows.iter().filter(|row| !row["model_year"].is_empty() && !row["model"].is_empty());
    known.map(|row| (row["make"].as_str(), row["model_year"].as_str())).collect()
}

/// What is said of comparable vehicles.
fn warnings(enriched: &Enriched) -> Vec<&str> {
    let warnings = enriched.report.warnings.iter().map(String::as_str);
    warnings.filter(|words| words.contains("comparable vehicles")).collect()
}

/// The rows without what is said of comparable vehicles.
fn others(rows: &[Row]) -> Vec<Row> {
    let is_other = |column: &str| !column.starts_with("comparable");
    let others = |row: &Row| {
        row.iter()
            .filter(|(column, _)| is_other(column))
            .map(|(c, v)| (c.clone(), v.clone()))
            .collect()
    };
    rows.iter().map(others).collect()
}

#[test]
fn comparables_are_left_alone_unless_wanted() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&without(&work));
    assert_eq!(work.calls("facets"), 0);
    for column in OF_COMPARABLES {
        enriched.all(column, "");
    }
}

#[test]
fn a_median_takes_one_call_for_each_make_and_year() {
    let work = Work::with_faults(&[]);
    let before = Enriched::by(&without(&work));
    let enriched = Enriched::by(&wanting(&work, "median"));
    assert_eq!((enriched.report.exit_code, warnings(&enriched)), (0, vec![]));
    let asked = makes_and_years(&enriched.rows);
    assert!(asked.len() > 10, "{asked:?}");
    assert_eq!(work.calls("facets"), asked.len());
    assert_eq!(
        enriched.report.vendors["visor"].spent,
        Micros(3000 * i64::try_from(asked.len()).expect("few"))
    );
    assert_eq!(others(&enriched.rows), others(&before.rows), "nothing else has changed");

    let priced = enriched.rows.iter().filter(|row| !row["comparable_price_median"].is_empty());
    let priced: Vec<&Row> = priced.collect();
    assert!(priced.len() > 20, "{} rows", priced.len());
    for row in priced {
        assert!(row["comparable_count"].parse::<u32>().is_ok_and(|count| count >= 10), "{row:?}");
    }
    for column in [
        "comparable_price_p25",
        "comparable_price_p75",
        "comparable_price_min",
        "comparable_price_max",
    ] {
        enriched.all(column, "");
    }

    let again = Enriched::by(&wanting(&work, "median"));
    assert_eq!(work.calls("facets"), asked.len(), "they are known for a week");
    assert_eq!(again.rows, enriched.rows);
    let mut offline = wanting(&work, "median");
    offline.datasets.offline = true;
    assert_eq!(Enriched::by(&offline).rows, enriched.rows);
}

#[test]
fn the_spread_takes_three_calls() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&wanting(&work, "full"));
    assert_eq!(work.calls("facets"), 3 * makes_and_years(&enriched.rows).len());
    let cents = |row: &Row, column: &str| row[column].parse::<f64>().ok();
    let mut spreads = 0;
    for row in &enriched.rows {
        let [_, median, p25, p75] = OF_COMPARABLES.map(|column| cents(row, column));
        assert_eq!(median.is_some(), p25.is_some() && p75.is_some(), "{row:?}");
        if let (Some(median), Some(p25), Some(p75)) = (median, p25, p75) {
            assert!(p25 < median && median < p75, "{row:?}");
            spreads += 1;
        }
    }
    assert!(spreads > 20, "{spreads} rows");
}

#[test]
fn comparables_need_a_spend_limit() {
    let work = Work::with_faults(&[]);
    let mut plan = wanting(&work, "median");
    let visor = plan.vendor("visor");
    visor.spend.clear();
    visor.price.insert("listings".into(), Micros::ZERO);
    let enriched = Enriched::by(&plan);
    assert_eq!((enriched.report.exit_code, work.calls("facets")), (0, 0));
    let [warning] = warnings(&enriched)[..] else { panic!("{:?}", enriched.report.warnings) };
    assert!(warning.contains("spend limit"), "{warning}");
}

#[test]
fn failed_comparables_spoil_nothing() {
    for fault in ["403", "html", "500"] {
        let work = Work::with_faults(&[&format!("visor/facets/{fault}")]);
        let plain = Enriched::by(&without(&work));
        let enriched = Enriched::by(&wanting(&work, "median"));
        assert_eq!(enriched.report.exit_code, 0, "{fault}: {:#?}", enriched.report);
        assert_eq!(others(&enriched.rows), others(&plain.rows), "{fault}");
        enriched.all("comparable_count", "");
        let warned = warnings(&enriched);
        assert!(warned.iter().all(|words| words.contains("did not answer")), "{fault}: {warned:?}");
        assert!(!warned.is_empty(), "{fault}");
    }
}

#[test]
fn a_plan_counts_the_questions() {
    let work = Work::with_faults(&[]);
    let calls = |plan: &Plan| {
        let clock = vinrich::SystemClock::new();
        let forecast = vinrich::plan(plan, &vinrich::domain::events::Silent, &clock);
        let vendors = forecast.expect("a plan").vendors;
        let visor = vendors.iter().find(|vendor| vendor.vendor == "visor").expect("visor");
        visor.calls.get("facets").copied().unwrap_or(0)
    };
    assert_eq!(calls(&without(&work)), 0);
    assert!(calls(&wanting(&work, "full")) >= 3, "what is not decoded yet may be anything");
    let known = Enriched::by(&without(&work));
    let expected = makes_and_years(&known.rows).len() as u64;
    assert_eq!(calls(&wanting(&work, "median")), expected);
    assert_eq!(calls(&wanting(&work, "full")), 3 * expected);
    Enriched::by(&wanting(&work, "median"));
    assert_eq!(calls(&wanting(&work, "full")), 2 * expected, "the medians are known");
}
