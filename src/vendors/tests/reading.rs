use super::*;
use crate::domain::Vehicle;
use crate::vendors::testing::{reply, said, vins};
use crate::vendors::{carvin::CarVin, find, nhtsa::Nhtsa};

const ASKED: [&str; 2] = ["5YJSA1DG9DFP14705", "WBAPH5C55BA218692"];

fn batch(status: u16, body: &str) -> Result<Parsed, Fault> {
    let endpoint = CarVin.endpoint("batch-decode").expect("an endpoint");
    read(&CarVin, endpoint, &reply(status, body.as_bytes()), &vins(&ASKED))
}

fn recalls(body: &str) -> Result<Parsed, Fault> {
    let endpoint = Nhtsa.endpoint("recalls").expect("an endpoint");
    let keys = [Key::Vehicle(Vehicle::new("Subaru", "Outback", 2020))];
    read(&Nhtsa, endpoint, &reply(200, body.as_bytes()), &keys)
}

fn item(vin: &str, make: &str) -> String {
    format!(r#"{{"VIN":"{vin}","Make":"{make}","Model":"","ModelYear":"2013"}}"#)
}

#[test]
fn a_repeated_answer_is_one_unless_it_differs() {
    let [first, second] = ASKED;
    let items = [item(first, "Tesla"), item(second, "BMW"), item(first, "TESLA")].join(",");
    let parsed = batch(200, &format!(r#"{{"success":true,"data":[{items}]}}"#)).expect("answers");
    assert_eq!(said(&parsed, &vins(&ASKED)), [Some(Answer::Found), Some(Answer::Found)]);
    let items = [item(first, "Tesla"), item(second, "BMW"), item(first, "Lotus")].join(",");
    let parsed = batch(200, &format!(r#"{{"success":true,"data":[{items}]}}"#)).expect("answers");
    assert_eq!(said(&parsed, &vins(&ASKED)), [None, Some(Answer::Found)], "whichever came first");
    assert_eq!(parsed.contradicted, [0]);
}

#[test]
fn a_zero_beside_words_of_failure_is_asked_again() {
    let [first, second] = ASKED;
    let nothing = format!(r#"{{"VIN":"{second}","Make":"","Model":null,"ModelYear":""}}"#);
    let body = |words: &str| {
        format!(r#"{{"success":true,"data":[{},{nothing}]{words}}}"#, item(first, "Tesla"))
    };
    let parsed = batch(200, &body("")).expect("answers");
    assert_eq!(said(&parsed, &vins(&ASKED)), [Some(Answer::Found), Some(Answer::Absent)]);
    let parsed = batch(200, &body(r#","errors":["shard 3"]"#)).expect("an answer");
    assert_eq!(said(&parsed, &vins(&ASKED)), [Some(Answer::Found), None]);
}

#[test]
fn a_batch_without_a_known_field_is_a_fault() {
    let [first, second] = ASKED;
    let renamed = |vin| format!(r#"{{"VIN":"{vin}","marque":"Tesla","specs":{{"Make":"Tesla"}}}}"#);
    let body = format!(r#"{{"success":true,"data":[{},{}]}}"#, renamed(first), renamed(second));
    assert!(matches!(batch(200, &body), Err(Fault::Garbled { .. })));
    let body = format!(r#"{{"success":true,"data":[{},{}]}}"#, renamed(first), item(second, "BMW"));
    let parsed = batch(200, &body).expect("an answer");
    assert_eq!(said(&parsed, &vins(&ASKED)), [None, Some(Answer::Found)]);
}

#[test]
fn statuses_that_promise_more_are_not_answers() {
    let body = format!(r#"{{"success":true,"data":[{}]}}"#, item(ASKED[0], "Tesla"));
    assert!(batch(201, &body).is_ok(), "what a POST has made is whole");
    for status in [202, 203, 204, 206, 226] {
        assert!(matches!(batch(status, &body), Err(Fault::Garbled { .. })), "{status}");
    }
}

#[test]
fn words_that_mean_more_are_that_fault() {
    let endpoint = CarVin.endpoint("recalls-vin").expect("an endpoint");
    let body = br#"{"success":true,"recalls":[],"error":"Daily limit reached"}"#;
    let read = read(&CarVin, endpoint, &reply(200, body), &vins(&ASKED[..1]));
    assert_eq!(read.err(), Some(Fault::Limited { wait: None }));
}

#[test]
fn campaigns_of_another_vehicle_are_dropped() {
    let campaign = |make: &str, year: u16| {
        format!(r#"{{"NHTSACampaignNumber":"20V{year}000","Make":"{make}","ModelYear":"{year}"}}"#)
    };
    let reply = |campaigns: &[String]| {
        format!(
            r#"{{"Count":{},"Message":"Results returned successfully","results":[{}]}}"#,
            campaigns.len(),
            campaigns.join(",")
        )
    };
    let own = recalls(&reply(&[campaign("SUBARU", 2020)])).expect("an answer");
    assert_eq!((own.answers.len(), own.foreign), (1, 0));
    for other in [campaign("Subaru", 2018), campaign("KIA", 2020)] {
        let read = recalls(&reply(&[other])).expect("a reply");
        assert_eq!((read.answers.len(), read.foreign), (0, 1));
    }
}

#[test]
fn a_decode_gives_way_to_a_find_alone() {
    let replaces = |vendor: &str, endpoint: &str, said: Answer| {
        let endpoint = find(vendor).and_then(|vendor| vendor.endpoint(endpoint));
        may_replace_find(endpoint.expect("an endpoint"), &said)
    };
    let refused = || Answer::Refused("no such VIN".into());
    assert!(replaces("vpic-api", "decode-batch", Answer::Found));
    assert!(!replaces("vpic-api", "decode-batch", Answer::Absent));
    assert!(!replaces("carvin", "decode", refused()));
    assert!(replaces("nhtsa", "recalls", Answer::Absent), "a campaign may be withdrawn");
    assert!(replaces("visor", "listings", Answer::Absent), "a car may be sold");
    assert!(!replaces("visor", "vins", refused()));
}
