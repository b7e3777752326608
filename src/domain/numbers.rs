//! Numbers as others write them, read from their digits.

/// A whole number, also when written as `4.0`.
pub(crate) fn integer(text: &str) -> Option<i32> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

/// A finite number.
pub(crate) fn real(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The cents in a price, from the digits of a JSON number: `35236` is 3523600,
/// `950.0000000000001` is 95000; the third decimal rounds half up. Negative
/// ones and those beyond `decimal(12,2)` are `None`.
pub(crate) fn cents(number: &str) -> Option<i64> {
    const MOST: i64 = 999_999_999_999;
    const DIGITS: usize = 18;
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|digit| digit == b'0') {
        return Some(0);
    }
    // How many of the digits stand before the third decimal.
    let kept = i32::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(2)?;
    let Ok(kept) = usize::try_from(kept) else { return Some(0) };
    if kept > DIGITS {
        return None;
    }
    let (before, after) = digits.split_at(kept.min(digits.len()));
    let floor: i64 = format!("0{before:0<kept$}").parse().ok()?;
    let rounded = floor + i64::from(after.as_bytes().first().is_some_and(|&digit| digit >= b'5'));
    (rounded <= MOST).then_some(rounded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_is_read_from_its_digits() {
        assert_eq!(cents("35236"), Some(3_523_600));
        assert_eq!(cents("950.0000000000001"), Some(95_000));
        assert_eq!(cents("949.9999999999999"), Some(95_000));
        assert_eq!(cents("0.1"), Some(10));
        assert_eq!(cents("10.005"), Some(1_001));
        assert_eq!(cents("10.0049999"), Some(1_000));
        assert_eq!(cents("3.5236e4"), Some(3_523_600));
        assert_eq!(cents("5E-3"), Some(1));
        assert_eq!(cents("5e-400"), Some(0));
        assert_eq!(cents("0"), Some(0));
        assert_eq!(cents("0.000e99"), Some(0));
        assert_eq!(cents("9999999999.99"), Some(999_999_999_999));
    }

    #[test]
    fn what_is_no_price_is_none() {
        let wrong = [
            "-1",
            "9999999999.995",
            "1e300",
            "1e99999999999",
            "",
            ".",
            "1.2.3",
            "NaN",
            "$5",
            "1,000",
            "e5",
        ];
        for text in wrong {
            assert_eq!(cents(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_may_end_in_a_zero_fraction() {
        assert_eq!(integer("4.0"), Some(4));
        assert_eq!(integer("4.5"), None);
        assert_eq!(real("inf"), None);
    }

    proptest! {
        #[test]
        fn cents_agree_with_integer_arithmetic(whole in 0_i64..9_999_999_999, thousandths in 0_i64..1000) {
            let expected = whole * 100 + (thousandths + 5) / 10;
            prop_assert_eq!(cents(&format!("{whole}.{thousandths:03}")), Some(expected));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,30}") {
            let _ = (cents(&text), integer(&text), real(&text));
        }
    }
}
