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
