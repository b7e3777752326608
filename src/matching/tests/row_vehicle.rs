use proptest::prelude::*;

use super::*;

#[test]
fn years_are_read_as_spreadsheets_and_people_write_them() {
    for (cell, year) in [
        ("2018", 2018),
        (" 2018 ", 2018),
        ("2018.0", 2018),
        ("2018,00", 2018),
        ("'2018", 2018),
        ("=\"2018\"", 2018),
        ("'18", 2018),
        ("\u{2019}18", 2018),
        ("18", 2018),
        ("07", 2007),
        ("99", 1999),
        ("81", 1981),
        ("MY2018", 2018),
        ("my 18", 2018),
    ] {
        assert_eq!(model_year(cell), Some(year), "{cell:?}");
    }
}

#[test]
fn what_is_no_year_is_no_claim() {
    for cell in
        ["", "N/A", "0", "3", "218", "20188", "2018.5", "2018/19", "1776", "2100", "Transit", "-18"]
    {
        assert_eq!(model_year(cell), None, "{cell:?}");
    }
}

#[test]
fn cells_that_say_nothing_claim_nothing() {
    for cell in ["", "  ", "N/A", "unknown", "-", "\u{2014}", "?", "#N/A", "=\"\""] {
        assert!(RowVehicle::of(Some(cell), Some(cell), Some(cell)).is_empty(), "{cell:?}");
    }
    let vehicle = RowVehicle::of(Some(" Ford "), Some("=\"500\""), None);
    assert_eq!((vehicle.make, vehicle.model, vehicle.year), (Some("Ford"), Some("500"), None));
}

#[test]
fn claims_have_the_names_of_the_flag() {
    assert!(
        VehicleField::ALL
            .into_iter()
            .all(|field| VehicleField::from_name(field.name()) == Some(field))
    );
    assert_eq!(VehicleField::from_name("vin"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_a_plausible_year_or_none(cell in any::<String>()) {
        prop_assert!(model_year(&cell).is_none_or(|year| (1900..2100).contains(&year)));
    }

    #[test]
    fn near_years_are_read_without_panic(cell in "[ 0-9MYmy'.,ä\u{2019}-]{0,8}") {
        prop_assert!(model_year(&cell).is_none_or(|year| (1900..2100).contains(&year)));
    }
}
