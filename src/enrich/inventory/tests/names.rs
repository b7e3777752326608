use super::*;

#[track_caller]
fn assert_same(a: (&str, &str), b: (&str, &str)) {
    let [a, b] = [a, b].map(|(make, model)| folded(make, model, 2020));
    assert!(a.is_some());
    assert_eq!(a, b);
}

#[test]
fn spellings_of_one_vehicle_meet() {
    assert_same(("FORD", "F-150"), ("Ford", "F 150"));
    assert_same(("MERCEDES-BENZ", "C-Class"), ("Mercedes", "C class"));
    assert_same(("VOLKSWAGEN", "Golf"), ("VW", "golf"));
    assert_same(("TOYOTA", "Camry"), ("Toyota", "Toyota Camry"));
    assert_same(("VOLKSWAGEN", "Golf"), ("VW", "VW Golf"));
    assert_same(("CITROEN", "C4"), ("Citroën", "C4"));
    assert_same(("MINI", "Mini"), ("Mini", "MINI"));
}

#[test]
fn other_vehicles_do_not() {
    assert_ne!(folded("FORD", "F-150", 2020), folded("FORD", "F-250", 2020));
    assert_ne!(folded("TOYOTA", "Camry", 2020), folded("TOYOTA", "Camry", 2021));
    assert_ne!(folded("TOYOTA", "Camry", 2020), folded("TOYOTA", "Camry XLE", 2020));
    assert_eq!(folded("", "Camry", 2020), None);
    assert_eq!(folded("Toyota", "-", 2020), None);
}
