use super::*;

#[test]
fn a_shared_body_is_equal_for_every_vin() {
    let bodies = ["1HGBH41JXMN109186", "4T1DAACKXTU765422"].map(|text| {
        let vin = Vin::new(text).expect("a VIN");
        let body = format!("{{\"VIN\":\"{text}\",\"Note\":\"{text}\",\"Make\":\"X\"}}");
        let shared = without_vin(body.as_bytes(), &vin);
        assert_eq!(with_vin(&shared, &Key::Vin(vin)), body.as_bytes());
        shared
    });
    assert_eq!(bodies[0], bodies[1]);
}
