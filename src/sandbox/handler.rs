//! What every stand-in has in common: the request it hears, the call it makes
//! of it, the reply it gives.

use std::time::Instant;

use bytes::Bytes;
use hyper::Method;

/// The endpoint of a call whose path names none.
pub(super) const NO_ENDPOINT: &str = "unknown";

/// A vendor's stand-in.
pub(super) trait Stand: Send + Sync {
    /// What a well-formed request asks.
    type Question;

    /// Makes out what a request asks, and about what, before anyone looks at
    /// keys or quotas.
    fn read(&self, heard: &Heard) -> Call<Self::Question>;

    /// The vendor's reply to a call that came at `now`.
    fn answer(&self, heard: &Heard, call: &Call<Self::Question>, now: Instant) -> Reply;

    /// The vendor's error envelope for `status`.
    fn refusal(&self, status: u16) -> Reply;
}

/// A stand-in, whatever its questions are.
pub(super) trait AnyStand: Send + Sync {
    /// What a request asks, ready to be answered.
    fn hear<'a>(&'a self, heard: &'a Heard) -> Asked<'a>;

    /// The vendor's error envelope for `status`.
    fn refuse(&self, status: u16) -> Reply;
}

/// A call that awaits its answer.
pub(super) struct Asked<'a> {
    pub(super) endpoint: &'static str,
    pub(super) keys: Vec<String>,
    /// The vendor's reply to the call, had it come at this time.
    pub(super) answer: Box<dyn FnOnce(Instant) -> Reply + 'a>,
}

impl<S: Stand> AnyStand for S {
    fn hear<'a>(&'a self, heard: &'a Heard) -> Asked<'a> {
        let call = self.read(heard);
        Asked {
            endpoint: call.endpoint,
            keys: call.keys.clone(),
            answer: Box::new(move |now| self.answer(heard, &call, now)),
        }
    }

    fn refuse(&self, status: u16) -> Reply {
        self.refusal(status)
    }
}

/// A request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) method: Method,
    /// Below the vendor's prefix; starts with `/` unless empty.
    pub(super) path: String,
    /// Percent-decoded, in order.
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case, in order; values that are no text are left out.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Heard {
    /// The same request for the page before; the first page stays the first.
    pub(super) fn a_page_back(&self) -> Self {
        let mut back = self.clone();
        for (_, page) in back.query.iter_mut().filter(|(name, _)| name == "page") {
            let before = page.parse::<u64>().unwrap_or(1).saturating_sub(1).max(1);
            *page = before.to_string();
        }
        back
    }

    /// The first header called `name` (lower case).
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The token of `Authorization: Bearer TOKEN`.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}

/// What a request asks.
#[derive(Debug)]
pub(super) struct Call<Q> {
    pub(super) endpoint: &'static str,
    /// What it asks about, VINs and vehicles in upper case; empty when that cannot be made out.
    pub(super) keys: Vec<String>,
    /// The question, or the reply that says what is wrong with the request.
    pub(super) question: Result<Q, Reply>,
}

/// A reply.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Names in lower case; without a `content-type` it is sent as JSON.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// A body. Lists by VIN stay apart until they are sent, so that a fault can
/// lose or mix up their items.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Whole(String),
    List { head: String, items: Vec<Item>, tail: String },
}

/// One item of a list by VIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The VIN as the item has it.
    pub(super) vin: String,
    pub(super) json: String,
}

impl Item {
    /// The same item about `vin`.
    pub(super) fn renamed(&self, vin: &str) -> Self {
        if self.vin.is_empty() {
            return self.clone();
        }
        Self { vin: vin.to_owned(), json: self.json.replace(&self.vin, vin) }
    }
}

impl Reply {
    pub(super) fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(body.into()) }
    }

    #[must_use]
    pub(super) fn with_header(mut self, name: impl Into<String>, value: &impl ToString) -> Self {
        self.headers.push((name.into(), value.to_string()));
        self
    }
}

impl Body {
    /// The text to be sent.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::List { head, items, tail } => {
                let length: usize = items.iter().map(|item| item.json.len() + 1).sum();
                let mut text = String::with_capacity(head.len() + length + tail.len());
                text.push_str(&head);
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    text.push_str(&item.json);
                }
                text.push_str(&tail);
                text
            }
        }
    }
}

/// The words in `text` that are as long as a VIN, in upper case.
pub(super) fn vins_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.len() == 17).map(str::to_ascii_uppercase).collect()
}

/// `value` as JSON. Our own structs always serialise.
pub(super) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

/// The pairs of a query string, percent-decoded.
pub(super) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(name), percent_decoded(value))
        })
        .collect()
}

/// Undoes `%41` and `+`; what is no such escape stays as it is.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| hex_pair(bytes.get(at + 1..at + 3)?)).flatten();
        let plain = if bytes[at] == b'+' { b' ' } else { bytes[at] };
        decoded.push(escaped.unwrap_or(plain));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_string_is_read_pair_by_pair() {
        let pairs = query_pairs("vin_pattern=A%2CB&name=Grand+Cherokee&flag&&odd=%zz%4");
        let expected =
            [("vin_pattern", "A,B"), ("name", "Grand Cherokee"), ("flag", ""), ("odd", "%zz%4")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn only_a_bearer_token_counts() {
        let heard = |authorization: &str| Heard {
            method: Method::GET,
            path: String::new(),
            query: Vec::new(),
            headers: vec![("authorization".into(), authorization.to_owned())],
            body: Bytes::new(),
        };
        assert_eq!(heard("Bearer abc").bearer(), Some("abc"));
        assert_eq!(heard("bearer abc").bearer(), Some("abc"));
        assert_eq!(heard("Basic abc").bearer(), None);
        assert_eq!(heard("Bearer ").bearer(), None);
        assert_eq!(heard("abc").bearer(), None);
    }

    #[test]
    fn an_item_without_a_vin_cannot_be_renamed() {
        let item = Item { vin: String::new(), json: "{}".into() };
        assert_eq!(item.renamed("X"), item);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_query_is_read_without_panic(query in ".{0,40}|[%0-9a-f&=+]{0,40}") {
            let pairs = query_pairs(&query);
            prop_assert!(pairs.len() <= query.matches('&').count() + 1);
        }
    }
}
