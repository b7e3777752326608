//! Templates: text with `{column}` in it, filled from a row.
//!
//! `{vin}` is the row's VIN as it was read; any other name is a column of the
//! input, compared without case, spaces and punctuation. `{{` and `}}` stand
//! for braces.

use serde_json::{Map, Value};

use crate::domain::{Error, Vin};
use crate::input::Row;

/// The name that stands for the row's VIN.
const VIN: &str = "vin";

/// Columns named in an error.
const SHOWN: usize = 40;

/// Text with places for cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Vin,
    Cell(usize),
}

impl Template {
    /// Reads `text`. Fails with 64 where it names no column of `columns`, or
    /// leaves a brace open; `what` says whose text it is.
    pub(super) fn parse(what: &str, text: &str, columns: &[String]) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(format!("{what}: {why}"))
                .hint("`{name}` stands for a column, `{{` and `}}` for braces")
        };
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, behind) = rest[at..].split_at(1);
            if let Some(behind) = behind.strip_prefix(brace) {
                literal.push_str(brace);
                rest = behind;
                continue;
            }
            let Some((name, behind)) = behind.split_once('}').filter(|_| brace == "{") else {
                return Err(wrong(&format!("a `{brace}` stands alone")));
            };
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(find(what, name, columns)?);
            rest = behind;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self(pieces))
    }

    /// The text for a row; an empty cell leaves nothing.
    pub(super) fn fill(&self, row: Row<'_>, vin: &Vin) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Vin => vin.to_string(),
            Piece::Cell(column) => row.cell(*column).unwrap_or_default().to_owned(),
        };
        self.0.iter().map(piece).collect()
    }

    /// Its pieces that a row fills: whether each has something there.
    fn filled<'t>(&'t self, row: Row<'t>) -> impl Iterator<Item = bool> + 't {
        self.0.iter().filter_map(move |piece| match piece {
            Piece::Text(_) => None,
            Piece::Vin => Some(true),
            Piece::Cell(column) => {
                Some(row.cell(*column).is_some_and(|cell| !cell.trim().is_empty()))
            }
        })
    }

    /// As a JSON value: a single empty cell is `null`.
    fn fill_value(&self, row: Row<'_>, vin: &Vin) -> Value {
        match self.0.as_slice() {
            [Piece::Cell(column)] if row.cell(*column).is_none() => Value::Null,
            _ => Value::String(self.fill(row, vin)),
        }
    }
}

fn find(what: &str, name: &str, columns: &[String]) -> Result<Piece, Error> {
    let bare = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if bare(name) == VIN {
        return Ok(Piece::Vin);
    }
    let exact = columns.iter().position(|column| column == name);
    let alike = || columns.iter().position(|column| bare(column) == bare(name));
    exact.or_else(alike).map(Piece::Cell).ok_or_else(|| {
        let known: Vec<String> =
            columns.iter().take(SHOWN).map(|column| format!("`{column}`")).collect();
        let more = if columns.len() > SHOWN { " and more" } else { "" };
        Error::usage(format!("{what} names an unknown column `{name}`"))
            .hint(format!("the columns of the input are {}{more}", known.join(", ")))
    })
}

/// A JSON object whose strings are templates.
#[derive(Clone, Debug)]
pub(super) struct JsonTemplate(Vec<(String, Node)>);

#[derive(Clone, Debug)]
enum Node {
    Text(Template),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    Other(Value),
}

impl JsonTemplate {
    /// Reads the JSON in `text`. Fails with 64.
    pub(super) fn parse(what: &str, text: &str, columns: &[String]) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::usage(format!("{what} is not JSON")).because(error))?;
        match value {
            Value::Object(fields) => Ok(Self(object(what, fields, columns)?)),
            _ => Err(Error::usage(format!("{what} must be a JSON object"))
                .hint("such as {\"prompt\": \"Describe a {make} {model}\"}")),
        }
    }

    /// Whether it names cells, and all of them are empty in a row.
    pub(super) fn is_empty_for(&self, row: Row<'_>) -> bool {
        let mut filled = Vec::new();
        self.0.iter().for_each(|(_, node)| node.note_filled(row, &mut filled));
        !filled.is_empty() && !filled.contains(&true)
    }

    /// The object for a row.
    pub(super) fn fill(&self, row: Row<'_>, vin: &Vin) -> Value {
        fill_object(&self.0, row, vin)
    }
}

fn object(
    what: &str,
    fields: Map<String, Value>,
    columns: &[String],
) -> Result<Vec<(String, Node)>, Error> {
    fields.into_iter().map(|(name, value)| Ok((name, node(what, value, columns)?))).collect()
}

/// The parser allows no deeper nesting than the stack does.
fn node(what: &str, value: Value, columns: &[String]) -> Result<Node, Error> {
    Ok(match value {
        Value::String(text) => Node::Text(Template::parse(what, &text, columns)?),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| node(what, item, columns));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Node::Object(object(what, fields, columns)?),
        other => Node::Other(other),
    })
}

impl Node {
    /// Notes of every cell it names whether that holds something.
    fn note_filled(&self, row: Row<'_>, filled: &mut Vec<bool>) {
        match self {
            Self::Text(template) => filled.extend(template.filled(row)),
            Self::List(items) => items.iter().for_each(|item| item.note_filled(row, filled)),
            Self::Object(fields) => {
                for (_, node) in fields {
                    node.note_filled(row, filled);
                }
            }
            Self::Other(_) => {}
        }
    }

    fn fill(&self, row: Row<'_>, vin: &Vin) -> Value {
        match self {
            Self::Text(template) => template.fill_value(row, vin),
            Self::List(items) => items.iter().map(|item| item.fill(row, vin)).collect(),
            Self::Object(fields) => fill_object(fields, row, vin),
            Self::Other(value) => value.clone(),
        }
    }
}

fn fill_object(fields: &[(String, Node)], row: Row<'_>, vin: &Vin) -> Value {
    let filled = fields.iter().map(|(name, node)| (name.clone(), node.fill(row, vin)));
    Value::Object(filled.collect())
}

#[cfg(test)]
#[path = "tests/template.rs"]
mod tests;
