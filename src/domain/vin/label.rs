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
    let Some(first) = bare.bytes().next() else { return bare };
    // Few cells begin with a letter that a label begins with.
    let similar = LABELS.iter().filter(|label| label.as_bytes()[0] == first.to_ascii_lowercase());
    let labelled = similar.filter_map(|label| {
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
    if text.len() < Vin::LENGTH {
        return 0;
    }
    text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).map(count_in_word).sum()
}

/// VINs that nothing separates are seen where all of the word is VINs.
fn count_in_word(word: &[u8]) -> usize {
    let is_vin = |part: &[u8]| {
        let vin = Vin::from_bytes(&part.to_ascii_uppercase());
        vin.is_some_and(|vin| super::impostor(&vin).is_none())
    };
    let is_whole = word.len().is_multiple_of(Vin::LENGTH);
    if is_whole && word.chunks(Vin::LENGTH).all(is_vin) { word.len() / Vin::LENGTH } else { 0 }
}

/// Without the stars on both sides, or those on one side of what is whole without them.
fn without_stars(text: &str) -> &str {
    const WITH_MARK: usize = Vin::LENGTH + 1;
    let text = text.trim_matches(is_blank);
    let bare = text.trim_matches(|character| character == '*' || is_blank(character));
    if bare.len() == text.len() {
        return text;
    }
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
