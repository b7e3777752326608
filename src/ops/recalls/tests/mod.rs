use super::first_words;

#[test]
fn the_words_of_a_page_are_those_between_its_tags() {
    let page = "<!DOCTYPE html>\n<html><head><title>Access  Denied</title></head><p>Ref 18.3b\u{7}";
    assert_eq!(first_words(page), "Access Denied Ref 18.3b");
    assert_eq!(first_words("gone fishing"), "gone fishing");
    assert_eq!(first_words(&"x ".repeat(200)).chars().count(), 80);
    assert_eq!(first_words("<br>"), "");
}
