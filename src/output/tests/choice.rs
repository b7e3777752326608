use super::*;

fn chosen(words: &str) -> Result<Vec<&'static str>, Error> {
    let words: Vec<String> = words.split(',').map(str::to_owned).collect();
    Ok(Choice::of(&words)?.columns().iter().map(|column| column.name).collect())
}

#[test]
fn patterns_choose_in_the_order_of_the_schema() {
    assert_eq!(chosen("wmi,make,vin").expect("columns"), ["vin", "wmi", "make"]);
    assert_eq!(
        chosen("recall_park_*, vin ,!*_outside").expect("columns"),
        ["vin", "recall_park_it"]
    );
}

#[test]
fn what_begins_with_an_exclusion_keeps_the_rest() {
    let most = chosen("!decode_*,!listing*").expect("columns");
    assert_eq!(most.first(), Some(&"row_id"));
    assert!(
        most.len() < COLUMNS.len() && most.contains(&"make") && most.contains(&"vin_occurrences")
    );
    assert!(!most.iter().any(|name| name.starts_with("decode_") || name.starts_with("listing")));
}

#[test]
fn a_version_is_the_schema_as_it_was() {
    let first = chosen("@1").expect("columns");
    assert_eq!((first.len(), first.last()), (86, Some(&"record_hash")));
    let all: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(chosen("@2").expect("columns"), all);
    assert_eq!(Choice::of(&[]).expect("columns").columns().len(), all.len());
    assert_eq!(chosen("@1,vin_occurrences").expect("columns").last(), Some(&"vin_occurrences"));
}

#[test]
fn words_that_choose_nothing_are_refused() {
    let hint = |words: &str| {
        let error = chosen(words).expect_err("refused");
        format!("{error} ({})", error.hint_text().unwrap_or_default())
    };
    insta::assert_snapshot!(
        ["modell", "vin,xyz*", "@3", "!*", "[", "make,!make"].map(hint).join("\n"),
        @r"
    `--columns` has `modell`, which matches no column (did you mean `model`?)
    `--columns` has `xyz*`, which matches no column (`vinrich schema` lists the columns)
    `@3` is not a version of the schema (they are `@1` to `@2`)
    `--columns !*` leaves no column (`vinrich schema` lists the columns)
    `[` is not a pattern of column names (such as `listing_*`)
    `--columns make,!make` leaves no column (`vinrich schema` lists the columns)
    "
    );
}

#[test]
fn the_run_comes_last() {
    let all = Choice::of(&["make".into()]).expect("columns").with_run_id();
    let names: Vec<&str> = all.columns().iter().map(|column| column.name).collect();
    assert_eq!(names, ["make", "run_id"]);
}
