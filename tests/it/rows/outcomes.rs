//! The whole table: outcome of a key -> status, word and exit code.

use std::fmt::Write as _;
use std::time::Duration;

use vinrich::domain::outcome::{Denied, Fault, NotAsked, Outcome};

/// Every fault, with values that show what becomes of them.
fn faults() -> Vec<Fault> {
    let faults = vec![
        Fault::NotSent,
        Fault::Timeout,
        Fault::Server(503),
        Fault::Limited { wait: None },
        Fault::Limited { wait: Some(Duration::from_secs(7)) },
        Fault::Poisoned { code: "invalid_vin".into() },
        Fault::Unsettled { code: "reconcile".into() },
        Fault::Denied(Denied::Key),
        Fault::Denied(Denied::Scope),
        Fault::Denied(Denied::Billing),
        Fault::Denied(Denied::Address),
        Fault::Garbled { excerpt: "<!DOCTYPE html>".into() },
        Fault::Unsure,
    ];
    // A new fault fails to compile here until it is added above.
    for fault in &faults {
        match fault {
            Fault::NotSent
            | Fault::Timeout
            | Fault::Server(_)
            | Fault::Limited { .. }
            | Fault::Poisoned { .. }
            | Fault::Unsettled { .. }
            | Fault::Denied(Denied::Key | Denied::Scope | Denied::Billing | Denied::Address)
            | Fault::Garbled { .. }
            | Fault::Unsure => {}
        }
    }
    faults
}

/// Every reason not to ask.
fn helds() -> Vec<NotAsked> {
    let helds = vec![
        NotAsked::Quota,
        NotAsked::RateLimited,
        NotAsked::OwnLimit,
        NotAsked::Breaker,
        NotAsked::Stopped,
        NotAsked::Offline,
        NotAsked::Elsewhere,
    ];
    for held in &helds {
        match held {
            NotAsked::Quota
            | NotAsked::RateLimited
            | NotAsked::OwnLimit
            | NotAsked::Breaker
            | NotAsked::Stopped
            | NotAsked::Offline
            | NotAsked::Elsewhere => {}
        }
    }
    helds
}

fn outcomes() -> Vec<Outcome> {
    let mut outcomes =
        vec![Outcome::Found, Outcome::Absent, Outcome::Refused("No such VIN".into())];
    outcomes.extend(faults().into_iter().map(Outcome::Failed));
    outcomes.extend([
        Outcome::Missing,
        Outcome::Contradictory,
        Outcome::WithoutFacts,
        Outcome::Inconclusive,
        Outcome::Unknown,
    ]);
    outcomes.extend(helds().into_iter().map(Outcome::Pending));
    for outcome in &outcomes {
        match outcome {
            Outcome::Found
            | Outcome::Absent
            | Outcome::Refused(_)
            | Outcome::Failed(_)
            | Outcome::Missing
            | Outcome::Contradictory
            | Outcome::WithoutFacts
            | Outcome::Inconclusive
            | Outcome::Unknown
            | Outcome::Pending(_) => {}
        }
    }
    outcomes
}

#[test]
fn the_table_of_outcomes() {
    let mut table = String::new();
    for outcome in outcomes() {
        let (status, error, exit) = outcome.verdict();
        let (status, error) = (status.name(), error.unwrap_or_else(|| "-".into()));
        let name = format!("{outcome:?}");
        writeln!(table, "{name:<52} {status:<8} {error:<20} {}", exit.code()).expect("memory");
    }
    insta::assert_snapshot!(table, @r#"
    Found                                                found    -                    0
    Absent                                               absent   -                    0
    Refused("No such VIN")                               refused  No such VIN          0
    Failed(NotSent)                                      failed   unreachable          68
    Failed(Timeout)                                      failed   timeout              68
    Failed(Server(503))                                  failed   http_503             68
    Failed(Limited { wait: None })                       failed   rate_limited         75
    Failed(Limited { wait: Some(7s) })                   failed   rate_limited         75
    Failed(Poisoned { code: "invalid_vin" })             failed   invalid_vin          3
    Failed(Unsettled { code: "reconcile" })              failed   outcome_unknown      3
    Failed(Denied(Key))                                  failed   denied               77
    Failed(Denied(Scope))                                failed   denied               69
    Failed(Denied(Billing))                              failed   denied               69
    Failed(Denied(Address))                              failed   denied               78
    Failed(Garbled { excerpt: "<!DOCTYPE html>" })       failed   garbled              76
    Failed(Unsure)                                       failed   inconclusive         0
    Missing                                              failed   missing_in_response  3
    Contradictory                                        failed   contradictory        3
    WithoutFacts                                         failed   without_facts        3
    Inconclusive                                         failed   inconclusive         0
    Unknown                                              failed   outcome_unknown      3
    Pending(Quota)                                       pending  quota                75
    Pending(RateLimited)                                 pending  rate_limited         75
    Pending(OwnLimit)                                    pending  own_limit            80
    Pending(Breaker)                                     pending  outage               68
    Pending(Stopped)                                     pending  stopped              130
    Pending(Offline)                                     pending  offline              0
    Pending(Elsewhere)                                   pending  in_flight_elsewhere  75
    "#);
}

#[test]
fn every_outcome_writes_its_output() {
    for outcome in outcomes() {
        let exit = outcome.verdict().2;
        let stopped = outcome == Outcome::Pending(NotAsked::Stopped);
        let is_misdirected = outcome == Outcome::Failed(Fault::Denied(Denied::Address));
        assert_eq!(exit.writes_output(), !stopped && !is_misdirected, "{outcome:?}");
    }
}
