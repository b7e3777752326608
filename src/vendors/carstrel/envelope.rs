//! What is around the vehicles of a page:
//! `{"statusCode":200,"data":[…],"total":250,"page":1,"limit":100,"totalPages":3}`,
//! and what is there instead when something is wrong.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{PAGE, vehicle};
use crate::domain::Fault;
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{garbled, short_words, unrecognised};
use crate::vendors::{ListPage, Reply, by_status};

/// What is wrong with a reply as a whole. The HTTP status decides; the status
/// that the body repeats may differ from it (201 within 200), and counts only
/// where it is an error.
pub(super) fn fault(reply: &Reply) -> Option<Fault> {
    if !(200..300).contains(&reply.status) {
        return by_status(reply).map(|fault| in_its_words(fault, reply));
    }
    let said = status_in_body(reply).filter(|status| *status >= 400)?;
    match by_status(&Reply { status: said, ..reply.clone() }) {
        Some(fault @ (Fault::Denied(_) | Fault::Limited { .. })) => Some(fault),
        Some(fault @ Fault::Poisoned { .. }) => Some(in_its_words(fault, reply)),
        _ => Some(garbled(&reply.body)),
    }
}

/// Refuses a body that is not this page, or whose entries are not vehicles.
pub(super) fn check(number: u32, body: &[u8]) -> Result<(), Fault> {
    match List::read(body) {
        Ok(Some(list)) => {
            // An earlier page again is a list's matter, and told as such.
            let is_another = list.number(&["page"]).is_some_and(|page| page > u64::from(number));
            let are_vehicles =
                list.entries.is_empty() || list.entries.iter().any(|entry| vehicle::is_one(entry));
            if are_vehicles && !is_another { Ok(()) } else { Err(unrecognised(body)) }
        }
        Ok(None) => Err(unrecognised(body)),
        Err(Unreadable) => Err(garbled(body)),
    }
}

/// Refuses a body that is not a list of what has an id and a name.
pub(super) fn check_names(body: &[u8]) -> Result<(), Fault> {
    match List::read(body) {
        Ok(Some(list)) => {
            let has_both = |entry: &&RawValue| {
                let entry = Object::read(entry).ok().flatten();
                let is_there = |name| entry.as_ref().is_some_and(|of| of.scalar(&[name]).is_some());
                is_there("id") && is_there("name")
            };
            if list.entries.iter().all(has_both) { Ok(()) } else { Err(unrecognised(body)) }
        }
        Ok(None) => Err(unrecognised(body)),
        Err(Unreadable) => Err(garbled(body)),
    }
}

/// What the page says of its list.
pub(super) fn page(number: u32, body: &[u8]) -> Option<ListPage> {
    let list = List::read(body).ok()??;
    let limit = list.number(&["limit", "perPage", "pageSize"]).filter(|limit| *limit > 0);
    let limit = limit.unwrap_or(PAGE);
    let total = list.number(&["total", "totalCount", "count"]);
    let pages = list.number(&["totalPages", "pageCount", "pages"]);
    let pages = pages.or_else(|| total.map(|total| total.div_ceil(limit)));
    let entries = list.entries.len();
    let more = match pages {
        Some(pages) => u64::from(number) < pages,
        // Nothing is said of the end: a full page may have a next one.
        None => entries as u64 >= limit,
    };
    Some(ListPage { entries, more, total, pages })
}

/// What `read` makes of each entry of a kept page.
pub(super) fn entries<T>(body: &[u8], read: impl Fn(&RawValue) -> Option<T>) -> Vec<T> {
    let Ok(Some(list)) = List::read(body) else { return Vec::new() };
    list.entries.into_iter().filter_map(read).collect()
}

/// The entries of a page, and the objects that may say which page it is.
struct List<'a> {
    entries: Vec<&'a RawValue>,
    about: Vec<Object<'a>>,
}

impl<'a> List<'a> {
    fn read(body: &'a [u8]) -> Result<Option<Self>, Unreadable> {
        let Some(envelope) = Object::read(json::read(body)?)? else { return Ok(None) };
        let Some(data) = envelope.get(&["data"]) else { return Ok(None) };
        let mut about = vec![envelope];
        let entries = match Value::read(data)? {
            Value::List(entries) => entries,
            Value::Object(data) => {
                let Some(inner) = data.get(&["vehicles", "items", "data"]) else {
                    return Ok(None);
                };
                let Value::List(entries) = Value::read(inner)? else { return Ok(None) };
                about.push(data);
                entries
            }
            _ => return Ok(None),
        };
        for place in 0..about.len() {
            let apart = about[place].get(&["meta", "pagination"]);
            about.extend(apart.map(Object::read).transpose()?.flatten());
        }
        Ok(Some(Self { entries, about }))
    }

    fn number(&self, names: &[&str]) -> Option<u64> {
        self.about.iter().find_map(|object| object.scalar(names)?.parse().ok())
    }
}

fn status_in_body(reply: &Reply) -> Option<u16> {
    let envelope = Object::read(json::read(&reply.body).ok()?).ok()??;
    envelope.scalar(&["statusCode"])?.parse().ok()
}

/// A refusal with the vendor's message, where it has one.
fn in_its_words(fault: Fault, reply: &Reply) -> Fault {
    let Fault::Poisoned { code } = fault else { return fault };
    Fault::Poisoned { code: words(&reply.body).map_or(code, |words| short_words(&words)) }
}

/// `message` is a text or a list of texts.
fn words(body: &[u8]) -> Option<String> {
    let envelope = Object::read(json::read(body).ok()?).ok()??;
    if let Ok(Value::List(several)) = Value::read(envelope.get(&["message"])?) {
        let several: Vec<_> = several.into_iter().filter_map(json::scalar).collect();
        return (!several.is_empty()).then(|| several.join("; "));
    }
    envelope.scalar(&["message", "error"]).map(Cow::into_owned)
}
