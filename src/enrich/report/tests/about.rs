//! What the sheet `About` has of the run.

use std::collections::BTreeMap;

use super::*;
use crate::config::Local;
use crate::domain::Dataset;
use crate::domain::freshness::Freshness;
use crate::domain::money::Micros;
use crate::enrich::chain::Chain;
use crate::enrich::report::{LocalReport, RowsReport, VendorReport};

#[test]
fn the_sheet_names_sources_calls_and_cost() {
    let month = LocalReport { as_of: Some("2026-10".into()), ..LocalReport::default() };
    let calls = |attempted, spent| VendorReport {
        attempted,
        spent: Micros(spent),
        ..VendorReport::default()
    };
    let report = Report {
        rows: RowsReport {
            read: 1_204,
            valid: 1_201,
            rejected: BTreeMap::from([("empty".to_owned(), 2), ("length".to_owned(), 1)]),
            ..RowsReport::default()
        },
        local: BTreeMap::from([(Local::Vpic.id().to_owned(), month)]),
        vendors: BTreeMap::from([
            ("nhtsa".to_owned(), calls(7, 0)),
            ("visor".to_owned(), calls(60, 120_000)),
        ]),
        ..Report::default()
    };
    let decode = Chain {
        dataset: Dataset::Decode,
        steps: vec![Step::Local(Local::Vpic)],
        named: false,
        freshness: Freshness::lasting(),
    };
    let chains = Chains {
        by_dataset: BTreeMap::from([(Dataset::Decode, decode)]),
        left_out: BTreeMap::from([(Dataset::Listings, "not asked for".to_owned())]),
        ..Chains::default()
    };
    let facts = BTreeMap::from_iter(about(&report, &chains, Timestamp::default()));
    let expected = [
        ("rows read", "1,204"),
        ("rows without a VIN", "2 empty, 1 length"),
        ("decode from", "vpic (data of 2026-10)"),
        ("listings", "left out: not asked for"),
        ("calls to visor, and their cost", "60, $0.12"),
        ("cost", "$0.12"),
    ];
    for (name, value) in expected {
        assert_eq!(facts.get(name).map(String::as_str), Some(value), "{name}");
    }
}
