use super::*;

fn question(point: PricePoint) -> PriceQuestion {
    PriceQuestion { make: "MERCEDES-BENZ".into(), year: 2016, point }
}

fn price(model: &str, count: i32, cents: i64) -> ModelPrice {
    ModelPrice { model: model.into(), count, cents: Some(cents) }
}

fn of(known: HashMap<Named, Known>, model: &str) -> Option<Comparables> {
    let named = folded("Mercedes Benz", model, 2016).expect("a name");
    known.into_iter().find(|(known, _)| *known == named).map(|(_, known)| known.into())
}

#[test]
fn the_prices_of_one_model_come_together() {
    let mut known = HashMap::new();
    for (point, cents) in
        [(PricePoint::P75, 3_100), (PricePoint::Median, 2_500), (PricePoint::P25, 1_900)]
    {
        add(&mut known, &question(point), vec![price("Sprinter 2500", 31, cents)]);
    }
    let range =
        PriceRange { median: 2_500, min: None, max: None, p25: Some(1_900), p75: Some(3_100) };
    assert_eq!(of(known, "SPRINTER-2500"), Some(Comparables { count: 31, prices: Some(range) }));
}

#[test]
fn one_model_by_two_spellings_has_no_price() {
    let mut known = HashMap::new();
    let models =
        vec![price("GLE 350", 12, 2_900), price("GLE350", 30, 3_000), price("Metris", 5, 900)];
    add(&mut known, &question(PricePoint::Median), models);
    assert_eq!(of(known, "GLE350"), Some(Comparables { count: 42, prices: None }));
}
