//! Money that is spent: integers of a millionth of a US dollar, never a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::Serialize;

/// Millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `2`, `2.50` or `0.002` US dollars; at most six decimals.
    pub fn parse_usd(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 6 || !digits(whole) || !digits(fraction) {
            return None;
        }
        let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
        whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros).map(Self)
    }
}

impl fmt::Display for Micros {
    /// `$1.23`, or with as many decimals as a smaller amount needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, micros) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let text = format!("{:06}", micros % 1_000_000);
        let decimals = text.trim_end_matches('0').len().max(2);
        write!(f, "{sign}${}.{}", micros / 1_000_000, &text[..decimals])
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_to_the_millionth_and_no_further() {
        assert_eq!(Micros::parse_usd("2.50"), Some(Micros(2_500_000)));
        assert_eq!(Micros::parse_usd("0.000001"), Some(Micros(1)));
        assert_eq!(Micros::parse_usd("2."), Some(Micros(2_000_000)));
        for none in ["", ".5", "-1", "+1", "1e3", "1.0000001", "1,000", "9223372036855", "$1"] {
            assert_eq!(Micros::parse_usd(none), None, "{none}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_is_an_amount_or_none(text in prop_oneof![any::<String>(), "[-+]?[0-9]{0,21}[.]?[0-9]{0,9}"]) {
            prop_assert!(Micros::parse_usd(&text).is_none_or(|amount| amount >= Micros::ZERO));
        }

        #[test]
        fn an_amount_that_is_written_is_read_again(micros in 0..=i64::MAX) {
            let written = Micros(micros).to_string();
            prop_assert_eq!(Micros::parse_usd(written.trim_start_matches('$')), Some(Micros(micros)));
        }

        #[test]
        fn any_amount_can_be_written_and_added(one: i64, other: i64) {
            let _ = (Micros(one).to_string(), Micros(one) + Micros(other), Micros(one) - Micros(other));
        }
    }
}
