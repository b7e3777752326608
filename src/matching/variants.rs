//! Other names under which a catalogue may hold a model.

use std::collections::BTreeSet;

use super::tokens::bare;

/// The names of a catalogue that may mean `model` too, apart from the name
/// itself: those that say more (`F-250 SD` for `F-250`) and those that only
/// punctuation and spaces tell apart (`CX-5` for `CX5`). Distinct and in order.
///
/// More begins at a space, a slash, a comma or a bracket, never within a word:
/// `SILVERADO 1500` is no `SILVERADO 15`, and `CX-5` no `CX`.
pub fn variants(model: &str, names: &[String]) -> Vec<String> {
    let asked = bare(model);
    if asked.is_empty() {
        return Vec::new();
    }
    let is_variant = |name: &&String| !is_same(name, model) && begins_with(name, &asked);
    let distinct: BTreeSet<&String> = names.iter().filter(is_variant).collect();
    distinct.into_iter().cloned().collect()
}

fn is_same(name: &str, model: &str) -> bool {
    let words = |text: &str| text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
    words(name) == words(model)
}

/// Whether some first words of `name` are `asked`.
fn begins_with(name: &str, asked: &str) -> bool {
    beginnings(name).any(|beginning| beginning == asked)
}

/// The first words of `name`, as one bare word: of one word, of two, … of all.
/// [`variants`] of a bare model are the names that have it among these.
pub(crate) fn beginnings(name: &str) -> impl Iterator<Item = String> {
    let words = name.split(|c: char| c.is_whitespace() || "/,([".contains(c));
    words.scan(String::new(), |begin, word| {
        begin.push_str(&bare(word));
        Some(begin.clone())
    })
}

#[cfg(test)]
#[path = "tests/variants.rs"]
mod tests;
