//! A model year that may be another one: the row says so, and no recall orders parking.

use serde_json::json;
use vinrich::SystemClock;
use vinrich::config::Durability;
use vinrich::domain::Timestamp;
use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;
use vinrich::store::{RunLimits, StoreSpec, import_recall_file};

use crate::support::Work;
use crate::support::library::{Enriched, Row, Tweak};
use crate::support::server::{Fake, Reply};
use crate::support::vpic::data;

/// 2026-11-22.
const NOW: Timestamp = Timestamp::from_micros(1_795_305_600_000_000);

/// A fire engine of 1994 or 2024: the decoder knows such vehicles of both years.
const FIRE_ENGINE: &str = "4ENRABA87R1003456";
/// A tractor of 2024: the maker described no such vehicle of 1994.
const TRACTOR: &str = "1XKYD49X5RJ398204";
/// The same with a letter where cars have one since 2010.
const TRACTOR_WITH_LETTER: &str = "1XKYD4AX0RJ398204";
/// A car of 2015.
const CAR: &str = "2T1BURHE1FC342217";

/// A car of 2013, of which there are none; the file knows its model by another year.
const WITHOUT: &str = "5FNYF4H54DB012345";

/// A campaign that orders parking, as a row of NHTSA's file.
fn campaign(number: &str, make: &str, model: &str, year: i32) -> String {
    format!(
        "1\t{number}\t{make}\t{model}\t{year}\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t20240105\t\
         20240106\t\t\tIt burns.\tCrash.\tReplace.\t\t1\t\t\t\tYes\tYes\n"
    )
}

/// Reads recalls from a file of a campaign for each of both years of each vehicle.
fn with_recalls(work: &Work, mut plan: Plan) -> Plan {
    let lines: String = [
        campaign("94V001000", "E-ONE", "TRUCK", 1994),
        campaign("24V001000", "E-ONE", "TRUCK", 2024),
        campaign("24V002000", "KENWORTH", "T680", 2024),
        campaign("15V003000", "TOYOTA", "COROLLA", 2015),
        campaign("17V003000", "TOYOTA", "COROLLA", 2017),
        campaign("11V004000", "HONDA", "PILOT", 2011),
        campaign("15V005000", "HONDA", "COROLLA", 2015),
    ]
    .concat();
    let file = work.write("FLAT_RCL_POST_2010.txt", &lines);
    let spec = StoreSpec {
        path: &plan.settings.store,
        durability: Durability::Normal,
        must_exist: false,
        limits: RunLimits::default(),
    };
    import_recall_file(&spec, &file, false, NOW, |_| {}).expect("imported");
    plan = plan.only(&[Dataset::Decode, Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file"];
    plan
}

/// The year, the campaigns, why they are in doubt, which are, and whether one orders parking.
fn told(row: &Row) -> [&str; 5] {
    [
        "model_year",
        "recall_campaigns",
        "recall_doubt",
        "recall_doubtful_campaigns",
        "recall_park_it",
    ]
    .map(|column| &*row[column])
}

#[test]
fn a_year_in_doubt_orders_no_parking() {
    let Some(data) = data() else { return };
    let work = Work::with_faults(&[]);
    let sheet = work.write(
        "sheet.csv",
        &format!(
            "VIN,Year\n{FIRE_ENGINE},\n{TRACTOR},1994\n{TRACTOR},2024\n{CAR},2015\n{CAR},\n{CAR},2016\n\
             {WITHOUT},2013\n{WITHOUT},2014\n"
        ),
    );
    let mut plan = with_recalls(&work, work.plan(&sheet, "out.csv"));
    plan.settings.vpic_data = data;
    plan.dataset(Dataset::Decode).vendors = vec!["vpic"];
    let enriched = Enriched::by(&plan);
    let rows: Vec<[&str; 5]> = enriched.rows.iter().map(told).collect();
    let doubtful = |year, campaigns| [year, campaigns, "year", campaigns, ""];
    let sure = |year, campaigns| [year, campaigns, "", "", "true"];
    assert_eq!(rows[0], doubtful("2024", r#"["24V001000"]"#), "either year may be");
    assert_eq!(rows[1], doubtful("2024", r#"["24V002000"]"#), "the sheet says another year");
    assert_eq!(rows[2], sure("2024", r#"["24V002000"]"#));
    assert_eq!(rows[3], sure("2015", r#"["15V003000"]"#));
    assert_eq!(rows[4], sure("2015", r#"["15V003000"]"#), "positions 7 and 10 tell");
    assert_eq!(rows[5], doubtful("2015", r#"["15V003000"]"#));
    assert_eq!(rows[6], ["2013", "[]", "", "", ""]);
    assert_eq!(rows[7], ["2013", "[]", "year", "[]", ""], "2014 may have some");
}

#[test]
fn a_stated_year_decides_where_two_are_open() {
    let Some(data) = data() else { return };
    for (year, campaigns) in [("1994", r#"["94V001000"]"#), ("2024", r#"["24V001000"]"#)] {
        let work = Work::with_faults(&[]);
        let sheet = work.write("sheet.csv", &format!("VIN,Model Year\n{FIRE_ENGINE},{year}\n"));
        let mut plan = with_recalls(&work, work.plan(&sheet, "out.csv"));
        plan.settings.vpic_data = data.clone();
        plan.dataset(Dataset::Decode).vendors = vec!["vpic"];
        let enriched = Enriched::by(&plan);
        assert_eq!(told(&enriched.rows[0]), [year, campaigns, "", "", "true"]);
        assert_eq!(enriched.rows[0]["input_conflicts"], "");
    }
}

#[test]
fn rows_of_a_vin_that_differ_in_year_decide_nothing() {
    let Some(data) = data() else { return };
    let work = Work::with_faults(&[]);
    let sheet =
        work.write("sheet.csv", &format!("VIN,Year\n{FIRE_ENGINE},1994\n{FIRE_ENGINE},2024\n"));
    let mut plan = with_recalls(&work, work.plan(&sheet, "out.csv"));
    plan.settings.vpic_data = data;
    plan.dataset(Dataset::Decode).vendors = vec!["vpic"];
    let enriched = Enriched::by(&plan);
    let doubts: Vec<&str> = enriched.rows.iter().map(|row| &*row["recall_doubt"]).collect();
    assert_eq!(enriched.count("model_year")["2024"], 2, "a VIN has one decode");
    assert_eq!(doubts, ["year", ""]);
}

#[test]
fn recalls_are_those_of_the_decode_that_the_vin_supports() {
    let Some(data) = data() else { return };
    // Its check digit does not fit: nothing tells which make is right.
    let mistyped = CAR.replace("E1FC", "E2FC");
    for (vin, make, year, campaigns, doubt) in [
        (CAR, "Toyota", "2017", r#"["15V003000"]"#, "year"),
        (CAR, "Honda", "2015", r#"["15V003000"]"#, ""),
        (CAR, "Toyota", "2015", r#"["15V003000"]"#, ""),
        (&mistyped, "Honda", "2015", r#"["15V005000"]"#, "name"),
    ] {
        let fake = Fake::start(move |_, heard| {
            let item = |vin: &String| json!({ "VIN": vin, "Make": make, "Model": "Corolla", "ModelYear": year });
            Reply::items(&heard.vins().iter().map(item).collect::<Vec<_>>())
        });
        let work = Work::with_faults(&[]);
        let plan = work.decoding(&[vin.to_owned()], &fake.url());
        let mut plan = with_recalls(&work, plan);
        plan.settings.vpic_data = data.clone();
        plan.dataset(Dataset::Decode).vendors = vec!["carvin", "vpic"];
        let enriched = Enriched::by(&plan);
        let row = &enriched.rows[0];
        assert_eq!((&*row["decode_vendor"], &*row["model_year"]), ("carvin", year), "{make}");
        assert_eq!(
            (&*row["recall_campaigns"], &*row["recall_doubt"]),
            (campaigns, doubt),
            "{make}"
        );
        let differs = (make, year) != ("Toyota", "2015");
        assert_eq!(!row["decode_conflicts"].is_empty(), differs, "the row is marked");
    }
}

#[test]
fn a_stated_year_is_sent_to_the_service() {
    let work = Work::with_faults(&[]);
    let decoded = |sheet: &str| {
        let sheet = work.write("sheet.csv", sheet);
        let mut plan = work.plan(&sheet, "out.csv").only(&[Dataset::Decode]);
        plan.dataset(Dataset::Decode).vendors = vec!["vpic-api"];
        let enriched = Enriched::by(&plan);
        let years: Vec<String> =
            enriched.rows.iter().map(|row| row["model_year"].clone()).collect();
        (years.join(" "), enriched.attempted("vpic-api"))
    };
    let said = |years: &str, calls| (years.to_owned(), calls);
    assert_eq!(decoded(&format!("VIN\n{TRACTOR_WITH_LETTER}\n")), said("2024", 1));
    // What position 7 would say of a car changes no question.
    assert_eq!(decoded(&format!("VIN,Year\n{TRACTOR_WITH_LETTER},2024\n")), said("2024", 0));
    let stated = format!("VIN,Year\n{TRACTOR_WITH_LETTER},1994\n{TRACTOR_WITH_LETTER},\n");
    assert_eq!(decoded(&stated), said("1994 1994", 1), "another question");
    assert_eq!(decoded(&stated), said("1994 1994", 0), "its answer is kept");
    assert_eq!(
        decoded(&format!("VIN\n{TRACTOR_WITH_LETTER}\n")),
        said("2024", 0),
        "and so is the first"
    );
    let differ = format!("VIN,Year\n{TRACTOR_WITH_LETTER},1994\n{TRACTOR_WITH_LETTER},2024\n");
    assert_eq!(decoded(&differ), said("2024 2024", 0), "rows that differ decide nothing");
}

#[test]
fn a_car_keeps_the_year_of_position_7() {
    let work = Work::with_faults(&[]);
    let sheet = format!("VIN,Year\n{CAR},1985\n{TRACTOR_WITH_LETTER},1994\n");
    let sheet = work.write("sheet.csv", &sheet);
    let mut plan = with_recalls(&work, work.plan(&sheet, "out.csv"));
    plan.dataset(Dataset::Decode).vendors = vec!["vpic-api"];
    // The service repeats 1985; without the year it says what the VIN does.
    for (least, calls) in [(1, 2), (0, 0)] {
        let forecast = vinrich::plan(&plan, &Silent, &SystemClock::new()).expect("a forecast");
        let of = forecast.vendors.iter().find(|of| of.vendor == "vpic-api").expect("it");
        assert_eq!((of.calls_at_least, of.calls_total), (least, calls));
        let enriched = Enriched::by(&plan);
        let [car, tractor] = &enriched.rows[..] else { panic!("two rows") };
        let campaigns = r#"["15V003000"]"#;
        assert_eq!(told(car), ["2015", campaigns, "year", campaigns, ""]);
        assert_eq!(car["input_conflicts"], r#"{"model_year":{"input":1985,"vin":2015}}"#);
        assert_eq!(tractor["model_year"], "1994");
        assert_eq!(enriched.attempted("vpic-api"), calls);
    }
}
