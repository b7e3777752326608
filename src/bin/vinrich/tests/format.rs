use proptest::prelude::*;

use super::*;

#[test]
fn nouns_follow_their_number() {
    assert_eq!(
        [count(1, "row"), count(0, "row"), count(2000, "call")],
        ["1 row", "0 rows", "2,000 calls"]
    );
}

#[test]
fn spans_show_their_two_largest_units() {
    let shown = [0, 45, 60, 61, 725, 7500, 86_400, 273_600].map(span);
    assert_eq!(shown, ["0 s", "45 s", "1 min", "1 min", "12 min", "2 h 5 min", "1 d", "3 d 4 h"]);
}

#[test]
fn short_times_have_tenths() {
    let shown = [0.04, 0.276, 9.94, 9.96, 59.6, 7500.0, f64::NAN].map(took);
    assert_eq!(shown, ["0.0 s", "0.3 s", "9.9 s", "10 s", "1 min", "2 h 5 min", "0 s"]);
}

#[test]
fn sizes_have_two_figures_at_least() {
    let shown = [0, 999, 1000, 9_949, 10_000, 999_499, 1_500_000_000].map(bytes);
    assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.5 GB"]);
}

#[test]
fn reasons_come_by_weight() {
    let counts = [("empty", 1), ("length", 2000), ("not_a_vin", 1), ("ragged_row", 0)].into();
    assert_eq!(by_reason(&counts), "2,000 length, 1 empty, 1 not_a_vin");
    assert_eq!(by_reason(&[("empty", 0)].into()), "");
}

#[test]
fn data_cannot_draw_on_the_terminal() {
    let hostile = "a\u{1b}]0;title\u{7}\u{9b}31m\u{202e}b\nc\rd\u{7f}";
    assert_eq!(visible(hostile), "a\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{202e}b\\u{a}c\\u{d}d\\u{7f}");
    for hidden in ['\u{200b}', '\u{feff}', '\u{ad}', '\u{2066}', '\u{61c}', '\u{e0041}', '\u{9c}'] {
        let text = format!("a{hidden}b");
        assert!(visible(&text).is_ascii(), "{text:?}");
    }
    assert_eq!(visible("naïve – 車"), "naïve – 車");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_shown_in_characters_that_draw_nothing(text in any::<String>()) {
        let shown = visible(&text);
        prop_assert!(!shown.contains(deceives));
        // Nothing is left out: what is harmless is there, in order.
        let harmless = text.chars().filter(|&character| !deceives(character));
        let mut rest = shown.chars();
        for character in harmless {
            prop_assert!(rest.any(|other| other == character));
        }
    }

    #[test]
    fn any_number_has_words(number: u64, seconds: f64, micros: i64) {
        let words = [thousands(number), span(number), bytes(number), took(seconds), at(Timestamp::from_micros(micros))];
        prop_assert!(words.iter().all(|words| !words.is_empty()));
        prop_assert_eq!(thousands(number).replace(',', ""), number.to_string());
    }

    #[test]
    fn any_moment_is_shown(text in any::<String>()) {
        prop_assert_eq!(moment(&text).is_empty(), text.is_empty());
    }
}

#[test]
fn visible_json_reads_back_the_same() {
    let hostile = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\u{e0041}";
    let json = serde_json::to_string_pretty(&[hostile, "naïve – 車"]).expect("JSON");
    let shown = visible_json(&json);
    assert!(!shown.contains(|c| c != '\n' && deceives(c)) && shown.contains("naïve – 車"));
    let read: Vec<String> = serde_json::from_str(&shown).expect("JSON still");
    assert_eq!(read[0], hostile);
}
