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
#[path = "tests/redact.rs"]
mod tests;
