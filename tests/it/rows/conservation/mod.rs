//! The flagship: n rows in, n rows out, in the same order, whatever the
//! servers do; and no row is told what is not true of its VIN.

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use vinrich::domain::outcome::Dataset;
use vinrich::output::schema::COLUMNS;

use crate::support::library::{Enriched, Row, Tweak, vin};
use crate::support::{Work, sample};

/// Input rows: unit, VIN cell, note.
type Input = Vec<[String; 3]>;

/// VINs of makers known and unknown, and of models whose recalls go by another name.
static POOL: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sample = std::fs::read_to_string(sample("vins.txt")).expect("the sample");
    let known = sample.lines().filter(|line| line.len() == 17).take(40).map(str::to_owned);
    let trucks = (0..12).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000"));
    let nobodys = (0..4).map(|n| vin(&format!("ZZ9{n:03}4A"), 'G', "EA00000"));
    known.chain(trucks).chain(nobodys).collect()
});

/// The rows of the pool's VINs when nothing goes wrong.
static TRUTH: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.listing(&POOL));
    assert_eq!(enriched.report.exit_code, 0);
    enriched.rows.into_iter().map(|row| (row["vin"].clone(), row)).collect()
});

fn cell() -> impl Strategy<Value = String> {
    let vin = || any::<Index>().prop_map(|index| index.get(&POOL).clone());
    prop_oneof![
        6 => vin(),
        1 => vin().prop_map(|vin| vin.to_lowercase()),
        1 => vin().prop_map(|vin| format!(" {}-{} ", &vin[..8], &vin[8..])),
        1 => vin().prop_map(|vin| vin.replacen('1', "I", 1)),
        1 => "[ -~]{0,20}",
        1 => Just(String::new()),
    ]
}

fn rows() -> impl Strategy<Value = Input> {
    let row = (0..1000_u32, cell(), "[a-z\",;=é\n ]{0,12}")
        .prop_map(|(unit, vin, note)| [format!("U-{unit}"), vin, note]);
    prop::collection::vec(row, 0..70)
}

/// Rules such as `carvin/recalls/500:every=3`; none stalls.
fn rule(scopes: &'static [&'static str]) -> impl Strategy<Value = String> {
    const FAULTS: [&str; 23] = [
        "400",
        "401",
        "402",
        "403",
        "404",
        "413",
        "422",
        "429",
        "500",
        "502",
        "503",
        "529",
        "down",
        "reset",
        "truncate",
        "html",
        "garbled",
        "missing",
        "reorder",
        "foreign",
        "duplicate",
        "lowercase",
        "latency=5ms",
    ];
    let when = prop_oneof![
        1 => Just(String::new()),
        4 => (2..6_u32).prop_map(|n| format!(":every={n}")),
        4 => (1..5_u32).prop_map(|n| format!(":first={n}")),
        3 => (0..5_u32).prop_map(|n| format!(":after={n}")),
        2 => any::<Index>().prop_map(|index| format!(":vin={}", index.get(&POOL))),
    ];
    (select(scopes), select(&FAULTS[..]), when)
        .prop_map(|(scope, fault, when)| format!("{scope}{fault}{when}"))
}

/// Few, since every case is a whole run with waits of its own.
fn cases() -> ProptestConfig {
    ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(14) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn rows_are_conserved_whatever_decode_does(
        input in rows(),
        faults in prop::collection::vec(rule(&["carvin/", "carvin/batch-decode/"]), 1..3),
    ) {
        holds(&input, &faults);
    }

    #[test]
    fn rows_are_conserved_whatever_recalls_and_listings_do(
        input in rows(),
        faults in prop::collection::vec(
            rule(&["carvin/recalls/", "carvin/recalls-vin/", "visor/", "visor/listings/"]), 1..4),
    ) {
        holds(&input, &faults);
    }

    #[test]
    fn rows_are_conserved_whatever_all_of_them_do(
        input in rows(),
        faults in prop::collection::vec(rule(&["", "carvin/", "visor/"]), 0..4),
    ) {
        holds(&input, &faults);
    }
}

fn holds(input: &Input, faults: &[String]) {
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let work = Work::with_faults(&faults);
    let mut plan = work.plan(&work.write("in.csv", &csv(input)), "out.csv");
    plan.settings.max_wait = Duration::from_millis(200);
    for id in ["carvin", "visor"] {
        plan.vendor(id).timeout = Duration::from_secs(2);
    }
    let enriched = Enriched::by(&plan);

    assert_eq!(carried(&enriched.rows), *input, "rows in are rows out, in order");
    for row in &enriched.rows {
        for dataset in Dataset::ALL {
            is_consistent(row, dataset);
            is_true(row, dataset);
        }
    }
    adds_up(&enriched, input.len());
    let calls: u64 = enriched.report.vendors.values().map(|vendor| vendor.attempted).sum();
    assert_eq!(work.sandbox.log().len() as u64, calls, "every call is in the report");
}

fn csv(input: &Input) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["Unit", "VIN", "Note"]).expect("memory");
    for row in input {
        writer.write_record(row).expect("memory");
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8")
}

fn carried(rows: &[Row]) -> Input {
    let cells = |row: &Row| ["Unit", "input_VIN", "Note"].map(|column| row[column].clone());
    rows.iter().map(cells).collect()
}

/// The columns that hold what a dataset says.
fn columns_of(dataset: Dataset) -> Vec<&'static str> {
    let named: fn(&str) -> bool = match dataset {
        Dataset::Recalls => |name| name.starts_with("recall_") && name != "recall_match_basis",
        Dataset::Listings => |name| name.starts_with("listing_"),
        Dataset::Decode => |_| true,
    };
    let names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
    let place = |name| names.iter().position(|other| *other == name).expect("a column");
    let range: RangeInclusive<usize> = match dataset {
        Dataset::Decode => place("make")..=place("decode_extra"),
        Dataset::Recalls | Dataset::Listings => 0..=names.len() - 1,
    };
    names[range].iter().copied().filter(|name| named(name)).collect()
}

/// A row's status, error, vendor and values must not contradict each other.
fn is_consistent(row: &Row, dataset: Dataset) {
    let of = |what: &str| row[&format!("{dataset}_{what}")].as_str();
    let filled = columns_of(dataset).into_iter().filter(|column| !row[*column].is_empty());
    let filled: BTreeSet<_> = filled.collect();
    let (status, answered) = (of("status"), ["found", "absent"].contains(&of("status")));
    match status {
        "found" => assert!(!filled.is_empty(), "{dataset}: found, but nothing said: {row:?}"),
        "absent" => {
            let zero = [
                "recall_campaign_count",
                "recall_campaigns",
                "recall_equipment_count",
                "listing_count",
            ];
            assert!(filled.iter().all(|column| zero.contains(column)), "{dataset}: {row:?}");
        }
        "pending" | "failed" | "refused" => {
            assert!(filled.is_empty(), "{dataset}: {status}, but {filled:?}");
            assert!(!of("error").is_empty(), "{dataset}: {status} without a reason");
        }
        "not_requested" => assert!(filled.is_empty(), "{dataset}: {filled:?}"),
        other => panic!("{dataset}: no such status: {other}"),
    }
    if row["vin"].is_empty() {
        assert_eq!(status, "not_requested");
    } else if dataset != Dataset::Recalls {
        assert_ne!(status, "not_requested");
    }
    let answered_by = [of("vendor").is_empty(), of("fetched_at").is_empty()];
    if answered {
        assert_eq!((of("error"), answered_by), ("", [false; 2]), "{dataset}: {row:?}");
    } else if status != "refused" {
        assert_eq!(answered_by, [true; 2], "{dataset}: {row:?}");
    }
}

/// What is said of a VIN is what is true of it.
fn is_true(row: &Row, dataset: Dataset) {
    let status = &row[&format!("{dataset}_status")];
    if !["found", "absent"].contains(&status.as_str()) {
        return;
    }
    let truth = TRUTH.get(&row["vin"]).unwrap_or_else(|| panic!("who is {}?", row["vin"]));
    assert_eq!(*status, truth[&format!("{dataset}_status")], "{dataset} of {}", row["vin"]);
    for column in columns_of(dataset) {
        assert_eq!(row[column], truth[column], "{column} of {}", row["vin"]);
    }
}

/// The counts of the report are those of the rows.
fn adds_up(enriched: &Enriched, read: usize) {
    let report = &enriched.report;
    let rows = &report.rows;
    assert_eq!((rows.read, rows.written, rows.diverted), (read as u64, read as u64, 0));
    assert_eq!(rows.valid + rows.rejected.values().sum::<u64>(), rows.read);
    let vins: BTreeSet<_> = enriched.rows.iter().map(|row| row["vin"].as_str()).collect();
    let distinct = vins.iter().filter(|vin| !vin.is_empty()).count();
    assert_eq!(rows.distinct_vins, Some(distinct as u64));

    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    for dataset in Dataset::ALL {
        let counted = enriched.count(&format!("{dataset}_status"));
        let counted: BTreeMap<_, _> =
            counted.into_iter().map(|(status, rows)| (status.to_owned(), rows as u64)).collect();
        assert_eq!(report.datasets[dataset.name()].rows, counted, "{dataset}");
        for (error, rows) in enriched.count(&format!("{dataset}_error")) {
            if !error.is_empty() {
                errors.insert(format!("{dataset}:{error}"), rows as u64);
            }
        }
    }
    assert_eq!(report.errors, errors);
    let is_answer = |error: &str| {
        [":vehicle_unknown", ":inconclusive"].iter().any(|answer| error.ends_with(answer))
    };
    let failed = errors.keys().any(|error| !is_answer(error));
    let refused = |counted: BTreeMap<&str, usize>| counted.contains_key("refused");
    let refused = Dataset::ALL.iter().any(|d| refused(enriched.count(&format!("{d}_status"))));
    assert!(failed || report.exit_code == 0, "{report:#?}");
    assert!(!failed || refused || report.exit_code != 0, "{report:#?}");
    for (name, vendor) in &report.vendors {
        assert_eq!(vendor.by_status.values().sum::<u64>(), vendor.attempted, "{name}");
        assert_eq!(vendor.ok + vendor.faults.values().sum::<u64>(), vendor.attempted, "{name}");
    }
}
