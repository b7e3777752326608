//! The catalogue of models that have recalls: `{"count","message","results":
//! [{"modelYear","make","model"}]}`, with repetitions.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::domain::Vehicle;
use crate::matching::bare;
use crate::vendors::json::{self, Object, Unreadable, Value};

/// The names in a kept reply; none where it cannot be read.
pub(super) fn names(body: &[u8]) -> Vec<String> {
    json::read(body).and_then(|document| read(document, None)).ok().flatten().unwrap_or_default()
}

/// The distinct names, upper case with single spaces, in order; `None` where the
/// reply is not such a list, is not all of it, or has a model of another make or year than
/// was asked `about`.
pub(super) fn read(
    document: &RawValue,
    about: Option<&Vehicle>,
) -> Result<Option<Vec<String>>, Unreadable> {
    let Some(envelope) = Object::read(document)? else { return Ok(None) };
    let list = envelope.get(&["results"]).map(Value::read).transpose()?;
    let Some(Value::List(entries)) = list else { return Ok(None) };
    let count = envelope.scalar(&["count"]).and_then(|count| count.parse::<usize>().ok());
    if count.is_some_and(|count| count > entries.len()) {
        return Ok(None);
    }
    let mut names = BTreeSet::new();
    for entry in entries {
        let Some(entry) = Object::read(entry)? else { return Ok(None) };
        let Some(model) = entry.scalar(&["model"]) else { return Ok(None) };
        if about.is_some_and(|about| is_foreign(&entry, about)) {
            return Ok(None);
        }
        names.insert(model.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase());
    }
    Ok(Some(names.into_iter().collect()))
}

/// Whether an entry says that it is of another make or year.
fn is_foreign(entry: &Object<'_>, about: &Vehicle) -> bool {
    let make = entry.scalar(&["make"]);
    let year = entry.scalar(&["modelYear"]).and_then(|year| year.parse::<i32>().ok());
    make.is_some_and(|make| bare(&make) != bare(&about.make))
        || year.is_some_and(|year| year != about.year)
}
