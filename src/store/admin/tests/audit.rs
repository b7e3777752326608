use super::*;

#[test]
fn a_key_is_shown_without_a_vin() {
    let prints = Fingerprints::new(b"key");
    let vin = Vin::new("1HGCM82633A004352").expect("a VIN");
    let print = format!("hmac:{}", prints.of(&vin));
    let body = format!("{{\"prompt\":\"call Jane about {vin}\"}}");
    let task = |subject: String| {
        Key::Task(crate::domain::key::Task { subject, body: body.clone() }).to_stored()
    };
    for (stored, expected) in [
        (vin.to_string(), print.clone()),
        (format!("#{}", prints.of(&vin)), print.clone()),
        (task(format!("fal-flux {vin}")), format!("fal-flux {print}")),
        (task(format!("fal-flux #{}", prints.of(&vin))), format!("fal-flux {print} {print}")),
        (task("fal-flux".into()), format!("fal-flux {print}")),
        (Key::Name(format!("d-{vin}")).to_stored(), format!("d-{print}")),
        ("FORD\u{1f}F-250 SD\u{1f}2016".into(), "2016 FORD F-250 SD".into()),
        ("FORD\u{1f}\u{1f}2016".into(), "2016 FORD".into()),
        ("\u{1d}/vehicles?a=1\u{1f}17\u{1f}3".into(), "/vehicles?a=1 page 3".into()),
    ] {
        assert_eq!(shown(&stored, &prints), expected);
    }
    assert_eq!(
        without_keys("req1hgcm82633a004352x", vin.as_str(), &prints),
        format!("req{print}x")
    );
}
