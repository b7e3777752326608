//! A batch decode's reply: its items, matched to the VINs asked.

use serde_json::value::RawValue;

use super::complaint;
use super::item::{self, Item, Placed};
use crate::domain::{Fault, Key, Vin};
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{error_words, garbled, unrecognised};
use crate::vendors::{Answer, KeyAnswer, Parsed, Reply};

/// The answers in `reply`, by the places of `keys`.
pub(super) fn parse(reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
    let unreadable = |_: Unreadable| garbled(&reply.body);
    let text = json::text(&reply.body).map_err(unreadable)?;
    let mut matching = Matching::new(reply, keys);
    if let Some(items) = walk(text) {
        matching.listed(items);
        return Ok(matching.parsed);
    }
    let Shape { items, errors } = find(json::document(text).map_err(unreadable)?, reply)?;
    match items {
        Items::Listed(items) => placed(&items).map(|items| matching.listed(items)),
        Items::Keyed(items) => matching.keyed(&items),
    }
    .and_then(|()| errors.map_or(Ok(()), |errors| matching.errors(errors)))
    .map_err(unreadable)?;
    Ok(matching.parsed)
}

/// The items of `{"success":true,"data":[…]}`, the shape most likely meant by
/// the vendor's page, in one walk over its text; nothing for any other shape.
fn walk(text: &str) -> Option<Vec<Placed<'_>>> {
    const HEAD: [&str; 8] = ["{", "\"success\"", ":", "true", ",", "\"data\"", ":", "["];
    let mut items = Vec::with_capacity(20);
    let mut rest = HEAD.into_iter().try_fold(text, after)?;
    loop {
        let item = item::first(skip_space(rest)).ok()?;
        rest = item.rest;
        items.push(item);
        match after(rest, ",") {
            Some(next) => rest = next,
            None => break,
        }
    }
    let tail = after(after(rest, "]")?, "}")?;
    skip_space(tail).is_empty().then_some(items)
}

/// What follows `token`, which may have white space before it.
fn after<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    skip_space(text).strip_prefix(token)
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\n'])
}

fn placed<'a>(raws: &[&'a RawValue]) -> Result<Vec<Placed<'a>>, Unreadable> {
    raws.iter().map(|raw| item::first(raw.get())).collect()
}

/// Where a reply keeps its answers.
struct Shape<'a> {
    items: Items<'a>,
    /// Items that failed may be listed apart from the others.
    errors: Option<&'a RawValue>,
}

enum Items<'a> {
    Listed(Vec<&'a RawValue>),
    Keyed(Vec<(Vin, &'a RawValue)>),
}

fn find<'a>(document: &'a RawValue, reply: &Reply) -> Result<Shape<'a>, Fault> {
    let garbled = |_: Unreadable| garbled(&reply.body);
    match Value::read(document).map_err(garbled)? {
        Value::List(items) => Ok(Shape { items: Items::Listed(items), errors: None }),
        Value::Object(envelope) if complaint::says_failed(&envelope) => {
            Err(complaint::about_call(&envelope, reply))
        }
        Value::Object(envelope) => match items_in(&envelope).map_err(garbled)? {
            Some(items) if !is_failure(&envelope, &items) => {
                Ok(Shape { items, errors: envelope.get(&["errors"]) })
            }
            _ => Err(complaint::about_shape(&envelope, reply)),
        },
        _ => Err(unrecognised(&reply.body)),
    }
}

/// Whether the envelope names an error and holds nothing else.
fn is_failure(envelope: &Object<'_>, items: &Items<'_>) -> bool {
    let empty = matches!(items, Items::Listed(items) if items.is_empty());
    empty && envelope.get(&["error"]).and_then(error_words).is_some()
}

/// A list at `data`, `results` or `data.results`, a single item there, or an
/// object keyed by VIN there or at the top.
fn items_in<'a>(envelope: &Object<'a>) -> Result<Option<Items<'a>>, Unreadable> {
    for place in ["data", "results"] {
        let Some(raw) = envelope.get(&[place]) else { continue };
        match Value::read(raw)? {
            Value::List(items) => return Ok(Some(Items::Listed(items))),
            Value::Object(inner) if item::is_about_a_vehicle(&inner) => {
                return Ok(Some(Items::Listed(vec![raw])));
            }
            Value::Object(inner) => {
                let nested = inner.get(&["results"]).map(Value::read).transpose()?;
                if let Some(Value::List(items)) = nested {
                    return Ok(Some(Items::Listed(items)));
                }
                if let Some(items) = keyed_by_vin(&inner) {
                    return Ok(Some(items));
                }
            }
            _ => {}
        }
    }
    Ok(keyed_by_vin(envelope))
}

fn keyed_by_vin<'a>(object: &Object<'a>) -> Option<Items<'a>> {
    let items: Vec<_> =
        object.entries.iter().filter_map(|(key, raw)| Some((vin(key)?, *raw))).collect();
    (!items.is_empty()).then_some(Items::Keyed(items))
}

/// Fits what a reply says to the keys asked: by VIN, in any order and case.
struct Matching<'r> {
    reply: &'r Reply,
    keys: &'r [Key],
    answered: Vec<bool>,
    parsed: Parsed,
}

impl<'r> Matching<'r> {
    fn new(reply: &'r Reply, keys: &'r [Key]) -> Self {
        Self {
            reply,
            keys,
            answered: vec![false; keys.len()],
            parsed: Parsed { answers: Vec::with_capacity(keys.len()), ..Parsed::default() },
        }
    }

    /// Items that name their VIN; or none does, and there is one for each key.
    fn listed(&mut self, items: Vec<Placed<'_>>) {
        let anonymous =
            items.iter().all(|placed| placed.item.as_ref().is_none_or(|item| item.vin.is_none()));
        let positional = anonymous && items.len() == self.keys.len();
        for (position, Placed { item, text, .. }) in items.into_iter().enumerate() {
            let Some(item) = item else { continue };
            let place = match &item.vin {
                Some(vin) => self.place(vin, position),
                None => positional.then_some(position),
            };
            match place {
                Some(place) => {
                    self.parsed.by_place += u32::from(item.vin.is_none());
                    self.item(place, item, text);
                }
                None => self.parsed.foreign += u32::from(item.vin.is_some()),
            }
        }
    }

    /// Items filed under their VIN; a null one says that nothing is known.
    fn keyed(&mut self, items: &[(Vin, &RawValue)]) -> Result<(), Unreadable> {
        for (position, (vin, raw)) in items.iter().enumerate() {
            let Some(place) = self.place(vin.as_str(), position) else {
                self.parsed.foreign += 1;
                continue;
            };
            match item::first(raw.get())?.item {
                Some(item) if item.vin.as_deref().is_some_and(|inner| is_another(inner, *vin)) => {
                    self.parsed.foreign += 1;
                }
                Some(item) => self.item(place, item, raw.get()),
                None if raw.get() == "null" => self.answer(place, Answer::Absent, raw.get()),
                None => self.refusal(place, raw),
            }
        }
        Ok(())
    }

    /// Errors kept apart from the items: a list whose entries name a VIN
    /// somewhere, or an object keyed by VIN. Others are about no key.
    fn errors(&mut self, errors: &RawValue) -> Result<(), Unreadable> {
        match Value::read(errors)? {
            Value::List(entries) => {
                for entry in entries {
                    if let Some(place) = self.place_named_in(entry.get()) {
                        self.refusal(place, entry);
                    }
                }
            }
            Value::Object(entries) => {
                for (key, entry) in entries.entries {
                    if let Some(place) = self.place(&key, 0) {
                        self.refusal(place, entry);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn item(&mut self, place: usize, item: Item<'_>, text: &str) {
        self.parsed.type_drift += item.type_drift;
        match item.said {
            Some(said) => self.answer(place, said, text),
            None => self.parsed.unreadable += u32::from(!item.is_passing),
        }
    }

    /// An error about a key that no item answered.
    fn refusal(&mut self, place: usize, raw: &RawValue) {
        let words = complaint::in_entry(raw);
        if !self.answered[place] && !complaint::is_passing(&words) {
            self.answer(place, Answer::Refused(words), raw.get());
        }
    }

    /// `text` is a part of the reply, whose memory the answer shares.
    fn answer(&mut self, place: usize, said: Answer, text: &str) {
        let body = self.reply.body.slice_ref(text.as_bytes());
        let answer = KeyAnswer { key: place, said, body };
        if std::mem::replace(&mut self.answered[place], true) {
            self.parsed.repeated.push(answer);
        } else {
            self.parsed.answers.push(answer);
        }
    }

    /// The place of the key that `text` is; most replies keep the order asked.
    fn place(&self, text: &str, position: usize) -> Option<usize> {
        let is = |key: &Key, text: &str| key.vin().is_some_and(|vin| vin.as_str() == text);
        if self.keys.get(position).is_some_and(|key| is(key, text)) {
            return Some(position);
        }
        let vin = vin(text)?;
        self.keys.iter().position(|key| key.vin() == Some(&vin))
    }

    fn place_named_in(&self, text: &str) -> Option<usize> {
        let text = text.to_uppercase();
        self.keys.iter().position(|key| key.vin().is_some_and(|vin| text.contains(vin.as_str())))
    }
}

/// The VIN that `text` is, in any case.
fn vin(text: &str) -> Option<Vin> {
    Vin::in_any_case(text)
}

fn is_another(text: &str, asked: Vin) -> bool {
    vin(text) != Some(asked)
}
