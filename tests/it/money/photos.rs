//! `photos`: one request a vehicle, whatever becomes of the replies.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use vinrich::Context;
use vinrich::config::Settings;
use vinrich::domain::Timestamp;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::events::Silent;
use vinrich::input::InputSpec;
use vinrich::photos::{self, PhotoPlan, Photos, To};
use vinrich::sandbox::{Quotas, SandboxSpec};

use crate::support::clock::ScriptedClock;
use crate::support::command::{Setup, eventually, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, csv_rows, each_at_once};

pub(super) const REQUEST: [&str; 6] = ["photos", "request", "vins.csv", "-o", "out.csv", "--yes"];
const STATUS: [&str; 3] = ["photos", "status", "vins.csv"];

pub(super) fn work(count: usize, faults: &[&str]) -> Work {
    let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
    let work =
        Work::with(SandboxSpec { faults, quotas: Quotas::roomy(), ..SandboxSpec::default() });
    work.configure(&Setup::default());
    work.write_vins(&vins(count));
    work
}

/// How often the stand-in was asked for photos of each vehicle.
fn asked(work: &Work) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for call in work.sandbox.log().iter().filter(|call| call.endpoint == "request") {
        *times.entry(call.keys[0].clone()).or_default() += 1;
    }
    times
}

fn once_each(count: usize) -> BTreeMap<String, usize> {
    vins(count).into_iter().map(|vin| (vin, 1)).collect()
}

#[test]
fn each_vehicle_gets_one_request() {
    let work = work(1, &[]);
    let vins = vins(2);
    work.write(
        "vins.csv",
        &format!("Unit,VIN\n1,{}\n2,{}\n3,{}\n4,bad\n", vins[0], vins[1], vins[0]),
    );
    work.vinrich(&REQUEST).exits(0).says(&["2 vehicles: 2 photo requests made"]);
    let report = work.report("out.csv");
    assert_eq!((&report["rows"]["read"], &report["rows"]["written"]), (&4.into(), &4.into()));
    assert_eq!((&report["rows"]["valid"], &report["inputs"][0]["rows"]), (&3.into(), &4.into()));
    let rows = csv_rows(&work.read("out.csv"));
    let ids: Vec<&str> = rows.iter().map(|row| &*row["photo_request_id"]).collect();
    assert_eq!(ids, ["req_000001", "req_000002", "req_000001", ""]);
    assert_eq!(
        (&*rows[0]["Unit"], &*rows[0]["input_VIN"], &*rows[0]["vin"]),
        ("1", &*vins[0], &*vins[0])
    );
    assert!(rows[0]["photo_request_url"].starts_with("https://"));
    assert_eq!(
        (&*rows[0]["photo_request_state"], &*rows[3]["photo_error"]),
        ("pending", "not_a_vin")
    );
    work.vinrich(&REQUEST).exits(0).says(&["0 photo requests made, 2 vehicles had one"]);
    assert_eq!(work.calls("request"), 2);
    let again: Vec<&str> = REQUEST.into_iter().chain(["--again"]).collect();
    work.vinrich(&again).exits(0);
    assert_eq!(work.calls("request"), 4);
    let told = work.vinrich(&["photos", "status"]).exits(0);
    assert_eq!(csv_rows(told.stdout()).len(), 4, "every one of them is known");
}

#[test]
fn nothing_is_sent_without_a_yes() {
    let work = work(3, &[]);
    work.vinrich(&REQUEST[..5]).exits(64).says(&["make 3 photo requests", "`--yes`"]);
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
    let runs = work.vinrich(&["runs", "list"]).exits(0);
    assert!(
        runs.stdout().contains("exit 64"),
        "the refusal is how the run ended: {}",
        runs.stdout()
    );
    work.vinrich(&REQUEST).exits(0);
    work.vinrich(&["photos", "cancel", "--all"]).exits(64).says(&["cancel 3 photo requests"]);
    assert_eq!(work.calls("cancel"), 0);
    work.vinrich(&REQUEST[..5]).exits(0);
    assert_eq!(work.calls("request"), 3, "nothing to do needs no yes");
}

#[test]
fn a_lost_request_is_found_in_the_list() {
    each_at_once(["reset:first=1", "truncate:first=2", "html:first=1"], |fault| {
        let work = work(3, &[&format!("visio/request/{fault}")]);
        work.vinrich(&REQUEST).exits(0);
        assert_eq!(asked(&work), once_each(3), "{fault}");
        let rows = csv_rows(&work.read("out.csv"));
        assert!(rows.iter().all(|row| !row["photo_request_id"].is_empty()), "{fault}: {rows:?}");
        work.vinrich(&REQUEST).exits(0);
        assert_eq!(asked(&work), once_each(3), "{fault}");
    });
}

#[test]
fn a_killed_run_sends_nothing_twice() {
    let work = work(3, &["visio/request/stall:first=1"]);
    let running = work.start(&REQUEST);
    // All have arrived; the first is never answered.
    eventually("the requests", || work.calls("request") >= 3);
    assert_eq!(running.kill().code, None);
    work.vinrich(&REQUEST).exits(0);
    assert_eq!(asked(&work), once_each(3));
    let rows = csv_rows(&work.read("out.csv"));
    assert!(rows.iter().all(|row| row["photo_request_state"] == "pending"), "{rows:?}");
}

#[test]
fn unclear_requests_are_left_to_the_operator() {
    let work = work(2, &["visio/request/reset:first=1", "visio/list/404:first=1"]);
    work.vinrich(&REQUEST).exits(3).says(&["1 photo request was sent once without a reply"]);
    let rows = csv_rows(&work.read("out.csv"));
    let unknown: Vec<_> =
        rows.iter().filter(|row| row["photo_error"] == "outcome_unknown").collect();
    assert_eq!((unknown.len(), &*unknown[0]["photo_request_state"]), (1, "unknown"));
    work.vinrich(&STATUS).exits(0);
    work.vinrich(&REQUEST).exits(0);
    assert_eq!(asked(&work), once_each(2), "the next list told");
}

/// Runs `photos request` by this clock.
fn requested(work: &Work, settings: Settings, clock: &ScriptedClock) -> Photos {
    let plan = PhotoPlan {
        input: Some(InputSpec {
            sources: vec![work.path("vins.csv").display().to_string()],
            ..InputSpec::default()
        }),
        settings,
        max_calls: None,
        output: To::Nowhere,
        command: "vinrich photos request".into(),
    };
    let cancel = Cancel::new();
    let context = Context { events: &Silent, clock, cancel: &cancel };
    photos::request(&plan, false, context, &|_| Ok(())).expect("it ends")
}

#[test]
fn a_missing_request_is_sent_again_when_safe() {
    let work = work(1, &["visio/request/500:first=1"]);
    let clock = ScriptedClock::new();
    for _ in 0..2 {
        let photos = requested(&work, work.settings(), &clock);
        assert_eq!((photos.report.exit_code, photos.done, photos.unknown), (3, 0, 1));
    }
    assert_eq!(work.calls("request"), 1, "it may still come");
    clock.pass(Duration::from_mins(3));
    let photos = requested(&work, work.settings(), &clock);
    assert_eq!((photos.report.exit_code, photos.done, photos.unknown), (0, 1, 0));
    assert_eq!(work.calls("request"), 2);
}

#[test]
fn a_long_list_is_read_to_its_end() {
    let work = work(25, &["visio/request/reset:every=25"]);
    work.vinrich(&REQUEST).exits(0);
    // Two pages, and one of its recent part, which is as long.
    assert_eq!((asked(&work), work.calls("list")), (once_each(25), 3));
}

#[test]
fn requests_are_looked_at_and_cancelled() {
    let work = work(3, &[]);
    work.vinrich(&REQUEST).exits(0);
    let vins = vins(4);
    work.vinrich(&["photos", "cancel", &vins[0], "--yes"])
        .exits(0)
        .says(&["1 photo request cancelled"]);
    work.vinrich(&["photos", "cancel", &vins[0], "--yes"])
        .exits(0)
        .says(&["0 photo requests cancelled"]);
    assert_eq!(work.calls("cancel"), 1);
    work.write_vins(&vins);
    let told = work.vinrich(&STATUS).exits(0);
    let header = told.stdout().lines().next().expect("a header").to_owned();
    assert_eq!(
        header,
        "vin,photo_request_id,photo_request_state,photo_request_url,photo_expires_at,photo_error"
    );
    let rows = csv_rows(told.stdout());
    let states: Vec<_> =
        rows.iter().map(|row| (&*row["vin"], &*row["photo_request_state"])).collect();
    let expected = ["cancelled", "pending", "pending", "not_requested"];
    assert_eq!(states, vins.iter().map(|vin| &**vin).zip(expected).collect::<Vec<_>>());
    assert_eq!(work.calls("show"), 2, "what was cancelled is not asked about");
    work.vinrich(&["photos", "cancel", "1HGBH41JXMN10918", "--yes"]).exits(64);
}

/// Leads the vendor's calls to `fake` instead of the stand-in.
pub(super) fn lead_to(work: &Work, fake: &Fake) {
    let config = work.read("vinrich.toml");
    let (before, after) = config.split_once("[vendors.visio]\n").expect("a table");
    let (_, rest) = after.split_once('\n').expect("a base URL");
    let url = fake.url();
    work.write("vinrich.toml", &format!("{before}[vendors.visio]\nbase_url = '{url}'\n{rest}"));
}

/// A vendor that makes `made` photo requests and cancels `cancelled` of them, and
/// refuses the rest.
fn refusing(made: usize, cancelled: usize) -> Fake {
    let (posts, deletes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Fake::start(move |_, heard| {
        let refusal = || Reply::new(422, r#"{"error":{"code":"already_submitted"}}"#);
        match (heard.path.as_str(), heard.body.is_empty()) {
            ("/photo-requests", false) => match posts.fetch_add(1, Ordering::SeqCst) {
                n if n < made => Reply::new(201, format!(r#"{{"data":{{"id":"r{n}"}}}}"#)),
                _ => refusal(),
            },
            _ if deletes.fetch_add(1, Ordering::SeqCst) < cancelled => Reply::new(200, "{}"),
            _ => refusal(),
        }
    })
}

#[test]
fn a_refusal_of_every_request_names_the_field() {
    let work = work(9, &[]);
    let fake = Fake::start(|_, _| {
        let error = json!({ "code": "validation_error", "message": "The request is invalid",
                            "details": { "expires_in_hours": ["must be at most 168"] } });
        Reply::new(422, json!({ "error": error }).to_string())
    });
    lead_to(&work, &fake);
    let words = "validation_error expires_in_hours: must be at most 168";
    work.vinrich(&REQUEST).exits(3).says(&["0 photo requests made", words]);
    assert!(fake.heard().len() <= 9, "nothing is sent twice");
    for row in csv_rows(&work.read("out.csv")) {
        let told = (&*row["photo_request_state"], &*row["photo_error"]);
        assert_eq!(told, ("not_requested", words), "{row:?}");
    }
}

#[test]
fn photos_are_asked_for_as_items_where_slots_are_unknown() {
    let work = work(3, &[]);
    let fake = Fake::start(|call, heard| {
        if heard.body.contains("photo_slots") {
            let details = json!([{ "field": "photo_slots", "message": "Unexpected property" }]);
            let error = json!({ "code": "validation_error", "details": details });
            return Reply::new(422, json!({ "error": error }).to_string());
        }
        Reply::new(201, json!({ "data": { "id": format!("r{call}") } }).to_string())
    });
    lead_to(&work, &fake);
    work.vinrich(&REQUEST).exits(0).says(&["3 photo requests made"]);
    let heard = fake.heard();
    let in_items = heard.iter().filter(|heard| heard.body.contains(r#""items":[{"instr"#)).count();
    assert!(in_items == 3 && heard.len() <= 3 + 4, "{} calls", heard.len());
    work.vinrich(&REQUEST).exits(0).says(&["3 vehicles had one"]);
}

#[test]
fn a_request_writes_the_state_last_learned() {
    let work = work(2, &[]);
    let fake = Fake::start(|call, heard| {
        let state = if heard.method == "POST" { "pending" } else { "submitted" };
        let id = heard.path.rsplit('/').next().filter(|id| id.starts_with('r'));
        let id = id.map_or_else(|| format!("r{call}"), str::to_owned);
        Reply::new(200, json!({ "data": { "id": id, "status": state } }).to_string())
    });
    lead_to(&work, &fake);
    work.vinrich(&REQUEST).exits(0);
    work.vinrich(&STATUS).exits(0);
    work.vinrich(&REQUEST).exits(0);
    let rows = csv_rows(&work.read("out.csv"));
    assert!(rows.iter().all(|row| row["photo_request_state"] == "submitted"), "{rows:?}");
}

#[test]
fn a_lost_request_is_found_by_its_operation() {
    let work = work(1, &[]);
    let sent: Mutex<Value> = Mutex::default();
    let fake = Fake::start(move |_, heard| {
        let mut sent = sent.lock().expect("no panic");
        if heard.method == "POST" {
            *sent = serde_json::from_str(&heard.body).expect("JSON");
            return Reply::new(502, "");
        }
        // Neither its words nor its time are those of the operation.
        let listed = json!({ "id": "r7", "instructions": "Reworded by a colleague",
                             "created_at": "2001-01-01T00:00:00Z", "metadata": sent["metadata"] });
        Reply::new(200, json!({ "data": [listed], "has_more": false }).to_string())
    });
    lead_to(&work, &fake);
    work.vinrich(&REQUEST).exits(0);
    let rows = csv_rows(&work.read("out.csv"));
    assert_eq!((&*rows[0]["photo_request_id"], &*rows[0]["photo_error"]), ("r7", ""));
    let body: Value = serde_json::from_str(&fake.heard()[0].body).expect("JSON");
    assert_eq!(body["metadata"]["vin"], *vins(1)[0]);
}

#[test]
fn refused_requests_are_not_counted_as_made() {
    let work = work(3, &[]);
    let fake = refusing(1, 0);
    lead_to(&work, &fake);
    work.vinrich(&REQUEST).exits(3).says(&[
        "3 vehicles: 1 photo request made",
        "2 photo requests were not made: the vendor refused (`already_submitted`)",
    ]);
    let rows = csv_rows(&work.read("out.csv"));
    let refused = rows.iter().filter(|row| row["photo_error"] == "already_submitted");
    assert_eq!(refused.count(), 2, "{rows:?}");
    let made = rows.iter().filter(|row| row["photo_error"].is_empty()).count();
    assert_eq!(made, 1, "{rows:?}");
}

#[test]
fn a_refused_cancellation_cancels_nothing() {
    let work = work(3, &[]);
    let fake = refusing(3, 1);
    lead_to(&work, &fake);
    work.vinrich(&REQUEST).exits(0);
    let cancel = ["photos", "cancel", "--all", "--yes"];
    work.vinrich(&cancel).exits(3).says(&[
        "1 photo request cancelled",
        "2 photo requests were not cancelled: the vendor refused (`already_submitted`)",
    ]);
    let before = fake.heard().len();
    work.vinrich(&cancel).exits(3).says(&["0 photo requests cancelled"]);
    assert_eq!(fake.heard().len(), before + 2, "those refused are asked about again");
}

#[test]
fn a_number_is_used_for_one_request_alone() {
    let work = work(2, &[]);
    let posts = AtomicUsize::new(0);
    let fake = Fake::start(move |_, _| match posts.fetch_add(1, Ordering::SeqCst) {
        3 => Reply::new(422, r#"{"error":{"code":"too_many"}}"#),
        n => Reply::new(201, format!(r#"{{"data":{{"id":"r{n}"}}}}"#)),
    });
    lead_to(&work, &fake);
    let config = work.read("vinrich.toml");
    let one = "[vendors.visio]\nconcurrency = 1\n";
    work.write("vinrich.toml", &config.replace("[vendors.visio]\n", one));
    let again: Vec<&str> = REQUEST.into_iter().chain(["--again"]).collect();
    for exit in [0, 3, 0] {
        work.vinrich(&again).exits(exit);
    }
    let settled = work.number("SELECT count(*) FROM operations WHERE settled IS NOT NULL");
    assert_eq!((settled, fake.heard().len()), (6, 6));
}

#[test]
fn a_request_of_another_run_is_made_once() {
    let work = work(1, &["visio/request/stall:first=1"]);
    let running = work.start(&REQUEST);
    eventually("the request", || work.calls("request") == 1);
    let told = work.vinrich(&STATUS).exits(0);
    let rows = csv_rows(told.stdout());
    assert_eq!(
        (&*rows[0]["photo_request_state"], &*rows[0]["photo_error"]),
        ("unknown", "in_flight_elsewhere")
    );
    let second = ["photos", "request", "vins.csv", "-o", "second.csv", "--yes"];
    work.vinrich(&second).exits(75).says(&["0 photo requests made"]);
    assert_eq!((work.calls("request"), work.calls("list")), (1, 0));
    running.kill();
}

#[test]
fn a_backdated_request_is_not_made_again() {
    let work = work(1, &[]);
    let vin = vins(1).remove(0);
    let fake = Fake::start(move |_, heard| {
        if !heard.body.is_empty() {
            return Reply::new(500, "{}");
        }
        let words = format!("Please send photos of the vehicle with VIN {vin}");
        let made = json!({"id": "r1", "instructions": words, "created_at": "2020-01-01T00:00:00Z"});
        let meta = json!({"current_page": 1, "last_page": 1});
        Reply::new(200, json!({"data": [made], "meta": meta}).to_string())
    });
    let mut settings = work.settings();
    settings.vendors.get_mut("visio").expect("the vendor").base_url = fake.url();
    let clock = ScriptedClock::new();
    for _ in 0..2 {
        let photos = requested(&work, settings.clone(), &clock);
        assert_eq!((photos.done, photos.unknown), (0, 1));
        clock.pass(Duration::from_mins(3));
    }
    let posts = fake.heard().iter().filter(|heard| !heard.body.is_empty()).count();
    assert_eq!(posts, 1, "whatever the list dates it to");
}

#[test]
fn a_lost_request_in_a_long_list_is_found_by_its_age() {
    // A list of 50 pages, the oldest first, of a vendor that knows the filter or not.
    for (filters, pages_read) in [(true, 2), (false, 51)] {
        let work = work(1, &[]);
        let vin = vins(1).remove(0);
        let fake = Fake::start(move |_, heard| {
            if !heard.body.is_empty() {
                return Reply::new(500, "{}");
            }
            let query = heard.path.split_once('?').map_or("", |(_, query)| query);
            let is_recent = filters && query.contains("created_after=");
            let page = query.split("page=").nth(1).map_or(1, |page| page.parse().expect("a page"));
            let (page, last) = if is_recent { (50, 50) } else { (page, 50) };
            let words = if page == 50 { vin.clone() } else { format!("no {page}") };
            let words = format!("Please send photos of the vehicle with VIN {words}");
            let made = json!({"id": format!("r{page}"), "instructions": words, "created_at": Timestamp::now().rfc3339()});
            let meta = json!({"current_page": page, "last_page": last});
            Reply::new(200, json!({"data": [made], "meta": meta}).to_string())
        });
        let mut settings = work.settings();
        settings.vendors.get_mut("visio").expect("the vendor").base_url = fake.url();
        let photos = requested(&work, settings, &ScriptedClock::new());
        assert_eq!((photos.done, photos.unknown), (1, 0), "{filters}");
        let lists = fake.heard().iter().filter(|heard| heard.body.is_empty()).count();
        assert_eq!(lists, pages_read, "{filters}");
    }
}

#[test]
fn the_wording_follows_the_configuration() {
    let work = work(1, &[]);
    let config = work.read("vinrich.toml");
    let with = |lines: &str| {
        let lines = format!("[vendors.visio]\n{lines}\n");
        work.write("vinrich.toml", &config.replace("[vendors.visio]\n", &lines));
    };
    with("instructions = 'Photos of the {colour} car'");
    work.vinrich(&REQUEST).exits(64).says(&["unknown column `colour`"]);
    with("slots = []");
    work.vinrich(&REQUEST).exits(64).says(&["without a photo"]);
    with("expires_in_hours = 0");
    work.vinrich(&REQUEST).exits(78).says(&["expires_in_hours"]);
    assert!(work.sandbox.log().is_empty());
    with(
        "instructions = 'Photos, please'\nslots = ['Left', '{vin} plate']\noptional_slots = ['Roof']",
    );
    work.vinrich(&REQUEST).exits(0);
    assert_eq!(asked(&work), once_each(1), "the VIN is in the words whatever they are");
}

#[test]
fn a_refused_key_is_sent_once() {
    for (fault, exit) in [("401", 77), ("403", 69), ("402", 69)] {
        let work = work(4, &[&format!("visio/request/{fault}")]);
        work.vinrich(&REQUEST).exits(exit);
        assert!(work.calls("request") <= 4, "{fault}");
        let rows = csv_rows(&work.read("out.csv"));
        assert!(rows.iter().all(|row| row["photo_error"] == "denied"), "{fault}: {rows:?}");
    }
}
