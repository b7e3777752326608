use proptest::prelude::*;

use super::*;

#[test]
fn numbers_are_grouped() {
    let shown = [0, 999, 1000, 12_345, 1_234_567].map(thousands);
    assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
    assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
}

#[test]
fn a_price_is_read_from_its_digits() {
    assert_eq!(cents("35236"), Some(3_523_600));
    assert_eq!(cents("950.0000000000001"), Some(95_000));
    assert_eq!(cents("949.9999999999999"), Some(95_000));
    assert_eq!(cents("0.1"), Some(10));
    assert_eq!(cents("10.005"), Some(1_001));
    assert_eq!(cents("10.0049999"), Some(1_000));
    assert_eq!(cents("3.5236e4"), Some(3_523_600));
    assert_eq!(cents("5E-3"), Some(1));
    assert_eq!(cents("5e-400"), Some(0));
    assert_eq!(cents("0"), Some(0));
    assert_eq!(cents("0.000e99"), Some(0));
    assert_eq!(cents("9999999999.99"), Some(999_999_999_999));
}

#[test]
fn what_is_no_price_is_none() {
    let wrong = [
        "-1",
        "9999999999.995",
        "1e300",
        "1e99999999999",
        "",
        ".",
        "1.2.3",
        "NaN",
        "$5",
        "1,000",
        "e5",
    ];
    for text in wrong {
        assert_eq!(cents(text), None, "{text}");
    }
}

#[test]
fn whole_numbers_may_end_in_a_zero_fraction() {
    assert_eq!(integer("4.0"), Some(4));
    assert_eq!(integer("4.5"), None);
    assert_eq!(real("inf"), None);
}

proptest! {
    #[test]
    fn cents_agree_with_integer_arithmetic(whole in 0_i64..9_999_999_999, thousandths in 0_i64..1000) {
        let expected = whole * 100 + (thousandths + 5) / 10;
        prop_assert_eq!(cents(&format!("{whole}.{thousandths:03}")), Some(expected));
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,30}") {
        let _ = (cents(&text), integer(&text), real(&text));
    }
}
