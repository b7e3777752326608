//! Which rows are read as the VINs that a person gave.

use std::fs;
use std::path::PathBuf;

use crate::domain::Exit;
use crate::domain::vin::Rules;
use crate::input::{InputSpec, Inputs};

const HONDA: &str = "1HGCM82633A004352";
const BMW: &str = "WBAPH5C55BA218692";
const FLEET: &str = "Unit,VIN\n1,1HGOM82633A004352\n2,WBAPH5C55BA218692\n3,not yet\n4,=\"12\"\n";

/// A folder with a fleet and its edited rejects.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(rejects: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        fs::write(folder.path("fleet.csv"), FLEET).expect("a file");
        let header = "source_file,source_row,vin_cell,vin_suggestion,accepted_vin\n";
        let rejects = rejects.replace("FLEET", &folder.path("fleet.csv").display().to_string());
        fs::write(folder.path("fixed.csv"), format!("{header}{rejects}")).expect("a file");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn spec(&self, corrections: &str) -> InputSpec {
        InputSpec {
            sources: vec![self.path("fleet.csv").display().to_string()],
            corrections: Some(self.path(corrections).display().to_string()),
            ..InputSpec::default()
        }
    }
}

/// The VIN of each row in both kinds of passes, and whether it is repaired; the warnings.
fn read(spec: &InputSpec, rules: Rules) -> (Vec<(String, bool)>, Vec<String>) {
    let inputs = Inputs::open(spec).expect("opened");
    let of = |mut batches: crate::input::Batches<'_>| {
        let mut read = Vec::new();
        while let Some(batch) = batches.read().expect("a batch") {
            read.extend(batch.rows().map(|row| {
                let reading = row.reading(rules);
                (reading.vin.map(|vin| vin.to_string()).unwrap_or_default(), reading.repaired)
            }));
        }
        read
    };
    let vins = of(inputs.vins().expect("a pass"));
    assert_eq!(vins, of(inputs.batches().expect("a pass")));
    (vins, inputs.warnings())
}

fn row(vin: &str, is_repaired: bool) -> (String, bool) {
    (vin.to_owned(), is_repaired)
}

#[test]
fn accepted_and_typed_vins_are_read() {
    let folder = Folder::new(&format!(
        "FLEET,2,1HGOM82633A004352,{HONDA},Yes\nFLEET,4,not yet,,{}\nFLEET,5,\"'=\"\"12\"\"\",,{BMW}\n",
        HONDA.to_lowercase()
    ));
    let (rows, warnings) = read(&folder.spec("fixed.csv"), Rules::default());
    assert_eq!(rows, [row(HONDA, true), row(BMW, false), row(HONDA, true), row(BMW, true)]);
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn what_does_not_match_is_counted() {
    let folder = Folder::new(&format!(
        "FLEET,2,changed since,,{HONDA}\nother.csv,4,not yet,,{HONDA}\nFLEET,99,not yet,,{HONDA}\nFLEET,4,not yet,,1HG\nFLEET,5,\"=\"\"12\"\"\",,ok\nFLEET,3,x,,\n"
    ));
    let (rows, warnings) = read(&folder.spec("fixed.csv"), Rules::default());
    assert_eq!(rows, [row("", false), row(BMW, false), row("", false), row("", false)]);
    let ends = [
        "2 of 5 corrections are not VINs, the first in row 5; they are not used",
        "3 of 5 corrections match no row of the input any more, by file, row and VIN cell, the first in row 2; they are not used",
    ];
    assert_eq!(warnings.len(), ends.len(), "{warnings:?}");
    assert!(warnings.iter().zip(ends).all(|(said, end)| said.ends_with(end)), "{warnings:?}");
}

#[test]
fn strict_rules_hold_for_corrections_too() {
    // Its check digit should be 3.
    let folder = Folder::new("FLEET,4,not yet,,1HGCM82603A004352\n");
    let (rows, _) = read(&folder.spec("fixed.csv"), Rules::default());
    assert_eq!(rows[2], row("1HGCM82603A004352", true));
    let (rows, _) = read(&folder.spec("fixed.csv"), Rules { strict: true, ..Rules::default() });
    assert_eq!(rows[2].0, "");
}

#[test]
fn other_files_are_refused() {
    let folder = Folder::new("");
    let error = Inputs::open(&folder.spec("fleet.csv")).expect_err("not a rejects file");
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("--rejects")), "{error:?}");
    let missing = Inputs::check_exist(&folder.spec("gone.csv")).expect_err("missing");
    assert_eq!(missing.exit(), Exit::NoInput);
}
