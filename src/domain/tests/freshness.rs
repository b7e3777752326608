use super::*;
use crate::domain::key::Vehicle;

/// So many microseconds after 1970.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

const DAY: i64 = 24 * 3600 * 1_000_000;

fn key(n: i32) -> Key {
    Key::Vehicle(Vehicle::new("MAKE", "MODEL", n))
}

fn days(ttl: u64) -> Freshness {
    let day = Duration::from_hours(24);
    Freshness { ttl: day * u32::try_from(ttl).unwrap_or(1), max_stale: day * 30 }
}

#[test]
fn short_lives_are_exact_and_long_ones_spread_by_a_tenth() {
    assert_eq!(days(1).expires_at(&key(0), true, at(0)), at(DAY));
    let ends = (0..200).map(|n| days(100).expires_at(&key(n), true, at(0)).micros());
    let ends: Vec<i64> = ends.collect();
    assert!(ends.iter().all(|end| (90 * DAY..=110 * DAY).contains(end)));
    assert!(ends.iter().any(|end| *end < 95 * DAY) && ends.iter().any(|end| *end > 105 * DAY));
}

#[test]
fn a_no_lives_at_most_two_weeks() {
    let ends = (0..2000).map(|n| days(365).expires_at(&key(n), false, at(0)).micros());
    let ends: Vec<i64> = ends.collect();
    assert!(ends.iter().all(|end| (11 * DAY..=14 * DAY).contains(end)));
    assert!(ends.iter().any(|end| *end < 12 * DAY) && ends.iter().any(|end| *end > 13 * DAY));
    assert_eq!(days(3).expires_at(&key(0), false, at(0)), at(3 * DAY));
}

#[test]
fn an_answer_of_the_future_is_fresh_for_one_life_and_no_more() {
    let fresh = |ahead: i64| {
        let times = Times { started: at(0), now: at(10) };
        days(1).is_fresh(&key(0), true, at(10 + ahead), times)
    };
    assert!(fresh(1) && fresh(DAY - 1), "a clock that was a little ahead");
    assert!(!fresh(DAY) && !fresh(4000 * DAY), "it would never expire");
    assert!(!days(1).too_old(at(30 * DAY), at(0)) && days(1).too_old(at(30 * DAY + 1), at(0)));
}

#[test]
fn what_a_run_fetched_is_fresh_to_its_end() {
    let moment = Freshness { ttl: Duration::ZERO, max_stale: Duration::ZERO };
    let times = Times { started: at(5), now: at(90 * DAY) };
    assert!(
        moment.is_fresh(&key(0), true, at(5), times)
            && moment.is_fresh(&key(0), true, at(DAY), times)
    );
    assert!(!moment.is_fresh(&key(0), true, at(4), times));
    assert!(days(1).is_fresh(&key(0), true, at(6 - DAY), times), "it was when the run started");
}
