//! The name of a model, taken apart into tokens: words of the closed vocabulary, and the
//! others, which say which model it is.

use super::aliases::one_model;
use super::models::{drop_family_words, drop_initials};
use super::tokens::parts;
use super::vocabulary::{Term, term_at};

/// A name of a model: `F-250 SD` is `f`, `250` and `sd`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// Its words, in order.
    pub(crate) tokens: Vec<Token>,
    /// Whether it names a family of models: `C-CLASS`, `3 SERIES`.
    pub(crate) is_family: bool,
}

/// A word of a name, or several that mean one thing: `crew cab`.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// In lower case, letters and digits apart, with single spaces.
    pub(crate) text: String,
    /// What it means, where it is of the vocabulary.
    pub(crate) term: Option<Term>,
}

/// Words are one where they are spelled alike or mean the same: `sd` and `super duty`.
/// Numbers and trims mean themselves.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let means_something = |term: &Term| !term.is_its_own_word();
        self.text == other.text
            || self.term.is_some_and(|term| means_something(&term) && other.term == Some(term))
    }
}

impl Eq for Token {}

impl Name {
    /// The name in `text`, without the name of the make before it: `MAZDA3` is a `3`.
    pub(crate) fn read(make: &str, text: &str) -> Self {
        let (make, mut words) = (parts(make), parts(text));
        if words.len() > make.len() && words.starts_with(&make) {
            words.drain(..make.len());
        }
        let is_family = drop_family_words(&mut words);
        for word in &mut words {
            if let Some(name) = one_model(word) {
                name.clone_into(word);
            }
        }
        drop_initials(&mut words);
        Self { tokens: tokens(&words), is_family }
    }

    /// The names in `text`, which may hold several: `F-250/F-350`, `1500/2500`, `CARAVAN/GRAND
    /// CARAVAN`. The whole of it comes first.
    pub(crate) fn all_in(make: &str, text: &str) -> Vec<Self> {
        let mut all = vec![Self::read(make, text)];
        let mut before: Option<Self> = None;
        for text in text.split('/').filter(|_| text.contains('/')) {
            let mut name = Self::read(make, text);
            // `SILVERADO 1500/2500`: a number alone takes the place of the last one.
            if let (Some(before), [number]) = (&before, &name.tokens[..])
                && number.is_number()
                && let [head @ .., last] = &before.tokens[..]
                && last.is_number()
            {
                name.tokens = head.iter().chain([number]).cloned().collect();
            }
            before = Some(name.clone());
            all.push(name);
        }
        all
    }

    /// How many of its words say which model it is; the others behind them are all of the
    /// vocabulary. The first word always does.
    pub(crate) fn core(&self) -> usize {
        let last = self.tokens.iter().rposition(|token| token.term.is_none());
        last.map_or(1, |last| last + 1).min(self.tokens.len())
    }

    /// Whether its first words are those of `other`.
    pub(super) fn begins_with(&self, other: &Self) -> bool {
        self.tokens.starts_with(&other.tokens)
    }

    /// Its first word, under which lists are looked up, and the words that say which model
    /// it is as one. A number of three digits has its family's too: a 330i is a 3 Series.
    pub(super) fn first_words(&self) -> impl Iterator<Item = String> + use<> {
        let first = self.tokens.first();
        let family = first.filter(|token| token.is_of_hundred());
        let family = family.and_then(|token| token.text.get(..1)).map(str::to_owned);
        let core = self.core();
        let whole = (core > 1).then(|| bare(&self.tokens[..core]));
        first.map(|token| token.text.clone()).into_iter().chain(family).chain(whole)
    }
}

impl Token {
    /// Whether it is a number of the vocabulary: `150`.
    pub(crate) fn is_number(&self) -> bool {
        self.term.is_some() && self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it is a number of three digits.
    pub(super) fn is_of_hundred(&self) -> bool {
        self.is_number() && self.text.len() == 3
    }

    /// The last of its parts.
    pub(super) fn last_part(&self) -> Option<&str> {
        self.text.split(' ').next_back()
    }
}

/// Words as one, with a space between two numbers alone.
pub(super) fn bare(tokens: &[Token]) -> String {
    let mut bare = String::new();
    for part in tokens.iter().flat_map(|token| token.text.split(' ')) {
        let is_number = |character: Option<char>| character.is_some_and(char::is_numeric);
        if is_number(bare.chars().next_back()) && is_number(part.chars().next()) {
            bare.push(' ');
        }
        bare.push_str(part);
    }
    bare
}

fn tokens(mut words: &[String]) -> Vec<Token> {
    let mut tokens = Vec::new();
    while let [word, rest @ ..] = words {
        let (token, left) = match term_at(words) {
            Some((term, length)) => {
                (Token { text: words[..length].join(" "), term: Some(term) }, &words[length..])
            }
            None => (Token { text: word.clone(), term: None }, rest),
        };
        tokens.push(token);
        words = left;
    }
    tokens
}

#[cfg(test)]
#[path = "tests/names.rs"]
mod tests;
