use proptest::prelude::*;

use super::*;
use crate::domain::facts::day;

/// The columns after this one value under this name.
fn filled(name: &str, text: &str) -> DecodeFacts {
    let mut facts = DecodeFacts::default();
    let column = DecodeColumn::named(name).or_else(|| DecodeColumn::stood_in_for(name));
    column.expect(name).fill(&mut facts, text);
    facts
}

#[test]
fn numbers_that_no_column_holds_are_null() {
    assert_eq!(filled("DisplacementL", "2.3572000001").displacement_l, Some(2.357));
    for beyond in ["1e306", "1e308", "1e400", "inf", "NaN", "", "2,0"] {
        assert_eq!(filled("DisplacementL", beyond).displacement_l, None, "{beyond}");
        assert_eq!(filled("Doors", beyond).doors, None, "{beyond}");
    }
    assert_eq!(filled("GVWR", "Class 9: more").gvwr_class, None);
    assert_eq!(filled("GVWR", "Class 2E: 6,001 - 7,000 lb").gvwr_class, Some(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_fills_a_column_with_what_it_can_hold_or_not_at_all(
        name in proptest::sample::select(vec![
            "Make", "Model Year", "DisplacementL", "EngineHP", "EngineCylinders", "Doors", "GVWR",
            "BasePrice", "BedLengthIN", "WheelBaseShort", "year", "wheel_base",
        ]),
        text in prop_oneof![any::<String>(), "-?[0-9]{0,12}[.]?[0-9]{0,4}(e-?[0-9]{1,3})?", "Class [0-9A-Z]{0,3}:?"],
    ) {
        let facts = filled(name, &text);
        let reals = [facts.displacement_l, facts.engine_hp, facts.bed_length_in, facts.wheelbase_in];
        prop_assert!(reals.into_iter().flatten().all(f64::is_finite), "{}", text);
        prop_assert!(facts.model_year.is_none_or(|year| (1886..2200).contains(&year)));
        prop_assert!(facts.gvwr_class.is_none_or(|class| (1..=8).contains(&class)));
        prop_assert!(facts.base_price_usd.is_none_or(|cents| cents >= 0));
        prop_assert_ne!(facts.make.as_deref(), Some(""));
    }

    #[test]
    fn any_name_is_that_of_a_column_or_none(name in any::<String>()) {
        let _ = (DecodeColumn::named(&name), DecodeColumn::stood_in_for(&name), is_blank(&name));
    }

    #[test]
    fn any_day_is_one_of_the_calendar_or_none(days: i32) {
        prop_assert!(day(days).is_none_or(|day| day.len() >= "1970-01-01".len()));
    }
}
