//! Every registered vendor through what every vendor does sooner or later. A
//! new vendor fails here until it has its cases.

use vinrich::outcome::Dataset;
use vinrich::vendors::{Auth, Vendor, registry};

use crate::support::enriched::{Enriched, Row, Tweak, fleet_vins, vin, vins};
use crate::support::{Work, each_at_once};

/// How a vendor is brought to its states.
struct Cases {
    /// What it is asked for here.
    dataset: Dataset,
    /// VINs of which it knows some.
    partial: fn() -> Vec<String>,
    /// VINs of which it knows none.
    empty: fn() -> Vec<String>,
    /// A column that it fills when it knows a VIN.
    column: &'static str,
    /// Where it is asked, and how many VINs (of as many vehicles) a call there holds.
    endpoint: &'static str,
    batch: usize,
}

/// The cases of a vendor.
fn cases(vendor: &dyn Vendor) -> Cases {
    match vendor.spec().id() {
        "carvin" => Cases {
            dataset: Dataset::Decode,
            partial: || [vins(20), unknown()].concat(),
            empty: unknown,
            column: "make",
            endpoint: "batch-decode",
            batch: 20,
        },
        "visor" => Cases {
            dataset: Dataset::Listings,
            partial: || vins(40),
            empty: unknown,
            column: "listing_id",
            endpoint: "listings",
            batch: 10,
        },
        "nhtsa" => Cases {
            dataset: Dataset::Recalls,
            partial: || [hondas(), hondas_without_recalls()].concat(),
            empty: hondas_without_recalls,
            column: "recall_top_component",
            endpoint: "recalls",
            batch: 1,
        },
        "vpic-api" => Cases {
            dataset: Dataset::Decode,
            partial: || [vins(50), unknown()].concat(),
            empty: unknown,
            column: "make",
            endpoint: "decode-batch",
            batch: 50,
        },
        // An inventory: three pages, whatever is looked for in it.
        "carstrel" => Cases {
            dataset: Dataset::Listings,
            partial: || fleet_vins(60),
            empty: unknown,
            column: "listing_id",
            endpoint: "vehicles",
            batch: 20,
        },
        id => panic!("`{id}` has no cases here"),
    }
}

/// The vendors that answer for columns; those that act have stories of their own,
/// in `tool` and `photos`.
fn answering() -> impl Iterator<Item = &'static &'static dyn Vendor> {
    registry().iter().filter(|vendor| {
        vendor.endpoints().iter().any(|endpoint| endpoint.spec().dataset.is_some())
    })
}

/// VINs of makers that nobody registered.
fn unknown() -> Vec<String> {
    (0..20).map(|n| vin(&format!("ZZ9{n:03}4A"), 'G', "EA00000")).collect()
}

/// Hondas of as many vehicles that have recalls.
fn hondas() -> Vec<String> {
    ['B', 'C', 'D', 'E'].map(|year| vin("1HGBH41J", year, "N000001")).into()
}

/// Hondas of as many vehicles that have none.
fn hondas_without_recalls() -> Vec<String> {
    ['F', 'G', 'J', 'L', 'N'].map(|year| vin("1HGBH41J", year, "N000001")).into()
}

/// The calls that `vendor` has seen.
fn calls(work: &Work, vendor: &dyn Vendor) -> usize {
    work.sandbox.log().iter().filter(|seen| seen.vendor == vendor.spec().id()).count()
}

/// Asks `vendor` alone about `vins`, with `fault` (of its own) if one is given.
fn ask(vendor: &dyn Vendor, vins: &[String], fault: Option<&str>) -> (Work, Enriched) {
    let rule = fault.map(|fault| format!("{}/{fault}", vendor.spec().id()));
    let rules: Vec<&str> = rule.iter().map(String::as_str).collect();
    let work = Work::with_faults(&rules);
    let dataset = cases(vendor).dataset;
    let mut plan = work.listing(vins).only(&[dataset]);
    plan.dataset(dataset).vendors = vec![vendor.spec().id()];
    let enriched = Enriched::by(&plan);
    (work, enriched)
}

/// A dataset's status and error in a row.
fn told(row: &Row, dataset: Dataset) -> (&str, &str) {
    (&row[&format!("{dataset}_status")], &row[&format!("{dataset}_error")])
}

#[test]
fn ok_and_partial() {
    for vendor in answering() {
        let Cases { dataset, partial, column, endpoint, batch, .. } = cases(*vendor);
        let vins = partial();
        let (work, enriched) = ask(*vendor, &vins, None);
        let id = vendor.spec().id();
        assert_eq!(enriched.report.exit_code, 0, "{id}");
        let statuses = enriched.count(&format!("{dataset}_status"));
        assert!(statuses["found"] > 0 && statuses["absent"] > 0, "{id}: {statuses:?}");
        assert_eq!(statuses["found"] + statuses["absent"], vins.len(), "{id}");
        for row in &enriched.rows {
            assert_eq!(told(row, dataset).0 == "found", !row[column].is_empty(), "{id}");
            assert_eq!(row[&format!("{dataset}_vendor")], id);
        }
        let log = work.sandbox.log();
        let sent = log.iter().filter(|seen| (seen.vendor, seen.endpoint) == (id, endpoint)).count();
        assert_eq!(sent, vins.len().div_ceil(batch), "{id}: full batches");
    }
}

#[test]
fn empty() {
    for vendor in answering() {
        let Cases { dataset, empty, column, .. } = cases(*vendor);
        let (_, enriched) = ask(*vendor, &empty(), None);
        assert_eq!(enriched.report.exit_code, 0);
        enriched.all(&format!("{dataset}_status"), "absent");
        enriched.all(&format!("{dataset}_error"), "");
        enriched.all(column, "");
    }
}

#[test]
fn quota() {
    for vendor in answering() {
        let Cases { dataset, partial, column, .. } = cases(*vendor);
        let (work, enriched) = ask(*vendor, &partial(), Some("429:wait=1h"));
        assert_eq!(enriched.report.exit_code, 75, "{}", vendor.spec().id());
        assert!(enriched.report.resume_at.is_some());
        enriched.all(&format!("{dataset}_status"), "pending");
        enriched.all(&format!("{dataset}_error"), "rate_limited");
        enriched.all(column, "");
        assert!(calls(&work, *vendor) <= 4, "{}", vendor.spec().id());
    }
}

#[test]
fn denied() {
    for vendor in answering().filter(|vendor| vendor.spec().auth != Auth::None) {
        let Cases { dataset, partial, column, .. } = cases(*vendor);
        for (fault, exit) in [("401", 77), ("402", 69), ("403", 69)] {
            let (work, enriched) = ask(*vendor, &partial(), Some(fault));
            assert_eq!(enriched.report.exit_code, exit, "{}: {fault}", vendor.spec().id());
            enriched.all(&format!("{dataset}_status"), "failed");
            enriched.all(&format!("{dataset}_error"), "denied");
            enriched.all(column, "");
            assert!(calls(&work, *vendor) <= 4, "{}: {fault}", vendor.spec().id());
        }
    }
}

/// Where no key is shown nobody is turned away for good: it is a wall, and waited out.
#[test]
fn walled() {
    let keyless = registry().iter().filter(|vendor| vendor.spec().auth == Auth::None);
    each_at_once(keyless, |vendor| {
        let Cases { dataset, partial, column, .. } = cases(*vendor);
        let (work, enriched) = ask(*vendor, &partial(), Some("403:wait=1h"));
        assert_eq!(enriched.report.exit_code, 75, "{}", vendor.spec().id());
        assert!(enriched.report.resume_at.is_some());
        enriched.all(&format!("{dataset}_status"), "pending");
        enriched.all(&format!("{dataset}_error"), "rate_limited");
        enriched.all(column, "");
        assert!(calls(&work, *vendor) <= 4, "{}", vendor.spec().id());
    });
}

#[test]
fn garbled() {
    for vendor in answering() {
        let Cases { dataset, partial, column, .. } = cases(*vendor);
        each_at_once(["html", "truncate", "garbled"], |fault| {
            let (_, enriched) = ask(*vendor, &partial(), Some(fault));
            let id = vendor.spec().id();
            assert_eq!(enriched.report.exit_code, 76, "{id}: {fault}");
            for row in &enriched.rows {
                let (status, error) = told(row, dataset);
                let known = [("failed", "garbled"), ("pending", "outage")];
                assert!(known.contains(&(status, error)), "{id}: {fault}: {status} {error}");
            }
            enriched.all(column, "");
        });
    }
}

#[test]
fn every_endpoint_says_what_it_takes() {
    for vendor in registry() {
        for endpoint in vendor.endpoints() {
            let spec = endpoint.spec();
            let name = format!("{}/{}", vendor.spec().id(), spec.id);
            assert!(spec.batch >= 1, "{name}");
            let dearer = endpoint.dearer().map(|id| vendor.endpoint(id).expect("it exists").spec());
            if let Some(dearer) = dearer {
                assert_eq!((dearer.dataset, dearer.key), (spec.dataset, spec.key), "{name}");
            }
        }
    }
}
