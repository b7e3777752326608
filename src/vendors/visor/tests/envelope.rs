use super::*;
use crate::vendors::testing::reply;

const DECODE_ERROR: &str = r#"{"_tag":"HttpApiDecodeError","message":"{ readonly offset?: NumberFromString }\n└─ …",
    "issues":[{"_tag":"Transformation","path":["offset"],"message":"Expected a whole number, actual \"ten\""},
    {"_tag":"Missing","path":["query","vin_pattern",0],"message":"is missing"}]}"#;

fn error(status: u16, error: &str) -> Reply {
    reply(status, format!(r#"{{"error":{error},"_tag":"PublicApiError"}}"#).as_bytes())
}

#[test]
fn a_request_off_the_contract_is_no_keys_matter() {
    let refused = fault(&reply(400, DECODE_ERROR.as_bytes())).expect("a fault");
    assert!(refuses_request(&refused) && !refuses_fields(&refused), "{refused:?}");
    let Fault::Garbled { excerpt } = &refused else { panic!("{refused:?}") };
    assert!(excerpt.contains("offset: Expected a whole number"), "{excerpt}");
    assert!(excerpt.contains("query.vin_pattern.0: is missing"), "{excerpt}");
    let silent =
        reply(400, br#"{"_tag":"HttpApiDecodeError","issues":[],"message":"no such thing"}"#);
    let Some(Fault::Garbled { excerpt }) = fault(&silent) else { panic!("another fault") };
    assert!(excerpt.ends_with("no such thing"), "{excerpt}");
    assert!(!refuses_request(&Fault::Garbled { excerpt: "<html>".into() }));
}

#[test]
fn a_400_that_names_a_field_is_about_fields() {
    let about = [
        error(400, r#"{"type":"validation_error","code":"unknown_field","message":"m"}"#),
        error(400, r#"{"type":"validation_error","code":"invalid","message":"photo_urls is not known"}"#),
        error(400, r#"{"type":"validation_error","code":"","message":"Unsupported fields."}"#),
        reply(
            400,
            br#"{"_tag":"HttpApiDecodeError","message":"m","issues":[{"path":["fields"],"message":"odd"}]}"#,
        ),
    ];
    for reply in about {
        assert!(fault(&reply).is_some_and(|fault| refuses_fields(&fault)), "{reply:?}");
    }
    let others = [
        error(400, r#"{"type":"validation_error","code":"invalid_vin_pattern","message":"m"}"#),
        reply(400, DECODE_ERROR.as_bytes()),
    ];
    for reply in others {
        assert!(!fault(&reply).is_some_and(|fault| refuses_fields(&fault)), "{reply:?}");
    }
}

#[test]
fn the_longer_of_two_waits_is_obeyed() {
    let limited = |header: Option<&str>, wait: &str| {
        let body = format!(
            r#"{{"error":{{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"m"}},
                "retryAfter":{wait},"_tag":"PublicApiRateLimitError"}}"#
        );
        let headers = header.map(|value| ("retry-after".to_owned(), value.to_owned()));
        let reply = Reply { headers: headers.into_iter().collect(), ..reply(429, body.as_bytes()) };
        match fault(&reply) {
            Some(Fault::Limited { wait }) => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(limited(None, "23"), Some(23));
    assert_eq!(limited(None, "0.2"), Some(1), "never early");
    assert_eq!(limited(Some("5"), "23"), Some(23));
    assert_eq!(limited(Some("41"), "23"), Some(41));
    for odd in ["null", "-3", "\"soon\"", "[9]", "1e999"] {
        assert_eq!(limited(None, odd), None, "{odd}");
        assert_eq!(limited(Some("7"), odd), Some(7), "{odd}");
    }
    assert_eq!(limited(None, "1e18"), Some(LONGEST_WAIT.as_secs()));
    let bare = reply(429, br#"{"retryAfter":12}"#);
    assert_eq!(fault(&bare), Some(Fault::Limited { wait: Some(Duration::from_secs(12)) }));
}

#[test]
fn words_name_the_code_the_scope_and_the_version() {
    let scope = error(
        403,
        r#"{"type":"permission_error","code":"missing_scope","message":"The key lacks dealers.read."}"#,
    );
    assert_eq!(words(&scope).as_deref(), Some("missing_scope: The key lacks dealers.read."));
    let version = error(
        426,
        r#"{"type":"client_error","code":"client_outdated","message":"Too old.","current_version":null,
            "minimum_supported_version":"2.4.0","update_url":"https://visor.example/get"}"#,
    );
    let said = words(&version).expect("words");
    assert!(said.contains("2.4.0") && said.contains("https://visor.example/get"), "{said}");
    assert!(fault(&version).is_some_and(|fault| refuses_request(&fault)));
    let known = error(
        400,
        r#"{"type":"validation_error","code":"invalid_vin_pattern","message":"m",
            "minimum_supported_version":"2.4.0"}"#,
    );
    assert_eq!(fault(&known), Some(Fault::Poisoned { code: "invalid_vin_pattern".into() }));
    let issues = words(&reply(400, DECODE_ERROR.as_bytes())).expect("words");
    assert!(issues.starts_with("offset: Expected"), "{issues}");
    assert_eq!(words(&reply(502, b"Bad gateway")).as_deref(), Some("Bad gateway"));
}
