//! What goes wrong below HTTP: connections closed, reset, stalled and dripped,
//! framing that lies, encodings that break off. Such a call has failed, its
//! batch is asked for again by the rules, and nothing of it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vinrich::plan::Plan;

use crate::support::ledger::Ledger;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::breakage::{BREAKAGES, UNUSUAL};
use crate::support::server::wire::Act;
use crate::support::server::{Fake, Heard, Reply, Welcome};
use crate::support::{Work, each_at_once};

/// Decodes one batch of three at `url`, with little patience.
fn hasty(work: &Work, url: &str) -> Plan {
    let mut plan = work.decoding(&vins(3), url);
    plan.vendor("carvin").timeout = Duration::from_secs(1);
    plan.settings.max_wait = Duration::ZERO;
    plan
}

/// The same, for a vendor that has come to its senses.
fn patient(work: &Work, url: &str) -> Plan {
    let mut plan = hasty(work, url);
    plan.vendor("carvin").timeout = Duration::from_secs(20);
    plan
}

#[test]
fn a_reply_broken_in_transit_is_retried() {
    each_at_once(BREAKAGES, |broken| {
        let name = broken.name;
        let fake = Fake::start(move |call, heard| match call {
            1 => (broken.spoil)(&Reply::decoded(heard)),
            _ => Reply::decoded(heard),
        });
        let work = Work::with_faults(&[]);
        let mut plan = patient(&work, &fake.url());
        if broken.error == "timeout" {
            plan.vendor("carvin").timeout = Duration::from_secs(2);
        }
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 0, "{name}: {:#?}", enriched.report);
        enriched.all("model", "Civic");
        let ledger = Ledger::of(&plan.settings.store);
        assert_eq!((fake.heard().len(), ledger.calls, ledger.open), (2, 2, 0), "{name}");
        assert_eq!(ledger.answers, 3, "{name}");
        let faults = &enriched.report.vendors["carvin"].faults;
        assert_eq!(*faults, [(broken.error.to_owned(), 1)].into(), "{name}");
    });
}

#[test]
fn a_broken_wire_is_reported_and_keeps_nothing() {
    each_at_once(BREAKAGES, |broken| {
        let name = broken.name;
        let healthy = Arc::new(AtomicBool::new(false));
        let fake = Fake::start({
            let healthy = Arc::clone(&healthy);
            move |_, heard| {
                let good = Reply::decoded(heard);
                if healthy.load(Ordering::Acquire) { good } else { (broken.spoil)(&good) }
            }
        });
        let work = Work::with_faults(&[]);
        let plan = hasty(&work, &fake.url());
        let enriched = Enriched::by(&plan);
        let exit = if broken.error == "timeout" { 68 } else { 76 };
        assert_eq!(enriched.report.exit_code, exit, "{name}: {:#?}", enriched.report);
        enriched.all("decode_status", "failed");
        enriched.all("decode_error", broken.error);
        enriched.all("make", "");
        let ledger = Ledger::of(&plan.settings.store);
        assert_eq!((ledger.answers, ledger.bodies, ledger.open), (0, 0, 0), "{name}");
        let calls = fake.heard().len();
        assert_eq!((ledger.calls, ledger.not_sent), (calls, 0), "{name}");
        assert!(calls <= 11, "{name}: {calls} calls for one batch");

        healthy.store(true, Ordering::Release);
        let enriched = Enriched::by(&patient(&work, &fake.url()));
        assert_eq!((enriched.report.exit_code, fake.heard().len()), (0, calls + 1), "{name}");
        enriched.all("model", "Civic");
    });
}

#[test]
fn unusual_but_whole_replies_are_read() {
    each_at_once(UNUSUAL, |(name, dress)| {
        let fake = Fake::start(move |_, heard| dress(&Reply::decoded(heard)));
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&patient(&work, &fake.url()));
        assert_eq!(enriched.report.exit_code, 0, "{name}: {:#?}", enriched.report);
        enriched.all("model", "Civic");
        assert_eq!(fake.heard().len(), 1, "{name}");
    });
}

#[test]
fn huge_numbers_and_repeated_ends_are_survived() {
    let fake = Fake::start(|_, heard| {
        let body = String::from_utf8(Reply::decoded(heard).body).expect("JSON");
        Reply::new(200, body.replace("\"2021\"", "1e999,\"Doors\":-1e999,\"Seats\":1e-999"))
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&patient(&work, &fake.url()));
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
    for column in ["model_year", "doors", "seats"] {
        enriched.all(column, "");
    }
}

#[test]
fn a_connection_closed_unused_is_opened_again() {
    each_at_once([Welcome::Close, Welcome::Reset], |welcome| {
        let first = move |connection| if connection == 1 { welcome } else { Welcome::Talk };
        let fake = Fake::start_choosy(first, |_, heard| Reply::decoded(heard));
        let work = Work::with_faults(&[]);
        let plan = patient(&work, &fake.url());
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 0, "{welcome:?}: {:#?}", enriched.report);
        enriched.all("model", "Civic");
        assert_eq!((fake.heard().len(), fake.connections()), (1, 2), "{welcome:?}");
        let ledger = Ledger::of(&plan.settings.store);
        assert_eq!((ledger.calls, ledger.open, ledger.answers), (2, 0, 3), "{welcome:?}");
    });
}

/// Decodes ten batches one after the other, over connections that are kept open.
fn one_by_one(work: &Work, fake: &Fake) -> Enriched {
    let mut plan = work.decoding(&vins(200), &fake.url());
    plan.vendor("carvin").concurrency = 1.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
    let ledger = Ledger::of(&plan.settings.store);
    assert_eq!((ledger.calls as u64, ledger.open), (enriched.attempted("carvin"), 0));
    assert!(ledger.calls >= fake.heard().len(), "every request is in the ledger");
    enriched
}

#[test]
fn a_reset_kept_connection_costs_one_call() {
    // The third request finds its connection reset once it has been read.
    let fake = Fake::start(|call, heard| match call {
        3 => Reply::wire([Act::Reset]),
        _ => Reply::decoded(heard),
    });
    let work = Work::with_faults(&[]);
    let enriched = one_by_one(&work, &fake);
    let heard = fake.heard();
    assert_eq!(heard[2].connection, heard[1].connection, "it was a kept connection");
    assert_eq!((heard.len(), enriched.attempted("carvin")), (11, 11), "nothing is sent unseen");
    let its_batch = heard.iter().filter(|other| other.vins() == heard[2].vins());
    assert_eq!(its_batch.count(), 2, "and that is its own batch");
    assert_eq!(enriched.report.vendors["carvin"].faults, [("timeout".to_owned(), 1)].into());
}

#[test]
fn closing_after_every_reply_costs_no_call() {
    let fake = Fake::start(|_, heard| {
        let good = Reply::decoded(heard);
        let length = format!("content-length: {}\r\n\r\n", good.body.len());
        let whole = [good.head().as_bytes(), length.as_bytes(), &good.body].concat();
        // Nothing says that it is going to be closed.
        Reply::wire([Act::Send(whole), Act::Close])
    });
    let work = Work::with_faults(&[]);
    one_by_one(&work, &fake);
    let asked: BTreeSet<_> = fake.heard().iter().map(Heard::vins).collect();
    assert_eq!((asked.len(), fake.heard().len()), (10, 10), "no batch reached it twice");
}
