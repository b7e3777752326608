use super::*;

fn difference(shown: u64, pages: u32, counted: RangeInclusive<u64>) -> Option<bool> {
    Difference::between(shown, pages, counted).map(|difference| difference.is_shortage())
}

#[test]
fn a_few_changes_while_paging_are_no_difference() {
    for (shown, pages, counted, expected) in [
        (25, 1, 25..=25, None),
        (22, 1, 25..=25, None),
        (21, 1, 25..=25, Some(true)),
        (28, 1, 25..=25, None),
        (29, 1, 25..=25, Some(false)),
        // Large inventories take longer to read.
        (3_960, 40, 4_000..=4_000, None),
        (3_959, 40, 4_000..=4_000, Some(true)),
        // The list may be of the available ones alone, or of all.
        (20, 1, 20..=25, None),
        (25, 1, 20..=25, None),
        (16, 1, 20..=25, Some(true)),
        (0, 0, 3..=3, None),
        (0, 1, 4..=4, Some(true)),
    ] {
        assert_eq!(difference(shown, pages, counted.clone()), expected, "{shown} of {counted:?}");
    }
}

#[test]
fn a_difference_names_both_numbers() {
    let said = |shown, counted| Difference::between(shown, 1, counted).map(|of| of.remark());
    let short = said(1_187, 1_200..=1_500).expect("a difference");
    assert!(short.contains("showed 1,187 vehicles"), "{short}");
    assert!(short.contains("counts 1,500 (1,200 of them available)"), "{short}");
    assert!(short.contains("may be incomplete"), "{short}");
    let long = said(40, 7..=7).expect("a difference");
    assert!(long.contains("showed 40 vehicles, and the vendor counts 7:"), "{long}");
    assert!(!long.contains("incomplete"), "{long}");
}
