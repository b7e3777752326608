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

/// Writes `*` over each of `secrets` in `bytes`, also where its characters are written
/// in the escapes of JSON, of addresses or of HTML.
pub(super) fn redact(bytes: &mut [u8], secrets: &[Vec<u8>]) {
    for secret in secrets {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&bytes[from..], secret) {
            let end = from + at + secret.len();
            bytes[from + at..end].fill(b'*');
            from = end;
        }
        redact_escaped(bytes, secret);
    }
}

fn redact_escaped(bytes: &mut [u8], secret: &[u8]) {
    let mut at = 0;
    while let Some(before) = memchr::memchr3(b'\\', b'%', b'&', &bytes[at..]) {
        let escape = at + before;
        // Before its first escape a spelling has the characters themselves.
        at = at.max(escape.saturating_sub(secret.len()));
        while at <= escape {
            let length = escaped_length(&bytes[at..], secret).unwrap_or(0);
            bytes[at..at + length].fill(b'*');
            at += length.max(1);
        }
    }
}

/// How long a spelling of `secret` is that `text` begins with.
fn escaped_length(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for character in secret {
        let rest = text.get(at..)?;
        let first = rest.first()?;
        at += match first {
            b'\\' => in_json(rest, *character),
            b'%' => in_address(rest, *character),
            b'&' => in_html(rest, *character),
            _ => None,
        }
        .or_else(|| (first == character).then_some(1))?;
    }
    Some(at)
}

/// Text is escaped again where it is quoted in other text; more often than this it is not.
const DEEPEST: usize = 4;

/// `\u0063`, or `\/` as some write a slash; within a text in a text `\\u0063`.
fn in_json(text: &[u8], character: u8) -> Option<usize> {
    let most = 1 << DEEPEST;
    let slashes = text.iter().take(most).take_while(|byte| **byte == b'\\').count();
    let rest = &text[slashes..];
    match rest {
        [b'u', b'0', b'0', high, low, ..] => {
            (hex(&[*high, *low]) == Some(character.into())).then_some(slashes + 5)
        }
        [next, ..] if *next == character && !next.is_ascii_alphanumeric() => Some(slashes + 1),
        // The last of them is the character itself.
        _ if character == b'\\' && slashes > 1 => Some(slashes),
        _ => None,
    }
}

/// `%63`; within an address in an address `%2563`.
fn in_address(text: &[u8], character: u8) -> Option<usize> {
    let mut at = 1;
    for _ in 0..DEEPEST {
        let digits = text.get(at..at + 2)?;
        if hex(digits) == Some(character.into()) {
            return Some(at + 2);
        }
        if digits != b"25" {
            return None;
        }
        at += 2;
    }
    None
}

/// `&#99;`, `&#x63;`, or by its name; within a page in a page `&amp;#99;`.
fn in_html(text: &[u8], character: u8) -> Option<usize> {
    const NAMES: [(&[u8], u8); 9] = [
        (b"amp;", b'&'),
        (b"lt;", b'<'),
        (b"gt;", b'>'),
        (b"quot;", b'"'),
        (b"apos;", b'\''),
        (b"sol;", b'/'),
        (b"plus;", b'+'),
        (b"equals;", b'='),
        (b"lowbar;", b'_'),
    ];
    /// With zeros before the number.
    const LONGEST_NUMBER: usize = 10;
    let mut at = 1;
    for _ in 0..DEEPEST {
        let rest = text.get(at..)?;
        if let Some(number) = rest.strip_prefix(b"#") {
            let end = memchr::memchr(b';', &number[..number.len().min(LONGEST_NUMBER)])?;
            let number = &number[..end];
            let value = match number {
                [b'x' | b'X', digits @ ..] => hex(digits),
                digits => std::str::from_utf8(digits).ok()?.parse().ok(),
            };
            return (value == Some(character.into())).then_some(at + end + 2);
        }
        let named = NAMES.iter().find(|(name, _)| rest.starts_with(name));
        let (name, meant) = named?;
        if *meant == character {
            return Some(at + name.len());
        }
        if *meant != b'&' {
            return None;
        }
        at += name.len();
    }
    None
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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
