//! What every vendor of the sandbox has in common: the request it reads, the call
//! that is in it, the reply it gives.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::quota::{Window, whole_seconds};

/// The endpoint of a call whose path names none.
pub(super) const NO_ENDPOINT: &str = "unknown";

/// How one vendor answers: its paths, its envelopes and its limits' headers.
pub(super) trait Handler: Send + Sync {
    /// Reads what a request asks, before its key is checked and the call counted.
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a>;

    /// The vendor's error envelope for `status`.
    fn error(&self, status: u16) -> Reply;

    /// The reply to a request without the account's API key.
    fn check_key(&self, request: &Request, key: &str) -> Result<(), Reply> {
        if request.header("x-api-key") == Some(key) { Ok(()) } else { Err(self.error(401)) }
    }

    /// The reply to a call beyond a quota that has room again after `wait`.
    fn limited(&self, wait: Duration) -> Reply {
        self.error(429).with_header("retry-after", &whole_seconds(wait))
    }

    /// A reply with the headers that show what the quotas have left.
    fn with_limits(&self, reply: Reply, _windows: &[Window]) -> Reply {
        reply
    }
}

/// What a request asks.
pub(super) struct Call<'a> {
    pub(super) endpoint: &'static str,
    /// What it asks about, VINs and vehicles in upper case; empty when that cannot be made out.
    pub(super) keys: Vec<String>,
    /// The answer, or the reply that says what is wrong with the request.
    pub(super) answer: Result<Answer<'a>, Reply>,
}

/// Gives the vendor's reply; called when the call is admitted, if ever.
pub(super) type Answer<'a> = Box<dyn FnOnce() -> Reply + 'a>;

/// What is asked about, and the answer.
pub(super) type Question<'a> = Result<(Vec<String>, Answer<'a>), Reply>;

impl<'a> Call<'a> {
    pub(super) fn new(endpoint: &'static str, question: Question<'a>) -> Self {
        match question {
            Ok((keys, answer)) => Self { endpoint, keys, answer: Ok(answer) },
            Err(refusal) => Self { endpoint, keys: Vec::new(), answer: Err(refusal) },
        }
    }
}

/// A request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the vendor's prefix; starts with `/` unless empty.
    pub(super) path: String,
    /// Percent-decoded, in order.
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case, in order; values that are not text are left out.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Request {
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
        value_of(&self.headers, name)
    }

    /// The token of `Authorization: Bearer TOKEN`.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
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

    /// 200 with a list; `head` and `tail` are the JSON around its items.
    pub(super) fn list(head: impl Into<String>, items: Vec<Item>, tail: impl Into<String>) -> Self {
        let body = Body::List { head: head.into(), items, tail: tail.into() };
        Self { status: 200, headers: Vec::new(), body }
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
                let items: Vec<&str> = items.iter().map(|item| item.json.as_str()).collect();
                [&head, items.join(",").as_str(), &tail].concat()
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

/// The pairs of a query string or a form, percent-decoded.
pub(super) fn pairs(query: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(query).into_owned().collect()
}

/// The value of the first pair called `name`, compared without case.
pub(super) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let pair = pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    pair.map(|(_, value)| value.as_str())
}

#[cfg(test)]
#[path = "tests/handler.rs"]
mod tests;
