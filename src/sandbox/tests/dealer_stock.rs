use super::*;

fn offers() -> Vec<Offer> {
    let vins = (0..1000).map(|n| Vin::new(&format!("1FA6P8CF0J5{n:06}")).expect("a VIN"));
    vins.filter_map(|vin| offer(&vin)).collect()
}

#[test]
fn about_a_third_is_for_sale() {
    let listed = offers().len();
    assert!((300..400).contains(&listed), "{listed} of 1000");
}

#[test]
fn an_offer_is_plausible() {
    for offer in offers() {
        assert_eq!(offer.id.len(), 32);
        assert!(offer.price.is_none_or(|price| (1_800..80_000).contains(&price)), "{offer:?}");
        assert!((60_000..90_000).contains(&offer.miles), "2018: {offer:?}");
        assert_ne!(offer.condition, "new");
    }
}

#[test]
fn nothing_unknown_is_for_sale() {
    for serial in 0..100 {
        let vin = Vin::new(&format!("ZZZ6P8CF0J5{serial:06}")).expect("a VIN");
        assert!(offer(&vin).is_none());
    }
}
