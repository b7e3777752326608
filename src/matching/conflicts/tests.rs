//! What is a conflict, and what is none.

use serde_json::json;

use super::*;

fn facts(make: &str, model: &str, year: i32) -> DecodeFacts {
    DecodeFacts {
        make: Some(make.into()),
        model: Some(model.into()),
        model_year: Some(year),
        ..DecodeFacts::default()
    }
}

fn vehicle<'a>(make: &'a str, model: &'a str, year: &'a str) -> RowVehicle<'a> {
    RowVehicle::of(Some(make), Some(model), Some(year))
}

/// Without the lists of a decoder.
fn input_conflicts(vehicle: &RowVehicle<'_>, facts: &DecodeFacts) -> Option<Conflicts> {
    super::input_conflicts(vehicle, facts, |_| None)
}

fn parsed(conflicts: &Conflicts) -> Value {
    serde_json::from_str(&conflicts.json).expect("JSON")
}

#[test]
fn the_sheet_says_transit_and_the_vin_says_e_350() {
    let conflicts =
        input_conflicts(&vehicle("Ford", "Transit", "2018"), &facts("FORD", "E-350", 2016))
            .expect("two conflicts");
    assert_eq!(
        &*conflicts.json,
        r#"{"model":{"input":"Transit","vin":"E-350"},"model_year":{"input":2018,"vin":2016}}"#
    );
    assert_eq!(conflicts.fields, ["model", "model_year"]);
}

#[test]
fn a_year_off_by_one_is_a_conflict() {
    let conflicts =
        input_conflicts(&vehicle("Ford", "F-150", "2018"), &facts("FORD", "F-150", 2017));
    assert_eq!(conflicts.expect("a conflict").fields, ["model_year"]);
}

#[test]
fn spelling_is_no_input_conflict() {
    for (make, model, year, vin) in [
        ("Chevy", "Silverado", "2019", facts("CHEVROLET", "Silverado 1500", 2019)),
        ("ford", "Ford F150 XLT", "'18", facts("FORD", "F-150", 2018)),
        (
            "Mercedes",
            "Mercedes-Benz Sprinter 2500",
            "2020.0",
            facts("MERCEDES-BENZ", "Sprinter", 2020),
        ),
        ("Dodge", "Ram 1500", "2014", facts("RAM", "1500", 2014)),
        ("Ram", "Ram", "2014", facts("RAM", "1500", 2014)),
        ("VW", "Passat", "N/A", facts("VOLKSWAGEN", "Passat", 2014)),
        ("BMW", "3er", "2014", facts("BMW", "328i", 2014)),
        ("", "", "", facts("FORD", "E-350", 2016)),
        ("Ford", "Transit", "2018", DecodeFacts::default()),
    ] {
        assert_eq!(
            input_conflicts(&vehicle(make, model, year), &vin),
            None,
            "{make} {model} {year}"
        );
    }
}

#[test]
fn a_row_may_name_the_series_as_its_model() {
    let vin = DecodeFacts { series: Some("1500".into()), ..facts("CHEVROLET", "Silverado", 2019) };
    assert_eq!(input_conflicts(&vehicle("Chevrolet", "1500", "2019"), &vin), None);
    assert!(input_conflicts(&vehicle("Chevrolet", "2500", "2019"), &vin).is_some());
}

#[test]
fn two_decoders_agree_in_other_words() {
    let paid = DecodeFacts {
        body_class: Some("4dr Sedan".into()),
        fuel_type_primary: Some("Gas".into()),
        engine_cylinders: Some(4),
        ..facts("CHEVY", "F150", 2018)
    };
    let local = DecodeFacts {
        body_class: Some("Sedan/Saloon".into()),
        fuel_type_primary: Some("Gasoline".into()),
        ..facts("CHEVROLET", "F-150", 2018)
    };
    assert_eq!(decode_conflicts(&paid, "carvin", &local, "vpic"), None);
}

#[test]
fn two_decoders_differ_in_every_field() {
    let paid = DecodeFacts {
        body_class: Some("Pickup".into()),
        fuel_type_primary: Some("Diesel".into()),
        engine_cylinders: Some(8),
        ..facts("FORD", "F-250", 2019)
    };
    let local = DecodeFacts {
        body_class: Some("Sedan/Saloon".into()),
        fuel_type_primary: Some("Gasoline".into()),
        engine_cylinders: Some(4),
        ..facts("HONDA", "Accord", 2018)
    };
    let conflicts = decode_conflicts(&paid, "visor", &local, "vpic").expect("conflicts");
    let expected = json!({
        "body_class": {"visor": "Pickup", "vpic": "Sedan/Saloon"},
        "engine_cylinders": {"visor": 8, "vpic": 4},
        "fuel_type_primary": {"visor": "Diesel", "vpic": "Gasoline"},
        "make": {"visor": "FORD", "vpic": "HONDA"},
        "model": {"visor": "F-250", "vpic": "Accord"},
        "model_year": {"visor": 2019, "vpic": 2018},
    });
    assert_eq!(parsed(&conflicts), expected);
    let sorted: Vec<&str> = expected
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect();
    assert_eq!(conflicts.fields, sorted);
    assert!(conflicts.json.starts_with(r#"{"body_class":{"visor":"#), "{}", conflicts.json);
}

#[test]
fn what_is_empty_is_filled_and_what_is_known_stays() {
    let mut paid = DecodeFacts {
        make: Some("FORD".into()),
        decode_extra: Some("{}".into()),
        ..DecodeFacts::default()
    };
    let local = DecodeFacts {
        trim: Some("XLT".into()),
        decode_extra: Some(r#"{"a":1}"#.into()),
        ..facts("HONDA", "F-150", 2018)
    };
    assert!(fill(&mut paid, &local));
    let expected = DecodeFacts {
        trim: Some("XLT".into()),
        decode_extra: Some("{}".into()),
        ..facts("FORD", "F-150", 2018)
    };
    assert_eq!(paid, expected);
    assert!(!fill(&mut paid, &local), "nothing is left to fill");
}
