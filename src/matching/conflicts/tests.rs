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

/// Some of what vPIC lists.
fn listed(make: &str) -> Option<ModelNames> {
    let names: &[&str] = match make {
        "KIA" => &["Forte", "Forte Koup", "Niro", "Niro EV", "Soul", "Sportage"],
        "Nissan" | "NISSAN" => &["Rogue", "Rogue Sport", "Murano", "NV", "Pathfinder"],
        "CHEVROLET" => &["Silverado", "Silverado HD", "Bolt", "Tahoe", "Express", "City Express"],
        _ => return None,
    };
    let mut models = ModelNames::default();
    for name in names {
        models.add(make, name);
    }
    Some(models)
}

/// What the model of a row contradicts, by the decoder's lists.
fn contradicts(make: &str, model: &str, facts: &DecodeFacts) -> bool {
    let (one, other) = (listed(make), listed(facts.make.as_deref().unwrap_or_default()));
    let models_of = |of: &str| if of == make { one.as_ref() } else { other.as_ref() };
    let found = super::input_conflicts(&vehicle(make, model, ""), facts, models_of);
    found.is_some_and(|found| found.fields.contains(&"model"))
}

#[test]
fn another_model_of_the_make_is_a_conflict() {
    let silverado =
        DecodeFacts { series: Some("1500".into()), ..facts("CHEVROLET", "Silverado", 2015) };
    for (make, model, vin) in [
        ("KIA", "Sportage", facts("KIA", "Soul", 2016)),
        ("KIA", "Kia Forte Koup EX", facts("KIA", "Forte", 2012)),
        ("Nissan", "Rogue Sport SL", facts("NISSAN", "Rogue", 2018)),
        ("Nissan", "pathfinder 4wd", facts("NISSAN", "Murano", 2018)),
        ("CHEVROLET", "City Express", facts("CHEVROLET", "Express", 2016)),
        ("Nissan", "Murano", facts("CHEVROLET", "Tahoe", 2016)),
        ("CHEVROLET", "3500HD", silverado),
    ] {
        assert!(contradicts(make, model, &vin), "{make} {model} and {:?}", vin.model);
    }
}

#[test]
fn a_part_a_trim_or_a_body_is_not_another_model() {
    let silverado = DecodeFacts {
        series: Some("2500 (3/4 Ton)".into()),
        trim: Some("LTZ".into()),
        body_class: Some("Pickup".into()),
        cab_type: Some("Crew/Super Crew/Crew Max".into()),
        ..facts("CHEVROLET", "Silverado", 2015)
    };
    for (make, model, vin) in [
        ("Nissan", "sport", &facts("NISSAN", "Rogue Sport", 2018)),
        ("KIA", "koup", &facts("KIA", "Forte Koup", 2012)),
        ("KIA", "hatchback 4 doors", &facts("KIA", "Soul", 2016)),
        ("KIA", "Niro EV", &facts("KIA", "Niro", 2019)),
        ("KIA", "unlisted words", &facts("KIA", "Niro", 2019)),
        ("CHEVROLET", "2500 HD", &silverado),
        ("CHEVROLET", "ltz", &silverado),
        ("CHEVROLET", "crew cab", &silverado),
        ("CHEVROLET", "Silverado HD", &silverado),
        ("CHEVROLET", "pk", &silverado),
    ] {
        assert!(!contradicts(make, model, vin), "{make} {model} and {:?}", vin.model);
    }
}

#[test]
fn without_lists_words_of_no_model_are_not_a_conflict() {
    let vin = DecodeFacts { trim: Some("Sport Touring".into()), ..facts("HONDA", "Fit", 2015) };
    for model in ["5 door", "mpv", "touring", "hatchback awd", "hybrid"] {
        assert_eq!(input_conflicts(&vehicle("Honda", model, "2015"), &vin), None, "{model}");
    }
    assert!(input_conflicts(&vehicle("Honda", "Odyssey", "2015"), &vin).is_some());
}
