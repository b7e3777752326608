//! Every vendor's stand-in through every case, one test for each. What a user
//! would notice is compared: the exit code, the rows, and how much was asked.

use std::time::Duration;

use vinrich::domain::key::Effect;
use vinrich::vendors::{Auth, Vendor, registry};

use super::trial::{Ran, Trial};
use super::{Cases, cases};
use crate::support::each_at_once;

/// Calls that may be on their way when a vendor turns us away.
const ON_THEIR_WAY: usize = 4;

/// The lines that the vendor has something to say about.
fn known(vendor: &'static dyn Vendor) -> Vec<String> {
    let trial = Trial::of(vendor);
    let lines = (trial.cases.some)();
    let rows = trial.run(&lines).rows;
    let known = lines.into_iter().zip(rows).filter(|(_, row)| row.status == "found");
    known.map(|(line, _)| line).collect()
}

/// Whether a call that was lost may have done something.
fn acts_once(vendor: &dyn Vendor, cases: &Cases) -> bool {
    let endpoint = vendor.endpoint(cases.endpoint).expect("its endpoint");
    endpoint.spec().effect == Effect::Once
}

fn assert_found(ran: &Ran, rows: usize, id: &str) {
    assert_eq!(ran.report.exit_code, 0, "{id}: {:#?}", ran.report);
    assert_eq!(ran.count("found", ""), rows, "{id}: {:?}", ran.rows);
    assert!(ran.rows.iter().all(|row| !row.value.is_empty()), "{id}: {:?}", ran.rows);
}

/// Everything is known: every row has its value, the calls were full, and the
/// next run asks for nothing.
#[test]
fn ok() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let known = known(*vendor);
        let trial = Trial::of(*vendor);
        assert_found(&trial.run(&known), known.len(), id);
        assert_eq!(trial.asked(), (trial.cases.calls)(known.len()), "{id}: full batches");
        let calls = trial.calls();
        assert_found(&trial.run(&known), known.len(), id);
        assert_eq!(trial.calls(), calls, "{id}: what is known is not asked again");
    });
}

/// Some is known, some is not: each row says which.
#[test]
fn partial() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let trial = Trial::of(*vendor);
        let lines = (trial.cases.some)();
        let ran = trial.run(&lines);
        assert_eq!(ran.report.exit_code, 0, "{id}: {:#?}", ran.report);
        let (status, error) = trial.cases.nothing;
        let (found, nothing) = (ran.count("found", ""), ran.count(status, error));
        assert!(found > 0 && nothing > 0, "{id}: {:?}", ran.rows);
        assert_eq!(found + nothing, lines.len(), "{id}: {:?}", ran.rows);
        for row in &ran.rows {
            assert_eq!(row.status == "found", !row.value.is_empty(), "{id}: {row:?}");
        }
    });
}

/// Nothing is known, which is an answer and no failure.
#[test]
fn empty() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let trial = Trial::of(*vendor);
        let ran = trial.run(&(trial.cases.none)());
        assert_eq!(ran.report.exit_code, 0, "{id}: {:#?}", ran.report);
        assert!(ran.is_without_answer(&[trial.cases.nothing]), "{id}: {:?}", ran.rows);
    });
}

/// One key makes the vendor refuse the call it is in: it alone is refused.
#[test]
fn one_key_refused() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let known = known(*vendor);
        let rule = (cases(*vendor).refusal)(known.last().expect("a VIN"));
        let trial = Trial::failing(*vendor, &rule);
        let ran = trial.run(&known);
        if !trial.cases.refused_alone {
            let all_failed = ran.rows.iter().all(|row| row.status == "failed");
            assert_eq!((ran.report.exit_code, all_failed), (3, true), "{id}: {:?}", ran.rows);
            assert!(ran.rows.iter().all(|row| row.value.is_empty()), "{id}: {:?}", ran.rows);
            return;
        }
        // A request that was not made is an answer, and not what was wanted.
        let exit = if acts_once(*vendor, &trial.cases) { 3 } else { 0 };
        assert_eq!(ran.report.exit_code, exit, "{id}: {:#?}", ran.report);
        let (refused, others) = ran.rows.split_last().expect("rows");
        assert_eq!((&*refused.status, &*refused.value), ("refused", ""), "{id}: {refused:?}");
        assert!(!refused.error.is_empty(), "{id}: why");
        assert!(others.iter().all(|row| row.status == "found"), "{id}: {:?}", ran.rows);
        let calls = trial.calls();
        trial.run(&known);
        // What a refused call would have done is still to be done.
        let again = usize::from(acts_once(*vendor, &trial.cases));
        assert_eq!(trial.calls(), calls + again, "{id}: what was refused is remembered");
    });
}

/// The vendor asks to wait for longer than the user does: the run parks.
#[test]
fn quota() {
    each_at_once(registry(), |vendor| assert_parks(*vendor, "429:wait=1h"));
}

/// The account is turned away, whatever the words: the vendor is left alone.
#[test]
fn denied() {
    let faults = [("401", 77), ("402", 69), ("403", 69)];
    each_at_once(registry().iter().filter(|vendor| has_key(**vendor)), |vendor| {
        let id = vendor.spec().id();
        let known = known(*vendor);
        for (fault, exit) in faults {
            let trial = Trial::failing(*vendor, fault);
            let ran = trial.run(&known);
            assert_eq!(ran.report.exit_code, exit, "{id}: {fault}");
            assert!(ran.is_without_answer(&[("failed", "denied")]), "{id}: {:?}", ran.rows);
            assert!(trial.calls() <= ON_THEIR_WAY, "{id}: {fault}: {} calls", trial.calls());
        }
    });
}

/// Where no key is shown nobody is turned away for good: it is a wall, and waited out.
#[test]
fn walled() {
    each_at_once(registry().iter().filter(|vendor| !has_key(**vendor)), |vendor| {
        assert_parks(*vendor, "403:wait=1h");
    });
}

/// Bodies that are no answers are never read as one.
#[test]
fn garbled() {
    let faults = ["html", "truncate", "garbled"];
    let each = registry().iter().flat_map(|vendor| faults.map(|fault| (*vendor, fault)));
    each_at_once(each, |(vendor, fault)| {
        let name = format!("{}: {fault}", vendor.spec().id());
        let trial = Trial::failing(vendor, fault);
        let ran = trial.run(&known(vendor));
        if acts_once(vendor, &trial.cases) {
            return assert_left_open(&trial, &ran, &name);
        }
        let (exit, told) = if fault == "garbled" && trial.cases.asks_to_come_back {
            (75, [("pending", "rate_limited"); 2])
        } else {
            (76, [("failed", "garbled"), ("pending", "outage")])
        };
        assert_eq!(ran.report.exit_code, exit, "{name}: {:#?}", ran.report);
        assert!(ran.is_without_answer(&told), "{name}: {:?}", ran.rows);
    });
}

/// As long as a reply comes in time, its slowness shows nowhere.
#[test]
fn slow_but_in_time() {
    each_at_once(registry(), |vendor| {
        let known = known(*vendor);
        let trial = Trial::failing(*vendor, "latency=150ms");
        assert_found(&trial.run(&known), known.len(), vendor.spec().id());
    });
}

/// A reply that does not come is asked for once more; where the call may have
/// acted, what became of it is found out instead.
#[test]
fn too_slow_once() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let known = known(*vendor);
        let rule = format!("{}/stall:first=1", cases(*vendor).endpoint);
        let trial = Trial::failing(*vendor, &rule).waiting(Duration::from_secs(2));
        assert_found(&trial.run(&known), known.len(), id);
        let calls = (trial.cases.calls)(known.len());
        if acts_once(*vendor, &trial.cases) {
            assert_eq!(trial.asked(), calls, "{id}: nothing is done twice");
        } else {
            assert!(trial.asked() > calls, "{id}: {} calls", trial.asked());
        }
    });
}

/// A vendor that never replies is given up before long.
#[test]
fn too_slow_for_ever() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        let trial = Trial::failing(*vendor, "stall").waiting(Duration::from_millis(300));
        let known = known(*vendor);
        let ran = trial.run(&known);
        if acts_once(*vendor, &trial.cases) {
            return assert_left_open(&trial, &ran, id);
        }
        assert_eq!(ran.report.exit_code, 68, "{id}: {:#?}", ran.report);
        let told = [("failed", "timeout"), ("pending", "outage")];
        assert!(ran.is_without_answer(&told), "{id}: {:?}", ran.rows);
        let planned = (trial.cases.calls)(known.len());
        assert!(trial.calls() <= planned * 6 / 5 + 10, "{id}: {} calls", trial.calls());
    });
}

/// Whether the vendor is shown a key.
fn has_key(vendor: &dyn Vendor) -> bool {
    vendor.spec().auth != Auth::None
}

/// The run ends soon, says when to come back, and calls nothing an answer.
fn assert_parks(vendor: &'static dyn Vendor, fault: &str) {
    let id = vendor.spec().id();
    let trial = Trial::failing(vendor, fault);
    let ran = trial.run(&known(vendor));
    assert_eq!(ran.report.exit_code, 75, "{id}: {:#?}", ran.report);
    assert!(ran.report.resume_at.is_some(), "{id}");
    assert!(ran.is_without_answer(&[("pending", "rate_limited")]), "{id}: {:?}", ran.rows);
    assert!(trial.calls() <= ON_THEIR_WAY, "{id}: {} calls", trial.calls());
}

/// Calls that may have acted were sent once each at most, and the user is told.
fn assert_left_open(trial: &Trial, ran: &Ran, name: &str) {
    assert_ne!(ran.report.exit_code, 0, "{name}: {:#?}", ran.report);
    assert!(!ran.report.warnings.is_empty(), "{name}");
    let told = [("failed", "outcome_unknown"), ("pending", "outage")];
    assert!(ran.is_without_answer(&told), "{name}: {:?}", ran.rows);
    assert!(trial.asked() <= ran.rows.len(), "{name}: {} calls", trial.asked());
}
