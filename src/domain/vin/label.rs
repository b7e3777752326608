//! What scanners and people write around a VIN in its cell, taken off; and cells that
//! hold several.

use super::Vin;
use super::clean::is_blank;

/// Names of the number itself, in lower case.
const LABELS: [&str; 19] = [
    "vehicle identification number",
    "vehicle identification no",
    "vehicle identification",
    "vin number",
    "vin code",
    "vin no",
    "vin nr",
    "vin",
    "fin",
    "fahrgestellnummer (fin)",
    "fahrgestellnummer",
    "fahrzeug-identifizierungsnummer",
    "identification number",
    "chassis number",
    "chassis no",
    "chassis nr",
    "chassis",
    "serial number",
    "serial no",
];

/// `text` without the stars that begin and end a bar code, and without a label such as
/// `VIN:` before the number.
pub(super) fn without_label(text: &str) -> &str {
    let bare = without_stars(text);
    let labelled = LABELS.iter().filter_map(|label| {
        let (start, rest) = bare.split_at_checked(label.len())?;
        start.eq_ignore_ascii_case(label).then_some(rest)
    });
    // `vin number` also begins with `vin`.
    let Some(rest) = labelled.min_by_key(|rest| rest.len()) else { return bare };
    let number = without_stars(rest.trim_start_matches(is_separator));
    let is_named = rest.starts_with([':', '#', '=']);
    let is_whole_cell = number.is_empty() || letters_and_digits(bare) == Vin::LENGTH;
    if is_whole_cell && !is_named { bare } else { number }
}

/// How many VINs the cell holds, written one after the other.
pub(super) fn count_vins(text: &str) -> usize {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    words.map(count_in_word).sum()
}

/// VINs that nothing separates are seen where all of the word is VINs.
fn count_in_word(word: &str) -> usize {
    let is_vin = |part: &[u8]| {
        let part = std::str::from_utf8(part).unwrap_or_default();
        Vin::in_any_case(part).is_some_and(|vin| super::impostor(&vin).is_none())
    };
    let parts = word.as_bytes().chunks(Vin::LENGTH);
    let count = parts.len();
    if parts.into_iter().all(is_vin) { count } else { 0 }
}

/// Without the stars on both sides, or those on one side of what is whole without them.
fn without_stars(text: &str) -> &str {
    const WITH_MARK: usize = Vin::LENGTH + 1;
    let text = text.trim_matches(is_blank);
    let bare = text.trim_matches(|character| character == '*' || is_blank(character));
    let is_framed = text.starts_with('*') && text.ends_with('*');
    let is_whole = (Vin::LENGTH..=WITH_MARK).contains(&letters_and_digits(bare));
    // Stars alone fill a cell of which nothing is known.
    if !bare.is_empty() && (is_framed || is_whole) { bare } else { text }
}

fn is_separator(character: char) -> bool {
    is_blank(character) || matches!(character, ':' | '#' | '=' | '.' | '-' | '\u{2013}')
}

fn letters_and_digits(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}
