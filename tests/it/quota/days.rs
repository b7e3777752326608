//! Nights: quotas that begin anew at a wall time, clocks that are set, machines
//! that sleep or start anew, and what a parked run leaves behind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;
use vinrich::Windows;
use vinrich::config::{Quota, QuotaReset};
use vinrich::domain::money::Micros;
use vinrich::domain::time::{Clock, Moment, Timestamp};
use vinrich::plan::Plan;
use vinrich::store::ledger::windows::{Account, Entry, Room};

use crate::support::clock::ScriptedClock;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::{Work, seed};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: Duration = Duration::from_hours(24);

fn per_day(calls: u32) -> Quota {
    Quota { calls: calls.try_into().expect("not zero"), window: DAY }
}

/// 60 VINs, which take three calls, under a quota of two a day.
fn two_nights_of_work(work: &Work) -> Plan {
    let mut plan = work.listing(&vins(60)).only(&[vinrich::domain::outcome::Dataset::Decode]);
    plan.vendor("carvin").quotas = vec![per_day(2)];
    plan
}

/// No lock of a run, no wait, and no call that still counts as on its way.
#[track_caller]
fn check_nothing_left(work: &Work, plan: &Plan, clock: &dyn Clock) {
    let locks = std::fs::read_dir(work.path("store/vinrich.db.runs")).expect("the folder of locks");
    // The lock that every writer shares stays.
    let of_runs = locks.flatten().filter(|lock| lock.file_name() != "in-use");
    assert_eq!(of_runs.count(), 0, "a lock is left");
    let count = |sql| work.number(sql);
    assert_eq!(count("SELECT count(*) FROM waits"), 0, "a wait is left");
    let open = "SELECT count(*) FROM calls WHERE id NOT IN (SELECT call FROM replies)";
    assert_eq!(count(open), 0, "a call is left open");
    assert_eq!(count("SELECT count(*) FROM runs WHERE ended_at IS NULL"), 0, "a run is left");
    for vendor in vinrich::quota(&plan.settings, clock).expect("quotas") {
        assert!(vendor.wait.is_none(), "{vendor:?}");
    }
}

#[test]
fn parking_leaves_nothing_behind() {
    let work = Work::with_faults(&[]);
    let plan = two_nights_of_work(&work);
    let clock = ScriptedClock::new();
    assert_eq!(Enriched::at(&plan, &clock).report.exit_code, 75);
    check_nothing_left(&work, &plan, &clock);
    clock.pass(DAY + Duration::from_mins(1));
    let second = Enriched::at(&plan, &clock);
    assert_eq!((second.report.exit_code, work.calls("batch-decode")), (0, 3));
    check_nothing_left(&work, &plan, &clock);
}

/// A clock of which both halves can be set apart, and the boot be another one.
struct Machine {
    wall: AtomicI64,
    boot: AtomicI64,
    boot_id: &'static str,
}

impl Machine {
    fn new() -> Self {
        let wall: Timestamp = "2026-11-21T20:00:00Z".parse().expect("a time");
        Self { wall: AtomicI64::new(wall.micros()), boot: AtomicI64::new(HOUR), boot_id: "first" }
    }

    fn set_wall(&self, by: i64) {
        self.wall.fetch_add(by, Ordering::AcqRel);
    }

    fn pass(&self, time: i64) {
        self.wall.fetch_add(time, Ordering::AcqRel);
        self.boot.fetch_add(time, Ordering::AcqRel);
    }

    /// Down for so long, and up since a second.
    fn reboot(&mut self, down: i64) {
        self.set_wall(down);
        self.boot.store(SECOND, Ordering::Release);
        self.boot_id = "second";
    }
}

impl Clock for Machine {
    fn now(&self) -> Moment {
        let wall = Timestamp::from_micros(self.wall.load(Ordering::Acquire));
        Moment { wall, boot: self.boot.load(Ordering::Acquire) }
    }

    fn boot_id(&self) -> &str {
        self.boot_id
    }
}

/// Runs, and tells how many calls that took.
fn calls_of(work: &Work, plan: &Plan, clock: &dyn Clock) -> usize {
    let before = work.calls("batch-decode");
    Enriched::at(plan, clock);
    work.calls("batch-decode") - before
}

#[test]
fn a_clock_that_is_set_refills_no_window() {
    for by in [HOUR, -HOUR, 24 * HOUR, -24 * HOUR, 30 * 24 * HOUR] {
        let work = Work::with_faults(&[]);
        let plan = two_nights_of_work(&work);
        let machine = Machine::new();
        assert_eq!(calls_of(&work, &plan, &machine), 2);
        machine.set_wall(by);
        machine.pass(HOUR);
        assert_eq!(calls_of(&work, &plan, &machine), 0, "set by {} h", by / HOUR);
        machine.pass(23 * HOUR + SECOND);
        assert_eq!(calls_of(&work, &plan, &machine), 1, "set by {} h, a day later", by / HOUR);
    }
}

#[test]
fn windows_pass_while_the_machine_sleeps() {
    let work = Work::with_faults(&[]);
    let plan = two_nights_of_work(&work);
    let machine = Machine::new();
    assert_eq!(calls_of(&work, &plan, &machine), 2);
    // Both clocks count a suspend.
    machine.pass(25 * HOUR);
    assert_eq!(calls_of(&work, &plan, &machine), 1);
}

#[test]
fn after_a_reboot_the_wall_clock_counts() {
    let work = Work::with_faults(&[]);
    let plan = two_nights_of_work(&work);
    let mut machine = Machine::new();
    assert_eq!(calls_of(&work, &plan, &machine), 2);
    machine.reboot(HOUR);
    assert_eq!(calls_of(&work, &plan, &machine), 0);
    machine.pass(21 * HOUR);
    assert_eq!(calls_of(&work, &plan, &machine), 0);
    machine.pass(3 * HOUR);
    assert_eq!(calls_of(&work, &plan, &machine), 1);
}

/// Calls by the vendor's true day, under `40/day` that begins at `at` in `zone`.
fn calls_by_true_day(at: &str, zone: &str, rng: &mut fastrand::Rng) -> BTreeMap<civil::Date, u32> {
    let zone = TimeZone::get(zone).expect("a zone");
    let time: civil::Time = at.parse().expect("a time");
    let work = Work::with_faults(&[]);
    let mut settings = work.settings().vendors["carvin"].clone();
    settings.quotas = vec![per_day(40)];
    settings.quota_reset = QuotaReset::At { time, zone: zone.clone() };
    let windows = Windows::new(&settings);
    let start: Timestamp = "2026-10-28T12:00:00Z".parse().expect("a time");
    let (mut account, mut ahead, mut by_day) = (Account::default(), 0, BTreeMap::new());
    let mut call = 0;
    // Ten days around the end of summer time, in steps of some minutes.
    let (mut boot, mut until) = (0, 0);
    while boot < 240 * HOUR {
        boot += rng.i64(SECOND..20 * 60 * SECOND);
        if boot > until {
            ahead = 0;
        }
        // Wrong for two hours at the most: a clock that is wrong for days is the
        // only time there is, and believed.
        if ahead == 0 && rng.u8(..) < 12 {
            ahead = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR][rng.usize(..4)];
            until = boot + rng.i64(SECOND..2 * HOUR);
        }
        let truth = start.micros() + boot;
        let now = Moment { wall: Timestamp::from_micros(truth + ahead), boot };
        let Room::Calls(room) = account.room(&windows.at(now), Micros::ZERO, 3, now) else {
            continue;
        };
        for _ in 0..room {
            call += 1;
            account.put(call, Entry { at: now, open: false, cost: Micros::ZERO });
            let local = Timestamp::from_micros(truth).in_zone(&zone).expect("a time").datetime();
            let begun = local.time() >= time;
            let day = if begun { local.date() } else { local.date().yesterday().expect("a day") };
            *by_day.entry(day).or_default() += 1;
        }
    }
    by_day
}

#[test]
fn clock_jumps_pass_no_vendors_day() {
    let mut rng = fastrand::Rng::with_seed(seed());
    for (at, zone) in [("00:00", "UTC"), ("00:00", "America/New_York"), ("04:30", "Europe/Berlin")]
    {
        for _ in 0..6 {
            let by_day = calls_by_true_day(at, zone, &mut rng);
            assert!(by_day.values().all(|calls| *calls <= 40), "{at} {zone}: {by_day:?}");
            assert!(by_day.values().sum::<u32>() > 40, "{at} {zone}: {by_day:?}");
        }
    }
}
