//! Numbers as people read them, and as others write them, read from their digits.

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

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
#[path = "tests/numbers.rs"]
mod tests;
