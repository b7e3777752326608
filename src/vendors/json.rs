//! Tolerant reading of JSON that someone else wrote.
//!
//! Values are read one level at a time and stay borrowed from the reply: an
//! item's raw text can be kept as it came, and a number keeps its digits.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

pub(super) use crate::domain::numbers::cents;

/// A text that is not complete JSON, nests too deep, or names a key twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl From<serde_json::Error> for Unreadable {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// The text of a body that is to be JSON: UTF-8, and of a sane depth.
pub(super) fn text(body: &[u8]) -> Result<&str, Unreadable> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let bytes = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable)?;
    if is_too_deep(text) { Err(Unreadable) } else { Ok(text) }
}

/// The one complete JSON value that `text` is.
pub(super) fn document(text: &str) -> Result<&RawValue, Unreadable> {
    Ok(serde_json::from_str(text)?)
}

/// The one complete JSON value that `body` is.
pub(super) fn read(body: &[u8]) -> Result<&RawValue, Unreadable> {
    document(text(body)?)
}

/// One value, read one level deep.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// Its digits, as written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<&'a RawValue>),
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    pub(super) fn read(raw: &'a RawValue) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Object(serde_json::from_str(text)?),
            Some(b'[') => Self::List(serde_json::from_str(text)?),
            Some(b'"') => Self::Text(match unescaped(text) {
                Some(text) => Cow::Borrowed(text),
                None => serde_json::from_str::<Text>(text)?.0,
            }),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        })
    }

    /// The object this is, if it is one.
    pub(super) fn object(self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// What stands between the quotes of a string of sound JSON, where that is the text itself.
fn unescaped(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', inner.as_bytes()).is_none().then_some(inner)
}

/// An object whose keys are looked up without regard to case.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// In the order written.
    pub(super) entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object that `raw` is, if it is one.
    pub(super) fn read(raw: &'a RawValue) -> Result<Option<Self>, Unreadable> {
        Value::read(raw).map(Value::object)
    }

    /// The object that `body` is as a whole, if it is one.
    pub(super) fn of_body(body: &'a [u8]) -> Result<Option<Self>, Unreadable> {
        let text = text(body)?;
        if text.starts_with('{') {
            return Ok(Some(serde_json::from_str(text)?));
        }
        Self::read(document(text)?)
    }

    /// The first value under one of `names`, the earlier name first.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'a RawValue> {
        self.all(names).next()
    }

    /// The first value under one of `names` that is text or a number.
    pub(super) fn scalar(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.all(names).find_map(scalar)
    }

    fn all(&self, names: &[&str]) -> impl Iterator<Item = &'a RawValue> {
        names.iter().flat_map(|name| {
            let is_it = move |(key, _): &&(Cow<'a, str>, _)| key.eq_ignore_ascii_case(name);
            self.entries.iter().filter(is_it).map(|(_, value)| *value)
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut entries = Vec::new();
        while let Some((Name(key), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            entries.push((key, value));
        }
        if has_duplicates(entries.iter().map(|(key, _)| key.as_ref())) {
            return Err(A::Error::custom("a key is there twice"));
        }
        Ok(Object { entries })
    }
}

/// Whether two of `keys` are equal, by their hashes: two others pass for it once in 2^64.
pub(super) fn has_duplicates<'k>(keys: impl Iterator<Item = &'k str>) -> bool {
    let mut hashes: Vec<u64> = keys.map(|key| xxh3_64(key.as_bytes())).collect();
    hashes.sort_unstable();
    hashes.windows(2).any(|pair| pair[0] == pair[1])
}

/// Text or a number as trimmed text; `None` for null, "", lists and objects.
pub(super) fn scalar(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = match Value::read(raw).ok()? {
        Value::Text(Cow::Borrowed(text)) => Cow::Borrowed(text.trim()),
        Value::Text(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
        Value::Number(digits) => Cow::Borrowed(digits),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Null | Value::List(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Yes or no, in any of the ways APIs write it.
pub(super) fn flag(text: &str) -> Option<bool> {
    const YES: [&str; 4] = ["true", "yes", "y", "1"];
    const NO: [&str; 4] = ["false", "no", "n", "0"];
    let is = |known: [&str; 4]| known.iter().any(|known| text.eq_ignore_ascii_case(known));
    if is(YES) {
        Some(true)
    } else if is(NO) {
        Some(false)
    } else {
        None
    }
}

/// The same JSON without white space between its parts.
pub(super) fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut within = StringState::default();
    for c in json.chars() {
        let in_string = within.next(u8::try_from(c).unwrap_or(u8::MAX));
        if in_string || !c.is_ascii_whitespace() {
            compact.push(c);
        }
    }
    compact
}

/// Whether lists and objects nest deeper than `serde_json` itself would follow.
/// It does not look into values it keeps raw, so this does.
fn is_too_deep(text: &str) -> bool {
    const DEEPEST: usize = 127;
    // Few brackets cannot nest deep; this alone settles most replies.
    memchr::memchr2_iter(b'[', b'{', text.as_bytes()).nth(DEEPEST).is_some()
        && deepest(text) > DEEPEST
}

fn deepest(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut within = StringState::default();
    for byte in text.bytes() {
        if within.next(byte) {
            continue;
        }
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Says, byte by byte, what is within a JSON string.
#[derive(Default)]
struct StringState {
    in_string: bool,
    escaped: bool,
}

impl StringState {
    /// Whether `byte` belongs to a string, its quotes included.
    fn next(&mut self, byte: u8) -> bool {
        if !self.in_string {
            self.in_string = byte == b'"';
            return self.in_string;
        }
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
        }
        true
    }
}

#[cfg(test)]
#[path = "tests/json.rs"]
mod tests;
