//! The closed vocabulary of names: words that say which version of a model a name means,
//! and never which model. Anything else in a name may be another car.
//!
//! The words and what they mean are the CSV files in `data/`, each line with its source.

use std::sync::LazyLock;

use hashbrown::HashMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::body_fuel::{self, BODIES};
use super::tokens::parts;

/// What a word of the vocabulary is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// What drives it: `HYBRID`, `EV`, `DIESEL`.
    Powertrain,
    /// How large a truck or how strong a car: `2500`, `1/2 TON`, the `350` in `ES 350`.
    Series,
    /// `HD`, `SUPER DUTY`.
    Duty,
    /// `SEDAN`, `CARGO VAN`.
    Body,
    /// `CREW CAB`.
    Cab,
    /// `AWD`, `4X4`.
    Drive,
    /// How it is fitted out: `XLT`.
    Trim,
}

/// A word of the vocabulary, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// What it is about.
    pub(crate) kind: Kind,
    /// The values of that kind that it means, as bits; none for a trim, which is its own
    /// word, and for a number that is not the size of a truck.
    pub(super) sure: u32,
    /// The values that it may mean too.
    pub(super) perhaps: u32,
}

impl Term {
    /// Whether only the very word says what it means: numbers and trims do.
    pub(super) fn is_its_own_word(self) -> bool {
        matches!(self.kind, Kind::Series | Kind::Trim)
    }
}

/// Powertrains, by the place of their bit.
const POWERTRAINS: [&str; 7] =
    ["gasoline", "diesel", "natural-gas", "hybrid", "plug-in", "electric", "fuel-cell"];
const DUTIES: [&str; 2] = ["light", "heavy"];
const CABS: [&str; 4] = ["regular", "extended", "crew", "mega"];
const DRIVES: [&str; 3] = ["four", "front", "rear"];

/// The vocabulary, by phrases of parts: `4 x 4`.
static TERMS: LazyLock<HashMap<String, Term>> = LazyLock::new(read_terms);

/// How heavy trucks of each size are, by the place of the size's bit.
static SIZES: LazyLock<Vec<Size>> = LazyLock::new(|| table(include_str!("data/sizes.csv")));

/// Parts that the longest phrase has.
static LONGEST: LazyLock<usize> =
    LazyLock::new(|| TERMS.keys().map(|phrase| phrase.split(' ').count()).max().unwrap_or(1));

/// A line of `vocabulary.csv`.
#[derive(Debug, Deserialize)]
struct Line {
    kind: Kind,
    phrase: String,
    /// Values of the kind; with `?` those that it may mean too.
    means: String,
}

/// A line of `sizes.csv`.
#[derive(Debug, Deserialize)]
struct Size {
    size: String,
    duty: String,
    least_lb: u32,
    most_lb: u32,
}

/// The term that `words`, in lower case with letters and digits apart, begin with, and of
/// how many words it is; the longest there is.
pub(super) fn term_at(words: &[String]) -> Option<(Term, usize)> {
    let longest = words.len().min(*LONGEST);
    let known = (1..=longest).rev().find_map(|length| {
        let term = TERMS.get(&words[..length].join(" "))?;
        Some((*term, length))
    });
    known.or_else(|| is_series_number(words.first()?).then_some((NUMBER, 1)))
}

/// A number that is not the size of a truck: the `350` in `ES 350`.
const NUMBER: Term = Term { kind: Kind::Series, sure: 0, perhaps: 0 };

/// Whether a part may number the versions of a model; one digit numbers models.
pub(super) fn is_series_number(part: &str) -> bool {
    (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The values that a phrase of the kind means, and those that it may mean too.
fn values(kind: Kind, phrase: &str, means: &str) -> (u32, u32) {
    let bit = |name: &str| match kind {
        Kind::Powertrain => place(&POWERTRAINS, name),
        Kind::Series => SIZES.iter().position(|size| size.size == name).map_or(0, |at| 1 << at),
        Kind::Duty => place(&DUTIES, name),
        Kind::Cab => place(&CABS, name),
        Kind::Drive => place(&DRIVES, name),
        Kind::Body | Kind::Trim => 0,
    };
    let (mut sure, mut perhaps) = (0, 0);
    for name in means.split_whitespace() {
        match name.strip_suffix('?') {
            Some(name) => perhaps |= bit(name),
            None => sure |= bit(name),
        }
    }
    if kind == Kind::Body {
        sure = body_fuel::kinds(BODIES, phrase);
    }
    (sure, perhaps)
}

fn place(names: &[&str], name: &str) -> u32 {
    names.iter().position(|known| *known == name).map_or(0, |place| 1 << place)
}

fn read_terms() -> HashMap<String, Term> {
    let lines: Vec<Line> = table(include_str!("data/vocabulary.csv"));
    let term = |Line { kind, phrase, means }: Line| {
        let (sure, perhaps) = values(kind, &phrase, &means);
        (parts(&phrase).join(" "), Term { kind, sure, perhaps })
    };
    lines.into_iter().map(term).collect()
}

/// The lines of a CSV file of the program.
pub(super) fn table<T: DeserializeOwned>(csv: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(csv.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("the table is compiled in, and tests read it")
}

#[cfg(test)]
#[path = "tests/vocabulary.rs"]
mod tests;
