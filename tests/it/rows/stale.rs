//! Stale beats null: a night on which a vendor is dead leaves every value as it
//! was, marked and as old as it is; too old, it is null.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use vinrich::domain::Timestamp;
use vinrich::domain::freshness::Freshness;
use vinrich::domain::key::Key;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::Clock as _;
use vinrich::domain::vin::Vin;
use vinrich::plan::Plan;
use vinrich::report::Report;

use super::deaths::{Death, GONE, deaths};
use super::outputs::parquet_rows;
use crate::support::clock::{NIGHT, ScriptedClock, TTL, fetched_at, night};
use crate::support::library::{Enriched, Row, Tweak as _, vins};
use crate::support::server::world::World;
use crate::support::server::{Fake, Reply, item};
use crate::support::{Work, csv_rows};

/// The vendors of a plan, and what a dead night of theirs may be told by another.
#[derive(Clone, Copy, Debug)]
enum Crew {
    /// By VIN and by vehicle.
    Keyed,
    /// By name lists and whole inventories; nobody needs a key.
    Listed,
}

fn plan(work: &Work, crew: Crew) -> Plan {
    plan_for(work, &work.part_of_fleet(3), crew)
}

fn plan_for(work: &Work, input: &Path, crew: Crew) -> Plan {
    let mut plan = work.plan(input, "out.csv");
    plan.settings.max_wait = Duration::ZERO;
    for (dataset, vendors) in [
        (Dataset::Decode, ["carvin", "vpic-api"]),
        (Dataset::Recalls, ["carvin", "nhtsa"]),
        (Dataset::Listings, ["visor", "carstrel"]),
    ] {
        let settings = plan.dataset(dataset);
        settings.vendors = match crew {
            Crew::Keyed => vec![vendors[0]],
            Crew::Listed => vec![vendors[1]],
        };
    }
    plan.dataset(Dataset::Decode).ttl = TTL;
    plan.dataset(Dataset::Decode).max_stale = TTL * 30;
    plan
}

/// The second night's row is the first one's, but for its marks.
fn check_row(death: &Death, before: &Row, after: &Row) {
    for (column, value) in before {
        let name = death.name;
        match column.strip_suffix("_error").filter(|of| Dataset::from_name(of).is_some()) {
            None => assert_eq!(Some(value), after.get(column), "{name}: {column}: {after:#?}"),
            Some(dataset) => {
                let status = &before[&format!("{dataset}_status")];
                let mark = after[column].strip_prefix("stale:").unwrap_or_default();
                let is_told = ["found", "absent", "refused"].contains(&status.as_str());
                assert!(
                    death.marks.contains(&mark) == is_told,
                    "{name}: {dataset}: {:?}",
                    after[column]
                );
            }
        }
    }
}

#[test]
fn dead_vendors_that_know_vins_change_no_value() {
    die_and_come_back(&deaths(), Crew::Keyed);
}

#[test]
fn dead_vendors_with_lists_change_no_value() {
    // Nobody here needs a key or an account, so that nobody can be denied.
    let deaths = deaths().into_iter().filter(|death| death.marks != ["denied"]);
    die_and_come_back(&deaths.collect::<Vec<_>>(), Crew::Listed);
}

fn die_and_come_back(deaths: &[Death], crew: Crew) {
    let (mut nights, mut well) = Nights::begin(crew);
    for death in deaths {
        well = nights.die_and_come_back(death, &well);
    }
}

/// Vendors that die again and again, and come back.
struct Nights {
    work: Work,
    clock: ScriptedClock,
    crew: Crew,
    alive: Plan,
}

impl Nights {
    /// With the first night, on which all is well.
    fn begin(crew: Crew) -> (Self, Enriched) {
        let (work, clock) = (Work::with_faults(&[]), ScriptedClock::new());
        let alive = plan_for(&work, &work.part_of_fleet(8), crew);
        let first = Enriched::at(&alive, &clock);
        assert_eq!(first.report.exit_code, 0, "{crew:?}: {:#?}", first.report);
        for dataset in Dataset::ALL {
            let statuses = first.count(&format!("{dataset}_status"));
            assert!(statuses["found"] > 10, "{crew:?}: {dataset}: {statuses:?}");
        }
        (Self { work, clock, crew, alive }, first)
    }

    /// A night on which all is not well, after the `first`, and one on which it is again.
    fn die_and_come_back(&mut self, death: &Death, first: &Enriched) -> Enriched {
        let (name, crew) = (death.name, self.crew);
        self.work.move_away();
        if name != GONE {
            self.work.come_back(death.faults);
        }
        let mut dying = self.alive.clone();
        (death.change)(&mut dying);
        self.clock.pass(NIGHT);
        let second = Enriched::at(&dying, &self.clock);
        let exit = match (crew, name) {
            (Crew::Listed, "mixed") => 68,
            _ => death.exit,
        };
        assert_eq!(second.report.exit_code, exit, "{name} {crew:?}: {:#?}", second.report);
        assert_eq!(first.rows.len(), second.rows.len());
        for (before, after) in first.rows.iter().zip(&second.rows) {
            check_row(death, before, after);
        }

        self.work.restart(&[]);
        self.clock.pass(NIGHT);
        let third = Enriched::at(&self.alive, &self.clock);
        assert_eq!(third.report.exit_code, 0, "{name} {crew:?}: {:#?}", third.report);
        for (before, after) in first.rows.iter().zip(&third.rows) {
            assert_eq!(before["record_hash"], after["record_hash"], "{name} {crew:?}");
            for dataset in Dataset::ALL {
                let [error, at] = ["error", "fetched_at"].map(|end| format!("{dataset}_{end}"));
                assert_eq!(before[&error], after[&error], "{name} {crew:?}");
                let renewed = before[&at].is_empty() || before[&at] < after[&at];
                assert!(renewed, "{name} {crew:?}: {dataset}: {after:#?}");
            }
        }
        third
    }
}

#[test]
fn parquet_keeps_every_value_too() {
    let mut work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, Crew::Keyed);
    plan.output.path = Some(work.path("out.parquet"));
    plan.output.format = vinrich::output::Format::Parquet;
    assert_eq!(night(&plan, &clock).exit_code, 0);
    let first = parquet_rows(&work.path("out.parquet"));
    work.restart(&["down"]);
    clock.pass(NIGHT);
    assert_eq!(night(&plan, &clock).exit_code, 68);
    let second = parquet_rows(&work.path("out.parquet"));
    let without_marks = |mut rows: Vec<BTreeMap<String, String>>| {
        for row in &mut rows {
            row.retain(|column, _| {
                column.strip_suffix("_error").is_none_or(|of| Dataset::from_name(of).is_none())
            });
        }
        rows
    };
    let stale = second
        .iter()
        .filter(|row| row.get("decode_error").is_some_and(|mark| mark.starts_with("stale:")));
    assert!(stale.count() > 66);
    assert_eq!(without_marks(first), without_marks(second));
}

#[test]
fn too_old_is_null_and_says_so() {
    let mut work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let plan = plan(&work, Crew::Keyed);
    let first = Enriched::at(&plan, &clock);
    work.restart(&["down"]);
    // A listing is worth nothing after three days, the others after thirty lives.
    for (passed, kept) in [
        (Duration::from_hours(3 * 24 - 1), &Dataset::ALL[..]),
        (Duration::from_hours(2), &[Dataset::Decode, Dataset::Recalls]),
        (Duration::from_hours(22 * 24 - 2), &[Dataset::Decode, Dataset::Recalls]),
        (Duration::from_hours(2), &[]),
    ] {
        clock.pass(passed);
        let later = Enriched::at(&plan, &clock);
        assert_eq!(later.report.exit_code, 68);
        for (before, after) in first.rows.iter().zip(&later.rows) {
            for dataset in Dataset::ALL {
                let of = |row: &Row, end: &str| row[&format!("{dataset}_{end}")].clone();
                let was_told = ["found", "absent"].contains(&&*of(before, "status"));
                if kept.contains(&dataset) || !was_told {
                    assert_eq!(of(before, "fetched_at"), of(after, "fetched_at"));
                    assert_eq!(of(after, "error").starts_with("stale:"), was_told);
                    continue;
                }
                assert!(["pending", "failed"].contains(&&*of(after, "status")), "{after:#?}");
                assert!(
                    !of(after, "error").starts_with("stale:") && !of(after, "error").is_empty()
                );
                assert_eq!(of(after, "fetched_at"), "");
            }
            for (column, dataset) in [
                ("make", Dataset::Decode),
                ("model_year", Dataset::Decode),
                ("recall_campaign_count", Dataset::Recalls),
                ("recall_campaigns", Dataset::Recalls),
                ("listing_count", Dataset::Listings),
                ("listing_price", Dataset::Listings),
            ] {
                let expected = if kept.contains(&dataset) { &*before[column] } else { "" };
                assert_eq!(after[column], expected, "{column} after {passed:?}");
            }
        }
    }
}

#[test]
fn a_stale_decode_still_brings_recalls() {
    let mut work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, Crew::Keyed);
    plan.datasets.named = [Dataset::Decode, Dataset::Recalls].into();
    // The decoder and the recall source are two vendors: one is dead, the other is not.
    plan.dataset(Dataset::Decode).vendors = vec!["vpic-api"];
    let first = Enriched::at(&plan, &clock);
    work.restart(&["vpic-api/down"]);
    clock.pass(NIGHT);
    let second = Enriched::at(&plan, &clock);
    assert_eq!(second.report.exit_code, 68);
    let mut with_recalls = 0;
    for (before, after) in first.rows.iter().zip(&second.rows) {
        assert_eq!(before["recall_campaigns"], after["recall_campaigns"]);
        if !before["recalls_fetched_at"].is_empty() {
            with_recalls += 1;
            assert!(after["decode_error"].starts_with("stale:"));
            assert_eq!(after["recalls_error"], "");
            assert!(before["recalls_fetched_at"] < after["recalls_fetched_at"]);
        }
    }
    assert!(with_recalls > 50, "{with_recalls}");
}

/// A decoder that knows nothing of the second VIN and takes the third for wrong,
/// until it is dead.
fn choosy(dead: Arc<AtomicBool>) -> Fake {
    Fake::start(move |_, heard| {
        if dead.load(Ordering::Acquire) {
            return Reply::new(500, "{}");
        }
        let [known, unknown, _] = three();
        let said = |vin: &String| match vin {
            vin if *vin == known => item(vin),
            vin if *vin == unknown => json!({ "VIN": vin, "Make": "", "Model": "" }),
            vin => json!({ "VIN": vin, "success": false, "error": "No such VIN" }),
        };
        Reply::items(&heard.vins().iter().map(said).collect::<Vec<_>>())
    })
}

fn three() -> [String; 3] {
    vins(3).try_into().expect("three")
}

#[test]
fn absent_answers_expire_after_14_days() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let dead = Arc::new(AtomicBool::new(false));
    let decoder = choosy(Arc::clone(&dead));
    let mut plan = work.decoding(&three(), &decoder.url());
    plan.settings.max_wait = Duration::ZERO;
    let statuses = |enriched: &Enriched| {
        three().map(|vin| {
            let row = enriched.row(&vin);
            (row["decode_status"].clone(), row["decode_error"].clone())
        })
    };
    let told = |known: &str, unknown: &str, wrong: &str| {
        [("found", known), ("absent", unknown), ("refused", wrong)]
            .map(|(status, error)| (status.to_owned(), error.to_owned()))
    };
    let first = Enriched::at(&plan, &clock);
    assert_eq!(statuses(&first), told("", "", "No such VIN"));
    clock.pass(NIGHT * 10);
    assert_eq!(statuses(&Enriched::at(&plan, &clock)), told("", "", "No such VIN"));
    assert_eq!(decoder.heard().len(), 1, "nobody asks again so soon");

    // Two weeks after the first night, to the hour, whatever the VIN.
    clock.pass(NIGHT * 4);
    dead.store(true, Ordering::Release);
    let stale = Enriched::at(&plan, &clock);
    let marks = statuses(&stale);
    assert!(marks[1].1.starts_with("stale:") && marks[2].1.starts_with("stale:"), "{marks:?}");
    assert_eq!(told("", &marks[1].1, &marks[2].1), marks);
    for vin in three() {
        assert_eq!(first.row(&vin)["record_hash"], stale.row(&vin)["record_hash"]);
    }
    let asked = decoder.heard();
    assert_eq!(asked[asked.len() - 1].vins().len(), 2, "what is known stays known for a year");
    dead.store(false, Ordering::Release);
    assert_eq!(statuses(&Enriched::at(&plan, &clock)), told("", "", "No such VIN"));
}

#[test]
fn no_answer_but_a_find_outlives_two_weeks() {
    let year = Freshness::lasting();
    for vin in vins(500) {
        let key = Key::Vin(Vin::new(&vin).expect("a VIN"));
        let life = year.expires_at(&key, false, Timestamp::default());
        assert!(life <= Timestamp::default().later(NIGHT * 14), "{vin}");
    }
}

#[test]
fn an_incomplete_night_can_keep_the_file() {
    let mut work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, Crew::Keyed);
    plan.thresholds.keep_complete = true;
    let run = |plan: &Plan, clock: &ScriptedClock| -> Report { night(plan, clock) };
    assert_eq!(run(&plan, &clock).exit_code, 0);
    let first = work.read("out.csv");
    work.restart(&["down"]);
    clock.pass(NIGHT);
    let report = run(&plan, &clock);
    assert_eq!((report.exit_code, report.rows.written), (68, 0));
    assert!(work.read("out.csv") == first, "the old file is as it was");
    // What is known can be written all the same.
    let mut now = plan.clone();
    now.datasets.offline = true;
    (now.thresholds.keep_complete, now.output.path) = (false, Some(work.path("now.csv")));
    assert_eq!(run(&now, &clock).exit_code, 0);
    let rows = csv_rows(&work.read("now.csv"));
    assert_eq!(rows.len(), csv_rows(&first).len());
    assert!(rows.iter().any(|row| row["decode_error"] == "stale:offline"));
    work.restart(&[]);
    clock.pass(NIGHT);
    assert_eq!(run(&plan, &clock).exit_code, 0);
    assert!(work.read("out.csv") != first, "a complete night takes its place");
}

#[test]
fn a_zero_is_dated_by_its_older_call() {
    let work = Work::with_faults(&[]);
    let (world, clock) = (World::new(), ScriptedClock::new());
    let vins = vins(1);
    let plan = world.plan(&work, &vins, "carvin");
    let first = Enriched::at(&plan, &clock);
    first.all("recalls_status", "absent");
    let ended = clock.now().wall;
    // The vehicle is asked again and the VIN is not; then nobody is.
    for (most, exit) in [(1, 80), (0, 80), (0, 80)] {
        clock.pass(NIGHT);
        let later =
            Enriched::at(&vinrich::plan::Plan { limits: limits(most), ..plan.clone() }, &clock);
        assert_eq!(later.report.exit_code, exit);
        assert_eq!(later.rows[0]["recall_campaign_count"], "0");
        assert!(later.rows[0]["recalls_error"].starts_with("stale:"));
        let told = fetched_at(&later.rows[0]["recalls_fetched_at"]);
        assert!(told <= ended, "{told:?} is after {ended:?}");
    }
}

fn limits(calls: u64) -> vinrich::plan::Limits {
    vinrich::plan::Limits { max_calls: Some(calls), max_cost: None }
}
