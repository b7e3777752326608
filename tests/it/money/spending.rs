//! Nothing that costs money starts by itself, and what may be spent in a day and
//! in a month is never spent twice.

use std::time::Duration;

use vinrich::config::SpendLimit;
use vinrich::domain::Timestamp;
use vinrich::domain::money::Micros;
use vinrich::domain::time::Clock as _;
use vinrich::vendors;

use crate::support::Work;
use crate::support::clock::{NIGHT, ScriptedClock, night, nights};
use crate::support::command::{Setup, vins};
use crate::support::library::Tweak as _;
use crate::support::server::world::{Question, World, model};

/// What the stand-ins were owed for all they were asked, by the price lists that
/// vinrich starts from, and `carvin` for each call of carvin's.
fn owed(work: &Work, carvin: i64) -> i64 {
    let price = |vendor: &str, endpoint: &str| {
        let defaults = &vendors::find(vendor)?.spec().defaults;
        defaults.price_micros.iter().find(|(id, _)| *id == endpoint).map(|(_, price)| *price)
    };
    let log = work.sandbox.log();
    let prices = log.iter().map(|call| match call.vendor {
        "carvin" => carvin,
        vendor => price(vendor, call.endpoint).unwrap_or(0),
    });
    prices.sum()
}

/// Every key is there, and nobody said what may be spent.
fn keys_alone(carvin: &str) -> Work {
    let work = Work::with_faults(&[]);
    let setup = Setup { carvin, visor: "quotas = []", ..Setup::default() };
    work.configure(&setup);
    work.write_vins(&vins(3));
    work
}

/// Everything that a person or a cron job types who has not thought of money.
const INNOCENT: [&[&str]; 12] = [
    &["plan", "vins.csv"],
    &["plan", "vins.csv", "--with", "decode,recalls,listings"],
    &["enrich", "vins.csv", "-o", "out.csv"],
    &["enrich", "vins.csv", "-o", "out.csv", "--refresh", "decode,recalls,listings"],
    &["enrich", "vins.csv", "-o", "out.parquet", "--with", "decode,recalls"],
    &["check"],
    &["quota"],
    &["quota", "--reconcile"],
    &["photos", "status", "vins.csv"],
    &["decode", "1FTFW1ET5DFC10312"],
    &["cache", "stats"],
    &["runs", "list"],
];

#[test]
fn every_key_in_the_environment_spends_nothing() {
    for carvin in ["quotas = []", "quotas = []\nprice_micros = 1000"] {
        let work = keys_alone(carvin);
        for words in INNOCENT {
            let ended = work.vinrich(words);
            assert!(
                ended.code.is_some_and(|code| code != 70 && code != 101),
                "{words:?}: {}",
                ended.stderr
            );
            let price = if carvin.contains("price") { 1000 } else { 0 };
            assert_eq!(owed(&work, price), 0, "{words:?}: {:#?}", work.sandbox.log());
        }
        assert!(!work.sandbox.log().is_empty(), "what is free is asked");
    }
}

#[test]
fn the_trap_is_armed() {
    let work = keys_alone("quotas = []");
    work.vinrich(&["enrich", "vins.csv", "-o", "out.csv", "--with", "listings", "--max-cost", "1"])
        .exits(0);
    assert!(owed(&work, 0) >= 2000, "a listing costs money");
}

#[cfg(unix)]
#[test]
fn priced_data_without_a_limit_is_refused_early() {
    let work = keys_alone("quotas = []\nprice_micros = 1000");
    // Whoever opens it for reading waits for somebody to write: nobody does.
    let made = std::process::Command::new("mkfifo").arg(work.path("never.csv")).status();
    assert!(made.expect("mkfifo").success());
    for words in [
        ["--with", "listings"],
        ["--with", "decode"],
        ["--listings", "visor"],
        ["--decode", "carvin"],
    ] {
        work.vinrich(&[&["enrich", "never.csv", "-o", "out.csv"], &words[..]].concat())
            .exits(64)
            .says(&["spend limit", "--max-cost"]);
    }
    assert!(
        work.sandbox.log().is_empty() && !work.store().exists() && !work.path("out.csv").exists()
    );
}

#[test]
fn spend_by_day_and_month_is_never_passed() {
    // 15 calls a day, 307 a month; there is always more to ask.
    const PRICE: Micros = Micros(130_000);
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let vins = crate::support::library::vins(40);
    for vin in &vins {
        world.script().campaigns.insert(model(vin), 1);
    }
    let mut plan = world.plan(&work, &vins, "carvin");
    plan.dataset(vinrich::domain::outcome::Dataset::Recalls).ttl = Duration::from_hours(5);
    let carvin = plan.vendor("carvin");
    carvin.price = [("recalls".to_owned(), PRICE)].into();
    carvin.concurrency = 16.try_into().expect("not zero");
    let limit = |dollars: i64, window| SpendLimit { amount: Micros(dollars * 1_000_000), window };
    carvin.spend = vec![limit(2, NIGHT), limit(40, NIGHT * 31)];

    // When each run began and ended, and what it spent.
    let mut runs: Vec<(Timestamp, Timestamp, i64)> = Vec::new();
    let start = clock.now().wall;
    let end = start.later(NIGHT * u32::try_from(nights(33)).expect("few"));
    // Seventeen hours are no part of a day: the windows slide over the runs.
    while clock.now().wall < end {
        let began = clock.now().wall;
        let report = night(&plan, &clock);
        assert_eq!(report.exit_code, if runs.is_empty() { 80 } else { report.exit_code });
        let paid =
            world.asked().iter().filter(|asked| matches!(asked, Question::Recalls(_))).count();
        let spent = PRICE.0 * i64::try_from(paid).expect("few");
        let told: Micros = report.vendors.values().map(|vendor| vendor.spent).sum();
        assert_eq!(told, Micros(spent));
        runs.push((began, clock.now().wall, spent));
        clock.pass(Duration::from_hours(17));
    }
    for (window, most) in [(NIGHT, 2_000_000), (NIGHT * 31, 40_000_000)] {
        for (place, (_, first_ended, _)) in runs.iter().enumerate() {
            let within =
                runs[place..].iter().take_while(|(began, ..)| began.since(*first_ended) < window);
            let spent: i64 = within.map(|(.., spent)| spent).sum();
            assert!(spent <= most, "{spent} within {window:?} of run {place}");
        }
    }
    // What the month allows is used: the limit is no excuse for spending nothing.
    let spent: i64 = runs
        .iter()
        .take_while(|(began, ..)| began.since(start) < NIGHT * 30)
        .map(|run| run.2)
        .sum();
    assert!(spent > 39_500_000, "{spent}");
}
