//! One line into cells, by key.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::input::record::MAX_FIELD;

/// The keys of the lines so far, in the order in which they came first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) names: Vec<String>,
    known: HashSet<String>,
    /// Of all names together.
    pub(super) bytes: usize,
}

impl Keys {
    /// Adds those of an object.
    pub(super) fn add(&mut self, object: &[u8]) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_slice(object);
        json.deserialize_map(KeysOf(self))?;
        json.end()
    }

    fn see(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.bytes += name.len();
            self.known.insert(name.to_owned());
            self.names.push(name.to_owned());
        }
    }
}

struct KeysOf<'k>(&'k mut Keys);

impl<'de> Visitor<'de> for KeysOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(OnKey(|name: &str| self.0.see(name)))?.is_some() {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Hands a key on without a copy of it.
struct OnKey<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for OnKey<F> {
    type Value = T;

    fn deserialize<D: serde::Deserializer<'de>>(self, key: D) -> Result<T, D::Error> {
        key.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for OnKey<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}

/// The cells of one line, reused from line to line.
#[derive(Debug)]
pub(super) struct Cells {
    text: String,
    values: Vec<Option<Cell>>,
    /// The columns that have a cell, or null.
    seen: Vec<bool>,
    /// The column of a value that is too long.
    too_long: Option<usize>,
}

#[derive(Clone, Debug)]
struct Cell {
    place: Range<usize>,
    is_number: bool,
}

impl Cells {
    pub(super) fn for_columns(count: usize) -> Self {
        Self {
            text: String::new(),
            values: vec![None; count],
            seen: vec![false; count],
            too_long: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The cell of a column; `None` where the line has null or no such key.
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        self.text.get(self.values.get(column)?.as_ref()?.place.clone())
    }

    /// Whether the line has a number there.
    pub(super) fn is_number(&self, column: usize) -> bool {
        matches!(self.values.get(column), Some(Some(cell)) if cell.is_number)
    }

    /// Which value is longer than a cell may be, and left out, for a message.
    pub(super) fn too_long(&self) -> Option<String> {
        self.too_long.map(|column| format!("of column {}", column + 1))
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.values.fill(None);
        self.seen.fill(false);
        self.too_long = None;
    }

    /// Reads `object`, whose keys have these `places`.
    pub(super) fn read(
        &mut self,
        object: &[u8],
        places: &HashMap<String, usize>,
    ) -> Result<(), serde_json::Error> {
        self.clear();
        let mut json = serde_json::Deserializer::from_slice(object);
        json.deserialize_map(CellsOf { cells: self, places })?;
        json.end()
    }

    fn put(&mut self, column: usize, value: &str) -> Result<(), serde_json::Error> {
        let start = self.text.len();
        match value.as_bytes().first() {
            Some(b'n') => return Ok(()),
            Some(b'"') if !value.contains('\\') => self.text.push_str(value.trim_matches('"')),
            Some(b'"') => self.text.push_str(&serde_json::from_str::<String>(value)?),
            _ => self.text.push_str(value),
        }
        if self.text.len() - start > MAX_FIELD {
            self.text.truncate(start);
            self.too_long = Some(column);
            return Ok(());
        }
        let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        self.values[column] = Some(Cell { place: start..self.text.len(), is_number });
        Ok(())
    }
}

struct CellsOf<'c> {
    cells: &'c mut Cells,
    places: &'c HashMap<String, usize>,
}

impl<'de> Visitor<'de> for CellsOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { cells, places } = self;
        while let Some(place) = map.next_key_seed(OnKey(|key: &str| places.get(key).copied()))? {
            let value = map.next_value::<&RawValue>()?.get();
            let column =
                place.ok_or_else(|| A::Error::custom("a key that was not there before"))?;
            if std::mem::replace(&mut cells.seen[column], true) {
                return Err(A::Error::custom("a key comes twice"));
            }
            cells.put(column, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
