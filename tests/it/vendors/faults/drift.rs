//! A vendor that changes its mind about the types of its values.

use serde_json::{Value, json};
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::library::{Enriched, vins};
use crate::support::server::{Fake, Reply, item};

/// A year as it is told on one night after the other, and what becomes of it.
fn years() -> [(Value, &'static str); 9] {
    [
        (json!("2021"), "2021"),
        (json!(2021), "2021"),
        (json!(2021.0), "2021"),
        (json!(" 2021 "), "2021"),
        (Value::Null, ""),
        (json!(""), ""),
        (json!(["2021"]), ""),
        (json!({ "value": 2021 }), ""),
        (json!(true), ""),
    ]
}

#[test]
fn values_of_another_type_are_coerced_or_null() {
    let fake = Fake::start(|call, heard| {
        let (year, _) = &years()[call - 1];
        let told = |vin: &String| {
            let mut item = item(vin);
            item["ModelYear"] = year.clone();
            item
        };
        Reply::items(&heard.vins().iter().map(told).collect::<Vec<_>>())
    });
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(1), &fake.url());
    for (year, expected) in years() {
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 0, "{year}");
        enriched.all("decode_status", "found");
        enriched.all("model", "Civic");
        enriched.all("model_year", expected);
        // Nothing said is nothing, whichever way it is written.
        let is_drift = !year.is_string() && !year.is_null();
        assert_eq!(enriched.report.vendors["carvin"].type_drift, u64::from(is_drift), "{year}");
        plan.datasets.refresh = [Dataset::Decode].into();
    }
    // Every answer is kept as it came: new columns need no new call.
    let store = rusqlite::Connection::open(&plan.settings.store).expect("the store");
    let mut bodies = store.prepare("SELECT body FROM bodies").expect("a table");
    let bodies: Vec<Vec<u8>> =
        bodies.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("bodies");
    for (year, _) in years() {
        let raw = format!("\"ModelYear\":{year}");
        let holds = |body: &Vec<u8>| memchr::memmem::find(body, raw.as_bytes()).is_some();
        assert!(bodies.iter().any(holds), "{raw} is not kept");
    }
}
