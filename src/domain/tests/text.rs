use proptest::prelude::*;

use super::*;

fn cleaned(field: &str) -> String {
    clean(field.as_bytes()).unwrap_or_default()
}

#[test]
fn markup_is_taken_out_and_entities_are_read() {
    assert_eq!(
        cleaned(
            "Go to <A HREF=HTTP://WWW.SAFERCAR.GOV>HTTP://WWW.SAFERCAR.GOV</A> .<br>Town &amp; Country<P>50&#176;C &#x2013; &quot;hot&quot;"
        ),
        "Go to HTTP://WWW.SAFERCAR.GOV . Town & Country 50°C – \"hot\""
    );
    assert_eq!(cleaned("<b>Do</b>n&#39;t"), "Don't");
}

#[test]
fn signs_that_are_no_markup_stay() {
    for text in ["pressure < 5 psi > 3", "a <b and <more>", "R&D; &bogus; & &#xD800;", "x<", "&"] {
        assert_eq!(cleaned(text), text);
    }
}

#[test]
fn gaps_are_one_space_and_controls_are_dropped() {
    assert_eq!(cleaned("  a \u{a0}&nbsp; b\u{0}\u{1b}c&#27;\u{feff}d  "), "a bcd");
    assert_eq!(clean(b" <br>&nbsp; "), None);
}

#[test]
fn other_encodings_are_read_as_what_they_were() {
    assert_eq!(
        clean(b"driver\x92s seat \x96 CITRO\xcbN").as_deref(),
        Some("driver’s seat – CITROËN")
    );
    assert_eq!(cleaned("driver\u{92}s seat – CITROËN"), "driver’s seat – CITROËN");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_become_one_tidy_line(field in proptest::collection::vec(any::<u8>(), 0..200), text in "([<>&;#/a-c ]|amp|br|\\PC){0,40}") {
        for text in [clean(&field), clean(text.as_bytes())].into_iter().flatten() {
            prop_assert!(!text.contains(char::is_control) && !text.contains("  "));
            prop_assert_eq!(text.trim(), &text);
        }
    }
}
