//! When two makes, or two models, are the same: by their letters and digits,
//! without case, accents, spaces and punctuation.

use crate::key::Vehicle;

/// Short and other names of makes, folded, with the name used here.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("VW", "VOLKSWAGEN"),
    ("CHEVY", "CHEVROLET"),
    ("MERCEDES", "MERCEDESBENZ"),
    ("BENZ", "MERCEDESBENZ"),
    ("ALFA", "ALFAROMEO"),
    ("RAMTRUCKS", "RAM"),
    ("ROLLSROYCEMOTORCARS", "ROLLSROYCE"),
    ("BMWMOTORRAD", "BMW"),
];

/// The vehicle under which all spellings of its make and model meet; `None`
/// where one of them is empty.
pub(super) fn folded(make: &str, model: &str, year: i32) -> Option<Vehicle> {
    let spelled = fold(make);
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == spelled);
    let make = other.map_or_else(|| spelled.clone(), |(_, name)| (*name).to_owned());
    let model = fold(model);
    // `Toyota Camry` is a model name in many an inventory.
    let bare = [&spelled, &make].into_iter().find_map(|make| model.strip_prefix(make.as_str()));
    let model = bare.filter(|bare| !bare.is_empty()).unwrap_or(&model).to_owned();
    (!make.is_empty() && !model.is_empty()).then_some(Vehicle { make, model, year })
}

fn fold(name: &str) -> String {
    let letters = name.chars().flat_map(char::to_uppercase).map(without_accent);
    letters.filter(|c| c.is_alphanumeric()).collect()
}

/// The letters with marks that stand in names of makes and models.
fn without_accent(c: char) -> char {
    match c {
        'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' => 'A',
        'Ç' | 'Č' => 'C',
        'È' | 'É' | 'Ê' | 'Ë' => 'E',
        'Ì' | 'Í' | 'Î' | 'Ï' => 'I',
        'Ñ' => 'N',
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' => 'O',
        'Š' => 'S',
        'Ù' | 'Ú' | 'Û' | 'Ü' => 'U',
        c => c,
    }
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
