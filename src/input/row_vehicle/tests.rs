//! Which columns are taken for the row's own make, model and year, and what is read of them.

use std::fs;

use tempfile::TempDir;

use crate::domain::{Error, Exit};
use crate::input::{Batch, InputSpec, Inputs};
use crate::matching::row_vehicle::{RowVehicle, VehicleField};

const VIN: &str = "1HGCM82633A004352";

/// Opens a file of these lines; the folder lives as long as what is read from it.
fn open(lines: &[&str], map: &[(VehicleField, &str)]) -> Result<(TempDir, Inputs), Error> {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("fleet.csv");
    fs::write(&path, lines.join("\n").replace("VIN1", VIN)).expect("a file");
    let map = map.iter().map(|(field, column)| (*field, (*column).to_owned())).collect();
    let sources = vec![path.display().to_string()];
    let inputs = Inputs::open(&InputSpec { sources, map, ..InputSpec::default() })?;
    Ok((folder, inputs))
}

/// Which column holds which field, as the run report says it.
fn columns(lines: &[&str], map: &[(VehicleField, &str)]) -> Vec<String> {
    let (_folder, inputs) = open(lines, map).expect("opened");
    let found = inputs.files()[0].claim_columns.iter();
    found.map(|(field, column)| format!("{field}={column}")).collect()
}

fn first_batch(inputs: &Inputs) -> Batch {
    inputs.batches().and_then(|mut batches| batches.read()).expect("a pass").expect("a row")
}

/// Looks at the vehicle of the first row.
fn with_first_row(lines: &[&str], map: &[(VehicleField, &str)], look: impl FnOnce(RowVehicle<'_>)) {
    let (_folder, inputs) = open(lines, map).expect("opened");
    look(first_batch(&inputs).row(0).vehicle());
}

#[test]
fn a_german_sheet_is_understood() {
    let sheet =
        ["Kennzeichen;Marke;Modell;Baujahr;Modelljahr;FIN", "HH-AB 1;Škoda;Octavia;2017;2018;VIN1"];
    assert_eq!(columns(&sheet, &[]), ["make=Marke", "model=Modell", "year=Modelljahr"]);
    with_first_row(&sheet, &[], |vehicle| {
        let expected =
            RowVehicle { make: Some("Škoda"), model: Some("Octavia"), year: Some(2018) };
        assert_eq!(vehicle, expected);
    });
}

#[test]
fn headers_are_known_whatever_their_case_and_punctuation() {
    for (header, expected) in [
        ("VIN,Make,Model,Year", &["make=Make", "model=Model", "year=Year"][..]),
        (
            "vin,VEHICLE_MAKE,Vehicle Model,Model-Year",
            &["make=VEHICLE_MAKE", "model=Vehicle Model", "year=Model-Year"],
        ),
        ("VIN,Manufacturer,Model name,MY", &["make=Manufacturer", "model=Model name", "year=MY"]),
        ("VIN,Marque,Modèle,Année-modèle", &["make=Marque", "model=Modèle", "year=Année-modèle"]),
        ("VIN,Brand,Trim,Yr.", &["make=Brand", "year=Yr."]),
    ] {
        assert_eq!(columns(&[header, "VIN1,Honda,Accord,2003"], &[]), expected, "{header}");
    }
}

#[test]
fn the_surest_header_wins() {
    let sheet = ["Year,Manufacturer,Model Year,Make,VIN", "2002,Honda Motor,2003,Honda,VIN1"];
    assert_eq!(columns(&sheet, &[]), ["make=Make", "year=Model Year"]);
}

#[test]
fn a_column_whose_values_say_otherwise_is_not_it() {
    let odd = ["VIN,Make,Model,Year", "VIN1,17,2003,old", "VIN1,18,2004,new"];
    assert_eq!(columns(&odd, &[]), Vec::<String>::new());
    let serial = ["VIN,Model", "VIN1,VIN1"];
    assert_eq!(columns(&serial, &[]), Vec::<String>::new());
    // A few blanks and slips change nothing, nor do models that are numbers.
    let messy = ["VIN,Make,Model,Year", "VIN1,,500,", "VIN1,Fiat,124,2018.0", "VIN1,?,3008,'19"];
    assert_eq!(columns(&messy, &[]), ["make=Make", "model=Model", "year=Year"]);
}

#[test]
fn a_second_choice_is_taken_where_the_first_says_otherwise() {
    let sheet = ["VIN,Year,MY", "VIN1,2003,B"];
    assert_eq!(columns(&sheet, &[]), ["year=Year"]);
    let mexican = ["NIV VIN,Marca,Modelo,VIN", "x,Honda,2003,VIN1"];
    assert_eq!(columns(&mexican, &[]), ["make=Marca", "year=Modelo"]);
}

#[test]
fn a_blank_column_gives_way_to_one_that_says_something() {
    let sheet = ["VIN,Make,Brand,Model Year,Year", "VIN1,,Honda,,2003", "VIN1, ,Ford,,2004"];
    assert_eq!(columns(&sheet, &[]), ["make=Brand", "year=Year"]);
    let blank = ["VIN,Make,Brand", "VIN1,,17"];
    assert_eq!(columns(&blank, &[]), ["make=Make"], "later rows may say something");
}

#[test]
fn the_map_names_columns_by_header_or_number_and_counts_for_more() {
    let sheet = ["VIN,Make,Typ,Built,Model", "VIN1,Honda,Accord,2003,x"];
    let map = [(VehicleField::Model, "typ"), (VehicleField::Year, "4")];
    assert_eq!(columns(&sheet, &map), ["make=Make", "model=Typ", "year=Built"]);
    with_first_row(&sheet, &map, |vehicle| {
        assert_eq!((vehicle.model, vehicle.year), (Some("Accord"), Some(2003)));
    });
    // Even where the values do not look like it.
    assert_eq!(columns(&sheet, &[(VehicleField::Make, "built")]), ["make=Built", "model=Model"]);
}

#[test]
fn a_file_without_a_header_claims_what_the_map_says() {
    let list = ["VIN1,Honda,2003", "VIN1,Honda,2004"];
    assert_eq!(columns(&list, &[]), Vec::<String>::new());
    with_first_row(&list, &[(VehicleField::Make, "2"), (VehicleField::Year, "3")], |vehicle| {
        assert_eq!(vehicle, RowVehicle { make: Some("Honda"), model: None, year: Some(2003) });
    });
}

#[test]
fn an_unknown_column_names_the_nearest() {
    let error =
        open(&["VIN,Brand", "VIN1,Honda"], &[(VehicleField::Make, "brnad")]).expect_err("refused");
    assert_eq!((error.exit(), error.hint_text()), (Exit::Usage, Some("did you mean `Brand`?")));
    assert!(error.to_string().contains("has no column `brnad`"), "{error}");
}

#[test]
fn cells_that_say_nothing_and_short_rows_claim_nothing() {
    let sheet = ["VIN,Make,Model,Year", "VIN1,N/A,-,unknown", "VIN1"];
    let map = [
        (VehicleField::Make, "Make"),
        (VehicleField::Model, "Model"),
        (VehicleField::Year, "Year"),
    ];
    let (_folder, inputs) = open(&sheet, &map).expect("opened");
    let batch = first_batch(&inputs);
    assert_eq!(batch.len(), 2);
    assert!(batch.rows().all(|row| row.vehicle().is_empty()));
}
