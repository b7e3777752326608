use proptest::prelude::*;

use super::*;

#[test]
fn every_kind_of_key_comes_back_from_the_store() {
    let list = "/external/vehicles?listingType=SALE".to_owned();
    let body = r#"{"input":{"prompt":"a\u001fb\nc"}}"#.to_owned();
    for key in [
        Key::Vin(Vin::new("1HGCM82633A004352").expect("a VIN")),
        Key::Vehicle(Vehicle::new("Ford", "F-250 SD", 2016)),
        Key::Page(Page {
            list,
            snapshot: Timestamp::from_micros(1_800_000_000_000_000),
            number: 3,
        }),
        Key::Task(Task { subject: "fal-flux-pro 1HGCM82633A004352".into(), body }),
        Key::Name("16ed7612-0000".into()),
        Key::Name("1HGCM82633A004352\u{1f}\u{1c}".into()),
    ] {
        assert_eq!(Key::from_stored(&key.to_stored()), Some(key));
    }
    assert_eq!(Key::from_stored("no key"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_of_a_store_is_one_key_or_none(
        text in prop_oneof![any::<String>(), "[\u{1c}\u{1d}\u{1e}]?[A-Z0-9\u{1f} -]{0,30}"],
    ) {
        if let Some(key) = Key::from_stored(&text) {
            prop_assert_eq!(Key::from_stored(&key.to_stored()), Some(key));
        }
    }

    #[test]
    fn any_vehicle_comes_back_from_the_store(
        make in "[^\u{1f}\u{1c}-\u{1e}]{0,12}", model in "[^\u{1f}]{0,12}", year: i32,
    ) {
        let key = Key::Vehicle(Vehicle::new(&make, &model, year));
        prop_assert_eq!(Key::from_stored(&key.to_stored()), Some(key));
    }

    #[test]
    fn any_name_comes_back_from_the_store(name in any::<String>()) {
        let key = Key::Name(name);
        prop_assert_eq!(Key::from_stored(&key.to_stored()), Some(key));
    }
}

#[test]
fn the_pages_of_a_list_lie_between_its_bounds() {
    let page = |list: &str, snapshot, number| {
        Key::Page(Page { list: list.into(), snapshot: Timestamp::from_micros(snapshot), number })
            .to_stored()
    };
    let within = |bounds: &(String, String), key: &str| *bounds.0 <= *key && *key < *bounds.1;
    let one = Page::stored_bounds("/vehicles?a=1", Some(Timestamp::from_micros(17)));
    let all = Page::stored_bounds("/vehicles?a=1", None);
    for number in [1, 9, 10, u32::MAX] {
        assert!(within(&one, &page("/vehicles?a=1", 17, number)));
        assert!(!within(&one, &page("/vehicles?a=1", 170, number)));
        assert!(within(&all, &page("/vehicles?a=1", 170, number)));
        assert!(!within(&all, &page("/vehicles?a=1 2", 17, number)));
        assert!(!within(&all, &page("/vehicles", 17, number)));
    }
}
