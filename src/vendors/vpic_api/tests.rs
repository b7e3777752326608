use std::slice;

use proptest::prelude::*;

use super::*;
use crate::domain::Vin;
use crate::vendors::Answer::{self, Absent, Found, Refused};
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, said, settings, vins};

const A: &str = "1HGBH41JXMN109186";
const B: &str = "5YJSA1DG9DFP14705";
const C: &str = "WBAPH5C55BA218692";

fn parsed(name: &str) -> Parsed {
    DECODE_BATCH.parse(&fixture(&format!("vpic-api/{name}")), &vins(&[A, B, C])).expect(name)
}

/// What the fixture says about A, B and C.
fn decoded(name: &str) -> Vec<Option<Answer>> {
    said(&parsed(name), &vins(&[A, B, C]))
}

fn facts(name: &str) -> Vec<DecodeFacts> {
    let keys = vins(&[A, B, C]);
    let mut facts = vec![DecodeFacts::default(); keys.len()];
    for answer in parsed(name).answers {
        match DECODE_BATCH.facts(&keys[answer.key], &answer.body) {
            Facts::Decode(decode) => facts[answer.key] = decode,
            other => panic!("{other:?}"),
        }
    }
    facts
}

fn models(name: &str) -> Vec<Option<String>> {
    facts(name).into_iter().map(|facts| facts.model).collect()
}

fn honda_tesla_bmw() -> Vec<Option<String>> {
    ["Accord", "Model S", "335i"].map(|model| Some(model.to_owned())).into()
}

#[test]
fn a_batch_is_a_form_that_names_its_format() {
    let request = DECODE_BATCH.request(&vins(&[A, B]), &settings());
    assert_eq!(
        (request.method, request.path.as_str()),
        (Method::Post, "/vehicles/DecodeVINValuesBatch/")
    );
    assert!(request.query.is_empty(), "`format` in the query brings XML");
    let Some(Payload::Form(form)) = request.body else { panic!("no form") };
    assert_eq!(form, [("format", "json".to_owned()), ("data", format!("{A};{B}"))]);
}

#[test]
fn items_are_matched_by_the_vin_they_repeat() {
    for name in ["ok.json", "reordered.json", "duplicated.json", "foreign.json"] {
        assert_eq!(decoded(name), [Some(Found), Some(Found), Some(Found)], "{name}");
        assert_eq!(models(name), honda_tesla_bmw(), "{name}");
    }
    assert_eq!(parsed("duplicated.json").repeated.len(), 1);
    assert_eq!(parsed("foreign.json").foreign, 2, "one names another VIN, one names none");
}

#[test]
fn bodies_are_the_items_own_bytes() {
    let reply = fixture("vpic-api/ok.json");
    let parsed = DECODE_BATCH.parse(&reply, &vins(&[A, B, C])).expect("answers");
    let range = reply.body.as_ptr_range();
    assert!(parsed.answers.iter().all(|answer| range.contains(&answer.body.as_ptr())));
    let text = std::str::from_utf8(&parsed.answers[0].body).expect("UTF-8");
    assert!(text.contains(A) && !text.contains(B));
}

#[test]
fn keys_that_are_not_mentioned_are_missing() {
    assert_eq!(decoded("partial.json"), [Some(Found), None, Some(Found)]);
    assert_eq!(decoded("short_of_count.json"), [Some(Found), None, Some(Found)]);
    assert_eq!(decoded("empty.json"), [None, None, None]);
}

#[test]
fn error_codes_come_with_answers() {
    let facts = facts("ok.json");
    assert_eq!(facts[0].decode_error_codes.as_deref(), Some("0"));
    assert_eq!(facts[2].decode_error_codes.as_deref(), Some("1"), "a failing check digit");
    assert_eq!(facts[2].model_year, Some(2011));
    assert_eq!((facts[0].displacement_l, facts[0].engine_cylinders), (Some(2.2), Some(4)));
    assert_eq!(facts[0].fuel_type_secondary, None, "not applicable");
    let extra = facts[2].decode_extra.as_deref().expect("the rest");
    assert!(extra.contains("1 - Check Digit") && !extra.contains(C), "{extra}");
}

#[test]
fn only_invalid_characters_that_kept_it_from_decoding_refuse_a_vin() {
    assert_eq!(
        decoded("unknown.json"),
        [Some(Absent), Some(Refused("400".into())), Some(Found)],
        "an unregistered manufacturer is not a fault of the VIN, and a year is something"
    );
}

#[test]
fn a_year_that_is_only_repeated_finds_no_vehicle() {
    const HEAVY: &str = "Class 6: 19,501 - 26,000 lb (8,845 - 11,794 kg)";
    const LIGHT: &str = "Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)";
    // A letter in position 7: of 2015 if it is light, else of 1985 or 2015.
    let key = Key::VinOfYear(Vin::new("2T1BURHE1FC342217").expect("a VIN"), 1985);
    let said = |kind: &str, gvwr: &str, year: &str| {
        let body = format!(
            r#"{{"Results":[{{"VIN":"2T1BURHE1FC342217","Make":"X","ModelYear":"{year}",
                "VehicleType":"{kind}","GVWR":"{gvwr}"}}]}}"#
        );
        let parsed = DECODE_OF_YEAR.parse(&reply(200, body.as_bytes()), slice::from_ref(&key));
        parsed.expect("answers").answers.remove(0).said
    };
    for (kind, gvwr, year, expected) in [
        ("PASSENGER CAR", "", "1985", Absent),
        ("TRUCK", LIGHT, "1985", Absent),
        ("TRUCK", "", "1985", Absent),
        ("", "", "1985", Absent),
        ("TRUCK", HEAVY, "1985", Found),
        ("MOTORCYCLE", "", "1985", Found),
        ("PASSENGER CAR", "", "2015", Found),
    ] {
        assert_eq!(said(kind, gvwr, year), expected, "{kind} {gvwr} {year}");
    }
}

#[test]
fn type_drift_is_coerced_and_counted() {
    assert_eq!(parsed("type_drift.json").type_drift, 2);
    let facts = facts("type_drift.json");
    assert_eq!(facts[0].model_year, Some(1991));
    assert_eq!(facts[2].model.as_deref(), Some("335"));
}

#[test]
fn what_readers_of_json_stop_at_is_kept_as_text() {
    let item = r#"{"VIN":"x","A":2e22222,"B":["\ud800"],"C":[1, {"d":2.50}],"E":true}"#;
    let Facts::Decode(facts) = DECODE_BATCH.facts(&vins(&[A])[0], item.as_bytes()) else {
        panic!("a decode")
    };
    let extra: serde_json::Value =
        serde_json::from_str(&facts.decode_extra.expect("the rest")).expect("JSON");
    let expected = serde_json::json!({
        "A": "2e22222", "B": r#"["\ud800"]"#, "C": [1, {"d": 2.5}], "E": true
    });
    assert_eq!(extra, expected);
}

#[test]
fn what_is_not_a_batch_is_a_fault() {
    let keys = vins(&[A]);
    let bodies: [&[u8]; 7] = [
        &fixture("vpic-api/garbled.xml").body,
        &fixture("vpic-api/denied.html").body,
        b"",
        b"[]",
        b"{\"Message\":\"An error has occurred.\"}",
        b"{\"Results\":{}}",
        b"{\"Results\":[{\"VIN\":",
    ];
    for body in bodies {
        let read = DECODE_BATCH.parse(&reply(200, body), &keys);
        assert!(matches!(read, Err(Fault::Garbled { .. })), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_wall_is_waited_out() {
    let page = fixture("vpic-api/denied.html");
    for status in [403, 429] {
        let fault = VpicApi.fault(&Reply { status, ..page.clone() });
        assert_eq!(fault, Some(Fault::Limited { wait: None }), "{status}");
    }
    assert_eq!(VpicApi.fault(&Reply { status: 503, ..page }), Some(Fault::Server(503)));
}

/// Replies made of the words and the VINs that the parser looks for.
fn replies() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just(format!("\"{A}\"")),
        Just(format!("\"{}\"", B.to_lowercase())),
        Just("\"HONDA\"".to_owned()),
        Just("\"400\"".to_owned()),
    ];
    json_like(scalar.boxed(), vec!["Results", "Count", "VIN", "Make", "ModelYear", "ErrorCode"])
}

proptest! {
    #[test]
    fn any_reply_is_survived(body in prop_oneof![
        replies().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]) {
        assert_sound(&DECODE_BATCH, &reply(200, &body), &vins(&[A, B, C]));
    }

    #[test]
    fn a_cut_reply_is_never_an_answer(cut in 0_usize..2600) {
        let whole = fixture("vpic-api/ok.json").body;
        let end = cut.min(whole.trim_ascii_end().len() - 1);
        prop_assert!(DECODE_BATCH.parse(&reply(200, &whole[..end]), &vins(&[A, B, C])).is_err());
    }
}
