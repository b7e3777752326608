//! What is refused before anything is asked.

use super::*;
use crate::input::InputSpec;

#[test]
fn more_rows_than_a_sheet_holds_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fleet.csv");
    std::fs::write(&path, "Unit,VIN\n1,1HGCM82633A004352\n").expect("a file");
    let sources = vec![path.display().to_string()];
    let inputs = Inputs::open(&InputSpec { sources, ..InputSpec::default() }).expect("an input");
    let output = |name: &str| OutputSpec::new(Some(name.into()), None).expect("an output");
    let survey = |rows, valid| Survey { rows, valid, ..Survey::default() };

    let check = |survey: Survey, output: &OutputSpec| survey.check_room(&inputs, output);
    check(survey(1_048_575, 1_000_000), &output("o.xlsx")).expect("it fits");
    let over = check(survey(1_048_576, 1_000_000), &output("o.xlsx")).expect_err("a row too many");
    assert_eq!(over.exit(), Exit::BadInput);
    assert!(over.to_string().contains("1,048,576 rows"), "{over}");
    check(survey(1_048_576, 1_000_000), &output("o.parquet")).expect("Parquet has no limit");
    // Rows that are diverted take no room in the sheet.
    let diverted = OutputSpec { rejects: Some("bad.csv".into()), ..output("o.xlsx") };
    check(survey(1_048_576, 1_000_000), &diverted).expect("it fits");
    check(survey(2_097_152, 1_048_576), &diverted).expect_err("a row too many");
}
