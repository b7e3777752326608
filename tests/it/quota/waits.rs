//! Vendors that ask to wait: in every form, over runs, processes and clocks.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use vinrich::config::Quota;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;
use vinrich::vendors;

use crate::support::clock::ScriptedClock;
use crate::support::command::{Setup, eventually};
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, each_at_once};

/// A form of asking: for `wait`, by a server whose clock shows `now`. Gives the
/// headers, and the moment that they name.
type Form = fn(now: Timestamp, wait: Duration) -> (Vec<(&'static str, String)>, Timestamp);

fn http_date(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).expect("a date")
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("a time")
}

/// Every form in which servers ask, by the name of the form.
const FORMS: [(&str, Form); 7] = [
    ("seconds", |now, wait| (vec![("retry-after", wait.as_secs().to_string())], now + wait)),
    ("a fraction", |now, wait| {
        let wait = wait.saturating_sub(Duration::from_millis(400));
        (vec![("retry-after", wait.as_secs_f64().to_string())], now + wait)
    }),
    ("a date", |now, wait| {
        let until = whole(now + wait);
        (vec![("retry-after", http_date(until))], until)
    }),
    ("a date beside the server's own", |now, wait| {
        let until = whole(now + wait);
        (vec![("date", http_date(now)), ("retry-after", http_date(until))], until)
    }),
    ("a reset in epoch seconds", |now, wait| {
        let until = whole(now + wait);
        let reset = until.as_second().to_string();
        (vec![("date", http_date(now)), ("x-ratelimit-reset", reset)], until)
    }),
    ("a reset in epoch milliseconds", |now, wait| {
        let until = now + wait;
        let reset = until.as_millisecond().to_string();
        (vec![("date", http_date(now)), ("x-ratelimit-reset", reset)], until)
    }),
    ("a reset in seconds", |now, wait| {
        (vec![("x-ratelimit-reset", wait.as_secs().to_string())], now + wait)
    }),
];

fn limited(headers: Vec<(&'static str, String)>) -> Reply {
    let reply = Reply::new(429, r#"{"success":false,"error":"Rate limit exceeded"}"#);
    headers.into_iter().fold(reply, |reply, (name, value)| reply.header(name, &value))
}

fn one_by_one(work: &Work, calls: usize, url: &str) -> Plan {
    let mut plan = work.decoding(&vins(calls * 20), url);
    plan.vendor("carvin").concurrency = 1.try_into().expect("not zero");
    plan
}

#[test]
fn a_wait_in_any_form_is_sat_out() {
    each_at_once(FORMS, |(name, form)| {
        // A server may be an hour ahead or behind when its own date says so.
        for clock_off in [0_i64, 3600, -3600] {
            let off = jiff::SignedDuration::from_secs(clock_off);
            let names_its_date = |form: Form| {
                let (headers, _) = form(Timestamp::now(), Duration::from_secs(2));
                headers.iter().any(|(name, _)| *name == "date")
            };
            if clock_off != 0 && !names_its_date(form) {
                continue;
            }
            let not_before = Arc::new(Mutex::new(None));
            let fake = Fake::start({
                let not_before = Arc::clone(&not_before);
                move |call, heard| {
                    if call != 2 {
                        return Reply::decoded(heard);
                    }
                    let now = Timestamp::now() + off;
                    let (headers, until) = form(now, Duration::from_secs(2));
                    let wait = until.duration_since(now).unsigned_abs();
                    *not_before.lock().expect("no panic there") = Some(Instant::now() + wait);
                    limited(headers)
                }
            });
            let work = Work::with_faults(&[]);
            let enriched = Enriched::by(&one_by_one(&work, 3, &fake.url()));
            assert_eq!(enriched.report.exit_code, 0, "{name}");
            let heard = fake.heard();
            let allowed = not_before.lock().expect("no panic there").expect("a 429 was sent");
            assert_eq!(heard.len(), 4, "{name}");
            assert!(heard[2].at >= allowed, "{name}: {:?} early", allowed - heard[2].at);
            let late = heard[2].at - allowed;
            assert!(late < Duration::from_secs(9), "{name}, {clock_off} s off: {late:?} late");
        }
    });
}

#[test]
fn a_long_wait_parks_until_its_end() {
    each_at_once(FORMS, |(name, form)| {
        let told = Arc::new(Mutex::new(None));
        let fake = Fake::start({
            let told = Arc::clone(&told);
            move |_, _| {
                let now = Timestamp::now();
                let (headers, until) = form(now, Duration::from_hours(1));
                *told.lock().expect("no panic there") = Some((now, until));
                limited(headers)
            }
        });
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&one_by_one(&work, 3, &fake.url()));
        assert_eq!((enriched.report.exit_code, fake.heard().len()), (75, 1), "{name}");
        let (sent, until) = told.lock().expect("no panic there").expect("a 429 was sent");
        // A wait is counted from when its reply was read. A date hides up to a second, the
        // grain of clocks adds one, and the end is shown in whole seconds: three in all.
        let took = Timestamp::now().duration_since(sent).as_secs_f64();
        let resume: Timestamp =
            enriched.report.resume_at.expect("a time").parse().expect("RFC 3339");
        let late = resume.duration_since(until).as_secs_f64();
        assert!((0.0..3.0 + took).contains(&late), "{name}: {late} s after its end");
    });
}

#[test]
fn no_vendor_is_believed_for_ever() {
    for wait in ["1000000000", "1e9"] {
        let fake = Fake::start(move |_, _| limited(vec![("retry-after", wait.to_owned())]));
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&one_by_one(&work, 2, &fake.url()));
        assert_eq!(enriched.report.exit_code, 75);
        let days = enriched.resumes_in() / 86_400.0;
        assert!((31.99..=32.01).contains(&days), "{wait}: in {days} days");
    }
}

#[test]
fn words_that_say_nothing_are_no_wait() {
    let gone = || http_date(Timestamp::now() - Duration::from_hours(1));
    let words = ["0".to_owned(), "-5".into(), "soon".into(), String::new(), gone()];
    each_at_once(words, |word| {
        let fake = Fake::start({
            let word = word.clone();
            move |call, heard| match call {
                2 => limited(vec![("retry-after", word.clone())]),
                _ => Reply::decoded(heard),
            }
        });
        let work = Work::with_faults(&[]);
        let enriched = Enriched::by(&one_by_one(&work, 3, &fake.url()));
        assert_eq!((enriched.report.exit_code, fake.heard().len()), (0, 4), "{word:?}");
        assert_eq!(rows_of_waits(&work), 0, "{word:?}");
    });
}

fn rows_of_waits(work: &Work) -> i64 {
    work.number("SELECT count(*) FROM waits")
}

fn carvins_wait(plan: &Plan, clock: &ScriptedClock) -> Option<u64> {
    let quotas = vinrich::quota(&plan.settings, clock).expect("quotas");
    let carvin = quotas.into_iter().find(|quota| quota.vendor == "carvin").expect("carvin");
    carvin.wait.map(|wait| wait.seconds)
}

#[test]
fn a_wait_outlives_the_run_that_was_told() {
    let fake = Fake::start(|call, heard| match call {
        1 => limited(vec![("retry-after", "7200".into())]),
        _ => Reply::decoded(heard),
    });
    let work = Work::with_faults(&[]);
    let plan = one_by_one(&work, 2, &fake.url());
    let clock = ScriptedClock::new();
    assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 75);
    assert_eq!((fake.heard().len(), rows_of_waits(&work)), (1, 1));

    clock.pass(Duration::from_hours(1));
    let left = carvins_wait(&plan, &clock).expect("a wait");
    assert!((3590..=3601).contains(&left), "{left} s");
    let forecast =
        vinrich::plan(&plan, &vinrich::domain::events::Silent, &clock).expect("a forecast");
    assert!(forecast.vendors[0].waits_until.is_some() && forecast.vendors[0].seconds >= 3590);
    assert!(forecast.warnings.iter().any(|words| words.contains("asked to wait until")));

    let second = Enriched::at(&plan, &clock);
    assert_eq!((second.report.exit_code, fake.heard().len()), (75, 1), "it asks nothing");
    second.all("decode_error", "rate_limited");
    let resume: Timestamp = second.report.resume_at.expect("a time").parse().expect("RFC 3339");
    let in_micros =
        resume.as_microsecond() - vinrich::domain::time::Clock::now(&clock).wall.micros();
    assert!((3_590_000_000..=3_602_000_000).contains(&in_micros), "in {in_micros} us");

    clock.pass(Duration::from_secs(3601));
    assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 0);
    assert_eq!((fake.heard().len(), rows_of_waits(&work)), (3, 0), "nothing is left of it");
    assert_eq!(carvins_wait(&plan, &clock), None);
}

#[test]
fn a_used_up_day_holds_the_next_run() {
    let fake = Fake::start(|_, _| limited(Vec::new()));
    let work = Work::with_faults(&[]);
    let mut plan = one_by_one(&work, 2, &fake.url());
    let day = Duration::from_hours(24);
    plan.vendor("carvin").quotas =
        vec![Quota { calls: 100.try_into().expect("not zero"), window: day }];
    let clock = ScriptedClock::new();
    assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 75);
    let calls = fake.heard().len();
    clock.pass(Duration::from_hours(23));
    assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 75);
    assert_eq!(fake.heard().len(), calls);
    clock.pass(Duration::from_hours(2));
    Enriched::at(&plan, &clock);
    assert!(fake.heard().len() > calls, "a day later it is asked again");
}

#[test]
fn a_wait_holds_a_process_that_runs_beside() {
    // One run's 20 VINs are all of the other model year.
    let is_short = |vins: &[String]| vins.len() == 1;
    let told = Arc::new(Mutex::new(None));
    let fake = Fake::start({
        let told = Arc::clone(&told);
        move |_, heard| {
            if is_short(&heard.vins()) {
                *told.lock().expect("no panic there") = Some(Instant::now());
                return limited(vec![("retry-after", "3600".into())]);
            }
            std::thread::sleep(Duration::from_millis(60));
            Reply::decoded(heard)
        }
    });
    let work = Work::with_faults(&[]);
    let long = one_by_one(&work, 400, &fake.url());
    let short = {
        let path = work.write("one.csv", "VIN\n4T1DAACKXTU765422\n");
        let mut plan = work.plan(&path, "one-out.csv").only(&[Dataset::Decode]);
        fake.url().clone_into(&mut plan.vendor("carvin").base_url);
        plan
    };
    std::thread::scope(|scope| {
        let running = scope.spawn(|| Enriched::by(&long));
        eventually("calls of the long run", || fake.heard().len() >= 3);
        assert_eq!(Enriched::by(&short).report.exit_code, 75);
        let long = running.join().expect("no panic there");
        assert_eq!(long.report.exit_code, 75);
        assert!((3500.0..=3602.0).contains(&long.resumes_in()));
    });
    let told = told.lock().expect("no panic there").expect("a 429 was sent");
    let after = fake.heard().iter().filter(|heard| heard.at > told).count();
    // What is on its way, and until the word is in the store: a call each.
    assert!(after <= 4, "{after} calls after the word");
}

#[test]
fn a_wait_is_shown_and_can_be_forgotten() {
    let work = Work::with_faults(&["visor/listings/429:first=1:wait=3600s"]);
    work.configure(&Setup {
        visor: "quotas = []\nspend = ['1000 USD/day']\nconcurrency = 1",
        ..Setup::default()
    });
    work.write_vins(&vins(10));
    let words = ["enrich", "vins.csv", "-o", "out.csv", "--with", "listings"];
    work.vinrich(&words).exits(75);
    work.vinrich(&words).exits(75);
    assert_eq!(work.sandbox.log().len(), 1);

    let quota = work.vinrich(&["quota"]).exits(0);
    assert!(quota.stdout().contains("visor asked to wait until 20"), "{}", quota.stdout());
    assert!(quota.stdout().contains("--forget-wait visor"), "{}", quota.stdout());
    let plan = work.vinrich(&["plan", "vins.csv", "--with", "listings"]).exits(0);
    assert!(plan.stdout().contains("visor asked to wait until 20"), "{}", plan.stdout());
    let check = work.vinrich(&["check"]);
    assert!(check.stdout().contains("asks to wait"), "{}", check.stdout());
    let asked = |vendor| work.sandbox.log().iter().filter(|seen| seen.vendor == vendor).count();
    assert_eq!(asked("visor"), 1, "check keeps to it");

    work.vinrich(&["quota", "--forget-wait", "acme"]).exits(64);
    let quota = work.vinrich(&["quota", "--forget-wait", "visor"]).exits(0);
    assert!(!quota.stdout().contains("asked to wait"), "{}", quota.stdout());
    work.vinrich(&words).exits(0);
    assert!(asked("visor") > 1);
    assert!(vendors::find("visor").is_some());
}
