use super::*;

#[test]
fn only_a_repeated_key_is_redacted() {
    let mut request =
        Request::new(reqwest::Method::GET, "http://127.0.0.1/".parse().expect("an address"));
    let mut value = HeaderValue::from_static("Bearer canary-0f9e8d7c6b");
    value.set_sensitive(true);
    request.headers_mut().insert("authorization", value);
    request.headers_mut().insert("accept", HeaderValue::from_static("application/json"));
    let secrets = secrets(&request);
    let text = r#"{"error":"bad key canary-0f9e8d7c6b","again":"canary-0f9e8d7c6b","a":"canary"}"#;
    let stars = "*".repeat("canary-0f9e8d7c6b".len());
    assert_eq!(redacted(text, &secrets), text.replace("canary-0f9e8d7c6b", &stars));
    assert_eq!(redacted("application/json", &secrets), "application/json");
}

#[test]
fn redacting_a_key_of_stars_ends() {
    let mut bytes = b"********".to_vec();
    redact(&mut bytes, &[b"********".to_vec()]);
    assert_eq!(bytes, b"********");
}

fn is_redacted(secret: &str, spelling: &str) -> bool {
    let text = format!("{{\"detail\":\"before {spelling} behind\"}}");
    let stars = "*".repeat(spelling.len());
    redacted(&text, &[secret.into()]) == format!("{{\"detail\":\"before {stars} behind\"}}")
}

#[test]
fn escaped_keys_are_redacted() {
    for (secret, spelling) in [
        ("live/0f9e8d", r"live\/0f9e8d"),
        ("live/0f9e8d", r"live\\\/0f9e8d"),
        ("live_0f9e8d", r"\u006cive_0f9e8d"),
        ("live_0f9e8d", r"live\u005F0f9e8\u0064"),
        ("live_0f9e8d", r"live\\u005f0f9e8d"),
        ("live+0f9e8d", "live%2B0f9e8d"),
        ("live+0f9e8d", "live%252b0f9e8d"),
        ("live+0f9e8d", "%6cive%2b0f9e8d"),
        ("live&0f9e8d", "live&amp;0f9e8d"),
        ("live'0f9e8d", "live&#39;0f9e8d"),
        ("live'0f9e8d", "live&#x27;0f9e8d"),
        ("live'0f9e8d", "live&#0039;0f9e8d"),
        ("live'0f9e8d", "live&amp;apos;0f9e8d"),
        ("live\"0f9e8d", r#"live\"0f9e8d"#),
        (r"live\0f9e8d", r"live\\0f9e8d"),
        ("live%2B0f9e8d", "live%252B0f9e8d"),
    ] {
        assert!(is_redacted(secret, spelling), "{spelling}");
    }
    for (secret, other) in [
        ("live/0f9e8d", r"live\/0f9e8e"),
        ("live_0f9e8d", r"live\u005e0f9e8d"),
        ("live+0f9e8d", "live%2C0f9e8d"),
        ("live&0f9e8d", "live&lt;0f9e8d"),
        ("live_0f9e8d", "live&#;0f9e8d &#x; %2 \\u00"),
    ] {
        assert_eq!(redacted(other, &[secret.into()]), other, "it is another one");
    }
}

proptest::proptest! {
    #[test]
    fn a_key_in_mixed_escapes_is_redacted(
        secret in "[!-~]{8,40}", ways in proptest::collection::vec(0..5_u8, 40)
    ) {
        let spell = |(byte, way): (u8, &u8)| match way {
            0 => format!(r"\u{byte:04x}"),
            1 => format!("%{byte:02X}"),
            2 => format!("&#{byte};"),
            3 => format!("&#x{byte:x};"),
            // What would begin an escape itself is escaped.
            _ if b"\\%&".contains(&byte) => format!("%{byte:02X}"),
            _ => char::from(byte).into(),
        };
        let spelling: String = secret.bytes().zip(&ways).map(spell).collect();
        let found = redacted(&format!("<{spelling}>"), &[secret.into()]);
        proptest::prop_assert_eq!(found, format!("<{}>", "*".repeat(spelling.len())));
    }

    #[test]
    fn no_spelling_is_left_wherever_escapes_stand(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec!["a", "a", "aaa", "%61", r"\u0061", "&#97;", "b", r"\", "%", "&"]),
            0..60,
        )
    ) {
        let secret = vec![b'a'; SHORTEST];
        let mut bytes = pieces.concat().into_bytes();
        redact(&mut bytes, std::slice::from_ref(&secret));
        let left = (0..bytes.len()).find(|at| escaped_length(&bytes[*at..], &secret).is_some());
        proptest::prop_assert_eq!(left, None);
    }

    #[test]
    fn no_text_makes_redacting_panic(text: Vec<u8>, secret in "[!-~]{8,12}") {
        redact(&mut text.clone(), &[secret.into()]);
    }
}
