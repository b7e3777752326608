//! A vendor may repeat our API key, in an error or among an account's data. It is
//! taken out of a reply before anything reads it: else it would be part of an
//! excerpt, or be kept as an answer.

use reqwest::Request;
use reqwest::header::HeaderValue;

/// No key is shorter; a shorter one would be found in ordinary text.
const SHORTEST: usize = 8;

/// The secrets that a request carries.
pub(super) fn secrets(request: &Request) -> Vec<Vec<u8>> {
    let sensitive = request.headers().values().filter(|value| value.is_sensitive());
    sensitive
        .map(HeaderValue::as_bytes)
        .map(|value| value.strip_prefix(b"Bearer ").unwrap_or(value).to_vec())
        .filter(|secret| secret.len() >= SHORTEST)
        .collect()
}

/// Writes `*` over each of `secrets` in `bytes`.
pub(super) fn redact(bytes: &mut [u8], secrets: &[Vec<u8>]) {
    for secret in secrets {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&bytes[from..], secret) {
            let end = from + at + secret.len();
            bytes[from + at..end].fill(b'*');
            from = end;
        }
    }
}

/// The same in text.
pub(super) fn redacted(text: &str, secrets: &[Vec<u8>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    redact(&mut bytes, secrets);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
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
        let text =
            r#"{"error":"bad key canary-0f9e8d7c6b","again":"canary-0f9e8d7c6b","a":"canary"}"#;
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
}
