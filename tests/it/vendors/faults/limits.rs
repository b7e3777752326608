//! Servers that ask to wait, and limits of our own.

use std::time::Duration;

use vinrich::config::Quota;
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Reply};

const DAY: Duration = Duration::from_hours(24);

fn limited() -> Reply {
    Reply::new(429, r#"{"success":false,"error":"Rate limit exceeded"}"#)
}

#[test]
fn a_retry_after_is_sat_out() {
    let fake = Fake::start(|call, heard| match call {
        2 => limited().header("retry-after", &1),
        _ => Reply::decoded(heard),
    });
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(60), &fake.url());
    plan.vendor("carvin").concurrency = 1.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("decode_status", "found");
    let heard = fake.heard();
    assert_eq!(heard.len(), 4);
    let gap = heard[2].at - heard[1].at;
    assert!(gap >= Duration::from_secs(1), "came back after {gap:?}");
    assert!(gap < Duration::from_secs(3), "came back after {gap:?}");
}

#[test]
fn no_call_follows_a_wait() {
    let work = Work::with_faults(&["carvin/429:every=5:wait=1s"]);
    let enriched = Enriched::by(&work.listing(&vins(300)).only(&[Dataset::Decode]));
    assert_eq!(enriched.report.exit_code, 0);
    let log = work.sandbox.log();
    let told = log.iter().find(|seen| seen.status == Some(429)).expect("a 429").at;
    let early = log.iter().filter(|seen| seen.at > told && seen.at < told + Duration::from_secs(1));
    assert!(early.count() < 4, "fewer than the slots");
}

#[test]
fn a_wait_longer_than_allowed_parks() {
    for (name, wait) in [("seconds", "3600".to_owned()), ("a date", in_an_hour())] {
        let fake = Fake::start({
            let wait = wait.clone();
            move |call, heard| match call {
                1 | 2 => Reply::decoded(heard),
                _ => limited().header("retry-after", &wait),
            }
        });
        let work = Work::with_faults(&[]);
        let mut plan = work.decoding(&vins(200), &fake.url());
        plan.vendor("carvin").concurrency = 2.try_into().expect("not zero");
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 75, "{name}");
        let resumes_in = enriched.resumes_in();
        assert!((3598.0..=3602.0).contains(&resumes_in), "{name}: in {resumes_in} s");
        assert_eq!(enriched.count("decode_status"), [("found", 40), ("pending", 160)].into());
        assert_eq!(enriched.count("decode_error"), [("", 40), ("rate_limited", 160)].into());
        assert!(fake.heard().len() <= 4, "{name}: {} calls", fake.heard().len());
    }
}

fn in_an_hour() -> String {
    let at = jiff::Timestamp::now() + Duration::from_hours(1);
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).expect("a date")
}

#[test]
fn a_silent_429_under_a_daily_quota_parks() {
    let fake = Fake::start(|_, _| limited());
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(400), &fake.url());
    plan.vendor("carvin").quotas =
        vec![Quota { calls: 100.try_into().expect("not zero"), window: DAY }];
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 75);
    enriched.all("decode_status", "pending");
    enriched.all("decode_error", "rate_limited");
    assert!(enriched.resumes_in() > 0.0);
    assert!(fake.heard().len() <= 12, "{} calls", fake.heard().len());
}

#[test]
fn a_429_that_never_ends_parks() {
    for wait in ["0", "-5", "soon"] {
        let fake = Fake::start(move |call, heard| match call {
            ..200 => limited().header("retry-after", &wait),
            _ => Reply::decoded(heard),
        });
        let work = Work::with_faults(&[]);
        let mut plan = work.decoding(&vins(100), &fake.url());
        plan.settings.max_wait = Duration::from_secs(1);
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 75, "{wait}");
        enriched.all("decode_status", "pending");
        let calls = fake.heard().len();
        assert!(calls <= 5 * 6 / 5 + 10, "{wait}: {calls} calls for 5 planned");
    }
}

#[test]
fn a_full_quota_parks_until_it_has_room() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(100)).only(&[Dataset::Decode]);
    plan.vendor("carvin").quotas =
        vec![Quota { calls: 2.try_into().expect("not zero"), window: DAY }];
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 75);
    assert_eq!(work.sandbox.log().len(), 2);
    assert_eq!(enriched.count("decode_status"), [("found", 40), ("pending", 60)].into());
    assert_eq!(enriched.count("decode_error"), [("", 40), ("quota", 60)].into());
    let resumes_in = enriched.resumes_in();
    assert!((86_395.0..=86_402.0).contains(&resumes_in), "in {resumes_in} s");
}

#[test]
fn no_more_calls_than_allowed() {
    for faults in [&[][..], &["500:every=2"]] {
        let work = Work::with_faults(faults);
        let mut plan = work.fleet();
        plan.limits.max_calls = Some(5);
        plan.vendor("carvin").concurrency = 16.try_into().expect("not zero");
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 80, "{faults:?}");
        assert_eq!(work.sandbox.log().len(), 5, "{faults:?}");
        let waiting = enriched.rows.iter().filter(|row| row["decode_error"] == "own_limit");
        for row in waiting {
            assert_eq!(row["decode_status"], "pending");
        }
        assert!(enriched.count("listings_error").contains_key("own_limit"), "{faults:?}");
    }
}

#[test]
fn no_calls_at_all_is_a_limit_too() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet();
    plan.limits.max_calls = Some(0);
    let enriched = Enriched::by(&plan);
    assert_eq!((enriched.report.exit_code, work.sandbox.log().len()), (80, 0));
}

#[test]
fn no_more_money_than_allowed() {
    // A search costs 2000 micros.
    for (limit, calls, spent) in [(6000, 3, 6000), (5000, 2, 4000), (1999, 0, 0)] {
        let work = Work::with_faults(&[]);
        let mut plan = work.fleet().only(&[Dataset::Listings]);
        plan.limits.max_cost = Some(Micros(limit));
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 80, "{limit}");
        assert_eq!(work.calls("listings"), calls, "{limit}");
        assert_eq!(enriched.report.vendors["visor"].spent, Micros(spent));
        assert!(enriched.count("listings_error").contains_key("own_limit"), "{limit}");
    }
}

#[test]
fn spend_holds_over_the_runs_of_a_day() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet().only(&[Dataset::Listings]);
    plan.vendor("visor").spend[0].amount = Micros(8000);
    for calls in [4, 4] {
        let enriched = Enriched::by(&plan);
        assert_eq!((enriched.report.exit_code, work.calls("listings")), (80, calls));
    }
}

#[test]
fn what_costs_money_needs_a_limit() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet();
    plan.vendor("visor").spend.clear();
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    enriched.all("listings_status", "not_requested");
    let left_out = enriched.report.datasets["listings"].left_out.as_deref().unwrap_or_default();
    assert!(left_out.contains("visor") && left_out.contains("spend limit"), "{left_out:?}");
    assert_eq!(work.calls("listings") + work.calls("vins"), 0);

    let named = plan.only(&[Dataset::Listings]);
    let error = crate::support::library::run(&named).expect_err("asked for by name");
    assert_eq!(error.exit().code(), 64);
}

#[test]
fn a_wait_is_obeyed_in_every_header_shape() {
    let now = || jiff::Timestamp::now().as_second();
    let hour = || now() + 3600;
    let date = |seconds: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).expect("a date")
    };
    // Name, header, value, and the seconds it parks for; nothing where it does not park.
    let shapes: Vec<(&str, &str, String, Option<f64>)> = vec![
        ("seconds", "retry-after", "3600".into(), Some(3600.0)),
        ("a date", "retry-after", date(3600), Some(3600.0)),
        ("an age", "retry-after", "1000000000".into(), Some(32.0 * 86400.0)),
        ("a past date", "retry-after", date(-3600), None),
        ("nothing", "retry-after", "0".into(), None),
        ("below nothing", "retry-after", "-1".into(), None),
        ("garbage", "retry-after", "soon".into(), None),
        ("epoch seconds", "x-ratelimit-reset", hour().to_string(), Some(3600.0)),
        ("epoch milliseconds", "x-ratelimit-reset", (hour() * 1000).to_string(), Some(3600.0)),
        ("seconds until", "x-ratelimit-reset", "3600".into(), Some(3600.0)),
        ("by the standard", "ratelimit-reset", "3600".into(), Some(3600.0)),
        ("past", "x-ratelimit-reset", (now() - 60).to_string(), None),
    ];
    crate::support::each_at_once(shapes, |(name, header, value, parks)| {
        let fake = Fake::start(move |call, heard| match call {
            1 => limited().header(header, &value),
            _ => Reply::decoded(heard),
        });
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&work.decoding(&vins(3), &fake.url()));
        let Some(seconds) = parks else {
            assert_eq!((enriched.report.exit_code, fake.heard().len()), (0, 2), "{name}");
            return;
        };
        assert_eq!((enriched.report.exit_code, fake.heard().len()), (75, 1), "{name}");
        enriched.all("decode_error", "rate_limited");
        let resumes_in = enriched.resumes_in();
        assert!((seconds - 8.0..=seconds + 2.0).contains(&resumes_in), "{name}: {resumes_in} s");
    });
}
