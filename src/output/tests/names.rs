use super::super::schema::COLUMNS;
use super::*;

fn names(format: Format, input: &[&str]) -> Vec<String> {
    let input: Vec<String> = input.iter().map(|&name| name.to_owned()).collect();
    input_names(Naming::of(format, false), &input, &COLUMNS.iter().collect::<Vec<_>>())
}

#[test]
fn text_formats_keep_the_names_and_give_way_to_ours() {
    for format in [Format::Csv, Format::Tsv, Format::Jsonl] {
        assert_eq!(
            names(format, &["VIN", "Make", "Miles Driven", "Größe"]),
            ["input_VIN", "input_Make", "Miles Driven", "Größe"]
        );
    }
}

#[test]
fn typed_formats_get_snake_case() {
    let input = ["VIN", "milesDriven", "VINNumber", "2020 price", "…", "Gr.-Nr", "MILES-LEFT"];
    assert_eq!(
        names(Format::Parquet, &input),
        ["input_vin", "miles_driven", "vin_number", "_2020_price", "column", "gr_nr", "miles_left"]
    );
}

#[test]
fn names_in_any_script_become_ascii() {
    let input = ["Пробег (км)", "ПробегАвто", "Größe", "Gro\u{308}ße 2", "車牌號碼", "Żółw", "رقم"];
    assert_eq!(
        names(Format::Arrow, &input),
        ["probeg_km", "probeg_avto", "grosse", "grosse_2", "che_pai_hao_ma", "zolw", "rqm"]
    );
}

#[test]
fn names_can_be_kept_in_typed_formats() {
    let input = ["Пробег", "Miles Driven", "Vin"].map(str::to_owned);
    let kept =
        input_names(Naming::of(Format::Parquet, true), &input, &COLUMNS.iter().collect::<Vec<_>>());
    assert_eq!(kept, ["Пробег", "Miles Driven", "input_Vin"]);
}

/// What each of `input` is called, by itself.
fn by_name(format: Format, input: &[&str]) -> Vec<(String, String)> {
    let mut called: Vec<_> =
        input.iter().map(|&name| name.to_owned()).zip(names(format, input)).collect();
    called.sort();
    called
}

#[test]
fn a_column_is_called_the_same_wherever_it_stands() {
    let mut input =
        ["Miles Driven", "vin", "milesDriven", "input_vin", "VIN", "a_2", "Model Year", "MILES"];
    for format in [Format::Csv, Format::Parquet] {
        let expected = by_name(format, &input);
        for _ in 0..input.len() {
            input.rotate_left(3);
            assert_eq!(by_name(format, &input), expected);
            let mut backwards = input;
            backwards.reverse();
            assert_eq!(by_name(format, &backwards), expected);
        }
    }
}

#[test]
fn a_shared_name_goes_to_the_column_called_so() {
    let called = names(Format::Parquet, &["Miles Driven", "miles_driven", "MilesDriven"]);
    assert_eq!(called[1], "miles_driven");
    let hashed = |name: &str| {
        let hash = name.strip_prefix("miles_driven_").unwrap_or_default();
        hash.len() == 8 && hash.chars().all(|digit| digit.is_ascii_hexdigit())
    };
    assert!(hashed(&called[0]) && hashed(&called[2]) && called[0] != called[2], "{called:?}");
    let csv = names(Format::Csv, &["vin", "VIN", "input_vin"]);
    assert!(csv[0].starts_with("input_vin_"), "{csv:?}");
    assert_eq!(csv[1..], ["input_VIN", "input_vin"]);
}
