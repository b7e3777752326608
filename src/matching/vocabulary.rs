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

/// The phrases of the vocabulary by their first part, the longest first.
static TERMS: LazyLock<HashMap<String, Vec<Phrase>>> = LazyLock::new(read_terms);

/// How heavy trucks of each size are, by the place of the size's bit.
static SIZES: LazyLock<Vec<Size>> = LazyLock::new(|| table(include_str!("data/sizes.csv")));

/// The parts of a phrase, and what it means.
#[derive(Debug)]
struct Phrase {
    parts: Vec<String>,
    term: Term,
}

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
    name: String,
    duty: String,
    least_lb: u32,
    most_lb: u32,
}

/// The term that `words`, in lower case with letters and digits apart, begin with, and of
/// how many words it is; the longest there is.
pub(super) fn term_at(words: &[String]) -> Option<(Term, usize)> {
    let phrases = TERMS.get(words.first()?).into_iter().flatten();
    let mut phrases = phrases.filter(|phrase| words.starts_with(&phrase.parts));
    let known = phrases.next().map(|phrase| (phrase.term, phrase.parts.len()));
    known.or_else(|| is_series_number(words.first()?).then_some((NUMBER, 1)))
}

/// A number that is not the size of a truck: the `350` in `ES 350`.
const NUMBER: Term = Term { kind: Kind::Series, sure: 0, perhaps: 0 };

/// Whether a part may number the versions of a model; one digit numbers models.
pub(super) fn is_series_number(part: &str) -> bool {
    (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The terms of a kind among `words`, and the values that they mean or may mean.
pub(super) fn said_of(kind: Kind, mut words: &[String]) -> Option<u32> {
    let mut said = None;
    while let [_, rest @ ..] = words {
        let found = term_at(words);
        if let Some((term, _)) = found.filter(|(term, _)| term.kind == kind) {
            said = Some(said.unwrap_or(0) | term.sure | term.perhaps);
        }
        words = found.map_or(rest, |(_, length)| &words[length..]);
    }
    said
}

/// The sizes of truck of which some may weigh between `least` and `most` pounds.
pub(super) fn sizes_of_weight(least: u32, most: u32) -> u32 {
    sizes(|size| size.least_lb <= most && least <= size.most_lb)
}

/// The duties of the sizes of truck in `sizes`.
pub(super) fn duties_of_sizes(of: u32) -> u32 {
    let each = SIZES.iter().enumerate().filter(|(place, _)| of & (1 << place) != 0);
    each.fold(0, |duties, (_, size)| duties | place(&DUTIES, &size.duty))
}

fn sizes(wanted: impl Fn(&Size) -> bool) -> u32 {
    let each = SIZES.iter().enumerate().filter(|(_, size)| wanted(size));
    each.fold(0, |sizes, (place, _)| sizes | 1 << place)
}

/// The values that a phrase of the kind means, and those that it may mean too.
fn values(kind: Kind, phrase: &str, means: &str) -> (u32, u32) {
    let bit = |name: &str| match kind {
        Kind::Powertrain => place(&POWERTRAINS, name),
        Kind::Series => sizes(|size| size.name == name),
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

fn read_terms() -> HashMap<String, Vec<Phrase>> {
    let lines: Vec<Line> = table(include_str!("data/vocabulary.csv"));
    let mut terms: HashMap<String, Vec<Phrase>> = HashMap::new();
    for Line { kind, phrase, means } in lines {
        let (sure, perhaps) = values(kind, &phrase, &means);
        let parts = parts(&phrase);
        let first = parts.first().cloned().unwrap_or_default();
        terms.entry(first).or_default().push(Phrase { parts, term: Term { kind, sure, perhaps } });
    }
    for phrases in terms.values_mut() {
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.parts.len()));
    }
    terms
}

/// The lines of a CSV file of the program.
pub(super) fn table<T: DeserializeOwned>(csv: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(csv.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("the table is compiled in, and tests read it")
}

#[cfg(test)]
#[path = "tests/vocabulary.rs"]
mod tests;
