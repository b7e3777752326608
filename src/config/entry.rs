//! One setting as it was found, and what an error says of it.

use std::fmt;

use super::keys::{Key, Value};
use super::sources::quoted;
use crate::domain::Error;

/// The prefix of environment variables that are settings.
pub(super) const PREFIX: &str = "VINRICH_";

/// One setting: where it was found, which it is, and its value.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) path: Vec<String>,
    pub(super) value: Value,
}

/// Where a setting was found.
pub(super) enum Place {
    Line { file: String, line: usize },
    Variable(String),
}

impl Entry {
    /// Lets the one of `keys` that is named at `depth` of the path change `target`.
    pub(super) fn set<T>(
        &self,
        depth: usize,
        keys: &[Key<T>],
        target: &mut T,
    ) -> Result<(), Error> {
        let Some(name) = self.path.get(depth) else { return self.only_opens_a_table() };
        let key = keys.iter().find(|key| key.name == *name);
        let Some(key) = key else {
            let tables: &[&str] = if depth == 0 { &["datasets", "vendors"] } else { &[] };
            let known = keys.iter().map(|key| key.name).chain(tables.iter().copied());
            return Err(self.unknown(depth, &known.collect::<Vec<_>>()));
        };
        if self.path.len() > depth + 1 {
            let what = format!("makes a table of `{name}`, which is a single value");
            return Err(self.wrong(&what));
        }
        (key.set)(target, &self.value).map_err(|what| self.wrong(&what))
    }

    /// `what` fits behind the name of the key: "must be …".
    pub(super) fn wrong(&self, what: &str) -> Error {
        Error::config(match &self.place {
            Place::Line { .. } => format!("{}: `{}` {what}", self.place, self.path.join(".")),
            Place::Variable(_) => format!("{} {what}", self.place),
        })
    }

    /// The path ends where a table begins: an empty table says nothing wrong, a value does.
    pub(super) fn only_opens_a_table(&self) -> Result<(), Error> {
        match self.value {
            Value::Table => Ok(()),
            _ => Err(self.wrong("must be a table of settings, not a single value")),
        }
    }

    /// The path's part at `depth` is not one of those known there.
    pub(super) fn unknown(&self, depth: usize, known: &[&str]) -> Error {
        let wrong = self.path.get(depth).map_or("", String::as_str);
        let error = Error::config(match &self.place {
            Place::Line { .. } => {
                format!("{}: unknown key `{}`", self.place, self.path[..=depth].join("."))
            }
            Place::Variable(name) => format!("unknown variable `{name}`"),
        });
        let Some(nearest) = nearest(wrong, known) else {
            return error.hint(format!("known here are {}", quoted(known)));
        };
        match &self.place {
            Place::Line { .. } => error.hint(format!("the nearest known key is `{nearest}`")),
            Place::Variable(_) => {
                let mut path = self.path.clone();
                nearest.clone_into(&mut path[depth]);
                let name = path.join("__").replace('-', "_").to_ascii_uppercase();
                error.hint(format!("the nearest known variable is `{PREFIX}{name}`"))
            }
        }
    }

    /// The path's second part is not one of the `known` vendors.
    pub(super) fn unknown_vendor(&self, known: &[&str]) -> Error {
        if nearest(&self.path[1], known).is_some() {
            return self.unknown(1, known);
        }
        Error::config(format!("{}: unknown vendor `{}`", self.place, self.path[1]))
            .hint(format!("this build knows {}", quoted(known)))
    }

    /// The path names an API key, whose value must not be here.
    pub(super) fn holds_a_secret(&self) -> Error {
        self.wrong("would be an API key in the configuration, where it is read by too many")
            .hint("put the key into an environment variable and name that with `api_key_env`, or into a file named by `api_key_file`")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "`{file}` line {line}"),
            Self::Variable(name) => write!(f, "environment variable `{name}`"),
        }
    }
}

/// The known name that `wrong` is most likely a misspelling of.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(wrong, name);
    let nearest = known.iter().copied().min_by_key(distance)?;
    (distance(&nearest) <= 1 + nearest.len() / 3).then_some(nearest)
}
