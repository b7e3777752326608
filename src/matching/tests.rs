//! Real spellings, and what holds for any.

use proptest::prelude::*;

use super::*;

type Same = fn(&str, &str) -> bool;

/// Both ways round, since no side is the right one.
fn assert_all(same: Same, expected: bool, pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        assert_eq!(same(a, b), expected, "{a:?} and {b:?}");
        assert_eq!(same(b, a), expected, "{b:?} and {a:?}");
    }
}

#[test]
fn makes_under_other_names_are_one() {
    assert_all(
        same_make,
        true,
        &[
            ("MERCEDES-BENZ", "Mercedes Benz"),
            ("MERCEDES-BENZ", "Mercedes"),
            ("MERCEDES-BENZ", "mercedesbenz"),
            ("CHEVROLET", "Chevy"),
            ("CHEVROLET", "Chev"),
            ("VOLKSWAGEN", "VW"),
            ("VOLKSWAGEN", "Volkswagon"),
            ("HYUNDAI", "Hyundia"),
            ("TOYOTA", "Toyoat"),
            ("CITROËN", "Citroen"),
            ("ŠKODA", "Skoda"),
            ("LAND ROVER", "Landrover"),
            ("LAND ROVER", "Range Rover"),
            ("ROLLS-ROYCE", "Rolls Royce"),
            ("FORD", "Ford Motor Company"),
            ("HONDA", "AMERICAN HONDA MOTOR CO., INC."),
            ("GMC", "GM"),
            ("BUICK", "General Motors LLC"),
            ("RAM", "Dodge"),
            ("RAM", "Dodge Ram"),
            ("FREIGHTLINER", "FRHT"),
            ("INTERNATIONAL", "Intl"),
            ("INTERNATIONAL", "International Harvester"),
            ("HARLEY-DAVIDSON", "Harley Davidson"),
            ("TESLA", "Tesla, Inc."),
            ("INFINITI", "Infinity"),
            ("FORD", ""),
            ("FORD", "-"),
        ],
    );
}

#[test]
fn other_makes_are_others() {
    assert_all(
        same_make,
        false,
        &[
            ("FORD", "Chevrolet"),
            ("FORD", "Fiat"),
            ("KIA", "Fiat"),
            ("MAZDA", "Mercedes-Benz"),
            ("MERCURY", "Mercedes"),
            ("CHEVROLET", "GMC"),
            ("FORD", "GM"),
            ("TOYOTA", "Lexus"),
            ("ISUZU", "Suzuki"),
            ("LEXUS", "Lotus"),
            ("VOLVO", "Volkswagen"),
        ],
    );
}

#[test]
fn models_with_other_punctuation_or_more_words_are_one() {
    assert_all(
        same_model,
        true,
        &[
            ("F-150", "F150"),
            ("F-150", "F 150 XLT"),
            ("F-250", "F-250 Super Duty"),
            ("F-250", "Super Duty F-250"),
            ("E-350", "Econoline E350"),
            ("E-350", "E-Series"),
            ("CR-V", "CRV EX-L"),
            ("RAV4", "Rav 4"),
            ("CX-5", "CX5"),
            ("4Runner", "4 runner"),
            ("Silverado", "Silverado 1500"),
            ("Transit", "Transit 250 Cargo Van"),
            ("Transit-250", "Transit Cargo Van"),
            ("Transit 250", "Transit T-250"),
            ("Town & Country", "Town and Country"),
            ("C-Class", "C 300"),
            ("C-Klasse", "C300"),
            ("GLC-Class", "GLC 300"),
            ("328i", "3 Series"),
            ("M340i", "3er"),
            ("MX-5 Miata", "Miata MX-5"),
            ("ProMaster", "Pro Master 2500"),
            ("Coupé", "coupe"),
            ("Tiguan", "Tigaun"),
            ("Model 3", "MODEL3"),
            ("Accord", "Accord Sedan"),
            ("Camry", ""),
        ],
    );
}

#[test]
fn other_models_are_others() {
    assert_all(
        same_model,
        false,
        &[
            ("Transit", "E-350"),
            ("F-150", "F-250"),
            ("F-150", "Fusion"),
            ("Q5", "Q50"),
            ("CX-3", "CX-30"),
            ("Model 3", "Model S"),
            ("Model S", "Model X"),
            ("Prius C", "Prius V"),
            ("TRX450ER", "TRX450FM"),
            ("DeVille", "Seville"),
            ("Sprinter", "eSprinter"),
            ("Cherokee", "Grand Cherokee"),
            ("Silverado 1500", "Silverado 2500"),
            ("328i", "5 Series"),
            ("C-Class", "E 350"),
            ("C-Class", "CLA 250"),
            ("Accord", "Civic"),
            ("Sienna", "Sierra"),
            ("Ram 1500", "1500"),
        ],
    );
}

#[test]
fn a_make_before_the_model_is_ignored() {
    let makes = ["Dodge", "RAM"];
    assert!(same_model_of(&makes, "Dodge Ram 1500", "1500"));
    assert!(same_model_of(&makes, "Ram", "1500"), "no other model is named");
    assert!(!same_model_of(&makes, "Dodge Ram 1500", "2500"));
    assert!(same_model_of(&["MAZDA"], "Mazda3", "3"));
    assert!(same_model_of(&["MERCEDES-BENZ"], "Mercedes Sprinter", "Sprinter"));
    assert!(!same_model_of(&["FORD"], "Ford Transit", "E-350"));
    assert!(!same_model_of(&["LAND ROVER"], "Range Rover", "Defender"));
}

#[test]
fn bodies_of_one_kind_are_one() {
    assert_all(
        same_body,
        true,
        &[
            ("Sedan/Saloon", "Sedan"),
            ("Sedan/Saloon", "4dr sedan"),
            ("Sedan/Saloon", "Limousine"),
            ("Sedan/Saloon", "4 Door"),
            ("Hatchback/Liftback/Notchback", "5dr Hatch"),
            ("Sport Utility Vehicle (SUV)/Multi-Purpose Vehicle (MPV)", "SUV"),
            ("Sport Utility Vehicle (SUV)/Multi-Purpose Vehicle (MPV)", "Crossover"),
            ("Crossover Utility Vehicle (CUV)", "4dr SUV"),
            ("Convertible/Cabriolet", "Cabrio"),
            ("Coupe", "2dr Coupé"),
            ("Wagon", "Estate"),
            ("Pickup", "Crew Cab Pickup"),
            ("Pickup", "Truck"),
            ("Van", "Minivan"),
            ("Cargo Van", "Van"),
            ("Cargo Van", "Ext Cargo Van"),
            ("Step Van / Walk-in Van", "step van"),
            ("Truck-Tractor", "Tractor"),
            ("Incomplete - Chassis Cab (Double Cab)", "Cab & Chassis"),
            ("Incomplete", "Pickup"),
            ("Bus", "Bus - School Bus"),
            ("Fleetside", "fleetside long"),
        ],
    );
}

#[test]
fn bodies_of_other_kinds_are_others() {
    assert_all(
        same_body,
        false,
        &[
            ("Sedan/Saloon", "Coupe"),
            ("Sedan/Saloon", "Pickup"),
            ("Pickup", "Cargo Van"),
            ("Cargo Van", "Minivan"),
            ("Truck-Tractor", "Pickup"),
            ("Wagon", "Convertible/Cabriolet"),
            ("Fleetside", "Stepside"),
        ],
    );
}

#[test]
fn fuels_of_one_kind_are_one() {
    assert_all(
        same_fuel,
        true,
        &[
            ("Gasoline", "Gas"),
            ("Gasoline", "petrol"),
            ("Gasoline", "Regular Unleaded"),
            ("Gasoline", "Flexible Fuel Vehicle (FFV)"),
            ("Gasoline", "Gas/Electric Hybrid"),
            ("Ethanol (E85)", "Flex Fuel"),
            ("Electric", "BEV"),
            ("Electric", "Electric Fuel System"),
            ("Diesel", "Bio-Diesel"),
            ("Diesel", "BIODIESEL"),
            ("Compressed Natural Gas (CNG)", "CNG"),
            ("Compressed Natural Gas (CNG)", "Natural Gas"),
            ("Liquefied Petroleum Gas (propane or LPG)", "Propane"),
            ("Compressed Hydrogen/Hydrogen", "Fuel Cell"),
            ("Gasoline", ""),
        ],
    );
}

#[test]
fn fuels_of_other_kinds_are_others() {
    assert_all(
        same_fuel,
        false,
        &[
            ("Gasoline", "Diesel"),
            ("Gasoline", "Electric"),
            ("Gasoline", "Compressed Natural Gas (CNG)"),
            ("Compressed Natural Gas (CNG)", "Liquefied Natural Gas (LNG)"),
            ("Diesel", "Propane"),
        ],
    );
}

#[test]
fn headers_are_one_word() {
    assert_eq!(bare("Model-Year: "), "modelyear");
    assert_eq!(bare("Année (modèle)"), "anneemodele");
}

const COMPARISONS: [Same; 4] = [same_make, same_model, same_body, same_fuel];

/// Words of fleets, so that the rules meet, not only noise.
const FLEET: &str = "((ford|ram|dodge|vw|gm|chev|f|e|150|350|3|er|series|class|transit|econoline|van|cargo|sedan|gas|natural|electric|4dr|&|'|ß|é)[ /-]?){0,6}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_comparison_of_any_text_is_reflexive_and_symmetric(a in any::<String>(), b in any::<String>()) {
        for same in COMPARISONS {
            prop_assert!(same(&a, &a) && same(&b, &b));
            prop_assert_eq!(same(&a, &b), same(&b, &a));
        }
    }

    #[test]
    fn every_comparison_of_fleet_words_is_reflexive_and_symmetric(a in FLEET, b in FLEET) {
        for same in COMPARISONS {
            prop_assert!(same(&a, &a.to_uppercase()));
            prop_assert_eq!(same(&a, &b), same(&b, &a));
        }
    }

    #[test]
    fn a_word_more_is_no_other_model(model in "[A-Z][a-z]{3,8}", more in "[A-Z][a-z]{1,8}") {
        let longer = format!("{model} {more}");
        prop_assert!(same_model(&model, &longer));
    }
}
