//! Limits of our own, with 64 calls on their way at once.
//!
//! `--max-calls` counts every call that leaves. `--max-cost` holds while no call
//! costs more than the price list says, or than any call of the run before it:
//! the first call to a priced endpoint goes alone, so that a price list that is
//! too low is found out by one call. A charge that rises later can pass the limit
//! by what the calls then on their way cost more; nobody could know before. Calls
//! that were reserved at the old price and have not left go back.

use std::time::Duration;

use serde_json::json;
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;

use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, seed};

const MANY: u32 = 64;

#[test]
fn no_more_calls_than_allowed_at_concurrency_64() {
    let mut rng = fastrand::Rng::with_seed(seed());
    // Retries; halving; resets, which cost retries too; confirmations come with recalls.
    for fault in ["latency=15ms", "500:every=3", "carvin/batch-decode/400:every=2", "reset:every=4"]
    {
        for _ in 0..2 {
            let most = rng.u64(1..40);
            let work = Work::with_faults(&[fault, "latency=15ms"]);
            let mut plan = work.fleet();
            for id in ["carvin", "visor"] {
                plan.vendor(id).concurrency = MANY.try_into().expect("not zero");
            }
            plan.limits.max_calls = Some(most);
            let enriched = Enriched::by(&plan);
            let calls = work.sandbox.log().len() as u64;
            assert!(calls <= most, "{fault}: {calls} calls of {most}");
            if enriched.report.exit_code == 80 {
                assert_eq!(calls, most, "{fault}: all of them are used");
            }
        }
    }
}

#[test]
fn no_more_money_than_allowed_at_concurrency_64() {
    for (faults, limit) in [
        (&["latency=15ms"][..], 25_000),
        (&["latency=15ms", "500:every=3"], 31_999),
        (&["latency=15ms", "visor/429:every=5:wait=0s"], 40_000),
    ] {
        let work = Work::with_faults(faults);
        let mut plan = work.listing(&vins(600)).only(&[Dataset::Listings]);
        plan.vendor("visor").concurrency = MANY.try_into().expect("not zero");
        plan.limits.max_cost = Some(Micros(limit));
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 80, "{faults:?}");
        let spent = enriched.report.vendors["visor"].spent;
        assert!(spent <= Micros(limit), "{faults:?}: {spent} of {limit}");
        // A search costs 2000: all of the limit is used that can be.
        assert!(spent.0 > limit - 2000, "{faults:?}: {spent} of {limit}");
        let charged = work.sandbox.log().iter().filter(|seen| seen.status == Some(200)).count();
        assert_eq!(Micros(2000 * i64::try_from(charged).expect("few")), spent);
    }
}

#[test]
fn two_runs_at_once_keep_the_daily_spend() {
    let work = Work::with_faults(&["latency=20ms"]);
    let all = vins(800);
    let plan = |name: &str, vins: &[String]| {
        let path = work.write(&format!("{name}.csv"), &format!("VIN\n{}\n", vins.join("\n")));
        let mut plan = work.plan(&path, &format!("{name}-out.csv")).only(&[Dataset::Listings]);
        plan.vendor("visor").concurrency = MANY.try_into().expect("not zero");
        plan.vendor("visor").spend[0].amount = Micros(41_000);
        plan
    };
    let plans = [plan("a", &all[..400]), plan("b", &all[400..])];
    std::thread::scope(|scope| {
        for plan in &plans {
            scope.spawn(move || Enriched::by(plan));
        }
    });
    assert_eq!(work.calls("listings"), 20);
}

#[test]
fn one_call_shows_that_a_price_is_low() {
    for (charge, limit) in [(5000, 50_000), (5000, 23_000), (3000, 1_000_000)] {
        let fake = charging(move |_| charge);
        let work = Work::with_faults(&[]);
        let mut plan = work.listing(&vins(600)).only(&[Dataset::Listings]);
        fake.url().clone_into(&mut plan.vendor("visor").base_url);
        plan.vendor("visor").concurrency = MANY.try_into().expect("not zero");
        plan.limits.max_cost = Some(Micros(limit));
        let enriched = Enriched::by(&plan);
        let spent = enriched.report.vendors["visor"].spent;
        assert!(spent <= Micros(limit), "{spent} of {limit} micros");
        let calls = i64::try_from(fake.heard().len()).expect("few");
        assert_eq!(calls, (limit / charge).min(60), "every call that the limit allows");
        assert_eq!(ledger_total(&work), calls * charge);
    }
}

/// A vendor of listings that knows none, whose charge for a search depends on how many
/// came before.
fn charging(charge: impl Fn(usize) -> i64 + Send + Sync + 'static) -> Fake {
    let empty = json!({
        "data": [],
        "pagination": { "limit": 100, "offset": 0, "total": 0, "next_offset": null },
        "meta": {}
    });
    Fake::start(move |nth, _| {
        std::thread::sleep(Duration::from_millis(5));
        Reply::new(200, empty.to_string()).header("x-usage-cost-micros", &charge(nth - 1))
    })
}

/// 300 searches of a vendor that charges so, 64 at once.
fn search(fake: &Fake, limit: i64) -> (Work, Enriched) {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(3000)).only(&[Dataset::Listings]);
    fake.url().clone_into(&mut plan.vendor("visor").base_url);
    plan.vendor("visor").concurrency = MANY.try_into().expect("not zero");
    plan.limits.max_cost = Some(Micros(limit));
    let enriched = Enriched::by(&plan);
    assert_eq!(Micros(ledger_total(&work)), enriched.report.vendors["visor"].spent);
    assert!(work.number("SELECT min(price) FROM calls") >= 2000, "never below the price list");
    assert_eq!(
        work.number("SELECT count(*) FROM calls WHERE id NOT IN (SELECT call FROM replies)"),
        0
    );
    (work, enriched)
}

#[test]
fn a_price_jump_costs_only_calls_in_flight() {
    for (jump, dear, limit) in
        [(70, 200_000, 500_000), (1, 90_000, 300_000), (130, 35_000, 400_000)]
    {
        let fake = charging(move |before| if before < jump { 2000 } else { dear });
        let (_work, enriched) = search(&fake, limit);
        assert_eq!(enriched.report.exit_code, 80);
        // Those on their way when the first dear reply came, and what still fits under
        // the limit once they have ended.
        let in_flight = MANY as usize;
        let heard = fake.heard().len();
        assert!(heard <= jump + in_flight, "{heard} searches, dear from {jump} on");
        let dear_ones = i64::try_from(heard.saturating_sub(jump)).expect("few");
        let cheap_ones = i64::try_from(jump.min(heard)).expect("few");
        let spent = enriched.report.vendors["visor"].spent.0;
        assert_eq!(spent, 2000 * cheap_ones + dear * dear_ones);
        assert!(spent <= limit + i64::from(MANY) * (dear - 2000), "{spent} of {limit}");
    }
}

#[test]
fn calls_are_reserved_anew_at_a_dearer_price() {
    let fake = charging(|before| if before < 40 { 2000 } else { 7000 });
    let (work, enriched) = search(&fake, 100_000_000);
    assert_eq!((enriched.report.exit_code, fake.heard().len()), (0, 300));
    assert_eq!(enriched.report.vendors["visor"].spent, Micros(40 * 2000 + 260 * 7000));
    // Whatever was on its way, no call leaves at the old price once the new one is known.
    let cheap = "SELECT count(*) FROM calls JOIN replies ON replies.call = calls.id
                 WHERE price < charged";
    assert!(work.number(cheap) <= i64::from(MANY));
    assert_eq!(work.number("SELECT max(price) FROM calls"), 7000);
}

#[test]
fn a_price_that_falls_is_reserved_at_its_dearest() {
    let fake = charging(|before| [9000, 4000, 500][before.min(2)]);
    let (work, enriched) = search(&fake, 60_000);
    assert_eq!(enriched.report.exit_code, 80);
    let spent = enriched.report.vendors["visor"].spent;
    assert!(spent <= Micros(60_000) && spent > Micros(51_000), "all but one call's price: {spent}");
    let later = work.number("SELECT min(price) FROM calls WHERE id > 1");
    assert_eq!(later, 9000, "it may rise again");
}

#[test]
fn a_charge_below_zero_gives_nothing_back() {
    let fake = charging(|before| if before % 2 == 0 { -5000 } else { i64::MIN });
    let (_work, enriched) = search(&fake, 25_000);
    assert_eq!(enriched.report.exit_code, 80);
    assert_eq!(fake.heard().len(), 12, "each counts as the price list says");
}

#[test]
fn an_ended_credit_costs_only_calls_in_flight() {
    let fake = charging(|before| if before < 90 { 0 } else { 6000 });
    let (_work, enriched) = search(&fake, 120_000);
    assert_eq!(enriched.report.exit_code, 80);
    let spent = enriched.report.vendors["visor"].spent.0;
    assert!(spent > 100_000, "as much as the limit allows: {spent}");
    assert!(spent <= 120_000 + i64::from(MANY) * (6000 - 2000), "{spent}");
}

fn ledger_total(work: &Work) -> i64 {
    work.number("SELECT sum(charged) FROM replies")
}
