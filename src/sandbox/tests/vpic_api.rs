use super::*;
use crate::domain::Vin;

fn ask(sandbox: &Sandbox, query: &str, form: &str) -> Answer {
    let path = format!("/vpic-api/vehicles/DecodeVINValuesBatch/{query}");
    send(sandbox.address(), "POST", &path, "", form).expect("a reply")
}

/// The values of `field` in `Results`.
fn results(answer: &Answer, field: &str) -> Vec<String> {
    let json = answer.json();
    let items = json["Results"].as_array().expect("a list").iter();
    items.map(|item| item[field].as_str().expect("text").to_owned()).collect()
}

#[test]
fn a_batch_says_what_carvin_says_and_adds_its_verdict() {
    let sandbox = sandbox(SandboxSpec::default());
    let here = ask(&sandbox, "", &format!("format=json&data={}", VINS.join("%3B")));
    let there = post(&sandbox, "batch-decode", &vins(&VINS));
    assert_eq!((here.status, here.json()["Count"].clone()), (200, 3.into()));
    for field in ["VIN", "Make", "Model", "ModelYear", "PlantCity", "EngineCylinders"] {
        assert_eq!(results(&here, field), there.data(field), "{field}");
    }
    let fits = VINS.map(|vin| Vin::new(vin).expect("a VIN").check_digit_fits());
    let codes = fits.map(|fits| if fits { "0" } else { "1" });
    assert_eq!(results(&here, "ErrorCode"), codes);
    assert_eq!(results(&here, "VehicleDescriptor")[0], "1HGBH41J*MN");
}

#[test]
fn the_format_counts_in_the_form_alone() {
    let sandbox = sandbox(SandboxSpec::default());
    let data = format!("data={}", VINS[0]);
    let xml = ask(&sandbox, "?format=json", &data);
    assert_eq!(xml.header("content-type"), Some("application/xml; charset=utf-8"));
    assert!(xml.body.starts_with("<Response>") && xml.body.contains(VINS[0]));
    let json = ask(&sandbox, "", &format!("{data}&format=json"));
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(results(&json, "VIN"), [VINS[0]]);
}

#[test]
fn vins_may_name_their_year_and_texts_that_are_none_are_told_so() {
    let sandbox = sandbox(SandboxSpec::default());
    let form = "format=json&data=1hgbh41jxmn109186,1991;NO-VIN;ZZ9004Z4XGEA00000;";
    let answer = ask(&sandbox, "", form);
    assert_eq!(results(&answer, "VIN"), ["1hgbh41jxmn109186", "NO-VIN", "ZZ9004Z4XGEA00000"]);
    assert_eq!(results(&answer, "Make"), ["HONDA", "", ""]);
    let codes = results(&answer, "ErrorCode");
    assert_eq!((codes[1].as_str(), codes[2].as_str()), ("400", "7"));
}

#[test]
fn a_batch_holds_fifty_and_no_more() {
    let sandbox = sandbox(SandboxSpec::default());
    let form = |count: usize| format!("format=json&data={}", vec![VINS[0]; count].join(";"));
    assert_eq!(results(&ask(&sandbox, "", &form(50)), "VIN").len(), 50);
    for form in [form(51), form(0), "format=json".to_owned()] {
        let refused = ask(&sandbox, "", &form);
        assert_eq!(refused.status, 400);
        assert!(refused.json()["Message"].is_string());
    }
    let get = send(sandbox.address(), "GET", "/vpic-api/vehicles/DecodeVINValuesBatch/", "", "");
    assert_eq!(get.map(|answer| answer.status), Some(405));
}

#[test]
fn faults_change_its_lists_like_any_other() {
    let form = format!("format=json&data={}", VINS.join(";"));
    let of = |rule: &str| results(&ask(&with_faults(&[rule]), "", &form), "VIN");
    assert_eq!(of("vpic-api/decode-batch/missing"), VINS[..2]);
    assert_eq!(of("reorder"), [VINS[2], VINS[1], VINS[0]]);
    assert_eq!(of("lowercase"), VINS.map(str::to_lowercase));
}
