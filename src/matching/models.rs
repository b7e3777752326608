//! What is special about the names of models.

use super::aliases::{is_family_word, one_model};
use super::makes::canonical;
use super::tokens::{differ_by_a_slip, parts, words};

/// Words that describe a body or a drive and tell no model from another.
const DESCRIPTIONS: [&str; 32] = [
    "van",
    "cargo",
    "passenger",
    "wagon",
    "sedan",
    "saloon",
    "coupe",
    "hatchback",
    "convertible",
    "cabriolet",
    "suv",
    "pickup",
    "truck",
    "cab",
    "crew",
    "regular",
    "extended",
    "double",
    "quad",
    "supercrew",
    "supercab",
    "chassis",
    "cutaway",
    "4wd",
    "2wd",
    "awd",
    "fwd",
    "rwd",
    "4x4",
    "4x2",
    "super",
    "duty",
];

/// One wrong letter in a shorter name may make another one of it.
const SHORTEST_MISTYPED: usize = 6;

/// Whether `a` and `b` may be one model, whichever of `makes` stands before it.
pub(super) fn agree(makes: &[&str], a: &str, b: &str) -> bool {
    let makes = all_canonical(makes);
    let (Some(a), Some(b)) = (Model::read(&makes, a), Model::read(&makes, b)) else {
        return true;
    };
    a.begins(&b)
        || b.begins(&a)
        || a.leads(&b)
        || b.leads(&a)
        || a.is_reordered(&b)
        || a.is_mistyped(&b)
}

/// The one name for each of `makes`.
pub(super) fn all_canonical(makes: &[&str]) -> Vec<String> {
    makes.iter().map(|make| canonical(&words(make))).collect()
}

/// A model's name, taken apart.
pub(super) struct Model {
    /// Letters and digits apart: `F-150 XLT` is `f`, `150`, `xlt`.
    parts: Vec<String>,
    /// It names a family: `C-Class`, `3 Series`.
    is_family: bool,
}

impl Model {
    /// `None` where `text` names no model.
    pub(super) fn read(makes: &[String], text: &str) -> Option<Self> {
        let mut parts = parts(&without_descriptions(text));
        while let Some(length) =
            (1..=parts.len()).rev().find(|&length| makes.contains(&canonical(&parts[..length])))
        {
            parts.drain(..length);
        }
        let is_family = drop_family_words(&mut parts);
        for part in &mut parts {
            if let Some(name) = one_model(part) {
                name.clone_into(part);
            }
        }
        drop_initials(&mut parts);
        (!parts.is_empty()).then_some(Self { parts, is_family })
    }

    /// Whether every part of it is among `known`.
    pub(super) fn is_within(&self, known: &[String]) -> bool {
        self.parts.iter().all(|part| known.contains(part))
    }

    /// The name as one word.
    pub(super) fn name(&self) -> String {
        self.parts.concat()
    }

    /// The name's first part, its first two, … all of it; each as one word.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.parts.len()).map(|length| self.parts[..length].concat())
    }

    /// Whether `other` begins with this name, on a boundary of its parts.
    fn begins(&self, other: &Self) -> bool {
        let name = self.name();
        other.beginnings().any(|beginning| beginning == name)
    }

    /// Whether this is a family by one digit, and `other` a model of it: of the
    /// `3 Series` are `328i` and `M340i`.
    fn leads(&self, other: &Self) -> bool {
        let number = other.parts.iter().find(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        match (&self.parts[..], number) {
            ([digit], Some(number)) if self.is_family && digit.len() == 1 => {
                number.len() == 3 && number.starts_with(digit.as_str())
            }
            _ => false,
        }
    }

    /// `MX-5 Miata` and `Miata MX-5`.
    fn is_reordered(&self, other: &Self) -> bool {
        let sorted = |model: &Self| {
            let mut parts = model.parts.clone();
            parts.sort();
            parts
        };
        sorted(self) == sorted(other)
    }

    /// `Tigaun` is a `Tiguan`; a `Model X` is no `Model S`.
    fn is_mistyped(&self, other: &Self) -> bool {
        let is_slip = |(a, b): (&String, &String)| {
            a == b || (is_long_word(a) && is_long_word(b) && differ_by_a_slip(a, b))
        };
        self.parts.len() == other.parts.len() && self.parts.iter().zip(&other.parts).all(is_slip)
    }
}

fn is_long_word(part: &str) -> bool {
    part.len() >= SHORTEST_MISTYPED && part.chars().all(char::is_alphabetic)
}

/// `Transit Cargo Van` is a `Transit`; a `Van` stays one.
fn without_descriptions(text: &str) -> String {
    let mut words = words(text);
    if words.iter().any(|word| !DESCRIPTIONS.contains(&word.as_str())) {
        words.retain(|word| !DESCRIPTIONS.contains(&word.as_str()));
    }
    words.join(" ")
}

/// Takes `Class` and `Series` away, unless nothing else is there; whether there were any.
pub(super) fn drop_family_words(parts: &mut Vec<String>) -> bool {
    let count = parts.len();
    if count > 1 {
        parts.retain(|part| !is_family_word(part));
    }
    // The German for `3 Series` is `3er`.
    if let [number, mark, ..] = &parts[..]
        && number.len() == 1
        && mark == "er"
    {
        parts.remove(1);
    }
    parts.len() < count
}

/// `Transit T-250` is a `Transit 250`, `Econoline E-350` an `E-350`.
pub(super) fn drop_initials(parts: &mut Vec<String>) {
    let mut place = 1;
    while place < parts.len() {
        let is_initial = parts[place].chars().count() == 1
            && parts[place - 1].starts_with(parts[place].as_str())
            && parts.get(place + 1).is_some_and(|next| next.starts_with(char::is_numeric));
        if is_initial {
            parts.remove(place);
        } else {
            place += 1;
        }
    }
}
