use proptest::prelude::*;

use super::*;
use crate::vendors::testing::json_like;

fn items() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("\"1HGBH41JXMN109186\"".to_owned()),
        Just("\"HONDA\"".to_owned()),
        Just("\" 2021 \"".to_owned()),
        Just("\"\"".to_owned()),
    ];
    let keys =
        vec!["VIN", "Vin", "Make", "make", "Model", "ModelYear", "Year", "success", "OK", "error"];
    json_like(scalar.boxed(), keys)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_glance_sees_what_a_reading_would(item in items()) {
        if let Ok(Glance { vin }) = serde_json::from_str(&item) {
            let raw = json::read(item.as_bytes()).expect("JSON");
            let object = Object::read(raw).expect("readable").expect("an object");
            let item = read(&object).expect("readable");
            prop_assert_eq!(item.vin.as_deref(), Some(vin));
            prop_assert_eq!(item.said, Some(Answer::Found));
            prop_assert_eq!(item.type_drift, 0);
        }
    }
}
