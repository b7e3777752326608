//! Kinds of bad replies of which vendors make different things: which is which stands in
//! their cases, and each has its test here or in `contracts`.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::events::Silent;
use vinrich::domain::facts::Facts;
use vinrich::domain::outcome::Dataset;
use vinrich::photos::{self, PhotoPlan, To};
use vinrich::vendors::{Role, Vendor, registry};
use vinrich::{Context, SystemClock};

use super::contracts::{Liar, by_vin_where};
use super::fixtures::{Case, places};
use super::trial::{Command, Trial};
use super::{LostSchema, Twice, cases, echoes};
use crate::support::library::{Enriched, Row, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, csv_rows, each_at_once};

/// Every registered vendor has its cases, or `cases` fails and names it.
#[test]
fn a_vendor_that_meets_no_such_reply_says_why() {
    for vendor in registry() {
        let (id, cases) = (vendor.spec().id(), cases(*vendor));
        let acts = matches!(cases.command, Command::Photos | Command::Tool);
        match cases.twice {
            Twice::Never(why) => assert!(acts && why.contains(' '), "{id}: {why}"),
            Twice::Unites => assert_eq!(cases.command.dataset(), Some(Dataset::Recalls), "{id}"),
            Twice::Contradicts => assert!(!acts, "{id}"),
            Twice::LatestCounts => {
                let endpoint = vendor.endpoint(cases.endpoint).expect("an endpoint");
                assert!(matches!(endpoint.role(), Role::Pages(_)), "{id}");
            }
        }
        match cases.lost_schema {
            LostSchema::RowsStay => assert!(!acts, "{id}"),
            LostSchema::StateStays => assert!(matches!(cases.command, Command::Photos), "{id}"),
            LostSchema::Never(why) => assert!(acts && why.contains(' '), "{id}: {why}"),
        }
    }
}

#[test]
fn the_latest_word_about_a_listed_vehicle_counts() {
    each_at_once(by_vin_where(Twice::LatestCounts), |(vendor, dataset, column)| {
        let (work, liar) = (Work::with_faults(&[]), Liar::of(vendor));
        liar.say(Some(|items| {
            let mut again = items[0].clone();
            again["mileage"] = json!(52_600);
            items.push(again);
        }));
        let enriched = Enriched::by(&liar.plan(&work, dataset));
        assert_eq!(enriched.report.exit_code, 0, "{vendor}: {:#?}", enriched.report);
        assert!(enriched.rows.iter().all(|row| !row[column].is_empty()), "{vendor}");
        enriched.all("listing_count", "1");
        let odometers = enriched.count("listing_odometer");
        assert_eq!((odometers["52600"], odometers["41000"]), (1, 4), "{vendor}: {odometers:?}");
    });
}

/// The campaigns that a reply has when these are the first campaign's entries.
fn campaigns(entries: &[Value], place: super::fixtures::Place) -> Vec<Value> {
    let full = place.reply(Case::Ok).expect("a fixture");
    let mut body: Value = serde_json::from_slice(&full.body).expect("JSON");
    let list = ["recalls", "results"].iter().find(|name| body[**name].is_array());
    let list = list.unwrap_or_else(|| panic!("{}: where is its list?", place.name()));
    body[*list] = entries.into();
    for name in ["Count", "count"] {
        if body[name].is_number() {
            body[name] = entries.len().into();
        }
    }
    let reply = vinrich::vendors::Reply { body: body.to_string().into(), ..full };
    let parsed = place.read_reply(&reply).unwrap_or_else(|why| panic!("{}: {why:?}", place.name()));
    let Role::Answers(answers) = place.endpoint.role() else { panic!("{}", place.name()) };
    match answers.facts(&place.keys()[0], &parsed.answers[0].body) {
        Facts::Recalls(facts) => facts
            .campaigns
            .iter()
            .map(|of| json!([of.number, of.component, of.park_it, of.remedy]))
            .collect(),
        other => panic!("{}: {other:?}", place.name()),
    }
}

#[test]
fn a_campaign_that_is_there_twice_counts_once() {
    let recalls =
        |place: &super::fixtures::Place| place.endpoint.spec().dataset == Some(Dataset::Recalls);
    assert!(places().filter(recalls).count() > 2);
    for place in places().filter(recalls) {
        let entry = |component: &str, park_it: bool, remedy: Value| {
            json!({
                "NHTSACampaignNumber": "16V383000", "Component": component, "parkIt": park_it,
                "Remedy": remedy,
            })
        };
        let first = entry("SEAT BELTS", false, json!("Dealers replace the buckle"));
        let again = entry("AIR BAGS", true, Value::Null);
        // Whichever comes first, and a warning in one of them holds.
        let expected = [json!(["16V383000", "AIR BAGS", true, "Dealers replace the buckle"])];
        for entries in [[first.clone(), again.clone()], [again, first]] {
            assert_eq!(campaigns(&entries, place), expected, "{}", place.name());
        }
    }
}

/// What `photos status` writes, and its exit code.
fn status(trial: &Trial, base_url: &str) -> (u8, Vec<Row>) {
    let mut settings = trial.work.settings();
    base_url.clone_into(&mut settings.vendors.get_mut("visio").expect("it").base_url);
    let plan = PhotoPlan {
        input: None,
        settings,
        max_calls: None,
        output: To::File(trial.work.path("status.csv")),
        command: "vinrich photos status".into(),
    };
    let (clock, cancel) = (SystemClock::new(), Cancel::new());
    let context = Context { events: &Silent, clock: &clock, cancel: &cancel };
    let photos = photos::status(&plan, context).expect("it ends");
    (photos.report.exit_code, csv_rows(&trial.work.read("status.csv")))
}

/// What becomes of the body of a reply.
type Loss = fn(&mut Value);

/// A vendor's stand-in, whose words can change from call to call.
struct Relay {
    fake: Fake,
    loss: Arc<Mutex<Option<Loss>>>,
}

impl Relay {
    /// In front of the stand-in of a trial, and the trial that asks it.
    fn before(vendor: &'static dyn Vendor) -> (Self, Trial) {
        let trial = Trial::of(vendor);
        let real = trial.work.sandbox.base_url(vendor.spec().id());
        let loss: Arc<Mutex<Option<Loss>>> = Arc::default();
        let now = Arc::clone(&loss);
        let fake = Fake::start(move |nth, heard| {
            let (code, body) = echoes::relayed(vendor, &real, nth, heard);
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            if let Some(loss) = *now.lock().expect("no panic") {
                loss(&mut body);
            }
            Reply::new(code, body.to_string())
        });
        let url = fake.url();
        (Self { fake, loss }, trial.tweaked(move |own| url.clone_into(&mut own.base_url)))
    }

    /// From now on replies are changed so.
    fn say(&self, loss: Option<Loss>) {
        *self.loss.lock().expect("no panic") = loss;
    }
}

/// The vendors that make this of a renewal that lost its schema.
fn losing(is_so: fn(LostSchema) -> bool) -> Vec<&'static dyn Vendor> {
    let of: Vec<_> =
        registry().iter().copied().filter(|of| is_so(cases(*of).lost_schema)).collect();
    assert!(!of.is_empty());
    of
}

#[test]
fn a_photo_state_outlives_a_lost_schema() {
    let losses: [(&str, Loss); 6] = [
        ("nothing", |body| body["data"] = json!({})),
        ("no id", |body| body["data"]["id"] = Value::Null),
        ("no state", |body| body["data"]["status"] = Value::Null),
        ("renamed", |body| {
            let data = body["data"].take();
            body["data"] = json!({ "id": data["id"], "phase": data["status"] });
        }),
        ("nested", |body| {
            let data = body["data"].take();
            body["data"] = json!({ "id": data["id"], "attributes": data });
        }),
        ("a list", |body| body["data"] = json!([body["data"].take()])),
    ];
    let vendors = losing(|lost| lost == LostSchema::StateStays);
    let each = vendors.into_iter().flat_map(|vendor| losses.map(|loss| (vendor, loss)));
    each_at_once(each, |(vendor, (name, loss))| {
        let (relay, trial) = Relay::before(vendor);
        assert_eq!(trial.ended(&vins(3)).0, 0, "{name}");
        let (exit, before) = status(&trial, &relay.fake.url());
        assert_eq!((exit, before.len()), (0, 3), "{name}");
        assert!(before.iter().all(|row| !row["photo_request_state"].is_empty()), "{name}");

        relay.say(Some(loss));
        let (exit, after) = status(&trial, &relay.fake.url());
        assert_eq!((exit, &after), (76, &before), "{name}");

        relay.say(None);
        assert_eq!(status(&trial, &relay.fake.url()), (0, before), "{name}");
    });
}

#[test]
fn what_is_kept_for_good_loses_no_schema() {
    each_at_once(losing(|lost| matches!(lost, LostSchema::Never(_))), |vendor| {
        let id = vendor.spec().id();
        let (relay, trial) = Relay::before(vendor);
        let (lines, more) = (vins(3), vins(4));
        let before = trial.run(&lines);
        assert_eq!((before.report.exit_code, before.count("found", "")), (0, 3), "{id}");
        let calls = relay.fake.heard().len();

        relay.say(Some(|body| *body = json!({ "success": true, "output": {} })));
        let after = trial.run(&lines);
        assert_eq!((after.report.exit_code, &after.rows), (0, &before.rows), "{id}");
        assert_eq!(relay.fake.heard().len(), calls, "{id}: nothing is asked again");

        let after = trial.run(&more);
        assert_eq!(after.report.exit_code, 76, "{id}: {:#?}", after.report);
        assert_eq!(after.rows[..3], before.rows[..], "{id}");
        assert!(after.rows[3].value.is_empty(), "{id}: {:?}", after.rows[3]);
    });
}
