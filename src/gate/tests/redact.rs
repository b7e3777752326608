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
