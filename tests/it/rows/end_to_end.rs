//! The main job, from a file to a file, through real HTTP.

use crate::support::library::run;
use crate::support::{Work, csv_rows, sample};

#[test]
fn a_second_run_over_a_fleet_asks_nothing() {
    let work = Work::with_faults(&[]);
    let plan = work.plan(&sample("fleet.csv"), "out.csv");
    let first = run(&plan).expect("the run ends");
    assert_eq!(first.exit_code, 0, "{first:#?}");
    let missing = first.rows.distinct_vins.expect("two passes know");
    assert_eq!(work.calls("batch-decode") as u64, missing.div_ceil(20));
    assert_eq!(work.calls("listings") as u64, missing.div_ceil(10));

    let before = work.sandbox.log().len();
    let text = work.read("out.csv");
    let second = run(&plan).expect("the run ends");
    assert_eq!(second.exit_code, 0);
    assert_eq!(work.sandbox.log().len(), before, "everything is in the store");
    assert_eq!(work.read("out.csv"), text);

    let rows = csv_rows(&text);
    assert_eq!(rows.len() as u64, first.rows.read);
    let input = csv_rows(&std::fs::read_to_string(sample("fleet.csv")).expect("the sample"));
    for (out, into) in rows.iter().zip(&input) {
        assert_eq!(out["input_VIN"], into["VIN"]);
    }
}
