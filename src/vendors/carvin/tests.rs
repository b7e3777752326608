use proptest::prelude::*;

use super::*;
use crate::domain::facts::{Campaign, DecodeFacts, RecallFacts};
use crate::domain::{Denied, Vehicle};
use crate::vendors::Answer::{self, Absent, Found, Refused};
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, said, settings, vins};
use crate::vendors::{Method, Payload, excerpt};

const A: &str = "1HGBH41JXMN109186";
const B: &str = "5YJSA1DG9DFP14705";
const C: &str = "WBAPH5C55BA218692";

/// What the fixture says about A, B and C.
fn decoded(name: &str) -> Vec<Option<Answer>> {
    let keys = vins(&[A, B, C]);
    said(&parsed(name), &keys)
}

fn parsed(name: &str) -> Parsed {
    BatchDecode.parse(&fixture(&format!("carvin/{name}.json")), &vins(&[A, B, C])).expect(name)
}

fn decode_fault(name: &str) -> Fault {
    BatchDecode.parse(&fixture(&format!("carvin/{name}.json")), &vins(&[A, B, C])).expect_err(name)
}

/// The decoded model of each key.
fn models(name: &str) -> Vec<Option<String>> {
    let keys = vins(&[A, B, C]);
    let mut models = vec![None; keys.len()];
    for answer in parsed(name).answers {
        models[answer.key] = decode_facts(&keys[answer.key], &answer.body).model;
    }
    models
}

fn decode_facts(key: &Key, body: &[u8]) -> DecodeFacts {
    match BatchDecode.facts(key, body) {
        Facts::Decode(facts) => facts,
        other => panic!("{other:?}"),
    }
}

fn honda_tesla_bmw() -> Vec<Option<String>> {
    ["Civic", "Model S", "335i"].map(|model| Some(model.to_owned())).into()
}

#[test]
fn requests_are_as_on_the_vendors_page() {
    let body = |request: Request| match request.body {
        Some(Payload::Json(json)) => String::from_utf8(json).expect("UTF-8"),
        other => panic!("{other:?}"),
    };
    let batch = BatchDecode.request(&vins(&[A, B]), &settings());
    assert_eq!((batch.method, batch.path.as_str()), (Method::Post, "/batch-decode"));
    assert!(batch.query.is_empty());
    assert_eq!(body(batch), format!(r#"{{"vins":["{A}","{B}"]}}"#));

    let by_vin = RECALLS_BY_VIN.request(&vins(&[A]), &settings());
    assert_eq!(by_vin.path, "/recalls");
    assert_eq!(body(by_vin), format!(r#"{{"vin":"{A}"}}"#));

    let key = Key::Vehicle(Vehicle::new("Honda", "Civic \"R\"", 2020));
    let by_vehicle = RECALLS_BY_VEHICLE.request(&[key], &settings());
    assert_eq!(by_vehicle.path, "/recalls");
    assert_eq!(body(by_vehicle), r#"{"make":"HONDA","model":"CIVIC \"R\"","year":"2020"}"#);
}

#[test]
fn a_make_is_the_same_in_any_case() {
    let asked = [Key::Vehicle(Vehicle::new("Honda", "Civic", 2020))];
    let read = |make: &str, recalls: &str| {
        let body = format!(r#"{{"success":true,"make":"{make}","recalls":{recalls}}}"#);
        crate::vendors::read(&CarVin, &RECALLS_BY_VEHICLE, &reply(200, body.as_bytes()), &asked)
            .expect("a reply")
    };
    for make in ["HONDA", "Honda", "honda", "hOnDa"] {
        let campaign = format!(
            r#"[{{"NHTSACampaignNumber":"20V314000","Make":"{make}","Model":"CiViC","ModelYear":"2020"}}]"#
        );
        for around in ["HONDA", "Honda"] {
            let parsed = read(around, &campaign);
            assert_eq!(said(&parsed, &asked), [Some(Found)], "{around}, {make}");
            assert_eq!(parsed.foreign, 0);
        }
        assert_eq!(said(&read(make, "[]"), &asked), [Some(Absent)], "{make}");
        let other = campaign.replace(make, "Acura");
        assert_eq!(read("Acura", &other).foreign, 1, "another make is another vehicle");
    }
}

#[test]
fn endpoints_are_found_by_id() {
    for endpoint in CarVin.endpoints() {
        assert_eq!(
            CarVin.endpoint(endpoint.spec().id).map(|e| e.spec().id),
            Some(endpoint.spec().id)
        );
    }
    assert_eq!(BatchDecode.spec().batch, 20);
}

#[test]
fn a_single_decode_is_read_as_documented_and_kept_like_an_item() {
    let request = SingleDecode.request(&vins(&[A]), &settings());
    assert_eq!((request.method, request.path.as_str()), (Method::Post, "/decode"));
    let json = format!(r#"{{"vin":"{A}"}}"#).into_bytes();
    assert_eq!(request.body, Some(Payload::Json(json)));
    let parsed = SingleDecode.parse(&fixture("carvin/decode/ok.json"), &vins(&[A])).expect("one");
    assert_eq!(said(&parsed, &vins(&[A])), [Some(Found)]);
    let facts = decode_facts(&vins(&[A])[0], &parsed.answers[0].body);
    assert_eq!((facts.model.as_deref(), facts.model_year), (Some("Civic"), Some(2021)));
    assert!(BatchDecode.singly(&settings()).is_none(), "only where the settings say so");
}

#[test]
fn a_whole_batch_is_answered_with_the_items_own_bytes() {
    let parsed = parsed("ok");
    assert_eq!(decoded("ok"), [Some(Found), Some(Found), Some(Found)]);
    assert_eq!((parsed.foreign, parsed.repeated.len(), parsed.type_drift), (0, 0, 0));
    let text = std::str::from_utf8(&parsed.answers[0].body).expect("UTF-8");
    assert!(text.starts_with('{') && text.ends_with('}') && text.contains(A) && !text.contains(B));
}

#[test]
fn bodies_are_slices_of_the_reply() {
    let reply = fixture("carvin/ok.json");
    let parsed = BatchDecode.parse(&reply, &vins(&[A, B, C])).expect("answers");
    let range = reply.body.as_ptr_range();
    assert!(parsed.answers.iter().all(|answer| range.contains(&answer.body.as_ptr())));
}

#[test]
fn every_shape_of_the_list_is_read() {
    let shapes = [
        "ok",
        "reordered",
        "lower_case",
        "positional",
        "results",
        "data_results",
        "top_level",
        "keyed_top",
        "foreign",
    ];
    for shape in shapes {
        assert_eq!(decoded(shape), [Some(Found), Some(Found), Some(Found)], "{shape}");
        assert_eq!(models(shape), honda_tesla_bmw(), "{shape}");
    }
}

#[test]
fn keys_that_are_not_mentioned_are_missing() {
    assert_eq!(decoded("partial"), [Some(Found), None, Some(Found)]);
    assert_eq!(decoded("empty"), [None, None, None]);
    assert_eq!(decoded("null_items"), [Some(Found), None, Some(Found)]);
    assert_eq!(decoded("positional_short"), [None, None, None]);
}

#[test]
fn foreign_and_second_answers_are_counted_and_dropped() {
    assert_eq!(parsed("foreign").foreign, 1);
    assert_eq!(parsed("duplicated").repeated.len(), 1);
    assert_eq!(models("duplicated"), honda_tesla_bmw());
}

#[test]
fn an_answer_filed_under_its_vin_may_be_null() {
    assert_eq!(decoded("keyed"), [Some(Found), Some(Found), Some(Absent)]);
    assert_eq!(parsed("keyed").foreign, 1);
}

#[test]
fn an_items_error_is_a_refusal_of_that_vin_alone() {
    let [first, second, third] = decoded("item_errors").try_into().expect("three");
    assert_eq!(first, Some(Found));
    assert_eq!(second, Some(Refused("VIN ***************** is not valid".into())));
    let Some(Refused(words)) = third else { panic!("{third:?}") };
    assert!(words.starts_with("6 - Incomplete VIN; 14 - ") && words.chars().count() == 80);

    let invalid = || Some(Refused("Invalid VIN format".into()));
    assert_eq!(decoded("wrapped"), [Some(Found), invalid(), Some(Found)]);
    assert_eq!(models("wrapped"), [Some("Civic".into()), None, Some("335i".into())]);
}

#[test]
fn a_failure_may_be_a_mere_flag() {
    let keys = vins(&[A, B]);
    let body = format!(
        r#"{{"success":true,"data":[{{"VIN":"{A}","error":true,"message":"Bad VIN"}},{{"VIN":"{B}","success":"false"}}]}}"#
    );
    let parsed = BatchDecode.parse(&reply(200, body.as_bytes()), &keys).expect("answers");
    let refused = |words: &str| Some(Refused(words.into()));
    assert_eq!(said(&parsed, &keys), [refused("Bad VIN"), refused("failed without a word")]);
    let whole = br#"{"error":true,"message":"Database gone","data":[]}"#;
    assert!(matches!(BatchDecode.parse(&reply(200, whole), &keys), Err(Fault::Garbled { .. })));
}

#[test]
fn errors_apart_from_the_items_are_matched_by_vin() {
    let refused = |words: &str| Some(Refused(words.into()));
    assert_eq!(
        decoded("errors_apart"),
        [Some(Found), refused("Invalid VIN"), refused("*****************: check digit")]
    );
}

#[test]
fn passing_trouble_with_an_item_is_not_an_answer() {
    assert_eq!(decoded("item_trouble"), [Some(Found), None, Some(Found)]);
}

#[test]
fn a_decode_with_error_codes_is_still_found_and_an_empty_one_absent() {
    let keys = vins(&[A, B, C]);
    let parsed = parsed("ok");
    let bmw = parsed.answers.iter().find(|answer| answer.key == 2).expect("an answer");
    assert_eq!(decode_facts(&keys[2], &bmw.body).decode_error_codes.as_deref(), Some("1"));
    assert_eq!(decoded("all_empty"), [Some(Absent), None, None]);
}

#[test]
fn a_vehicle_is_found_by_any_of_its_columns_names() {
    for columns in
        [r#""  Make":"HONDA""#, r#""model_year":"2021""#, r#""ModelYear":"?","Year":2021"#]
    {
        let body = format!(r#"{{"success":true,"data":{{"{A}":{{{columns}}}}}}}"#);
        let reply = reply(200, body.as_bytes());
        let parsed = BatchDecode.parse(&reply, &vins(&[A])).expect(columns);
        assert_eq!(parsed.answers[0].said, Found, "{columns}");
        assert_sound(&BatchDecode, &reply, &vins(&[A]));
    }
}

#[test]
fn type_drift_is_coerced_and_counted() {
    let parsed = parsed("type_drift");
    assert_eq!(parsed.type_drift, 2);
    let facts: Vec<_> =
        parsed.answers.iter().map(|a| decode_facts(&vins(&[A])[0], &a.body)).collect();
    assert_eq!(
        facts.iter().map(|f| f.model_year).collect::<Vec<_>>(),
        [Some(2021), Some(2013), None]
    );
    assert_eq!(facts[2].model.as_deref(), Some("335"));
}

#[test]
fn a_200_can_be_a_fault() {
    assert_eq!(decode_fault("quota"), Fault::Limited { wait: None });
    assert_eq!(decode_fault("denied"), Fault::Denied(Denied::Key));
    for name in ["success_false", "garbled", "truncated", "nan", "duplicate_keys"] {
        let Fault::Garbled { excerpt } = decode_fault(name) else { panic!("{name}") };
        assert!(!excerpt.is_empty() && !excerpt.contains(A), "{name}: {excerpt}");
    }
}

#[test]
fn what_is_not_a_batch_is_a_fault() {
    let keys = vins(&[A]);
    let bomb = format!(
        r#"{{"success":true,"data":[{{"VIN":"{A}","Make":"HONDA","x":{}1{}}}]}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"\"ok\"",
        b"{}",
        b"{\"success\":true}",
        b"{\"status\":\"ok\"}",
        b"\xff\xfe{\x00}\x00",
        b"{\"success\":true,\"success\":true,\"data\":[]}",
        bomb.as_bytes(),
    ];
    for body in bodies {
        let fault = BatchDecode.parse(&reply(200, body), &keys);
        assert!(matches!(fault, Err(Fault::Garbled { .. })), "{}", excerpt(body));
    }
}

#[test]
fn a_single_item_needs_no_list() {
    let body = format!(r#"{{"success":true,"data":{{"VIN":"{A}","Make":"HONDA"}}}}"#);
    let keys = vins(&[A]);
    let parsed = BatchDecode.parse(&reply(200, body.as_bytes()), &keys).expect("answers");
    assert_eq!(said(&parsed, &keys), [Some(Found)]);
}

#[test]
fn every_column_is_read_from_vpics_names() {
    let vin = "1FTFW1ET5DFC10312";
    let facts = decode_facts(&vins(&[vin])[0], &fixture("carvin/vpic_full.json").body);
    let text = |text: &str| Some(text.to_owned());
    let expected = DecodeFacts {
        make: text("FORD"),
        model: text("F-150"),
        model_year: Some(2013),
        trim: text("SuperCrew"),
        series: text("F-Series"),
        vehicle_type: text("TRUCK"),
        body_class: text("Pickup"),
        drive_type: text("4WD"),
        fuel_type_primary: text("Gasoline"),
        fuel_type_secondary: None,
        electrification_level: None,
        engine_configuration: text("V-Shaped"),
        engine_model: text("EcoBoost"),
        engine_cylinders: Some(6),
        displacement_l: Some(3.5),
        engine_hp: Some(365.0),
        transmission_style: text("Automatic"),
        transmission_speeds: Some(6),
        doors: Some(4),
        seats: None,
        gvwr: text("Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)"),
        gvwr_class: Some(2),
        cab_type: text("Crew/Super Crew/Crew Max"),
        bed_length_in: Some(78.5),
        wheelbase_in: Some(145.0),
        brake_system: text("Hydraulic"),
        base_price_usd: Some(3_600_550),
        manufacturer: text("FORD MOTOR COMPANY, USA"),
        plant_city: text("DEARBORN"),
        plant_state: text("MICHIGAN"),
        plant_country: text("UNITED STATES (USA)"),
        decode_error_codes: text("0"),
        decode_extra: text(concat!(
            r#"{"ABS":"Standard","AirBags":{"front":["driver","passenger"]},"#,
            r#""DisplacementCC":"3500.0","ErrorText":"0 - VIN decoded clean.","#,
            r#""GVWR_to":"Class 2F: 7,001 - 8,000 lb","Seats":"five","WheelBaseLong":"157.1"}"#
        )),
    };
    assert_eq!(facts, expected);
}

#[test]
fn a_body_that_cannot_be_read_has_empty_facts() {
    let key = &vins(&[A])[0];
    for body in [&b""[..], b"null", b"{", b"[1]", b"\xff"] {
        assert_eq!(decode_facts(key, body), DecodeFacts::default());
        assert_eq!(recall_facts(body), RecallFacts::default());
    }
}

fn recall_facts(body: &[u8]) -> RecallFacts {
    match RECALLS_BY_VIN.facts(&vins(&[A])[0], body) {
        Facts::Recalls(facts) => facts,
        other => panic!("{other:?}"),
    }
}

fn recalls(name: &str) -> Result<Parsed, Fault> {
    RECALLS_BY_VIN.parse(&fixture(&format!("carvin/recalls/{name}.json")), &vins(&[A]))
}

fn campaigns(name: &str) -> Vec<Campaign> {
    let parsed = recalls(name).expect(name);
    recall_facts(&parsed.answers[0].body).campaigns
}

fn days(year: i16, month: i8, day: i8) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    jiff::civil::date(year, month, day).since(epoch).expect("a span").get_days()
}

#[test]
fn every_shape_of_recalls_is_read() {
    for shape in ["ok", "data_recalls", "data", "nhtsa", "top_level"] {
        assert_eq!(recalls(shape).expect(shape).answers[0].said, Found, "{shape}");
        let campaigns = campaigns(shape);
        let numbers: Vec<_> = campaigns.iter().map(|campaign| campaign.number.as_str()).collect();
        assert_eq!(numbers, ["20V314000", "25V164000"], "{shape}");
        assert_eq!(campaigns[0].park_it, Some(true));
        assert_eq!(campaigns[0].reported_on, Some(days(2020, 6, 1)));
        assert_eq!(campaigns[1].reported_on, Some(days(2025, 3, 14)), "day first");
        assert_eq!(campaigns[1].component.as_deref(), Some("POWER TRAIN"));
    }
}

#[test]
fn only_an_empty_list_means_no_recalls() {
    for shape in ["empty", "empty_nhtsa"] {
        assert_eq!(recalls(shape).expect(shape).answers[0].said, Absent, "{shape}");
        assert!(campaigns(shape).is_empty());
    }
    let unknown = ["other_shape", "message_only", "null", "no_recall", "strings", "count_mismatch"];
    for shape in unknown {
        let Err(Fault::Garbled { excerpt }) = recalls(shape) else { panic!("{shape}") };
        assert!(excerpt.starts_with("unrecognised_response"), "{shape}: {excerpt}");
    }
    assert_eq!(recalls("quota").expect_err("quota"), Fault::Limited { wait: None });
}

#[test]
fn recalls_of_another_vin_are_not_an_answer() {
    let endpoint = CarVin.endpoint("recalls-vin").expect("an endpoint");
    let (reply, keys) = (fixture("carvin/recalls/foreign.json"), vins(&["5YJSA1DG9DFP14705"]));
    let parsed = crate::vendors::read(&CarVin, endpoint, &reply, &keys).expect("readable");
    assert!(parsed.answers.is_empty());
    assert_eq!(parsed.foreign, 1);
}

#[test]
fn a_campaign_repeated_for_a_component_is_one() {
    let campaigns = campaigns("repeated");
    let [old, new] = campaigns.as_slice() else { panic!("{campaigns:?}") };
    assert_eq!((old.number.as_str(), old.consequence.as_deref()), ("19V001000", Some("Fire.")));
    assert_eq!(old.reported_on, None, "31 February");
    assert_eq!((new.number.as_str(), new.component.as_deref()), ("25V164000", Some("POWER TRAIN")));
    assert_eq!(new.remedy.as_deref(), Some("Dealers will fix it."));
    assert_eq!((new.park_it, new.park_outside), (Some(false), Some(true)));
    assert_eq!(new.reported_on, Some(days(2025, 3, 14)));
}

#[test]
fn a_recall_without_a_number_gets_one_and_is_counted() {
    let campaigns = campaigns("partial");
    assert_eq!(campaigns.len(), 2, "the same words twice are one recall");
    assert!(campaigns.iter().all(|campaign| campaign.number.starts_with("unnumbered-")));
    assert_ne!(campaigns[0].number, campaigns[1].number);
}

/// Replies made of the words and the VINs that the parser looks for.
fn replies() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just(format!("\"{A}\"")),
        Just(format!("\"{}\"", B.to_lowercase())),
        Just("\"HONDA\"".to_owned()),
        Just("\"2021\"".to_owned()),
    ];
    let keys = vec![
        "VIN",
        "vin",
        "Make",
        "Model",
        "ModelYear",
        "success",
        "data",
        "results",
        "errors",
        "error",
        "recalls",
        "Component",
        "count",
        A,
        C,
    ];
    json_like(scalar.boxed(), keys)
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        assert_sound(&BatchDecode, &reply(200, &body), &vins(&[A, B, C]));
        assert_sound(&RECALLS_BY_VIN, &reply(200, &body), &vins(&[A]));
    }

    #[test]
    fn any_shape_is_survived(body in replies()) {
        assert_sound(&BatchDecode, &reply(200, body.as_bytes()), &vins(&[A, B, C]));
        assert_sound(&RECALLS_BY_VIN, &reply(200, body.as_bytes()), &vins(&[A]));
    }

    #[test]
    fn a_cut_reply_is_never_an_answer(cut in 0_usize..1400) {
        let whole = fixture("carvin/ok.json").body;
        let end = cut.min(whole.trim_ascii_end().len() - 1);
        let cut = reply(200, &whole[..end]);
        prop_assert!(BatchDecode.parse(&cut, &vins(&[A, B, C])).is_err());
    }
}
