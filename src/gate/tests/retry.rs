use std::fmt::Write as _;

use super::*;

/// Every fault, and whether the endpoint says that it refuses the kind of request.
fn faults() -> Vec<(Fault, bool)> {
    let code = || "http_400".to_owned();
    let sure = [
        Fault::NotSent,
        Fault::Timeout,
        Fault::Server(500),
        Fault::Limited { wait: None },
        Fault::Limited { wait: Some(Duration::from_secs(7)) },
        Fault::Poisoned { code: code() },
        Fault::Denied(Denied::Key),
        Fault::Denied(Denied::Scope),
        Fault::Denied(Denied::Billing),
        Fault::Unsettled { code: code() },
        Fault::Unsure,
        Fault::Garbled { excerpt: "<html>".into() },
    ];
    let mut faults: Vec<_> = sure.into_iter().map(|fault| (fault, false)).collect();
    faults.push((Fault::Poisoned { code: code() }, true));
    faults.push((Fault::Garbled { excerpt: "limit".into() }, true));
    faults
}

#[test]
fn every_fault_has_one_consequence() {
    let mut table = format!("{:<40} {:<28} once\n", "fault", "read or idempotent");
    for (fault, refuses_shape) in faults() {
        let next = |effect| format!("{:?}", classify(&fault, effect, refuses_shape));
        let [read, idempotent, once] = [Effect::Read, Effect::Idempotent, Effect::Once].map(next);
        assert_eq!(read, idempotent, "a call with an idempotency key is safe to send again");
        let shape = if refuses_shape { " (shape)" } else { "" };
        writeln!(table, "{:<40} {read:<28} {once}", format!("{fault:?}{shape}"))
            .expect("a string takes all");
    }
    insta::assert_snapshot!(table, @r#"
        fault                                    read or idempotent           once
        NotSent                                  Retry { most: 6 }            Retry { most: 6 }
        Timeout                                  Retry { most: 6 }            Lost
        Server(500)                              Retry { most: 6 }            Lost
        Limited { wait: None }                   Wait(None)                   Wait(None)
        Limited { wait: Some(7s) }               Wait(Some(7s))               Wait(Some(7s))
        Poisoned { code: "http_400" }            Halve { code: "http_400" }   Halve { code: "http_400" }
        Denied(Key)                              Deny(Key)                    Deny(Key)
        Denied(Scope)                            Deny(Scope)                  Deny(Scope)
        Denied(Billing)                          Deny(Billing)                Deny(Billing)
        Unsettled { code: "http_400" }           Unknown                      Lost
        Unsure                                   Confirm                      Confirm
        Garbled { excerpt: "<html>" }            Retry { most: 3 }            Lost
        Poisoned { code: "http_400" } (shape)    RefuseShape                  RefuseShape
        Garbled { excerpt: "limit" } (shape)     RefuseShape                  Lost
        "#);
}

#[test]
fn back_off_is_jittered_and_bounded() {
    for tries in 0..40 {
        assert!(back_off(tries) <= LONGEST);
    }
    assert!(back_off(0) <= BASE);
}

#[test]
fn the_breaker_opens_at_the_fifth_failure() {
    let now = Instant::now();
    let mut breaker = Breaker::default();
    for _ in 1..OPENS_AFTER {
        assert_eq!(breaker.failure(now), None);
    }
    assert!(breaker.failure(now).is_some_and(|wait| wait >= BASE));
    assert!(breaker.is_open());
    breaker.success();
    assert!(!breaker.is_open());
}

#[test]
fn only_probes_of_an_open_breaker_are_news() {
    let (sent, now) = (Instant::now(), Instant::now() + BASE);
    let mut breaker = Breaker::default();
    assert!(breaker.is_news(sent));
    for _ in 0..OPENS_AFTER {
        breaker.failure(now);
    }
    assert!(!breaker.is_news(sent));
    assert!(breaker.is_news(now + BASE));
}

#[test]
fn a_budget_is_a_fifth_and_ten() {
    let mut budget = RetryBudget::default();
    let taken =
        |budget: &mut RetryBudget| std::iter::from_fn(|| budget.take().then_some(())).count();
    budget.add(100);
    assert_eq!(taken(&mut budget), 30);
    budget.add(50);
    assert_eq!(taken(&mut budget), 10, "no ten for each question");
}
