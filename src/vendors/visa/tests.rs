//! Replies of the vendor, and what is made of them.

use proptest::prelude::*;

use super::*;
use crate::domain::Denied;
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, settings};

fn task() -> Key {
    run_of("or-gpt-4o-mini", None, &serde_json::json!({"prompt": "a\n\"b\""}))
}

fn error(status: u16, code: &str, retryable: &str, more: &str) -> Reply {
    let body = format!(
        r#"{{"success":false,"error":"words","error_code":"{code}","retryable":{retryable}{more}}}"#
    );
    reply(status, body.as_bytes())
}

fn seconds(fault: Option<Fault>) -> Option<u64> {
    match fault {
        Some(Fault::Limited { wait }) => wait.map(|wait| wait.as_secs()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_names_its_tool_in_the_path_and_its_input_in_the_body() {
    let request = Execute.request(&[task()], &settings());
    assert_eq!(request.path, "/v1/api/tools/or-gpt-4o-mini/execute");
    let expected = br#"{"input":{"prompt":"a\n\"b\""}}"#.to_vec();
    assert_eq!(request.body, Some(Payload::Json(expected)));
    let vehicle = run_of("fal-flux-pro", Some("1HGBH41JXMN109186"), &serde_json::json!({}));
    let request = Execute.request(&[vehicle], &settings());
    assert_eq!(request.path, "/v1/api/tools/fal-flux-pro/execute");
    assert_eq!(request.body, Some(Payload::Json(br#"{"input":{}}"#.to_vec())));
}

#[test]
fn an_execution_is_kept_raw_and_its_charge_is_read_from_a_string() {
    let reply = fixture("visa/ok.json");
    assert_eq!(Visa.fault(&reply), None);
    assert_eq!(Visa.charged(&reply), Some(Micros(10_000)));
    let parsed = Execute.parse(&reply, &[task()]).expect("an answer");
    assert_eq!(parsed.answers[0].body, reply.body);
    let execution = Execution::read(&reply.body).expect("an execution");
    assert_eq!(execution.result, r#"{"text": "A red car.",  "price": 1.10}"#, "byte for byte");
}

#[test]
fn a_result_of_null_is_a_result_and_a_missing_one_was_charged_all_the_same() {
    let run = |result: &str| {
        let body = format!(r#"{{"success":true,{result}"usage":{{"charged_micros":"10000"}}}}"#);
        reply(200, body.as_bytes())
    };
    let null = run(r#""result":null,"#);
    assert_eq!(Visa.fault(&null), None);
    let execution = Execution::read(&null.body).expect("an execution");
    assert_eq!((&*execution.result, execution.charged), ("null", Some(Micros(10_000))));
    let missing = run("");
    assert!(matches!(Visa.fault(&missing), Some(Fault::Garbled { .. })));
    assert_eq!(Visa.charged(&missing), Some(Micros(10_000)));
}

#[test]
fn a_charge_without_micros_is_read_from_its_cents() {
    let charged = |usage: &str| {
        let body = format!(r#"{{"success":true,"result":{{}},"usage":{usage}}}"#);
        Visa.charged(&reply(200, body.as_bytes()))
    };
    assert_eq!(charged(r#"{"charged_cents":2}"#), Some(Micros(20_000)));
    assert_eq!(charged(r#"{"charged_micros":"1500","charged_cents":1}"#), Some(Micros(1500)));
    assert_eq!(charged(r#"{"charged_micros":1500}"#), Some(Micros(1500)));
    assert_eq!(charged(r#"{"charged_micros":"-5"}"#), None);
    assert_eq!(charged("null"), None);
}

#[test]
fn retryable_decides_before_the_code_and_the_status() {
    let fault = |status, code, retryable| Visa.fault(&error(status, code, retryable, ""));
    assert_eq!(seconds(fault(409, "IDEMPOTENCY_IN_FLIGHT", "true")), Some(2));
    assert_eq!(seconds(fault(429, "RATE_LIMITED", "true")), Some(2));
    assert_eq!(fault(503, "IDEMPOTENCY_UNAVAILABLE", "true"), Some(Fault::Server(503)));
    assert_eq!(
        fault(503, "IDEMPOTENCY_UNAVAILABLE", "false"),
        Some(Fault::Unsettled { code: "IDEMPOTENCY_UNAVAILABLE".into() })
    );
    assert_eq!(fault(429, "RATE_LIMITED", "false"), Some(Fault::Denied(Denied::Billing)));
}

#[test]
fn a_final_error_says_whom_it_concerns() {
    let fault = |status, code| Visa.fault(&error(status, code, "false", ""));
    assert!(matches!(fault(409, "IDEMPOTENT_REPLAY"), Some(Fault::Garbled { .. })));
    assert_eq!(fault(400, "INVALID_REQUEST"), Some(poisoned("INVALID_REQUEST")));
    assert_eq!(fault(404, "TOOL_NOT_FOUND"), Some(poisoned("TOOL_NOT_FOUND")));
    assert!(Execute.refuses_shape(&poisoned("TOOL_NOT_FOUND")));
    assert!(!Execute.refuses_shape(&poisoned("INVALID_REQUEST")));
    for code in ["AUTH_REQUIRED", "AUTH_INVALID", "KEY_ENVIRONMENT_MISMATCH"] {
        assert_eq!(fault(401, code), Some(Fault::Denied(Denied::Key)), "{code}");
    }
    assert_eq!(fault(403, "KEY_EXPIRED"), Some(Fault::Denied(Denied::Key)));
    for code in ["KEY_SOURCE_IP_DENIED", "TOOL_NOT_PERMITTED", "ACCOUNT_NOT_APPROVED"] {
        assert_eq!(fault(403, code), Some(Fault::Denied(Denied::Scope)), "{code}");
    }
}

fn poisoned(code: &str) -> Fault {
    Fault::Poisoned { code: code.into() }
}

#[test]
fn the_longer_of_two_waits_is_kept() {
    let mut reply = error(429, "RATE_LIMITED", "true", r#","retry_after":7"#);
    assert_eq!(seconds(Visa.fault(&reply)), Some(7));
    reply.headers.push(("retry-after".into(), "9".into()));
    assert_eq!(seconds(Visa.fault(&reply)), Some(9));
    let no_flag =
        reply_of(r#"{"success":false,"error_code":"IDEMPOTENCY_IN_FLIGHT","retry_after":"3"}"#);
    assert_eq!(seconds(Visa.fault(&no_flag)), Some(3));
}

#[test]
fn a_wait_without_end_in_the_body_is_a_year() {
    for endless in ["1e18", "\"1e300\"", "99999999999"] {
        let reply = error(429, "BUSY", "true", &format!(r#","retry_after":{endless}"#));
        assert_eq!(seconds(Visa.fault(&reply)), Some(366 * 24 * 3600), "{endless}");
    }
    let negative = error(429, "BUSY", "true", r#","retry_after":-5"#);
    assert_eq!(seconds(Visa.fault(&negative)), Some(2), "as where nothing is said");
}

fn reply_of(body: &str) -> Reply {
    reply(409, body.as_bytes())
}

#[test]
fn what_is_not_an_envelope_is_read_by_its_status() {
    assert_eq!(Visa.fault(&reply(502, b"<html>")), Some(Fault::Server(502)));
    assert!(matches!(Visa.fault(&reply(200, b"<html>")), Some(Fault::Garbled { .. })));
    assert!(matches!(Visa.fault(&reply(200, b"{}")), Some(Fault::Garbled { .. })));
    let unsuccessful = br#"{"success":false,"result":{}}"#;
    assert!(matches!(Visa.fault(&reply(200, unsuccessful)), Some(Fault::Garbled { .. })));
}

#[test]
fn a_tool_id_is_one_part_of_a_path() {
    for good in ["or-gpt-4o-mini", "fal_flux.pro", "x:1"] {
        assert!(is_tool_id(good), "{good}");
    }
    for bad in ["", "..", "a/b", "a b", "a?b", "ü"] {
        assert!(!is_tool_id(bad), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_body_is_read_without_panic(
        status in prop_oneof![Just(200_u16), 400_u16..600],
        body in json_like(
            prop_oneof![Just("\"10000\""), Just("1e400"), Just("-1"), Just("\"X\"")]
                .prop_map(str::to_owned).boxed(),
            vec!["success", "result", "usage", "charged_micros", "error_code", "retryable", "retry_after"],
        ),
    ) {
        let reply = reply(status, body.as_bytes());
        Visa.charged(&reply);
        if Visa.fault(&reply).is_none() {
            assert_sound(&Execute, &reply, &[task()]);
        }
    }
}
