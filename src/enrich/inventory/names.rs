//! When two vehicles are of one make, model and year, whoever spells the names.
//!
//! Unlike two words about one vehicle, which agree until they contradict each
//! other, these are words about two vehicles: a `Camry XLE` is not priced by a
//! `Camry`. So nothing counts as alike here but spelling.

use crate::matching::{bare, one_make};

/// A make, model and year without their spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Named {
    make: String,
    model: String,
    year: i32,
}

/// The name under which all spellings of its make and model meet; `None`
/// where one of them is empty.
pub(super) fn folded(make: &str, model: &str, year: i32) -> Option<Named> {
    let (spelled, make) = (bare(make), one_make(make));
    let model = bare(model);
    // `Toyota Camry` is a model name in many an inventory.
    let own = [&spelled, &make].into_iter().find_map(|make| model.strip_prefix(make.as_str()));
    let model = own.filter(|own| !own.is_empty()).unwrap_or(&model).to_owned();
    (!make.is_empty() && !model.is_empty()).then_some(Named { make, model, year })
}

#[cfg(test)]
mod tests {
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
}
