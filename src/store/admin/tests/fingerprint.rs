use super::*;

const VIN: &str = "1HGCM82633A004352";

fn vin() -> Vin {
    Vin::new(VIN).expect("a VIN")
}

#[test]
fn a_fingerprint_is_the_hmac_under_the_key() {
    // printf %s 1HGCM82633A004352 | openssl dgst -sha256 -hmac key
    assert_eq!(
        Fingerprints::new(b"key").of(&vin()),
        "ddf13ffa3e062a29b1373bf72f617c45ef2bb388da45e603671108a140026f5f"
    );
    assert_ne!(Fingerprints::new(b"key").of(&vin()), Fingerprints::new(b"other").of(&vin()));
}

#[test]
fn hiding_replaces_vins_and_nothing_else() {
    let prints = Fingerprints::new(b"key");
    let print = prints.of(&vin());
    for (text, shown) in [
        (format!("tool {VIN}"), format!("tool hmac:{print}")),
        (VIN.to_lowercase(), format!("hmac:{print}")),
        (format!("/v?vin={VIN}&a=1"), format!("/v?vin=hmac:{print}&a=1")),
        (format!("tool #{print}"), format!("tool hmac:{print}")),
        (
            "é 16ed7612-0000-4000-8000-000000000000 #1".into(),
            "é 16ed7612-0000-4000-8000-000000000000 #1".into(),
        ),
        (String::new(), String::new()),
    ] {
        assert_eq!(prints.hide(&text), shown, "{text}");
    }
}

#[test]
fn erasing_a_vin_leaves_its_fingerprint() {
    let prints = Fingerprints::new(b"key");
    let mark = format!("#{}", prints.of(&vin()));
    let text = format!("é{VIN}x {}\n", VIN.to_lowercase());
    assert_eq!(prints.erase(&text, &vin()), format!("é{mark}x {mark}\n"));
    let spelled = "1hg-CM826 33A-004352";
    assert_eq!(prints.erase(&format!("- {spelled}-é.csv"), &vin()), format!("- {mark}-é.csv"));
    assert!(matches!(prints.erase("nothing of it", &vin()), Cow::Borrowed(_)));
}
