//! Recalls under the names that cars bear: none is left out, none is another car's, and
//! what cannot be told is marked.

use serde_json::json;
use vinrich::SystemClock;
use vinrich::config::Durability;
use vinrich::domain::events::Silent;
use vinrich::domain::time::Clock as _;
use vinrich::plan::Plan;
use vinrich::store::{RunLimits, StoreSpec, import_recall_file};

use crate::support::Work;
use crate::support::clock::ScriptedClock;
use crate::support::library::{Enriched, Row, Tweak, vin};
use crate::support::server::Reply;
use crate::support::server::world::{Question, World};

/// The campaigns of a row, how many are in doubt and why, and how they were matched.
fn told(row: &Row) -> [&str; 4] {
    ["recall_campaigns", "recall_doubtful_campaigns", "recall_doubt", "recall_match_basis"]
        .map(|column| row[column].as_str())
}

/// VINs whose positions 7 and 10 say 2016, as the world does.
fn trucks(count: usize) -> Vec<String> {
    (0..count).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect()
}

/// A world that files these models with so many campaigns each: `16V001000` and up.
fn world(filed: &[(&str, u32)]) -> World {
    let world = World::new();
    world.script().campaigns =
        filed.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
    world
}

/// What nhtsa says of one vehicle that decodes so.
fn asked(world: &World, model: &str, more: serde_json::Value) -> Enriched {
    let (work, vins) = (Work::with_faults(&[]), trucks(1));
    world.script().models.insert(vins[0].clone(), model.into());
    world.script().columns.insert(vins[0].clone(), more);
    Enriched::at(&world.plan(&work, &vins, "nhtsa"), &ScriptedClock::new())
}

#[test]
fn every_name_of_a_vehicle_is_asked() {
    let world = world(&[("E-450", 1), ("E-450 SUPER DUTY", 3), ("E-350", 2), ("EDGE", 4)]);
    let enriched = asked(&world, "E-450", json!({ "Series": "Econoline" }));
    let row = &enriched.rows[0];
    assert_eq!(
        told(row),
        [r#"["16V001000","16V002000","16V003000"]"#, "", "", "model_variant"],
        "{row:#?}"
    );
    let asked = world.asked();
    let names = asked.iter().filter(|question| matches!(question, Question::Recalls(_)));
    assert_eq!(names.count(), 2, "{asked:?}");
    assert_eq!(asked.iter().filter(|question| **question == Question::Models).count(), 1);
}

#[test]
fn a_version_that_the_decode_leaves_open_is_in_doubt() {
    let files = [("FUSION", 1), ("FUSION HYBRID", 2), ("FUSION ENERGI", 3)];
    let open = asked(&world(&files), "Fusion", json!({ "FuelTypePrimary": "Gasoline" }));
    let all = r#"["16V001000","16V002000","16V003000"]"#;
    let doubtful = r#"["16V002000","16V003000"]"#;
    assert_eq!(told(&open.rows[0]), [all, doubtful, "powertrain", "model_variant"]);
    assert_eq!(open.rows[0]["recall_campaign_count"], "3", "what is in doubt counts");

    let plug = json!({ "ElectrificationLevel": "PHEV (Plug-in Hybrid Electric Vehicle)" });
    let plug = asked(&world(&files), "Fusion", plug);
    assert_eq!(told(&plug.rows[0])[..3], [all, "", ""]);
    let battery = json!({ "ElectrificationLevel": "BEV (Battery Electric Vehicle)" });
    let battery = asked(&world(&files), "Fusion", battery);
    assert_eq!(told(&battery.rows[0]), [r#"["16V001000"]"#, "", "", "model_exact"]);
}

#[test]
fn another_car_of_a_longer_name_is_not_asked_about() {
    let world = world(&[("EXPLORER", 0), ("EXPLORER SPORT TRAC", 4)]);
    let enriched = asked(&world, "Explorer", json!({}));
    let row = &enriched.rows[0];
    assert_eq!((&*row["recalls_status"], &*row["recall_campaign_count"]), ("absent", "0"));
    assert!(!world.asked().contains(&Question::Recalls("EXPLORER SPORT TRAC".into())));
}

#[test]
fn a_longer_name_is_another_car_where_years_nearby_have_the_shorter() {
    let files = [("FOCUS", 1), ("EXPLORER SPORT TRAC", 4)];
    let doubtful = r#"["16V001000","16V002000","16V003000","16V004000"]"#;
    let alone = world(&files);
    let (work, vins) = (Work::with_faults(&[]), trucks(1));
    alone.script().models.insert(vins[0].clone(), "Explorer".into());
    let clock = ScriptedClock::new();
    let plan = alone.plan(&work, &vins, "nhtsa");
    let foretold = |plan: &Plan| {
        let forecast = vinrich::plan(plan, &Silent, &clock).expect("a plan");
        let of = forecast.vendors.into_iter().find(|of| of.vendor == "nhtsa");
        of.map_or((0, 0), |of| (of.calls_at_least, of.calls_total))
    };
    let (least, most) = foretold(&plan);
    let made = Enriched::at(&plan, &clock).attempted("nhtsa");
    assert!(least <= made && made <= most, "{least} to {most}, not {made}");
    assert_eq!(foretold(&plan), (0, 0), "all of it is known");
    alone.asked();

    let lists = |world: &World| {
        let asked = world.asked();
        asked.iter().filter(|question| matches!(question, Question::ModelsNearby(_))).count()
    };
    let enriched = asked(&alone, "Explorer", json!({}));
    assert_eq!(told(&enriched.rows[0])[..3], [doubtful, doubtful, "name"]);
    assert_eq!(lists(&alone), 4, "two years before and after");

    let known = world(&files);
    known.script().nearby = vec!["EXPLORER".into()];
    let enriched = asked(&known, "Explorer", json!({}));
    let row = &enriched.rows[0];
    assert_eq!((&*row["recalls_error"], &*row["recall_campaigns"]), ("inconclusive", ""));
    assert!(!known.asked().contains(&Question::Recalls("EXPLORER SPORT TRAC".into())));

    let sure = world(&[("EXPLORER", 1), ("EXPLORER SPORT TRAC", 4)]);
    asked(&sure, "Explorer", json!({}));
    assert_eq!(lists(&sure), 0, "the list of its own year tells");
}

#[test]
fn a_name_that_is_only_perhaps_its_own_makes_no_zero() {
    let enriched = asked(&world(&[("ESCAPE HYBRID", 0)]), "Escape", json!({}));
    let row = &enriched.rows[0];
    assert_eq!((&*row["recalls_status"], &*row["recalls_error"]), ("failed", "inconclusive"));
    let enriched = asked(&world(&[("FIESTA", 2)]), "Escape", json!({}));
    assert_eq!(enriched.rows[0]["recalls_error"], "inconclusive", "no name at all");
}

/// Every list of a model's name and two longer ones, each without a campaign and with one,
/// for cars of three powertrains.
#[test]
fn a_zero_rests_on_all_names_that_the_car_may_bear() {
    let powertrains = [
        (json!({ "FuelTypePrimary": "Gasoline" }), 3),
        (json!({ "ElectrificationLevel": "PHEV (Plug-in Hybrid Electric Vehicle)" }), 3),
        (json!({ "ElectrificationLevel": "BEV (Battery Electric Vehicle)" }), 1),
    ];
    let letter = |n: usize| char::from(b"ABCDEFGHI"[n]);
    let (work, world, vins) = (Work::with_faults(&[]), World::new(), trucks(81));
    let mut cases = Vec::new();
    for (case, vin) in vins.iter().enumerate() {
        let (decoded, borne) = &powertrains[case % 3];
        let model = format!("ZQ{}{}", letter(case / 9), letter(case % 9));
        let names = ["", " HYBRID", " ENERGI"].map(|more| format!("{model}{more}"));
        // Not listed, listed without a campaign, or with one.
        let states = [case / 3 % 3, case / 9 % 3, case / 27];
        let script = &mut *world.script();
        script.models.insert(vin.clone(), model);
        script.columns.insert(vin.clone(), decoded.clone());
        let listed = names.iter().zip(states).filter(|(_, state)| *state > 0);
        script.campaigns.extend(listed.map(|(name, state)| (name.clone(), u32::from(state == 2))));
        cases.push((vin, names, states, *borne));
    }
    let mut plan = world.plan(&work, &vins, "nhtsa");
    plan.vendor("nhtsa").quotas.clear();
    let enriched = Enriched::at(&plan, &ScriptedClock::new());
    let asked = world.asked();
    let mut zeros = 0;
    for (vin, names, states, borne) in cases {
        let row = enriched.row(vin);
        let is_zero = row["recalls_status"] == "absent";
        zeros += usize::from(is_zero);
        let own_alone = states == [1, 0, 0];
        assert!(is_zero || !own_alone, "{names:?}: {row:#?}");
        if !is_zero {
            continue;
        }
        assert_eq!(row["recall_campaign_count"], "0");
        assert!(states[..borne].iter().all(|state| *state < 2), "{names:?} {states:?}");
        for (name, _) in names.iter().zip(states).take(borne).filter(|(_, state)| *state > 0) {
            assert!(asked.contains(&Question::Recalls(name.clone())), "{name} was not asked");
        }
        let is_sure = states[0] == 1 || row["recall_doubt"].is_empty() && borne == 3;
        assert!(is_sure, "{names:?} {states:?}: {row:#?}");
    }
    assert!(zeros >= 9, "{zeros}");
}

#[test]
fn equipment_counts_from_the_service_as_from_the_file() {
    let world = world(&[("E-450", 1), ("E-450 SUPER DUTY", 3)]);
    world.script().equipment = vec!["E-450 SUPER DUTY".into()];
    let enriched = asked(&world, "E-450", json!({ "Series": "Econoline" }));
    let row = &enriched.rows[0];
    let all = r#"["16E001000","16E002000","16E003000","16V001000"]"#;
    assert_eq!(told(row)[0], all);
    let counts = ["recall_campaign_count", "recall_equipment_count"].map(|of| &*row[of]);
    assert_eq!(counts, ["4", "3"]);
    assert_eq!(row["recall_top_summary"], "E-450 may not stop", "the vehicle's comes first");
}

#[test]
fn a_list_that_cannot_be_read_leaves_a_find_incomplete() {
    let world = world(&[("EDGE", 2), ("TAURUS", 0)]);
    let refused = || Reply::new(400, r#"{"message":"no such list"}"#);
    world.strike(move |_, question| (*question == Question::Models).then(refused));
    let found = asked(&world, "Edge", json!({}));
    let row = &found.rows[0];
    assert_eq!(
        (&*row["recall_campaign_count"], &*row["recalls_error"]),
        ("2", "http_400"),
        "there may be more under other names: {row:#?}"
    );
    let zero = asked(&world, "Taurus", json!({}));
    let row = &zero.rows[0];
    assert_eq!((&*row["recalls_status"], &*row["recalls_error"]), ("refused", "http_400"));
}

#[test]
fn each_series_confirms_its_own_zero() {
    let (work, world, vins) = (Work::with_faults(&[]), World::new(), trucks(4));
    {
        let script = &mut *world.script();
        for (vin, series) in vins.iter().zip(["150", "350", "350", "350"]) {
            script.models.insert(vin.clone(), "Transit".into());
            script.columns.insert(vin.clone(), json!({ "Series": series, "VehicleType": "TRUCK" }));
        }
        script.of_vin = vins[1..].iter().map(|vin| (vin.clone(), 2)).collect();
    }
    let plan = world.plan(&work, &vins, "carvin");
    let enriched = Enriched::at(&plan, &ScriptedClock::new());
    let by_vin = world.asked().into_iter().filter(|of| matches!(of, Question::RecallsOf(_)));
    assert_eq!(by_vin.count(), 2, "one of each series");
    assert_eq!(enriched.row(&vins[0])["recall_campaign_count"], "0");
    for vin in &vins[1..] {
        assert_eq!(enriched.row(vin)["recall_campaign_count"], "2", "{vin}");
    }
}

/// A row of NHTSA's file about a Ford of 2016.
fn line(number: &str, model: &str, day: &str, park: &str) -> String {
    let kind = &number[2..3];
    format!(
        "1\t{number}\tFORD\t{model}\t2016\tX1\tBRAKES\tMaker\t20150301\t20160630\t{kind}\t5\t20240301\t\
         MFR\tMaker\t{day}\t{day}\t\t\t{number} fails.\tCrash.\tReplace.\tCall.\t1\t\t\t\t{park}\tNo\n"
    )
}

/// A plan by the file of these lines for one vehicle that decodes so.
fn filed(world: &World, work: &Work, model: &str, lines: &[String]) -> Plan {
    let vins = trucks(1);
    world.script().models.insert(vins[0].clone(), model.into());
    let plan = world.plan(work, &vins, "nhtsa-file");
    let file = work.write("recalls.txt", &lines.concat());
    let spec = StoreSpec {
        path: &plan.settings.store,
        durability: Durability::Normal,
        must_exist: false,
        limits: RunLimits::default(),
    };
    import_recall_file(&spec, &file, true, SystemClock::new().now().wall, |_| ())
        .expect("imported");
    plan
}

#[test]
fn equipment_counts_from_the_file_and_is_said_once() {
    let (work, world) = (Work::with_faults(&[]), World::new());
    let lines = [
        line("16V001000", "RANGER", "20160105", "No"),
        line("20E002000", "RANGER", "20200105", "Yes"),
        line("21E003000", "RANGER RAPTOR", "20210105", "No"),
        line("19T004000", "RANGER", "20190105", "No"),
    ];
    let plan = filed(&world, &work, "Ranger", &lines);
    let says_so = |enriched: &Enriched| {
        let warnings = enriched.report.warnings.iter();
        warnings.filter(|warning| warning.contains("recall_equipment_count")).count()
    };
    let first = Enriched::by(&plan);
    let row = &first.rows[0];
    assert_eq!(row["recall_campaigns"], r#"["16V001000","20E002000"]"#, "{row:#?}");
    assert_eq!((&*row["recall_campaign_count"], &*row["recall_equipment_count"]), ("2", "1"));
    assert_eq!(row["recall_top_summary"], "16V001000 fails.", "the vehicle comes first");
    assert_eq!(row["recall_park_it"], "true");
    assert_eq!(says_so(&first), 1, "{:#?}", first.report.warnings);
    assert_eq!(says_so(&Enriched::by(&plan)), 0, "it was said before");
}

#[test]
fn a_campaign_in_doubt_orders_no_parking() {
    let (work, world) = (Work::with_faults(&[]), World::new());
    let lines = [
        line("16V001000", "FUSION", "20160105", "No"),
        line("16V002000", "FUSION HYBRID", "20160305", "Yes"),
    ];
    let plan = filed(&world, &work, "Fusion", &lines);
    let told = |plan: &Plan| {
        let rows = Enriched::by(plan).rows;
        ["recall_park_it", "recall_park_outside", "recall_doubtful_campaigns", "recall_top_summary"]
            .map(|column| rows[0][column].clone())
    };
    assert_eq!(told(&plan), ["", "false", r#"["16V002000"]"#, "16V001000 fails."]);

    let sure = [&lines[..], &[line("16V002000", "FUSION", "20160305", "Yes")]].concat();
    let plan = filed(&world, &work, "Fusion", &sure);
    assert_eq!(told(&plan), ["true", "false", "", "16V002000 fails."]);
}
