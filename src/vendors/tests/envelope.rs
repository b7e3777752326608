use super::*;
use crate::domain::Vehicle;
use crate::vendors::testing::vins;

fn flaw(envelope: &Envelope, body: &str, keys: &[Key]) -> Option<Flaw> {
    envelope.flaw(json::read(body.as_bytes()).expect("JSON"), keys, true)
}

fn truck() -> Vec<Key> {
    vec![Key::Vehicle(Vehicle::new("Mercedes-Benz", "Sprinter 2500", 2019))]
}

#[test]
fn good_empty_replies_have_no_flaw() {
    let bodies = [
        "{}",
        "[]",
        r#"{"success":true,"recalls":[],"count":0}"#,
        r#"{"data":[],"error":null,"errors":[],"error_code":"0","meta":{"request_id":"a1"}}"#,
        r#"{"statusCode":201,"message":"Vehicles retrieved successfully","data":[],"total":0}"#,
        r#"{"status":"ok","results":[],"message":"No open recalls were found for this vehicle"}"#,
        r#"{"data":{"status":"missing","latest_listing":null},"warning":"deprecated"}"#,
        r#"{"query":{"make":"mercedes benz","model":"SPRINTER-2500","year":"2019"},"data":[]}"#,
    ];
    for body in bodies {
        assert_eq!(flaw(&Envelope::USUAL, body, &truck()), None, "{body}");
    }
}

#[test]
fn words_of_failure_count_wherever_they_stand() {
    let bodies = [
        r#"{"recalls":[],"error":"backend is down"}"#,
        r#"{"recalls":[],"errors":[{}]}"#,
        r#"{"recalls":[],"Error_Code":"E17"}"#,
        r#"{"status":"partial","recalls":[]}"#,
        r#"{"statusCode":"504","recalls":[]}"#,
        r#"{"meta":{"upstream":{"http_status":200,"status_code":206}},"recalls":[]}"#,
        r#"{"success":true,"data":{"success":"no","recalls":[]}}"#,
        r#"{"recalls":[],"truncated":true}"#,
        r#"{"recalls":[],"message":"Serving cached results successfully"}"#,
        r#"{"recalls":[],"message":"Service degraded"}"#,
        r#"{"recalls":[],"message":"not successful"}"#,
    ];
    for body in bodies {
        let flaw = flaw(&Envelope::USUAL, body, &truck());
        assert!(matches!(flaw, Some(Flaw::Words(_))), "{body}: {flaw:?}");
    }
}

#[test]
fn a_vendor_may_know_one_good_message_only() {
    let envelope = &crate::vendors::reply::NHTSA_ENVELOPE;
    let empty = |message| format!(r#"{{"Count":0,"Message":"{message}","results":[]}}"#);
    let note = empty("Results returned successfully. NOTE: some values are missing");
    assert_eq!(flaw(envelope, &note, &truck()), None);
    assert!(flaw(envelope, &empty("No results found"), &truck()).is_some());
}

#[test]
fn a_total_contradicts_an_empty_list() {
    for body in [r#"{"data":[],"total":3}"#, r#"{"data":{"pagination":{"total_count":"12"}}}"#] {
        assert!(matches!(flaw(&Envelope::USUAL, body, &[]), Some(Flaw::Total(_))), "{body}");
    }
    let counted = json::read(br#"{"data":[],"total":3}"#).expect("JSON");
    assert_eq!(Envelope::USUAL.flaw(counted, &[], false), None, "the entries are elsewhere");
}

#[test]
fn another_vehicle_or_vin_is_off_the_point() {
    let asked = vins(&["5YJSA1DG9DFP14705"]);
    let about = |vin: &str| format!(r#"{{"data":{{"VIN":"{vin}","recalls":[]}}}}"#);
    assert_eq!(flaw(&Envelope::USUAL, &about("5yjsa1dg9dfp14705"), &asked), None);
    let another = flaw(&Envelope::USUAL, &about("WBAPH5C55BA218692"), &asked);
    assert_eq!(another, Some(Flaw::OffThePoint));
    for named in [r#""make":"Ford""#, r#""model":"Sprinter 3500""#, r#""modelYear":2018"#] {
        let body = format!(r#"{{"vehicle":{{{named}}},"recalls":[]}}"#);
        assert_eq!(flaw(&Envelope::USUAL, &body, &truck()), Some(Flaw::OffThePoint), "{body}");
    }
}
