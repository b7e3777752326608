use proptest::prelude::*;

use super::*;

fn texts(make: &str, text: &str) -> Vec<String> {
    Name::read(make, text).tokens.into_iter().map(|token| token.text).collect()
}

/// The words that say which model it is, and those of the vocabulary behind them.
fn split(text: &str) -> (Vec<String>, Vec<String>) {
    let words = texts("MAKE", text);
    let core = Name::read("MAKE", text).core();
    (words[..core].to_vec(), words[core..].to_vec())
}

#[test]
fn names_are_taken_apart() {
    assert_eq!(texts("FORD", "F-350 SUPER DUTY"), ["f", "350", "super duty"]);
    assert_eq!(texts("FORD", "Transit T-250"), ["transit", "250"]);
    assert_eq!(texts("FORD", "ECONOLINE 350"), ["e", "350"]);
    assert_eq!(texts("CHRYSLER", "Town & Country"), ["town", "and", "country"]);
    assert_eq!(texts("AUDI", "Q4 e-tron"), ["q", "4", "e tron"]);
}

#[test]
fn a_make_before_the_model_does_not_count() {
    assert_eq!(texts("MAZDA", "MAZDA6"), ["6"]);
    assert_eq!(texts("TESLA", "Tesla Model 3"), ["model", "3"]);
    assert_eq!(texts("MINI", "MINI"), ["mini"], "nothing else is there");
    assert_eq!(texts("RAM", "RAMCHARGER"), ["ramcharger"]);
}

#[test]
fn a_family_is_told_from_a_model() {
    for family in ["E-Class", "5 SERIES", "GLE-CLASS", "E-Series"] {
        assert!(Name::read("MAKE", family).is_family, "{family}");
    }
    for model in ["E350", "528I", "CLASSIC", "Series"] {
        assert!(!Name::read("MAKE", model).is_family, "{model}");
    }
}

#[test]
fn the_vocabulary_is_behind_the_model() {
    let of = |core: &[&str], rest: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        (owned(core), owned(rest))
    };
    assert_eq!(split("Sierra 2500 HD"), of(&["sierra"], &["2500", "hd"]));
    assert_eq!(split("Kona Electric"), of(&["kona"], &["electric"]));
    assert_eq!(split("Mustang Mach-E"), of(&["mustang", "mach", "e"], &[]));
    assert_eq!(split("1500"), of(&["1500"], &[]), "the first word always says it");
    assert_eq!(split("CX-5"), of(&["cx", "5"], &[]));
    assert_eq!(split("Expedition EL XLT"), of(&["expedition", "el"], &["xlt"]));
    assert_eq!(split("-"), of(&[], &[]));
}

#[test]
fn one_text_may_hold_several_names() {
    let all = |text: &str| {
        let names = Name::all_in("GMC", text).into_iter();
        let words = |name: Name| name.tokens.into_iter().map(|token| token.text);
        names.map(|name| words(name).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(all("Sierra 2500/3500"), ["sierra 2500 3500", "sierra 2500", "sierra 3500"]);
    assert_eq!(all("Jimmy/Envoy"), ["jimmy envoy", "jimmy", "envoy"]);
    assert_eq!(all("Canyon"), ["canyon"]);
}

#[test]
fn words_that_mean_the_same_are_one() {
    let one = |a: &str, b: &str| Name::read("FORD", a) == Name::read("FORD", b);
    assert!(one("F-450 SD", "F450 Super Duty"));
    assert!(one("Escape PHEV", "ESCAPE PLUG-IN"));
    assert!(!one("Transit 250", "Transit 350"));
    assert!(!one("Edge SE", "Edge SEL"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_text_is_taken_apart_alike_in_any_case(make in "\\PC{0,6}", text in "\\PC{0,20}|[A-Z0-9 /-]{0,20}") {
        let name = Name::read(&make, &text);
        prop_assert!(name.core() <= name.tokens.len());
        if text.is_ascii() && make.is_ascii() {
            prop_assert_eq!(&name, &Name::read(&make.to_lowercase(), &text.to_lowercase()));
        }
        let behind = &name.tokens[name.core()..];
        prop_assert!(behind.iter().all(|token| token.term.is_some()));
    }
}
