//! Outages and refusals with many calls on their way: no storm of retries, one
//! probe at a time, every try in the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::library::{Enriched, Tweak, run, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, each_at_once};

/// Calls in the ledger that left.
fn in_ledger(work: &Work) -> usize {
    let count = "SELECT count(*) FROM calls LEFT JOIN replies ON replies.call = calls.id
                 WHERE coalesce(replies.state, '') <> 'released'";
    usize::try_from(work.number(count)).expect("no fewer than none")
}

#[test]
fn an_outage_costs_few_more_calls() {
    let faults = ["500", "reset", "stall", "html", "429:wait=0s", "429:wait=1s", "503", "down"];
    let cases = faults.into_iter().flat_map(|fault| [4, 64].map(|slots| (fault, slots)));
    each_at_once(cases, |(fault, slots)| {
        for planned in [1, 60] {
            let work = Work::with_faults(&[&format!("carvin/{fault}")]);
            let mut plan = work
                .listing(&vins(planned * 20))
                .only(&[vinrich::domain::outcome::Dataset::Decode]);
            plan.settings.max_wait = Duration::from_secs(2);
            plan.vendor("carvin").concurrency = slots.try_into().expect("not zero");
            plan.vendor("carvin").timeout = Duration::from_millis(250);
            let report = run(&plan).expect("the run ends");
            // Those that time out before they arrive are tries, too.
            let calls = in_ledger(&work);
            assert!(
                calls * 5 <= planned * 6 + 50,
                "{fault}: {calls} calls for {planned} planned, {slots} at once"
            );
            let attempted = report.vendors["carvin"].attempted;
            assert_eq!(attempted, calls as u64, "{fault}: every try is in the ledger");
            assert!(work.sandbox.log().len() <= calls, "{fault}: and nothing else arrives");
            let exit = report.exit_code;
            let is_quota = fault.starts_with("429");
            assert!(
                if is_quota { exit == 75 } else { [68, 76].contains(&exit) },
                "{fault}: {exit}"
            );
            assert!(exit == 76 || report.resume_at.is_some(), "{fault}");
        }
    });
}

/// How a vendor fails.
type Fails = fn() -> Reply;

/// Fails the first `broken` calls, and tells the most calls that were on their
/// way together when one came after the first `early`.
fn failing(reply: Fails, early: usize, broken: usize) -> (Fake, Arc<AtomicUsize>) {
    let (aloft, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let fake = Fake::start({
        let most = Arc::clone(&most);
        move |call, heard| {
            let together = aloft.fetch_add(1, Ordering::AcqRel) + 1;
            if call > early && call <= broken {
                most.fetch_max(together, Ordering::AcqRel);
            }
            // The first ones have all come before one of them is answered.
            std::thread::sleep(Duration::from_millis(if call <= SLOTS { 300 } else { 30 }));
            aloft.fetch_sub(1, Ordering::AcqRel);
            if call <= broken { reply() } else { Reply::decoded(heard) }
        }
    });
    (fake, most)
}

const SLOTS: usize = 16;

#[test]
fn a_failing_vendor_is_probed_singly() {
    // Four failures in a row are no outage yet: as many calls follow the first ones.
    let cases: [(&str, usize, Fails); 2] = [
        ("500", SLOTS + 4, || Reply::new(500, "{}")),
        ("429", SLOTS, || Reply::new(429, "{}").header("retry-after", &0)),
    ];
    each_at_once(cases, |(name, early, reply)| {
        let broken = early + 2;
        let (fake, most) = failing(reply, early, broken);
        let work = Work::with_faults(&[]);
        let mut plan = work.decoding(&vins(800), &fake.url());
        plan.settings.max_wait = Duration::from_mins(2);
        plan.vendor("carvin").concurrency = 16.try_into().expect("not zero");
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 0, "{name}: {:#?}", enriched.report);
        enriched.all("decode_status", "found");
        assert_eq!(most.load(Ordering::Acquire), 1, "{name}: probes at a time");
        assert_eq!(fake.heard().len(), 40 + broken, "{name}: nothing else was lost");
        assert_eq!(in_ledger(&work), fake.heard().len());
    });
}

#[test]
fn nothing_is_sent_after_a_terminal_answer() {
    each_at_once([(401, 77), (402, 69), (403, 69)], |(status, exit)| {
        const BEFORE: usize = 5;
        let work = Work::with_faults(&[
            &format!("carvin/batch-decode/{status}:after={BEFORE}"),
            "latency=30ms",
        ]);
        let mut plan = work.listing(&vins(1200));
        for id in ["carvin", "visor"] {
            plan.vendor(id).concurrency = 16.try_into().expect("not zero");
        }
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, exit, "{status}");
        let asked = work.calls("batch-decode");
        assert!(asked <= BEFORE + 16, "{status}: {asked} calls, {BEFORE} before the first");
        assert_eq!(work.calls("listings"), 120, "{status}: the other vendor goes on");
        assert_eq!(in_ledger(&work), work.sandbox.log().len());
    });
}

#[test]
fn late_replies_do_not_soften_the_first() {
    // The first refuses the key for good, the others, sent with it, ask to wait.
    let fake = Fake::start(|call, _| {
        std::thread::sleep(Duration::from_millis(if call == 1 { 200 } else { 500 }));
        match call {
            1 => Reply::new(402, r#"{"success":false,"error":"Payment required"}"#),
            2 => Reply::new(429, "{}").header("retry-after", &7200),
            _ => Reply::new(429, "{}").header("retry-after", &3600),
        }
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.decoding(&vins(80), &fake.url()));
    assert_eq!(enriched.report.exit_code, 69, "it stays denied");

    let fake = Fake::start(|call, _| {
        std::thread::sleep(Duration::from_millis(200 * call as u64));
        let wait = if call == 1 { 7200 } else { 3600 };
        Reply::new(429, "{}").header("retry-after", &wait)
    });
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&work.decoding(&vins(80), &fake.url()));
    assert_eq!(enriched.report.exit_code, 75);
    assert!(enriched.resumes_in() > 7000.0, "the later end holds");
}
