use super::super::schema::COLUMNS;
use super::*;

fn names(format: Format, input: &[&str]) -> Vec<String> {
    let input: Vec<String> = input.iter().map(|&name| name.to_owned()).collect();
    input_names(format, &input, &COLUMNS.iter().collect::<Vec<_>>())
}

#[test]
fn text_formats_keep_the_names_and_give_way_to_ours() {
    assert_eq!(
        names(Format::Csv, &["VIN", "Make", "Miles Driven", "Größe"]),
        ["input_VIN", "input_Make", "Miles Driven", "Größe"]
    );
}

#[test]
fn typed_formats_get_snake_case() {
    let input = ["VIN", "milesDriven", "Miles Driven", "VINNumber", "2020 price", "€", "Gr.-Nr"];
    assert_eq!(
        names(Format::Parquet, &input),
        [
            "input_vin",
            "miles_driven",
            "miles_driven_2",
            "vin_number",
            "_2020_price",
            "column",
            "gr_nr"
        ]
    );
}

#[test]
fn names_stay_unique_whatever_they_were() {
    let input = ["vin", "input_vin", "VIN", "a", "a", "a_2", "Model Year", "input_vin_2"];
    assert_eq!(
        names(Format::Arrow, &input),
        [
            "input_vin",
            "input_vin_2",
            "input_vin_3",
            "a",
            "a_2",
            "a_2_2",
            "input_model_year",
            "input_vin_2_2"
        ]
    );
    let csv = names(Format::Csv, &["vin", "VIN", "input_vin"]);
    assert_eq!(csv, ["input_vin", "input_VIN", "input_vin_2"]);
}
