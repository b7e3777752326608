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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(model: &str, names: &[&str]) -> Vec<String> {
        variants(model, &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_name_that_says_more_is_a_variant() {
        assert_eq!(of("F-250", &["F-250 SD", "F-150", "F-350 SD"]), ["F-250 SD"]);
        assert_eq!(of("Silverado", &["SILVERADO 1500", "SIERRA"]), ["SILVERADO 1500"]);
        assert_eq!(of("F250", &["F-250/F-350", "F-2500"]), ["F-250/F-350"]);
        assert_eq!(of("3", &["3 SPORT", "300", "CX-3", "MAZDA3", "MAZDA 3", "323"]), ["3 SPORT"]);
    }

    #[test]
    fn punctuation_and_spaces_do_not_count() {
        assert_eq!(
            of("CX5", &["CX-5", "CX-50", "CX 5", "CX-5 GRAND TOURING"]),
            ["CX 5", "CX-5", "CX-5 GRAND TOURING"]
        );
        assert_eq!(of("E-Class", &["E CLASS", "ECLASS", "E"]), ["E CLASS", "ECLASS"]);
    }

    #[test]
    fn a_name_begins_at_its_words() {
        let told = |name| beginnings(name).collect::<Vec<_>>();
        assert_eq!(told("F-250 SD"), ["f250", "f250sd"]);
        assert_eq!(told("CX 5/7"), ["cx", "cx5", "cx57"]);
        assert_eq!(told("-"), [""]);
    }

    #[test]
    fn the_name_itself_is_none_and_no_name_ends_within_a_word() {
        assert_eq!(of("f-250  sd", &["F-250 SD", "F-250 SD "]), [""; 0]);
        assert_eq!(of("SILVERADO 15", &["SILVERADO 1500"]), [""; 0]);
        assert_eq!(of("CX", &["CX-5", "CX5"]), [""; 0]);
        assert_eq!(of("-", &["F-250", "-", ""]), [""; 0]);
        assert_eq!(of("", &["F-250"]), [""; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn variants_are_distinct_names_of_the_catalogue_that_say_no_less(
            model in "[A-Z0-9 ./-]{0,8}|\\PC{0,6}",
            names in proptest::collection::vec("[A-Z0-9 ./-]{0,10}|\\PC{0,8}", 0..12),
        ) {
            let variants = variants(&model, &names);
            prop_assert!(variants.windows(2).all(|pair| pair[0] < pair[1]));
            for variant in &variants {
                prop_assert!(names.contains(variant));
                prop_assert!(!is_same(variant, &model));
                prop_assert!(bare(variant).starts_with(&bare(&model)));
            }
        }

        #[test]
        fn a_word_more_always_makes_a_variant(model in "[A-Z0-9][A-Z0-9-]{0,7}", word in "[A-Z]{1,6}") {
            let longer = format!("{model} {word}");
            let glued = format!("{model}{word}");
            let names = [longer.clone(), glued, model.clone()];
            prop_assert_eq!(variants(&model, &names), [longer]);
        }
    }
}
