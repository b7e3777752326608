//! Texts of recalls as every source of them is cleaned: without the markup and the
//! encodings they went through.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// The words of a field: one line without markup, control characters and double
/// spaces; `None` where nothing is left.
///
/// The file's encoding is not stated: what is no UTF-8 is Windows-1252. Text
/// that went through Latin-1 holds Windows-1252's quotes and dashes as C1
/// controls; they are read as what they were.
pub(crate) fn clean(field: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(field) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(field).0,
    };
    let mut words = Words { text: String::with_capacity(text.len()), gap: false };
    let mut rest = &*text;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        words.push(&rest[..at]);
        rest = &rest[at..];
        let mut buffer = [0; 4];
        let (said, length) = match (tag(rest), entity(rest)) {
            (Some(tag), _) => tag,
            (None, Some((character, length))) => (&*character.encode_utf8(&mut buffer), length),
            (None, None) => (&rest[..1], 1),
        };
        words.push(said);
        rest = &rest[length..];
    }
    words.push(rest);
    (!words.text.is_empty()).then_some(words.text)
}

/// Text in which every gap is one space.
struct Words {
    text: String,
    gap: bool,
}

impl Words {
    fn push(&mut self, text: &str) {
        for character in text.chars().map(repaired) {
            if character.is_whitespace() {
                self.gap = true;
            } else if !character.is_control() && character != '\u{feff}' {
                if self.gap && !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.gap = false;
                self.text.push(character);
            }
        }
    }
}

/// A C1 control is what Windows-1252 has in its place.
fn repaired(character: char) -> char {
    match u8::try_from(u32::from(character)) {
        Ok(byte @ 0x80..=0x9f) => {
            let byte = [byte];
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next().unwrap_or(character)
        }
        _ => character,
    }
}

/// Tags within a word or a sentence.
const INLINE: [&str; 10] = ["a", "b", "em", "font", "i", "span", "strong", "sub", "sup", "u"];

/// Tags that end a line.
const BLOCK: [&str; 14] =
    ["br", "center", "div", "h1", "h2", "h3", "hr", "img", "li", "ol", "p", "td", "tr", "ul"];

/// What the tag at the start of `text` stands for, and its length. A `<` that
/// opens none of the known tags is a sign like any other.
fn tag(text: &str) -> Option<(&'static str, usize)> {
    let inside = text.strip_prefix('<')?;
    let named = inside.strip_prefix('/').unwrap_or(inside);
    let name = &named[..named.find(|c: char| !c.is_ascii_alphanumeric())?];
    let is = |tag: &&str| tag.eq_ignore_ascii_case(name);
    let said = if INLINE.iter().any(is) {
        ""
    } else if BLOCK.iter().any(is) {
        " "
    } else {
        return None;
    };
    let end = inside.find(['<', '>'])?;
    inside[end..].starts_with('>').then_some((said, end + 2))
}

/// The named entities seen in such texts.
const ENTITIES: [(&str, char); 20] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bull", '•'),
    ("copy", '©'),
    ("deg", '°'),
    ("eacute", 'é'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("gt", '>'),
    ("ldquo", '“'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("quot", '"'),
    ("rdquo", '”'),
    ("reg", '®'),
    ("rsquo", '’'),
    ("trade", '™'),
];

/// The longest entity, without `&` and `;`: a number such as `#x1F697`.
const LONGEST_ENTITY: usize = 8;

/// The character that the entity at the start of `text` names, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(LONGEST_ENTITY + 1).position(|byte| byte == b';')?;
    let name = &inside[..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
            char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)?
        }
        None => ENTITIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1,
    };
    Some((character, end + 2))
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;
