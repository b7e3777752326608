//! Keys: what an endpoint is asked about.

use std::fmt;

use crate::vin::Vin;

/// A vehicle as recall sources know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vehicle {
    /// Upper case, single spaces.
    pub make: String,
    /// Upper case, single spaces.
    pub model: String,
    /// Four digits.
    pub year: i32,
}

impl Vehicle {
    /// The vehicle these words name, in upper case with single spaces.
    pub fn new(make: &str, model: &str, year: i32) -> Self {
        Self { make: tidy(make), model: tidy(model), year }
    }
}

impl fmt::Display for Vehicle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.year, self.make, self.model)
    }
}

fn tidy(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

/// Separates the parts of a vehicle's stored form; no name holds it.
const UNIT_SEPARATOR: char = '\u{1f}';

/// What an endpoint is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// One VIN.
    Vin(Vin),
    /// One make, model and year.
    Vehicle(Vehicle),
}

impl Key {
    /// The VIN, where the key is one.
    pub fn vin(&self) -> Option<&Vin> {
        match self {
            Self::Vin(vin) => Some(vin),
            Self::Vehicle(_) => None,
        }
    }

    /// The form in which the store holds it.
    pub fn to_stored(&self) -> String {
        match self {
            Self::Vin(vin) => vin.as_str().to_owned(),
            Self::Vehicle(Vehicle { make, model, year }) => {
                format!("{make}{UNIT_SEPARATOR}{model}{UNIT_SEPARATOR}{year}")
            }
        }
    }

    /// The key that [`Key::to_stored`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut parts = text.split(UNIT_SEPARATOR);
        let (first, model, year) = (parts.next()?, parts.next(), parts.next());
        match (model, year) {
            (Some(model), Some(year)) => Some(Self::Vehicle(Vehicle {
                make: first.to_owned(),
                model: model.to_owned(),
                year: year.parse().ok()?,
            })),
            _ => Vin::new(first).map(Self::Vin),
        }
    }
}

impl AsRef<str> for Vin {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// What kind of key an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// [`Key::Vin`].
    Vin,
    /// [`Key::Vehicle`].
    Vehicle,
}
