use jiff::civil::date;

use super::*;
use crate::domain::Micros;
use crate::vendors::UsageRow;

/// Noon of 2026-06-09, UTC.
const NOON: Timestamp = Timestamp::from_micros(1_781_006_400_000_000);

fn at(hours_after_noon: u64) -> Moment {
    Moment { wall: NOON.later(Duration::from_hours(hours_after_noon)), boot: 0 }
}

fn counted(calls: u64, micros: i64) -> Counted {
    Counted { calls, charged_micros: Micros(micros) }
}

fn said(day: i8, class: &str, endpoint: Option<&'static str>, counted: Counted) -> UsageRow {
    UsageRow { day: date(2026, 6, day), class: class.into(), endpoint, counted }
}

fn ours(day: i8, endpoint: &str, counted: Counted) -> DayCalls {
    DayCalls {
        day: NOON.days() + i64::from(day) - 9,
        endpoint: endpoint.into(),
        charged_calls: counted.calls,
        charged: counted.charged_micros,
        unanswered: 0,
    }
}

fn books(said: Vec<UsageRow>, ours: &[DayCalls], now: Moment) -> Reconciliation {
    let usage = Usage { rows: said, totals: None };
    compare("visor", &usage, ours, &Period::until(now, 30))
}

#[test]
fn equal_books_have_no_difference() {
    let rows = vec![said(8, "listing_search", Some("listings"), counted(3, 6000))];
    // A probe is in the ledger too, and costs nothing.
    let ledger = [ours(8, "listings", counted(3, 6000)), ours(9, "usage", counted(0, 0))];
    let books = books(rows, &ledger, at(0));
    assert!(books.is_even() && books.differences.is_empty(), "{books:?}");
    assert_eq!((books.ledger, books.said), (counted(3, 6000), counted(3, 6000)));
    assert_eq!(books.first_day.to_string(), "2026-05-11");
}

#[test]
fn a_difference_is_named_by_day_and_class() {
    let rows = vec![
        said(7, "listing_search", Some("listings"), counted(3, 6000)),
        said(7, "vehicle_detail", Some("vins"), counted(2, 6000)),
        said(8, "facet_search", None, counted(4, 1000)),
    ];
    let ledger = [
        ours(6, "vins", counted(1, 3000)),
        ours(7, "listings", counted(3, 6000)),
        ours(7, "vins", counted(1, 3000)),
    ];
    let books = books(rows, &ledger, at(0));
    assert!(!books.is_even());
    let named: Vec<_> = books
        .differences
        .iter()
        .flat_map(|day| {
            assert!(!day.unsettled);
            day.lines
                .iter()
                .map(|line| (day.day.day(), line.class.as_str(), line.ledger, line.said))
        })
        .collect();
    assert_eq!(
        named,
        [
            (6, "vins", counted(1, 3000), counted(0, 0)),
            (7, "vins", counted(1, 3000), counted(2, 6000)),
            (8, "facet_search", counted(0, 0), counted(4, 1000)),
        ]
    );
}

#[test]
fn a_class_by_another_name_is_no_difference_while_the_day_agrees() {
    let rows = vec![said(8, "search_v2", None, counted(3, 6000))];
    assert!(books(rows, &[ours(8, "listings", counted(3, 6000))], at(0)).differences.is_empty());
}

#[test]
fn what_the_vendor_may_not_have_counted_yet_is_no_failure() {
    let today = [ours(9, "listings", counted(1, 2000))];
    let fresh = books(Vec::new(), &today, at(0));
    assert!(fresh.is_even() && fresh.differences[0].unsettled);
    let half_past_midnight = at(12).wall.later(Duration::from_mins(30));
    let next_day_half_past_midnight = Moment { wall: half_past_midnight, boot: 0 };
    assert!(books(Vec::new(), &today, next_day_half_past_midnight).is_even());
    assert!(!books(Vec::new(), &today, at(14)).is_even(), "two hours into the next day");
}

#[test]
fn days_that_were_not_asked_for_do_not_count() {
    let rows = vec![said(1, "listing_search", Some("listings"), counted(1, 2000))];
    let ledger = [ours(2, "listings", counted(5, 10_000))];
    let usage = Usage { rows, totals: None };
    let books = compare("visor", &usage, &ledger, &Period::until(at(0), 2));
    assert_eq!((books.ledger, books.said), Default::default());
    assert_eq!(Period::until(at(0), 1).days, date(2026, 6, 9)..=date(2026, 6, 9));
}

#[test]
fn a_total_that_is_not_the_sum_is_uneven() {
    let rows = vec![said(8, "listing_search", Some("listings"), counted(3, 6000))];
    let usage = Usage { rows, totals: Some(counted(30, 60_000)) };
    let ledger = [ours(8, "listings", counted(3, 6000))];
    let books = compare("visor", &usage, &ledger, &Period::until(at(0), 30));
    assert!(!books.adds_up && !books.is_even());
}
