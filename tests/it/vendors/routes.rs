//! A server without the vendor's routes: a wrong `base_url`, and not the keys' fault.

use serde_json::json;
use vinrich::domain::outcome::Dataset;
use vinrich::vendors::registry;

use super::trial::Trial;
use crate::support::library::{Tweak as _, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, each_at_once};

/// What web servers and gateways say of a route that they do not know.
const NO_ROUTE: [&str; 5] = [
    "<html><head><title>404 Not Found</title></head><body>nginx</body></html>",
    r#"{"message":"no Route matched with those values"}"#,
    r#"{"detail":"Not Found"}"#,
    r#"{"statusCode":404,"message":"Cannot GET /v9/external/vehicles?page=1","error":"Not Found"}"#,
    "",
];

#[test]
fn a_server_without_such_a_route_is_a_wrong_address() {
    let each = registry().iter().flat_map(|vendor| NO_ROUTE.map(|body| (*vendor, body)));
    each_at_once(each, |(vendor, body)| {
        let name = format!("{}: {body}", vendor.spec().id());
        let fake = Fake::start(move |_, _| Reply::new(404, body));
        let url = fake.url();
        let trial = Trial::of(vendor).tweaked(move |own| url.clone_into(&mut own.base_url));
        let lines = (trial.cases.some)();
        let (exit, words) = trial.ended(&lines);
        assert_eq!(exit, 78, "{name}: {words}");
        assert!(words.contains("no such route"), "{name}: {words}");
        assert!(words.contains(&fake.url()), "{name}: {words}");
        let kept = trial.work.number(&format!(
            "SELECT count(*) FROM answers JOIN sources ON sources.id = source WHERE vendor = '{}'",
            vendor.spec().id()
        ));
        assert_eq!(kept, 0, "{name}: nothing is refused by another's server");

        let (exit, words) = trial.tweaked(|_| ()).ended(&lines);
        assert_eq!(exit, 0, "{name}: {words}");
    });
}

#[test]
fn a_404_of_the_vendors_own_is_about_what_was_asked() {
    each_at_once(registry(), |vendor| {
        let id = vendor.spec().id();
        // These take their questions in the query alone: whatever has no route there.
        if ["nhtsa", "vpic-api"].contains(&id) {
            return;
        }
        let trial = Trial::failing(*vendor, "404");
        let (exit, words) = trial.ended(&(trial.cases.some)());
        assert_ne!(exit, 78, "{id}: {words}");
        assert!(!words.contains("no such route"), "{id}: {words}");
    });
}

#[test]
fn an_address_that_has_answered_is_not_wrong() {
    let vendor = *registry().iter().find(|vendor| vendor.spec().id() == "carvin").expect("it");
    let sandbox = Trial::of(vendor);
    let base_url = sandbox.work.sandbox.base_url("carvin");
    let fake = Fake::start(move |nth, heard| {
        if nth == 2 {
            return Reply::new(404, NO_ROUTE[0]);
        }
        let (status, body) = super::echoes::relayed(vendor, &base_url, nth, heard);
        Reply::new(status, body)
    });
    let url = fake.url();
    let trial = Trial::of(vendor).tweaked(move |own| {
        url.clone_into(&mut own.base_url);
        own.concurrency = 1.try_into().expect("not zero");
    });
    let ran = trial.run(&(trial.cases.some)());
    assert_eq!(ran.report.exit_code, 0, "{:#?}", ran.report);
    assert!(fake.heard().len() > 2, "it was asked once more");
}

#[test]
fn a_gateway_without_such_a_route_is_a_wrong_address() {
    let fake = Fake::start(|_, heard| {
        if heard.path.starts_with("/recalls") || heard.path.starts_with("/products") {
            return Reply::new(403, r#"{"message":"Missing Authentication Token"}"#);
        }
        Reply::items(&heard.vins().iter().map(|vin| json!({ "VIN": vin, "Make": "SUBARU", "Model": "Forester", "ModelYear": "2019" })).collect::<Vec<_>>())
    });
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(2)).only(&[Dataset::Decode, Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa"];
    for id in ["carvin", "nhtsa"] {
        fake.url().clone_into(&mut plan.vendor(id).base_url);
    }
    let error = crate::support::library::run(&plan).expect_err("it cannot go on");
    assert_eq!(error.exit().code(), 78, "{error}");
    assert!(error.to_string().contains("nhtsa has no such route"), "{error}");
    assert!(!work.path("out.csv").exists(), "nothing is written");
}
