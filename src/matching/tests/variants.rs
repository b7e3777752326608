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
