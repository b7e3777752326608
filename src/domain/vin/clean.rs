//! What cells do to VINs, undone: wrappings, case, spaces, dashes, look-alikes.

use super::{Vin, is_vin_character};

/// A longer text is prose, several VINs in one cell, or a shifted column.
const LONGEST_MISTYPED_VIN: usize = 24;

/// This many equal characters are no VIN that lost some, but a filler.
const SHORTEST_FILLER: usize = 4;

/// Stands for a character that is neither a Latin letter nor a digit.
const FOREIGN: u8 = b'?';

/// The letters and digits of a cell in capitals, on the stack.
pub(super) struct Cleaned {
    bytes: [u8; LONGEST_MISTYPED_VIN],
    /// Characters seen, at most one more than `bytes` holds.
    count: usize,
    /// The first character, and whether all others equal it.
    first: Option<char>,
    uniform: bool,
    /// The first character that never stands in a VIN, and its 1-based position.
    illegal: Option<(char, usize)>,
}

impl Cleaned {
    /// Cleans `text`, giving up on what is too long to be a VIN.
    pub(super) fn of(text: &str) -> Self {
        let mut cleaned = Self {
            bytes: [0; LONGEST_MISTYPED_VIN],
            count: 0,
            first: None,
            uniform: true,
            illegal: None,
        };
        for character in text.chars().filter(|&character| !is_ignored(character)) {
            cleaned.push(half_width(character).to_ascii_uppercase());
            if cleaned.is_overlong() {
                break;
            }
        }
        cleaned
    }

    fn push(&mut self, character: char) {
        self.uniform &= *self.first.get_or_insert(character) == character;
        let byte = u8::try_from(character).ok().filter(u8::is_ascii_alphanumeric);
        if let Some(slot) = self.bytes.get_mut(self.count) {
            *slot = byte.unwrap_or(FOREIGN);
        }
        self.count += 1;
        if self.illegal.is_none() && !byte.is_some_and(is_vin_character) {
            self.illegal = Some((character, self.count));
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.count.min(LONGEST_MISTYPED_VIN)]
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_overlong(&self) -> bool {
        self.count > LONGEST_MISTYPED_VIN
    }

    pub(super) fn is_uniform(&self) -> bool {
        self.uniform && self.count >= SHORTEST_FILLER
    }

    pub(super) fn has_digit(&self) -> bool {
        self.as_bytes().iter().any(u8::is_ascii_digit)
    }

    /// The VIN behind the `I` that a scanner hands over with it.
    pub(super) fn marked_vin(&self) -> Option<Vin> {
        Vin::from_bytes(self.as_bytes().strip_prefix(b"I")?)
    }

    /// Whether cleaning changed nothing.
    pub(super) fn spells(&self, raw: &str) -> bool {
        self.as_bytes() == raw.as_bytes()
    }

    /// Names the first character that never stands in a VIN.
    pub(super) fn illegal_detail(&self) -> String {
        match self.illegal {
            Some((character, position)) if character.is_ascii_graphic() => {
                format!("`{character}` at position {position}")
            }
            Some((character, position)) => {
                format!("U+{:04X} at position {position}", u32::from(character))
            }
            None => String::new(),
        }
    }
}

/// Whether `text` shows nothing.
pub(crate) fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_blank)
}

/// `raw` without outer blanks, quotes, a leading `'` and a `="…"` wrapping.
pub(crate) fn unwrapped(raw: &str) -> &str {
    let mut text = raw.trim_matches(is_blank);
    loop {
        let inner = text
            .strip_prefix('=')
            .filter(|rest| rest.starts_with('"'))
            .or_else(|| {
                text.strip_prefix(QUOTES).map(|rest| rest.strip_suffix(QUOTES).unwrap_or(rest))
            })
            .map(|rest| rest.trim_matches(is_blank));
        match inner {
            Some(inner) => text = inner,
            None => return text,
        }
    }
}

/// Whether `text` is one of the ways to say that there is no VIN.
pub(crate) fn means_empty(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "n/a", "na", "#n/a", "n.a.", "n.a", "null", "none", "nil", "nan", "#null!", "#value!",
        "#ref!", "#name?", "unknown", "tbd", "(blank)", "?", ".", "0", "\\n",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a spreadsheet made a number of it: `1.23457E+16`, or an integer whose
/// digits after the 15th, all a double holds, are zeros.
pub(super) fn is_number_damage(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && (is_scientific(text) || is_rounded(text))
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    // Bare digits around an `E` may be a VIN that lost characters.
    let marked = whole.len() < mantissa.len() || digits.len() < exponent.len();
    marked && [whole, fraction, digits].iter().all(|part| is_digits(part))
}

fn is_rounded(text: &str) -> bool {
    const DIGITS_OF_A_DOUBLE: usize = 15;
    let integer = text.strip_suffix(".0").unwrap_or(text);
    is_digits(integer)
        && integer.ends_with('0')
        && integer.len() >= DIGITS_OF_A_DOUBLE
        && integer.bytes().skip(DIGITS_OF_A_DOUBLE).all(|digit| digit == b'0')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Straight and typographic quotes; the first is also how a spreadsheet marks text.
const QUOTES: [char; 8] =
    ['\'', '"', '`', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{201E}'];

/// Characters that people and programs put into VINs and that mean nothing there.
fn is_ignored(character: char) -> bool {
    !character.is_ascii_alphanumeric() && (is_blank(character) || is_dash(character))
}

/// White space, control characters, and what has no width: joiners, direction marks, BOM.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
        )
}

fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}'
    )
}

/// Full-width forms (U+FF01-FF5E), as typed with an East Asian keyboard, in ASCII.
fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        other => other,
    }
}

const _: () = assert!(LONGEST_MISTYPED_VIN > Vin::LENGTH);
