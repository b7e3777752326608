//! Texts at the limit of a cell.

use super::*;

#[test]
fn what_fits_is_not_cut() {
    assert_eq!(shortened(&"x".repeat(32_767)), None);
    assert_eq!(shortened(&"é".repeat(32_767)), None);
}

#[test]
fn a_cut_text_says_its_length() {
    for (character, fitting) in [("x", 32_767), ("🚚", 16_383)] {
        let text = character.repeat(fitting + 1);
        let short = shortened(&text).expect("too long");
        let length = text.encode_utf16().count();
        let end = format!(" … [cut by vinrich: the whole text has {length} characters]");
        let kept = short.strip_suffix(&end).expect("the end says so");
        assert!(text.starts_with(kept) && kept.len() > text.len() - 4 * end.len(), "{character}");
        assert!(characters(&short) <= MOST_CHARACTERS);
    }
}
