//! One call: what is sent, what comes back, and what that says.

use std::time::Duration;

use bytes::Bytes;

use crate::domain::Answer;

/// One HTTP request, without host, secret or client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Appended to `base_url`; starts with `/`, already percent-encoded.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: Option<Payload>,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// `application/json`.
    Json(Vec<u8>),
    /// `application/x-www-form-urlencoded`, from pairs not yet encoded.
    Form(Vec<(&'static str, String)>),
}

impl Request {
    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), query: Vec::new(), body: None }
    }

    /// `POST path` with `body` as JSON. Our own structs always serialise.
    pub fn post(path: impl Into<String>, body: &impl serde::Serialize) -> Self {
        let json = serde_json::to_vec(body).unwrap_or_default();
        Self { method: Method::Post, body: Some(Payload::Json(json)), ..Self::get(path) }
    }
}

/// The HTTP methods vendors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "HTTP's own names")]
pub enum Method {
    Get,
    Post,
    Delete,
}

/// One HTTP reply, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body, decoded, at most the gate's cap.
    pub body: Bytes,
}

impl Reply {
    /// The first header called `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// What a reply said, by key.
#[derive(Debug, Default)]
pub struct Parsed {
    /// At most one for each key asked; keys without one are missing.
    pub answers: Vec<KeyAnswer>,
    /// Answers about keys that were not asked about, dropped and counted.
    pub foreign: u32,
    /// Second answers about a key that has one: the same again, or a contradiction.
    pub repeated: Vec<KeyAnswer>,
    /// The places of keys about which the reply contradicts itself: they have no answer.
    pub contradicted: Vec<usize>,
    /// Answers about a key that hold not one field that is known, dropped.
    pub unreadable: u32,
    /// Answers that named no key and were taken to be in the order asked.
    pub by_place: u32,
    /// Whether what it says of keys without an answer is on a further page.
    pub has_more: bool,
    /// Values of an unexpected JSON type, coerced or nulled, and counted.
    pub type_drift: u32,
}

impl Parsed {
    /// The one answer about the one key asked.
    pub fn one(said: Answer, body: Bytes) -> Self {
        Self { answers: vec![KeyAnswer { key: 0, said, body }], ..Self::default() }
    }
}

/// What a reply said about one key.
#[derive(Debug)]
pub struct KeyAnswer {
    /// The place of the key in the batch.
    pub key: usize,
    /// What was said.
    pub said: Answer,
    /// The part of the reply about this key, kept as it came.
    pub body: Bytes,
}

/// One quota window as a server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLimit {
    /// The window's length, where the server says.
    pub window: Option<Duration>,
    /// Calls in a window.
    pub limit: Option<u32>,
    /// Calls left in it.
    pub remaining: Option<u32>,
    /// Until it is full again.
    pub reset: Option<Duration>,
}

/// What a page of a list says of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// Entries on this page.
    pub entries: usize,
    /// Whether another page follows.
    pub more: bool,
    /// Entries of the whole list, as far as it says.
    pub total: Option<u64>,
    /// Pages of the whole list, as far as it says.
    pub pages: Option<u64>,
}
