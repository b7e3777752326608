use super::*;
use crate::config::Quota;
use crate::sandbox::{Keys, per};

#[test]
fn a_batch_is_answered_item_by_item() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = post(&sandbox, "batch-decode", &vins(&VINS));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["success"], true);
    assert_eq!(answer.data("VIN"), VINS);
    assert_eq!(answer.data("Make"), ["HONDA", "TESLA", "BMW"]);
    assert_eq!(answer.data("ModelYear"), ["1991", "2013", "2011"]);
    for field in ["Model", "Manufacturer", "VehicleType", "BodyClass", "Seats", "GVWR", "PlantCity"]
    {
        assert!(answer.data(field).iter().all(|value| !value.is_empty()), "{field}");
    }
    assert_eq!(answer.data("ErrorCode"), ["0", "0", "0"]);
}

#[test]
fn one_vin_is_decoded_as_in_a_batch() {
    let sandbox = sandbox(SandboxSpec::default());
    let single = post(&sandbox, "decode", r#"{"vin":"1hgbh41jxmn109186"}"#).json();
    let batch = post(&sandbox, "batch-decode", &vins(&VINS[..1])).json();
    assert_eq!(single["data"], batch["data"][0]);
    assert_eq!(single["success"], true);
}

#[test]
fn answers_are_the_same_in_every_sandbox() {
    let ask = |sandbox: &Sandbox| {
        let decode = post(sandbox, "batch-decode", &vins(&VINS)).body;
        decode + &post(sandbox, "recalls", r#"{"vin":"1HGBH41JXMN109186"}"#).body
    };
    let first = ask(&sandbox(SandboxSpec::default()));
    assert_eq!(ask(&sandbox(SandboxSpec::default())), first);
}

#[test]
fn an_ill_formed_vin_does_not_block_the_others() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = post(&sandbox, "batch-decode", &vins(&["IOQ\"", VINS[0], ""]));
    assert_eq!(answer.status, 200);
    let items = answer.json()["data"].clone();
    assert_eq!((&items[0]["VIN"], &items[0]["success"]), (&"IOQ\"".into(), &false.into()));
    assert!(items[0]["error"].as_str().is_some_and(|words| words.contains("17 characters")));
    assert_eq!(items[1]["Make"], "HONDA");
    assert_eq!(items[2]["success"], false);
}

#[test]
fn an_unknown_maker_gives_an_empty_decode() {
    let sandbox = sandbox(SandboxSpec::default());
    let item = post(&sandbox, "decode", r#"{"vin":"ZZZPH5C55BA218692"}"#).json()["data"].clone();
    let values = item.as_object().expect("an object");
    let filled: Vec<_> = values.iter().filter(|(_, value)| *value != "").collect();
    assert_eq!(filled, [(&"VIN".to_owned(), &"ZZZPH5C55BA218692".into())]);
}

#[test]
fn recalls_are_asked_by_vin_or_by_vehicle() {
    let sandbox = sandbox(SandboxSpec::default());
    let by_vehicle =
        post(&sandbox, "recalls", r#"{"make":"Ford","model":"F-250 SD","year":"2016"}"#).json();
    assert_eq!(by_vehicle["success"], true);
    let campaigns = by_vehicle["recalls"].as_array().expect("a list");
    assert!(!campaigns.is_empty());
    assert_eq!(by_vehicle["count"], campaigns.len());
    for field in ["NHTSACampaignNumber", "Component", "Summary", "Remedy", "ReportReceivedDate"] {
        assert!(campaigns[0][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    assert!(campaigns[0]["parkIt"].is_boolean());
    let by_name =
        post(&sandbox, "recalls", r#"{"make":"Ford","model":"F-250","year":"2016"}"#).json();
    assert_eq!(by_name["recalls"], serde_json::json!([]), "known there under another name");
    assert_eq!(post(&sandbox, "recalls", r#"{"vin":"5YJSA1DG9DFP14705"}"#).status, 200);
}

#[test]
fn a_key_is_needed_and_must_be_right() {
    let sandbox = sandbox(SandboxSpec {
        keys: Keys::default().with("carvin", "other"),
        ..SandboxSpec::default()
    });
    for (key, status) in [("", 401), (CARVIN_KEY, 401), ("other", 200)] {
        let body = vins(&VINS);
        let answer = send(sandbox.address(), "POST", "/carvin/batch-decode", key, &body);
        let answer = answer.expect("a reply");
        assert_eq!(answer.status, status, "{key}");
        assert_eq!(answer.json()["success"], status == 200);
    }
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let sandbox = sandbox(SandboxSpec::default());
    let many = vins(&[VINS[0]; 21]);
    for (endpoint, body, reason) in [
        ("batch-decode", many.as_str(), "Maximum 20"),
        ("batch-decode", r#"{"vins":[]}"#, "empty"),
        ("batch-decode", r#"{"vins":["1"],"x":1}"#, "unknown field"),
        ("batch-decode", "{", "Invalid request"),
        ("decode", r#"{"vin":"1"}"#, "Invalid VIN"),
        ("decode", r#"{"vins":["1"]}"#, "unknown field"),
        ("recalls", r#"{"make":"Ford"}"#, "either vin"),
        ("recalls", r#"{"vin":"5YJSA1DG9DFP14705","make":"Ford"}"#, "either vin"),
        ("recalls", r#"{"make":"Ford","model":"F-250","year":"MMXVI"}"#, "Invalid year"),
    ] {
        let answer = post(&sandbox, endpoint, body);
        assert_eq!(answer.status, 400, "{body}");
        let words = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(words.contains(reason), "{body}: {words}");
        assert_eq!(answer.json()["success"], false);
    }
    assert_eq!(post(&sandbox, "elsewhere", "{}").status, 404);
    let get = send(sandbox.address(), "GET", "/carvin/decode", CARVIN_KEY, "").expect("a reply");
    assert_eq!(get.status, 405);
    assert_eq!(post(&sandbox, "batch-decode", &vins(&[VINS[0]; 20])).status, 200);
}

#[test]
fn calls_beyond_the_quota_are_told_to_wait() {
    let day = Duration::from_hours(24);
    let sandbox = with_quotas(Quotas::default().with("carvin", vec![per(2, day)]));
    let first = post(&sandbox, "batch-decode", &vins(&VINS));
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    let reset: i64 = first.header("x-ratelimit-reset").expect("a time").parse().expect("seconds");
    let ahead = reset - jiff::Timestamp::now().as_second();
    assert!((86_380..=86_401).contains(&ahead), "a day ahead, not {ahead} s");
    assert_eq!(post(&sandbox, "decode", "{").status, 400, "counts too");
    let third = post(&sandbox, "batch-decode", &vins(&VINS));
    assert_eq!((third.status, third.header("x-ratelimit-remaining")), (429, Some("0")));
    let wait: u64 = third.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((86_300..=86_400).contains(&wait), "{wait}");
    assert_eq!(third.json()["error"], "Rate limit exceeded");
}

#[test]
fn calls_with_a_wrong_key_use_up_no_quota() {
    let quota: Quota = per(1, Duration::from_hours(1));
    let sandbox = with_quotas(Quotas::default().with("carvin", vec![quota]));
    for _ in 0..3 {
        let answer = send(sandbox.address(), "POST", "/carvin/decode", "wrong", "{}");
        assert_eq!(answer.map(|answer| answer.status), Some(401));
    }
    assert_eq!(post(&sandbox, "batch-decode", &vins(&VINS)).status, 200);
}
