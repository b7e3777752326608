//! Eight processes that write to one store at once.

use super::site::Site;
use super::store::Left;
use super::vendor::Moment;
use super::victim::Victim;
use crate::support::command::vins_in;
use crate::support::{number_in, say};

const PROCESSES: usize = 8;

/// Answers that each process of the short form has to keep.
const WRITES: usize = 160;

/// Recalls of each vehicle by its VIN, so that there are many transactions.
const TABLES: &str = "[datasets.recalls]\nvendors = ['carvin']\nkey = 'vin'";

/// Calls about so many vehicles: decodes in batches, recalls one by one.
const fn calls_about(vehicles: usize) -> usize {
    vehicles.div_ceil(20) + vehicles
}

/// A run about vehicles of its own.
fn start(site: &Site, place: usize, vehicles: usize) -> Victim {
    let (input, out) = (format!("vins-{place}.csv"), format!("out-{place}.csv"));
    let vins = vins_in(place * vehicles..(place + 1) * vehicles);
    site.work.write(&input, &format!("vin\n{}\n", vins.join("\n")));
    site.start(&["enrich", &input, "-o", &out, "--with", "decode,recalls"])
}

/// Starts all processes at once; none of them finds the store locked.
fn all_succeed(site: &Site, vehicles: usize) {
    let all: Vec<Victim> = (0..PROCESSES).map(|place| start(site, place, vehicles)).collect();
    for process in all {
        let fate = process.end();
        assert_eq!(fate.code, Some(0), "{}", fate.stderr);
        assert!(!fate.stderr.contains("locked"), "{}", fate.stderr);
    }
    let store = Left::at(&site.work.store()).expect("a store");
    assert_eq!(store.damage(), None);
    assert_eq!(store.answer_count(), PROCESSES * vehicles * 2);
}

#[test]
fn eight_processes_write_to_one_store() {
    let vehicles = number_in("VINRICH_WRITES").unwrap_or(WRITES).div_ceil(2);
    let site = Site::with(TABLES);
    all_succeed(&site, vehicles);
    let heard = site.vendor.take_heard().len();
    let store = Left::at(&site.work.store()).expect("a store");
    let calls = store.count("SELECT count(*) FROM calls");
    assert_eq!((heard, calls), (PROCESSES * calls_about(vehicles), heard));
    say(&format!(
        "crowd: {PROCESSES} processes kept {} answers each, in {calls} calls: locked 0, integrity ok",
        vehicles * 2
    ));
}

#[test]
fn eight_processes_share_a_killed_runs_store() {
    let vehicles = 12;
    let site = Site::with(TABLES);
    let victim = start(&site, 0, vehicles);
    site.vendor.kill_at(5, Moment::Before, victim.killer());
    assert!(victim.end().was_killed());
    let open = || {
        let left = Left::at(&site.work.store()).expect("a store");
        left.count("SELECT count(*) FROM runs WHERE ended_at IS NULL")
    };
    assert_eq!(open(), 1);
    all_succeed(&site, vehicles);
    assert_eq!(open(), 0);
}
