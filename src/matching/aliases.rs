//! Other names: of families of models, of models, and of makes in some years. They are the
//! lines of `data/aliases.csv`, each with its source.

use std::sync::LazyLock;

use serde::Deserialize;

use super::vocabulary::table;

static ALIASES: LazyLock<Vec<Alias>> = LazyLock::new(|| table(include_str!("data/aliases.csv")));

#[derive(Debug, Deserialize)]
struct Alias {
    kind: Kind,
    /// One word in lower case.
    name: String,
    means: String,
    first_year: Option<i32>,
    last_year: Option<i32>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A word that makes a family of what stands before it.
    Family,
    /// A model under another name.
    Model,
    /// A make whose vehicles another make sold with its name as their first word.
    Make,
}

/// Whether a word makes a family of models of what stands beside it.
pub(super) fn is_family_word(word: &str) -> bool {
    ALIASES.iter().any(|alias| alias.kind == Kind::Family && alias.name == word)
}

/// The one name for a model that goes by several.
pub(super) fn one_model(word: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|alias| alias.kind == Kind::Model && alias.name == word)?;
    Some(&alias.means)
}

/// Another make under which a make's vehicles of a year may be filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherMake {
    /// In upper case.
    pub(crate) make: String,
    /// What the models are called there.
    pub(crate) model: String,
}

/// The make and model under which a vehicle may be filed too: a RAM 1500 as DODGE RAM
/// 1500, and the other way round.
pub(crate) fn other_make(make: &str, model: &str, year: i32) -> Option<OtherMake> {
    let is_then = |alias: &&Alias| {
        let after = alias.first_year.is_none_or(|first| first <= year);
        alias.kind == Kind::Make && after && alias.last_year.is_none_or(|last| year <= last)
    };
    ALIASES.iter().filter(is_then).find_map(|Alias { name, means, .. }| {
        if make.eq_ignore_ascii_case(name) {
            let model = format!("{} {model}", name.to_uppercase());
            return Some(OtherMake { make: means.to_uppercase(), model });
        }
        let head = model.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
        let rest = model[head.len()..].trim_start();
        let is_word = rest.len() < model.len() - head.len() || rest.is_empty();
        (make.eq_ignore_ascii_case(means) && is_word)
            .then(|| OtherMake { make: name.to_uppercase(), model: rest.to_owned() })
    })
}

#[cfg(test)]
#[path = "tests/aliases.rs"]
mod tests;
