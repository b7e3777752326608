//! Replies that are whole, and say less than they seem to: lists that are empty
//! beside words of failure, answers about something else, answers that contradict
//! each other, and a night on which a vendor's words are no longer those it had.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use vinrich::domain::key::{Key, KeyKind};
use vinrich::domain::outcome::{Dataset, Fault};
use vinrich::plan::Plan;
use vinrich::vendors::{Answer, Parsed, Reply, Role, registry};

use super::fixtures::{Case, Place, places};
use super::trial::Command;
use super::{Twice, cases};
use crate::support::clock::{NIGHT, ScriptedClock, TTL};
use crate::support::library::{Enriched, Tweak as _, vins};
use crate::support::server::world::{Question, World};
use crate::support::server::{Fake, Heard, Reply as Sent};
use crate::support::{Work, each_at_once};

/// A VIN and a make that no fixture has.
const ANOTHER_VIN: &str = "2T1BURHE0JC000000";
const ANOTHER_MAKE: &str = "KIA";

/// The endpoints that are asked and do not act, lists of what was done included.
fn asked() -> impl Iterator<Item = Place> {
    places().filter(|place| match place.endpoint.role() {
        Role::Acts => place.endpoint.spec().key == KeyKind::Page,
        Role::Answers(_)
        | Role::Catalogue(_)
        | Role::Dealers(_)
        | Role::Pages(_)
        | Role::Prices(_) => true,
    })
}

fn body_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).expect("JSON")
}

fn with_body(reply: &Reply, body: &Value) -> Reply {
    Reply { body: body.to_string().into(), ..reply.clone() }
}

/// Calls `change` for every object that names a VIN.
fn each_item(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|inner| each_item(inner, change));
            if object.contains_key("VIN") {
                change(object);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| each_item(inner, change)),
        _ => {}
    }
}

/// The reply by which a vendor says that it has nothing about what was asked.
fn good_empty(place: Place) -> Reply {
    let decodes = place.endpoint.spec().dataset == Some(Dataset::Decode);
    if !decodes {
        return place.reply(Case::Empty).expect("a fixture");
    }
    let full = place.reply(Case::Ok).expect("a fixture");
    let mut body = body_of(&full);
    each_item(&mut body, &|item| {
        let known = item.iter_mut().filter(|(name, _)| *name != "VIN");
        known.for_each(|(_, value)| *value = Value::Null);
    });
    with_body(&full, &body)
}

/// How many zeros a reading holds.
fn zeros(place: Place, parsed: &Parsed) -> usize {
    let is_zero = |said: &Answer, body: &[u8]| match place.endpoint.role() {
        Role::Pages(pages) => pages.page(1, body).is_some_and(|page| page.entries == 0),
        Role::Acts => true,
        _ => *said == Answer::Absent,
    };
    parsed.answers.iter().filter(|answer| is_zero(&answer.said, &answer.body)).count()
}

/// The ways in which an empty list is not a zero.
fn spoilt(place: Place, good: &Reply) -> Vec<(&'static str, Reply)> {
    let body = body_of(good);
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        with_body(good, &body)
    };
    let mut nested = body.clone();
    match nested.get_mut("data") {
        Some(Value::Object(data)) => drop(data.insert("success".into(), false.into())),
        Some(list) => *list = json!({ "success": false, "results": list.take() }),
        None => nested["data"] = json!({ "success": false }),
    }
    let mut bad = vec![
        ("error", with("error", "the shard is rebuilding".into())),
        ("errors", with("errors", json!([{ "detail": "no backend" }]))),
        ("failing status", with("statusCode", 503.into())),
        ("no success within", with_body(good, &nested)),
        ("206", Reply { status: 206, ..good.clone() }),
        ("202", Reply { status: 202, ..good.clone() }),
        ("another message", with("message", "Please come back in an hour".into())),
        ("about another", about_another(place, good)),
    ];
    // An item about a VIN is counted whatever it says; a list of what was done is not
    // read for what it counts.
    let is_list = place.endpoint.spec().dataset != Some(Dataset::Decode);
    if is_list && !matches!(place.endpoint.role(), Role::Acts) {
        bad.push(("a total above it", with("total", 3.into())));
    }
    bad
}

/// The same reply, about something that was not asked.
fn about_another(place: Place, good: &Reply) -> Reply {
    let mut body = body_of(good);
    let asked = &place.keys()[0];
    match asked {
        Key::Vin(vin) | Key::VinOfYear(vin, _) if body.to_string().contains(vin.as_str()) => {
            each_vin(&mut body);
        }
        Key::Vin(_) | Key::VinOfYear(..) => body["vin"] = ANOTHER_VIN.into(),
        Key::Vehicle(_) => {
            body["make"] = ANOTHER_MAKE.into();
            body["query"] = json!({ "modelYear": 1999 });
        }
        Key::Page(_) => {
            body["page"] = 7.into();
            body["status"] = "error".into();
        }
        Key::Name(_) => body["data"] = json!([{ "dealer_id": "another-1", "name": "Elsewhere" }]),
        Key::Task(_) => {}
    }
    with_body(good, &body)
}

/// Puts another VIN wherever one stands.
fn each_vin(value: &mut Value) {
    match value {
        Value::Object(object) => object.values_mut().for_each(each_vin),
        Value::Array(list) => list.iter_mut().for_each(each_vin),
        Value::String(text) if text.len() == 17 => ANOTHER_VIN.clone_into(text),
        _ => {}
    }
}

#[test]
fn a_good_empty_reply_is_nothing_everywhere() {
    for place in asked() {
        let good = good_empty(place);
        let parsed =
            place.read_reply(&good).unwrap_or_else(|why| panic!("{}: {why:?}", place.name()));
        assert_eq!(zeros(place, &parsed), place.keys().len(), "{}", place.name());
    }
}

#[test]
fn a_bad_empty_reply_is_nothing_nowhere() {
    for place in asked() {
        for (name, bad) in spoilt(place, &good_empty(place)) {
            // Whatever the vendor makes of it, it does not say that there is nothing.
            let zeros = place.read_reply(&bad).map_or(0, |parsed| zeros(place, &parsed));
            assert_eq!(zeros, 0, "{}: {name}", place.name());
        }
    }
}

#[test]
fn an_answer_about_something_else_is_not_one() {
    // A list of names or prices, or of what was done, does not say which one it is.
    let says_whose = |place: &Place| match place.endpoint.role() {
        Role::Acts | Role::Prices(_) => false,
        Role::Catalogue(_) => place.endpoint.spec().key != KeyKind::Name,
        _ => true,
    };
    for place in asked().filter(says_whose) {
        let full = place.reply(Case::Ok).expect("a fixture");
        let mut body = body_of(&full);
        match &place.keys()[0] {
            Key::Vin(_) | Key::VinOfYear(..) => each_vin(&mut body),
            Key::Vehicle(_) => {
                let text = body.to_string().replace("\"FORD\"", &format!("\"{ANOTHER_MAKE}\""));
                body = serde_json::from_str(&text).expect("JSON");
            }
            Key::Page(_) => body["page"] = 7.into(),
            Key::Name(_) => {
                let text = body.to_string().replace("16ed7612-000", "77ed7612-000");
                body = serde_json::from_str(&text).expect("JSON");
            }
            Key::Task(_) => {}
        }
        let answers = place.read_reply(&with_body(&full, &body));
        let answers = answers.map_or(0, |parsed| parsed.answers.len());
        assert_eq!(answers, 0, "{}", place.name());
    }
}

/// A vendor of a dataset by VIN whose words can change from call to call.
pub(super) struct Liar {
    pub(super) fake: Fake,
    vendor: &'static str,
    change: Arc<Mutex<Option<Change>>>,
}

/// What becomes of the items of a reply.
pub(super) type Change = fn(&mut Vec<Value>);

impl Liar {
    pub(super) fn of(vendor: &'static str) -> Self {
        let change: Arc<Mutex<Option<Change>>> = Arc::default();
        let now = Arc::clone(&change);
        let fake = Fake::start(move |_, heard| {
            let mut items: Vec<Value> =
                named(vendor, heard).iter().map(|vin| item(vendor, vin)).collect();
            if let Some(change) = *now.lock().expect("no panic") {
                change(&mut items);
            }
            Sent::new(200, around(vendor, &items).to_string())
        });
        Self { fake, vendor, change }
    }

    /// From now on items are changed so.
    pub(super) fn say(&self, change: Option<Change>) {
        *self.change.lock().expect("no panic") = change;
    }

    pub(super) fn plan(&self, work: &Work, dataset: Dataset) -> Plan {
        let mut plan = work.listing(&vins(5)).only(&[dataset]);
        plan.settings.max_wait = Duration::ZERO;
        self.fake.url().clone_into(&mut plan.vendor(self.vendor).base_url);
        let settings = plan.dataset(dataset);
        settings.vendors = vec![self.vendor];
        (settings.ttl, settings.max_stale) = (TTL, TTL * 30);
        plan
    }
}

/// The VINs that a request names; an inventory has all of them.
fn named(vendor: &str, heard: &Heard) -> Vec<String> {
    let said = format!("{} {}", heard.path, heard.body).replace("%3B", ";").replace("%2C", ",");
    let words = said.split(|c: char| !c.is_ascii_alphanumeric());
    let named: Vec<String> = words.filter(|word| word.len() == 17).map(str::to_owned).collect();
    if vendor == "carstrel" { vins(5) } else { named }
}

fn item(vendor: &str, vin: &str) -> Value {
    match vendor {
        "visor" => json!({
            "id": format!("lot-{vin}"), "vin": vin, "price": 18_250, "miles": 41_000,
            "status": "active", "dealer_name": "Prairie Motors", "city": "Lincoln", "state": "NE",
        }),
        "carstrel" => json!({
            "id": format!("lot-{vin}"), "vin": vin, "year": 2021, "status": "available",
            "listingType": "sale", "mileage": 41_000,
            "model": { "name": "Civic", "brand": { "name": "Honda" } },
        }),
        _ => json!({
            "VIN": vin, "Make": "SUBARU", "Model": "Forester", "ModelYear": "2019", "Doors": "5",
        }),
    }
}

fn around(vendor: &str, items: &[Value]) -> Value {
    let count = items.len();
    match vendor {
        "carvin" => json!({ "success": true, "data": items }),
        "vpic-api" => json!({
            "Count": count, "Message": "Results returned successfully. NOTE: some are missing",
            "SearchCriteria": null, "Results": items,
        }),
        "visor" => json!({
            "data": items, "meta": {},
            "pagination": { "limit": 100, "offset": 0, "total": count, "next_offset": null },
        }),
        "carstrel" => json!({
            "statusCode": 200, "data": items, "total": count, "page": 1, "limit": 100,
            "totalPages": 1,
        }),
        id => panic!("`{id}` has no replies in tests/it/vendors/contracts.rs"),
    }
}

fn each_object(items: &mut [Value], change: impl Fn(Value, Map<String, Value>) -> Value) {
    for item in items {
        let Value::Object(mut object) = item.take() else { panic!("an object") };
        let vin = object.remove("VIN").or_else(|| object.remove("vin")).expect("a VIN");
        *item = change(vin, object);
    }
}

/// The ways in which a vendor loses its schema, and each time the VINs stay.
const LOSSES: [(&str, Change); 5] = [
    ("empty", |items| each_object(items, |vin, _| json!({ "VIN": vin }))),
    ("null", |items| {
        each_object(items, |vin, object| {
            let mut nothing: Map<String, Value> =
                object.into_iter().map(|(name, _)| (name, Value::Null)).collect();
            nothing.insert("VIN".into(), vin);
            nothing.into()
        });
    }),
    ("renamed", |items| {
        each_object(items, |vin, object| {
            let mut renamed: Map<String, Value> =
                object.into_iter().map(|(name, value)| (format!("v2_{name}"), value)).collect();
            renamed.insert("VIN".into(), vin);
            renamed.into()
        });
    }),
    ("nested", |items| {
        each_object(items, |vin, object| json!({ "VIN": vin, "attributes": { "all": object } }));
    }),
    ("item errors", |items| {
        each_object(items, |vin, _| json!({ "VIN": vin, "error": "Decoder offline" }));
    }),
];

/// Those that make this of a key that is there twice.
pub(super) fn by_vin_where(twice: Twice) -> Vec<(&'static str, Dataset, &'static str)> {
    let is_so =
        |id: &str| registry().iter().any(|of| of.spec().id() == id && cases(*of).twice == twice);
    by_vin().into_iter().filter(|(id, ..)| is_so(id)).collect()
}

/// The vendors of a dataset that are asked by VIN or read as a whole.
fn by_vin() -> Vec<(&'static str, Dataset, &'static str)> {
    let each = registry().iter().filter_map(|vendor| match cases(*vendor).command {
        Command::Enrich { dataset: Dataset::Recalls, .. } | Command::Photos | Command::Tool => None,
        Command::Enrich { dataset, column } => Some((vendor.spec().id(), dataset, column)),
    });
    each.collect()
}

#[test]
fn a_renewal_that_lost_its_schema_changes_nothing() {
    let each = by_vin().into_iter().flat_map(|of| LOSSES.map(|loss| (of, loss)));
    each_at_once(each, |((vendor, dataset, column), (name, loss))| {
        let name = format!("{vendor}: {name}");
        let (work, liar, clock) = (Work::with_faults(&[]), Liar::of(vendor), ScriptedClock::new());
        let plan = liar.plan(&work, dataset);
        let before = Enriched::at(&plan, &clock);
        assert_eq!(before.report.exit_code, 0, "{name}: {:#?}", before.report);
        assert!(before.rows.iter().all(|row| !row[column].is_empty()), "{name}");

        liar.say(Some(loss));
        clock.pass(NIGHT);
        let after = Enriched::at(&plan, &clock);
        assert!([3, 76].contains(&after.report.exit_code), "{name}: {:#?}", after.report);
        for (before, after) in before.rows.iter().zip(&after.rows) {
            assert_eq!(before["record_hash"], after["record_hash"], "{name}");
            assert_eq!(before[column], after[column], "{name}");
            let error = &after[&format!("{dataset}_error")];
            assert!(error.starts_with("stale:") && error.len() > "stale:".len(), "{name}: {error}");
        }

        liar.say(None);
        clock.pass(NIGHT);
        let mended = Enriched::at(&plan, &clock);
        assert_eq!(mended.report.exit_code, 0, "{name}: {:#?}", mended.report);
        mended.all(&format!("{dataset}_error"), "");
    });
}

#[test]
fn recalls_that_lost_their_schema_change_nothing() {
    let losses = [
        json!(null),
        json!([{}]),
        json!([{ "NHTSACampaignNumber": null, "Component": null, "Summary": null }]),
        json!([{ "campaign": "16V001000", "part": "BRAKES" }]),
        json!([{ "attributes": { "NHTSACampaignNumber": "16V001000" } }]),
        json!([{ "error": "Lookup failed" }]),
    ];
    let vendors = ["carvin", "nhtsa"];
    let each = vendors.into_iter().flat_map(|vendor| losses.clone().map(|loss| (vendor, loss)));
    each_at_once(each, |(vendor, loss)| {
        let name = format!("{vendor}: {loss}");
        let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
        let fleet = vins(3);
        for vin in &fleet {
            let model = crate::support::server::world::model(vin);
            world.script().campaigns.insert(model, 2);
        }
        let plan = world.plan(&work, &fleet, vendor);
        let before = Enriched::at(&plan, &clock);
        before.all("recall_campaign_count", "2");

        let lost = loss.clone();
        world.strike(move |_, question| {
            let of_recalls = matches!(question, Question::Recalls(_) | Question::RecallsOf(_));
            let body = json!({ "success": true, "results": lost });
            of_recalls.then(|| Sent::new(200, body.to_string()))
        });
        clock.pass(NIGHT);
        let after = Enriched::at(&plan, &clock);
        assert_eq!(after.report.exit_code, 76, "{name}: {:#?}", after.report);
        after.all("recall_campaign_count", "2");
        let marked =
            |row: &crate::support::library::Row| row["recalls_error"].starts_with("stale:");
        assert!(after.rows.iter().all(marked), "{name}: {:?}", after.count("recalls_error"));
    });
}

#[test]
fn a_withdrawn_campaign_and_a_sold_car_do_go() {
    let (work, world, clock) = (Work::with_faults(&[]), World::new(), ScriptedClock::new());
    let fleet = vins(1);
    let model = crate::support::server::world::model(&fleet[0]);
    world.script().campaigns.insert(model.clone(), 1);
    let plan = world.plan(&work, &fleet, "carvin");
    Enriched::at(&plan, &clock).all("recall_campaign_count", "1");
    world.script().campaigns.insert(model, 0);
    clock.pass(NIGHT);
    let after = Enriched::at(&plan, &clock);
    after.all("recall_campaign_count", "0");
    after.all("recalls_error", "");

    let (work, liar, clock) = (Work::with_faults(&[]), Liar::of("visor"), ScriptedClock::new());
    let plan = liar.plan(&work, Dataset::Listings);
    Enriched::at(&plan, &clock).all("listings_status", "found");
    liar.say(Some(Vec::clear));
    clock.pass(NIGHT);
    let after = Enriched::at(&plan, &clock);
    after.all("listings_status", "absent");
    after.all("listings_error", "");
}

#[test]
fn two_answers_that_differ_are_none() {
    each_at_once(by_vin_where(Twice::Contradicts), |(vendor, dataset, column)| {
        let (work, liar) = (Work::with_faults(&[]), Liar::of(vendor));
        liar.say(Some(|items| {
            let mut again = items[0].clone();
            let of = if again.get("price").is_some() { "price" } else { "Model" };
            again[of] = json!("9001");
            items.push(again);
        }));
        let mut plan = liar.plan(&work, dataset);
        let vin = vins(1);
        plan.input.sources =
            vec![work.write("one.csv", &format!("VIN\n{}\n", vin[0])).display().to_string()];
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 3, "{vendor}: {:#?}", enriched.report);
        enriched.all(&format!("{dataset}_error"), "contradictory");
        enriched.all(column, "");
        assert_eq!(liar.fake.heard().len(), 2, "{vendor}: once more, and no more");
    });
}

#[test]
fn a_wall_without_an_end_is_given_up_early() {
    let walled = [("nhtsa", Dataset::Recalls), ("vpic-api", Dataset::Decode)];
    each_at_once(walled, |(vendor, dataset)| {
        let fake = Fake::start(|_, heard| match heard.vins().as_slice() {
            [] => Sent::new(403, "<html><h1>Access Denied</h1></html>"),
            vins => Sent::items(&vins.iter().map(|vin| item("carvin", vin)).collect::<Vec<_>>()),
        });
        let work = Work::with_faults(&[]);
        let mut plan = work.listing(&vins(3)).only(&[Dataset::Decode, dataset]);
        plan.settings.max_wait = Duration::from_hours(1);
        plan.dataset(dataset).vendors = vec![vendor];
        for id in ["carvin", vendor] {
            fake.url().clone_into(&mut plan.vendor(id).base_url);
        }
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 75, "{vendor}: {:#?}", enriched.report);
        enriched.all(&format!("{dataset}_error"), "rate_limited");
        assert!(enriched.attempted(vendor) <= 3, "{vendor}: {}", enriched.attempted(vendor));
    });
}

/// A fault has words that a person can use.
#[test]
fn a_bad_empty_reply_says_why() {
    let place = asked().find(|place| place.name() == "nhtsa/recalls").expect("registered");
    let bad = spoilt(place, &good_empty(place));
    let Err(Fault::Garbled { excerpt }) = place.read_reply(&bad[0].1) else { panic!("a fault") };
    assert!(excerpt.contains("the shard is rebuilding"), "{excerpt}");
}
