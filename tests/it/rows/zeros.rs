//! No false zero: a count of zero is told once it was confirmed, however the
//! vendor's world changes afterwards, and a null count never means zero.

use std::collections::BTreeSet;

use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::clock::{NIGHT, ScriptedClock, daily};
use crate::support::library::{Enriched, Row, Tweak as _, vin, vins};
use crate::support::server::Reply;
use crate::support::server::world::{Question, World, model};

/// A run on the next night. Its counts are what their statuses say.
fn next_night(plan: &Plan, clock: &ScriptedClock) -> Enriched {
    clock.pass(NIGHT);
    let enriched = Enriched::at(plan, clock);
    for row in &enriched.rows {
        let told = row["recall_campaign_count"].parse::<u32>().ok();
        match row["recalls_status"].as_str() {
            "found" => assert!(told > Some(0), "{row:#?}"),
            "absent" => assert_eq!((told, &*row["recall_campaigns"]), (Some(0), "[]")),
            _ => assert_eq!((told, &*row["recall_campaigns"]), (None, ""), "{row:#?}"),
        }
    }
    enriched
}

/// What a row says of recalls: status, count, basis, error.
fn told(row: &Row) -> [&str; 4] {
    ["recalls_status", "recall_campaign_count", "recall_match_basis", "recalls_error"]
        .map(|column| row[column].as_str())
}

#[test]
fn a_confirmed_zero_yields_to_a_find() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let vins = vins(2);
    let plan = world.plan(&work, &vins, "carvin");
    {
        let script = &mut *world.script();
        for vin in &vins {
            script.models.insert(vin.clone(), "F-250".into());
        }
    }
    let rows = |enriched: &Enriched| [0, 1].map(|row| told(&enriched.rows[row]).map(str::to_owned));
    let both =
        |first: [&str; 4], second: [&str; 4]| [first, second].map(|row| row.map(str::to_owned));
    let zero = both(["absent", "0", "vin", ""], ["absent", "0", "model_exact", ""]);

    assert_eq!(rows(&next_night(&plan, &clock)), zero);
    world.script().of_vin.insert(vins[0].clone(), 2);
    let by_vin = both(["found", "2", "vin", ""], ["found", "2", "model_variant", ""]);
    assert_eq!(rows(&next_night(&plan, &clock)), by_vin);

    world.fail(500);
    let mut stale = rows(&next_night(&plan, &clock));
    for row in &mut stale {
        assert!(row[3].starts_with("stale:"), "{row:?}");
        row[3].clear();
    }
    assert_eq!(stale, by_vin, "an outage takes nothing back");

    world.mend();
    world.script().campaigns.insert("F-250".into(), 3);
    let by_model = ["found", "3", "model_exact", ""];
    assert_eq!(rows(&next_night(&plan, &clock)), both(by_model, by_model));
    world.script().campaigns.clear();
    world.script().of_vin.clear();
    assert_eq!(rows(&next_night(&plan, &clock)), zero);
}

#[test]
fn a_zero_is_written_once_confirmed() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let plan = world.plan(&work, &vins(1), "carvin");
    let by_vin_is_dead = |status| {
        move |_: usize, question: &Question| match question {
            Question::RecallsOf(_) => Some(Reply::new(status, "{}")),
            _ => None,
        }
    };
    for (status, exit) in [(500, 68), (402, 69), (200, 76)] {
        world.strike(by_vin_is_dead(status));
        let unconfirmed = next_night(&plan, &clock);
        assert_eq!(unconfirmed.report.exit_code, exit, "{:#?}", unconfirmed.report);
        assert_eq!(told(&unconfirmed.rows[0])[1], "", "{status}");
    }
    world.mend();
    let confirmed = next_night(&plan, &clock);
    assert_eq!(told(&confirmed.rows[0]), ["absent", "0", "vin", ""]);
    world.strike(by_vin_is_dead(500));
    let stale = next_night(&plan, &clock);
    assert_eq!(told(&stale.rows[0])[..2], ["absent", "0"]);
    assert!(told(&stale.rows[0])[3].starts_with("stale:"));
    assert_eq!(
        stale.rows[0]["recalls_fetched_at"],
        confirmed.rows[0]["recalls_fetched_at"].clone()
    );
}

#[test]
fn a_find_by_vin_is_renewed_by_vin() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let [smaller, known]: [String; 2] = vins(2).try_into().expect("two");
    {
        let script = &mut *world.script();
        for vin in [&smaller, &known] {
            script.models.insert(vin.clone(), "F-250".into());
        }
        script.of_vin.insert(known.clone(), 2);
    }
    let plan = world.plan(&work, std::slice::from_ref(&known), "carvin");
    assert_eq!(told(&next_night(&plan, &clock).rows[0]), ["found", "2", "vin", ""]);
    // A vehicle that sorts before it joins the fleet.
    let plan = world.plan(&work, &[smaller, known.clone()], "carvin");
    world.asked();
    let second = next_night(&plan, &clock);
    assert_eq!(told(second.row(&known)), ["found", "2", "vin", ""]);
    assert_eq!(second.count("recalls_error"), [("", 2)].into());
    assert!(world.asked().contains(&Question::RecallsOf(known)));
}

/// A truck that the decoder calls `F-250`, and a car of its own name.
fn truck_and_car(world: &World) -> Vec<String> {
    let vins = vins(2);
    let script = &mut *world.script();
    script.models.insert(vins[0].clone(), "F-250".into());
    script.campaigns.insert("F-250 SD".into(), 3);
    script.campaigns.insert(model(&vins[1]), 0);
    vins
}

#[test]
fn a_catalogue_may_change_from_night_to_night() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let vins = truck_and_car(&world);
    let plan = world.plan(&work, &vins, "nhtsa");
    let first = next_night(&plan, &clock);
    assert_eq!(told(first.row(&vins[0])), ["found", "3", "model_variant", ""]);
    assert_eq!(told(first.row(&vins[1])), ["absent", "0", "model_exact", ""]);

    // The truck gets a name of its own, and the car is no longer known.
    world.script().campaigns = [("F-250".to_owned(), 1)].into();
    let second = next_night(&plan, &clock);
    assert_eq!(told(second.row(&vins[0])), ["found", "1", "model_exact", ""]);
    let car = told(second.row(&vins[1]));
    assert!(car[1].is_empty() || car[3].starts_with("stale:"), "nothing says zero now: {car:?}");
    assert_eq!((second.report.exit_code, car[3]), (0, "inconclusive"));

    world.script().campaigns = [("F-150".to_owned(), 1)].into();
    let third = next_night(&plan, &clock);
    assert_ne!(told(third.row(&vins[0]))[1], "0");
}

#[test]
fn finds_under_another_name_outlive_an_outage() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let vins = truck_and_car(&world);
    let plan = world.plan(&work, &vins, "nhtsa");
    let first = next_night(&plan, &clock);
    let without_mark =
        |row: &Row| told(row)[..3].iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let offline = Plan {
        datasets: vinrich::plan::Wanted { offline: true, ..plan.datasets.clone() },
        ..plan.clone()
    };
    let dead = |status| {
        world.fail(status);
        &plan
    };
    for (name, tonight) in [("offline", &offline), ("503", dead(503)), ("500", dead(500))] {
        let later = next_night(tonight, &clock);
        for (before, after) in first.rows.iter().zip(&later.rows) {
            assert_eq!(without_mark(before), without_mark(after), "{name}: {after:#?}");
            assert!(told(after)[3].starts_with("stale:"), "{name}: {:?}", told(after));
            assert_eq!(before["recalls_fetched_at"], after["recalls_fetched_at"], "{name}");
            assert_eq!(before["record_hash"], after["record_hash"], "{name}");
        }
    }
}

/// The vehicles with a VIN that was asked about at `endpoint` and answered, by the ledger.
fn confirmed(work: &Work, rows: &[Row]) -> BTreeSet<[String; 3]> {
    let db = work.db();
    let mut find = db
        .prepare(
            "SELECT calls.keys FROM calls JOIN sources ON sources.id = calls.source
             JOIN replies ON replies.call = calls.id
             WHERE sources.endpoint = 'recalls-vin' AND replies.state = 'ok'",
        )
        .expect("the ledger");
    let keys = find.query_map([], |row| row.get::<_, String>(0)).expect("calls");
    let keys: BTreeSet<String> = keys.collect::<Result<_, _>>().expect("calls");
    let of = rows
        .iter()
        .filter(|row| keys.iter().any(|key| key.contains(&row["vin"]) && !row["vin"].is_empty()));
    of.map(vehicle).collect()
}

fn vehicle(row: &Row) -> [String; 3] {
    ["make", "model", "model_year"].map(|column| row[column].clone())
}

#[test]
fn every_zero_has_a_confirmation_on_record() {
    let mut work = Work::with_faults(&["carvin/500:every=7"]);
    let clock = ScriptedClock::new();
    let trucks = (0..60).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000"));
    let cars =
        ['C', 'D', 'E', 'F', 'G', 'H', 'J', 'K'].map(|year| vin("1HGBH41J", year, "N000001"));
    let mut plan = work.listing(&trucks.chain(cars).collect::<Vec<_>>());
    plan.datasets.named = [vinrich::domain::outcome::Dataset::Recalls].into();
    plan.vendor("carvin").quotas = daily(9);
    plan.settings.max_wait = std::time::Duration::ZERO;
    let mut zeros = 0;
    for night in 0..12 {
        if night == 6 {
            work.restart(&["carvin/recalls-vin/down"]);
        } else if night == 8 {
            work.restart(&[]);
        }
        let enriched = next_night(&plan, &clock);
        let confirmed = confirmed(&work, &enriched.rows);
        for row in enriched.rows.iter().filter(|row| row["recall_campaign_count"] == "0") {
            zeros += 1;
            assert!(confirmed.contains(&vehicle(row)), "night {night}: {row:#?}");
        }
    }
    assert!(zeros > 20, "there are zeros to be told: {zeros}");
}
