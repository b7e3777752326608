//! The models of a make by their names, and what else stands where a model's name should.

use hashbrown::HashSet;

use super::body_fuel;
use super::models::{Model, all_canonical};
use super::names::{Name, Token};
use super::tokens::parts;
use super::vocabulary::Kind;

/// The names of a make's models, in one spelling.
#[derive(Debug, Default)]
pub(crate) struct ModelNames(HashSet<String>);

impl ModelNames {
    /// Adds a model of `make`.
    pub(crate) fn add(&mut self, make: &str, name: &str) {
        if let Some(model) = Model::read(&all_canonical(&[make]), name) {
            self.0.insert(model.name());
        }
    }

    /// Whether `text`, perhaps behind one of `makes`, begins with one of them.
    pub(crate) fn has_one_in(&self, makes: &[&str], text: &str) -> bool {
        self.longest_in(makes, text).is_some()
    }

    /// Whether `text` begins with `model` and with a longer one of them: with `Transit
    /// Connect`. A version of `model` is not another one: `Escape Hybrid`.
    pub(crate) fn has_longer(&self, makes: &[&str], model: &str, text: &str) -> bool {
        let name = Name::read("", text);
        let core: Vec<&str> =
            name.tokens[..name.core()].iter().map(|token| token.text.as_str()).collect();
        let own = Model::read(&all_canonical(makes), model).map(|model| model.name());
        own.zip(self.longest_in(makes, &core.join(" ")))
            .is_some_and(|(own, found)| found.len() > own.len() && found.starts_with(&own))
    }

    fn longest_in(&self, makes: &[&str], text: &str) -> Option<String> {
        let model = Model::read(&all_canonical(makes), text)?;
        model.beginnings().filter(|name| self.0.contains(name)).last()
    }
}

/// Whether `text`, apart from a make before it, says only what one of `known` says too, or
/// only which version of a model is meant: a body, a drive, a fuel or a trim.
pub(crate) fn is_part_of(makes: &[&str], text: &str, known: &[&str]) -> bool {
    let Some(model) = Model::read(&all_canonical(makes), text) else { return true };
    let known: Vec<String> = known.iter().flat_map(|text| parts(text)).collect();
    model.is_within(&known) || is_description(text)
}

/// Whether `text` gives nothing but the size of a truck, and `known` another one: `2500` for
/// a Silverado of the series 1500.
pub(crate) fn is_other_size(text: &str, known: &[&str]) -> bool {
    let name = Name::read("", text);
    let (asked, known) =
        (size(&name), known.iter().fold(0, |all, text| all | size(&Name::read("", text))));
    let is_size = name.tokens.iter().all(|token| token.term.is_some());
    is_size && asked != 0 && known != 0 && asked & known == 0
}

/// The sizes of trucks that a name gives, as bits.
fn size(name: &Name) -> u32 {
    let terms = name.tokens.iter().filter_map(|token| token.term);
    terms.filter(|term| term.kind == Kind::Series).fold(0, |all, term| all | term.sure)
}

fn is_description(text: &str) -> bool {
    let (of_version, others): (Vec<Token>, Vec<Token>) =
        Name::read("", text).tokens.into_iter().partition(|token| token.term.is_some());
    let has_number = of_version.iter().any(Token::is_number);
    let others: Vec<String> = others.into_iter().map(|token| token.text).collect();
    !has_number && body_fuel::is_description(&others)
}
