//! What a row says of its own vehicle, beside the VIN.

use crate::domain::vin;

/// One thing that a column may say of a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of `--map`")]
pub enum Claim {
    Make,
    Model,
    Year,
}

impl Claim {
    /// Every claim.
    pub const ALL: [Self; 3] = [Self::Make, Self::Model, Self::Year];

    /// The word for it in `--map` and in the run report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Model => "model",
            Self::Year => "year",
        }
    }

    /// The claim of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }
}

/// What a row claims; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims<'a> {
    /// The make, as written.
    pub make: Option<&'a str>,
    /// The model, as written.
    pub model: Option<&'a str>,
    /// The model year.
    pub year: Option<i32>,
}

impl<'a> Claims<'a> {
    /// The claims in three cells; `None` is a column that the file does not have.
    pub fn of(make: Option<&'a str>, model: Option<&'a str>, year: Option<&'a str>) -> Self {
        Self {
            make: make.and_then(name),
            model: model.and_then(name),
            year: year.and_then(model_year),
        }
    }

    /// Whether the row claims nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_are_read_as_spreadsheets_and_people_write_them() {
        for (cell, year) in [
            ("2018", 2018),
            (" 2018 ", 2018),
            ("2018.0", 2018),
            ("2018,00", 2018),
            ("'2018", 2018),
            ("=\"2018\"", 2018),
            ("'18", 2018),
            ("\u{2019}18", 2018),
            ("18", 2018),
            ("07", 2007),
            ("99", 1999),
            ("81", 1981),
            ("MY2018", 2018),
            ("my 18", 2018),
        ] {
            assert_eq!(model_year(cell), Some(year), "{cell:?}");
        }
    }

    #[test]
    fn what_is_no_year_is_no_claim() {
        for cell in [
            "", "N/A", "0", "3", "218", "20188", "2018.5", "2018/19", "1776", "2100", "Transit",
            "-18",
        ] {
            assert_eq!(model_year(cell), None, "{cell:?}");
        }
    }

    #[test]
    fn cells_that_say_nothing_claim_nothing() {
        for cell in ["", "  ", "N/A", "unknown", "-", "\u{2014}", "?", "#N/A", "=\"\""] {
            assert!(Claims::of(Some(cell), Some(cell), Some(cell)).is_empty(), "{cell:?}");
        }
        let claims = Claims::of(Some(" Ford "), Some("=\"500\""), None);
        assert_eq!((claims.make, claims.model, claims.year), (Some("Ford"), Some("500"), None));
    }

    #[test]
    fn claims_have_the_names_of_the_flag() {
        assert!(Claim::ALL.into_iter().all(|claim| Claim::from_name(claim.name()) == Some(claim)));
        assert_eq!(Claim::from_name("vin"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_is_a_plausible_year_or_none(cell in any::<String>()) {
            prop_assert!(model_year(&cell).is_none_or(|year| (1900..2100).contains(&year)));
        }

        #[test]
        fn near_years_are_read_without_panic(cell in "[ 0-9MYmy'.,ä\u{2019}-]{0,8}") {
            prop_assert!(model_year(&cell).is_none_or(|year| (1900..2100).contains(&year)));
        }
    }
}
