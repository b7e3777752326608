//! Words of ours in a vendor's URL.

use std::fmt::Write as _;

/// `text` as one part of a path or one value of a query (RFC 3986, section
/// 2.3), a space as `%20`: not every server takes `+` for one.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(encoded, "%{byte:02X}").ok();
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a server makes of it.
    fn decoded(encoded: &str) -> Option<String> {
        let mut parts = encoded.split('%');
        let mut bytes = parts.next()?.as_bytes().to_vec();
        for part in parts {
            let (hex, rest) = part.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            bytes.extend_from_slice(rest.as_bytes());
        }
        String::from_utf8(bytes).ok()
    }

    #[test]
    fn a_model_is_one_part_of_a_path() {
        assert_eq!(percent_encoded("F-250 SD"), "F-250%20SD");
        assert_eq!(percent_encoded("../a?b=c&d#e+ü"), "..%2Fa%3Fb%3Dc%26d%23e%2B%C3%BC");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_arrives_as_it_was(text in any::<String>()) {
            let encoded = percent_encoded(&text);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            prop_assert!(encoded.bytes().all(is_plain), "{}", encoded);
            prop_assert_eq!(decoded(&encoded), Some(text));
        }
    }
}
