//! What a row says of its own vehicle, beside the VIN.

use std::hash::Hash;

use xxhash_rust::xxh3::Xxh3;

use crate::domain::vin;

/// One thing that a column may say of a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of `--map`")]
pub enum VehicleField {
    Make,
    Model,
    Year,
}

impl VehicleField {
    /// Every field.
    pub const ALL: [Self; 3] = [Self::Make, Self::Model, Self::Year];

    /// The word for it in `--map` and in the run report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Model => "model",
            Self::Year => "year",
        }
    }

    /// The field of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What a row says of its own vehicle; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RowVehicle<'a> {
    /// The make, as written.
    pub make: Option<&'a str>,
    /// The model, as written.
    pub model: Option<&'a str>,
    /// The model year.
    pub year: Option<i32>,
}

impl<'a> RowVehicle<'a> {
    /// The vehicle in three cells; `None` is a column that the file does not have.
    pub fn of(make: Option<&'a str>, model: Option<&'a str>, year: Option<&'a str>) -> Self {
        Self {
            make: make.and_then(name),
            model: model.and_then(name),
            year: year.and_then(model_year),
        }
    }

    /// Whether the row says nothing of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells rows apart by what they say of the vehicle, and by `else_said`.
    pub(crate) fn fingerprint(&self, else_said: impl Hash) -> u128 {
        let mut hasher = Xxh3::new();
        (self, else_said).hash(&mut hasher);
        hasher.digest128()
    }
}

/// The name in a cell; `None` for blanks, `N/A`, dashes and the like.
fn name(cell: &str) -> Option<&str> {
    let text = vin::unwrapped(cell);
    let says_something = text.contains(char::is_alphanumeric) && !vin::means_empty(text);
    says_something.then_some(text)
}

/// The model year in a cell: `2018`, `2018.0`, `'18`, `MY18`; `None` for what is no year.
///
/// Two digits are a year from 1981, the first with VINs of 17 characters, to 2080.
pub fn model_year(cell: &str) -> Option<i32> {
    const FIRST_OF_TWO_DIGITS: i32 = 81;
    let text = vin::unwrapped(cell);
    let text = match text.get(..2) {
        Some(mark) if mark.eq_ignore_ascii_case("MY") => text[2..].trim_start(),
        _ => text,
    };
    let digits = match text.split_once(['.', ',']) {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    match digits.len() {
        2 if number < FIRST_OF_TWO_DIGITS => Some(2000 + number),
        2 => Some(1900 + number),
        4 => (1900..2100).contains(&number).then_some(number),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/row_vehicle.rs"]
mod tests;
