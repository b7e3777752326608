//! Text as words: lower case, without accents and punctuation.

/// No name has more; what follows in a cell is prose.
const MOST_WORDS: usize = 12;

/// No name has more letters.
const MOST_LETTERS: usize = 160;

/// The words of `text`: `Citroën C4` is `citroen` and `c4`, `T&C` is `t`, `and`, `c`.
pub(super) fn words(text: &str) -> Vec<String> {
    split(text, |_, _| false)
}

/// The words of `text`, with letters and digits apart: `F150` is `f` and `150`.
pub(super) fn parts(text: &str) -> Vec<String> {
    split(text, |before, next| before.is_numeric() != next.is_numeric())
}

/// The letters and digits of `text` as one word: `Model-Year:` is `modelyear`.
pub(crate) fn bare(text: &str) -> String {
    let mut bare = String::new();
    for character in text.chars().filter(|character| character.is_alphanumeric()) {
        fold(character, &mut bare);
    }
    bare
}

/// Whether one letter is missing, added, wrong, or swapped with its neighbour;
/// the first one hardly ever is, and parts `Seville` from `DeVille`.
pub(super) fn differ_by_a_slip(a: &str, b: &str) -> bool {
    a.chars().next() == b.chars().next() && strsim::osa_distance(a, b) == 1
}

fn split(text: &str, parts_between: fn(char, char) -> bool) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in text.chars().filter(|&c| !is_silent(c)).take(MOST_LETTERS) {
        if !before.is_alphanumeric() || parts_between(before, character) {
            words.push(String::new());
        }
        match (character, words.last_mut()) {
            ('&', _) => words.push("and".to_owned()),
            (_, Some(word)) if character.is_alphanumeric() => fold(character, word),
            _ => {}
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words.truncate(MOST_WORDS);
    words
}

/// Apostrophes and combining accents, which part no words.
fn is_silent(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{300}'..='\u{36F}')
}

/// Appends `character` in lower case and, if it is Latin, without its accent.
fn fold(character: char, word: &mut String) {
    for lower in character.to_lowercase() {
        match lower {
            'à'..='å' | 'ā' | 'ă' | 'ą' => word.push('a'),
            'ç' | 'ć' | 'č' => word.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => word.push('e'),
            'ì'..='ï' | 'ī' | 'ı' => word.push('i'),
            'ł' => word.push('l'),
            'ñ' | 'ń' | 'ň' => word.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => word.push('o'),
            'ř' => word.push('r'),
            'ś' | 'š' | 'ş' => word.push('s'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => word.push('u'),
            'ý' | 'ÿ' => word.push('y'),
            'ź' | 'ż' | 'ž' => word.push('z'),
            'æ' => word.push_str("ae"),
            'ß' => word.push_str("ss"),
            // What lower case leaves of `İ`.
            '\u{300}'..='\u{36F}' => {}
            other => word.push(other),
        }
    }
}
