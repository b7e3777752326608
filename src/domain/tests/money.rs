use proptest::prelude::*;

use super::*;

#[test]
fn amounts_are_read_to_the_millionth_and_no_further() {
    assert_eq!(Micros::parse_usd("2.50"), Some(Micros(2_500_000)));
    assert_eq!(Micros::parse_usd("0.000001"), Some(Micros(1)));
    assert_eq!(Micros::parse_usd("2."), Some(Micros(2_000_000)));
    for none in ["", ".5", "-1", "+1", "1e3", "1.0000001", "1,000", "9223372036855", "$1"] {
        assert_eq!(Micros::parse_usd(none), None, "{none}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_an_amount_or_none(text in prop_oneof![any::<String>(), "[-+]?[0-9]{0,21}[.]?[0-9]{0,9}"]) {
        prop_assert!(Micros::parse_usd(&text).is_none_or(|amount| amount >= Micros::ZERO));
    }

    #[test]
    fn an_amount_that_is_written_is_read_again(micros in 0..=i64::MAX) {
        let written = Micros(micros).to_string();
        prop_assert_eq!(Micros::parse_usd(written.trim_start_matches('$')), Some(Micros(micros)));
    }

    #[test]
    fn any_amount_can_be_written_and_added(one: i64, other: i64) {
        let _ = (Micros(one).to_string(), Micros(one) + Micros(other), Micros(one) - Micros(other));
    }
}
