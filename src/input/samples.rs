//! The files under `sample-data/`, which README commands read too.

use std::collections::BTreeMap;

use super::{InputSpec, Inputs};
use crate::domain::vin::{Reading, Rules, VinError};
use crate::domain::vin_set::Distinct;

fn open(name: &str) -> Inputs {
    let path = format!("{}/sample-data/{name}", env!("CARGO_MANIFEST_DIR"));
    Inputs::open(&InputSpec { sources: vec![path], ..InputSpec::default() }).expect("a sample")
}

fn readings(name: &str) -> Vec<Reading> {
    let inputs = open(name);
    let mut batches = inputs.vins().expect("a pass");
    let mut readings = Vec::new();
    while let Some(batch) = batches.read().expect("a batch") {
        readings.extend(batch.rows().map(|row| row.reading(Rules::default())));
    }
    readings
}

fn vins(name: &str) -> Vec<String> {
    readings(name).iter().filter_map(|reading| reading.vin).map(|vin| vin.to_string()).collect()
}

#[test]
fn the_fleet_holds_one_of_every_trouble() {
    assert_eq!(open("fleet.csv").columns(), ["Unit", "VIN", "Plate", "Odometer", "In Service"]);
    let readings = readings("fleet.csv");
    let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
    for error in readings.iter().filter_map(|reading| reading.error) {
        *errors.entry(error.as_str()).or_default() += 1;
    }
    let expected = [
        ("check_digit", 1),
        ("empty", 2),
        ("excel_number_damage", 2),
        ("illegal_character", 5),
        ("length", 1),
        ("placeholder", 1),
    ];
    assert_eq!(errors, BTreeMap::from(expected));

    let slips = readings.iter().filter(|reading| reading.error == Some(VinError::IllegalCharacter));
    assert!(slips.into_iter().all(|slip| slip.suggestion.is_some()));
    assert!(readings.iter().any(|reading| reading.normalized));

    let mut distinct = Distinct::new();
    readings.iter().filter_map(|reading| reading.vin).for_each(|vin| {
        distinct.insert(vin);
    });
    assert_eq!((readings.len(), distinct.len()), (320, 277));
}

#[test]
fn the_list_is_forty_vins() {
    assert_eq!(vins("vins.txt").len(), 40);
    assert_eq!(open("vins.txt").columns(), ["vin"]);
}

#[test]
fn messy_files_hold_the_same_three_vins() {
    let expected = vins("vins.txt")[..3].to_vec();
    for name in [
        "utf-16.csv",
        "separator-line.csv",
        "tabs.tsv",
        "crlf.csv",
        "windows-1252.csv",
        "headerless.txt",
    ] {
        assert_eq!(vins(&format!("messy/{name}")), expected, "{name}");
    }
}

#[test]
fn messy_files_may_be_ragged_or_empty() {
    let expected = vins("messy/tabs.tsv");
    assert_eq!(vins("messy/ragged.csv")[..3], expected, "short and long rows keep their VINs");
    assert!(readings("messy/header-only.csv").is_empty());
    assert!(readings("messy/empty.csv").is_empty());
}

#[test]
fn a_whole_folder_is_one_input() {
    let inputs = open("messy");
    assert_eq!(inputs.files().len(), 9);
    assert_eq!(inputs.batches().and_then(super::Batches::finish).expect("a pass").len(), 9);
}
