use std::fs;
use std::path::Path;

use super::*;
use crate::domain::vin::Rules;
use crate::input::InputSpec;

const A: &str = "1HGCM82633A004352";
const B: &str = "5YJ3E1EA7KF317000";

struct Folder(tempfile::TempDir);

impl Folder {
    fn holding(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        Self(folder)
    }

    fn spec(&self, named: &[&str]) -> InputSpec {
        let path = |name: &&str| self.0.path().join(name).display().to_string();
        InputSpec { sources: named.iter().map(path).collect(), ..InputSpec::default() }
    }
}

fn keyed(spec: InputSpec, key: &[&str]) -> InputSpec {
    InputSpec { row_key: key.iter().map(|&column| column.to_owned()).collect(), ..spec }
}

/// The id of each row, and how many have the key of an earlier one.
fn ids(spec: &InputSpec) -> (Vec<u128>, u64) {
    let inputs = Inputs::open(spec).expect("an input");
    inputs.check_row_ids(spec).expect("names of their own");
    let mut row_ids = inputs.row_ids();
    let mut batches = inputs.batches().expect("a pass");
    let mut ids = Vec::new();
    while let Some(batch) = batches.read().expect("a batch") {
        ids.extend(batch.rows().map(|row| row_ids.next(row, &row.reading(Rules::default()))));
    }
    (ids, row_ids.repeated())
}

fn refused(spec: &InputSpec) -> String {
    let error = Inputs::open(spec).and_then(|inputs| inputs.check_row_ids(spec));
    let error = error.expect_err("refused");
    assert_eq!(error.exit(), crate::domain::Exit::Usage, "{error}");
    error.to_string()
}

#[test]
fn ids_do_not_depend_on_how_a_path_is_typed() {
    let table = format!("VIN\n{A}\n{B}\n");
    let folder = Folder::holding(&[("in/a.csv", &table), ("in/b.csv", &table)]);
    let by_folder = ids(&folder.spec(&["in"])).0;
    for named in [&["in/a.csv", "in/b.csv"][..], &["in/*.csv"], &["./in/"], &["in/../in/[ab].csv"]]
    {
        assert_eq!(ids(&folder.spec(named)).0, by_folder, "{named:?}");
    }
    let distinct: HashSet<u128> = by_folder.iter().copied().collect();
    assert_eq!(distinct.len(), 4);
}

#[test]
fn names_below_a_pattern_keep_files_apart() {
    let table = format!("VIN\n{A}\n");
    let folder = Folder::holding(&[("north/fleet.csv", &table), ("south/fleet.csv", &table)]);
    let (by_pattern, _) = ids(&folder.spec(&["*/fleet.csv"]));
    assert_ne!(by_pattern[0], by_pattern[1]);
    let both = folder.spec(&["north/fleet.csv", "south/fleet.csv"]);
    assert!(refused(&both).contains("are both called `fleet.csv`"), "{}", refused(&both));
    let (by_key, repeated) = ids(&keyed(both, &["vin"]));
    assert_eq!((by_key.len(), repeated), (2, 1));
}

#[test]
fn a_source_name_replaces_the_files_own() {
    let table = format!("VIN\n{A}\n{B}\n");
    let folder = Folder::holding(&[("a.csv", &table), ("b.csv", &table)]);
    let named = |name: &str, files: &[&str]| InputSpec {
        source_name: Some(name.into()),
        ..folder.spec(files)
    };
    let (a, b) = (ids(&named("fleet", &["a.csv"])), ids(&named("fleet", &["b.csv"])));
    assert_eq!(a, b);
    assert_ne!(a, ids(&folder.spec(&["a.csv"])));
    assert!(refused(&named("fleet", &["a.csv", "b.csv"])).contains("--source-name fleet"));
}

#[test]
fn a_row_key_follows_the_row_wherever_it_goes() {
    let folder = Folder::holding(&[
        ("one.csv", &format!("VIN,Unit,Note\n{A},7,x\n{B},8,\nbad,9,\n")),
        ("two.csv", &format!("Unit,vin\n9,bad\n8,{B}\n7,{}\n", A.to_lowercase())),
    ]);
    let key = |file: &str| ids(&keyed(folder.spec(&[file]), &["unit", "VIN"])).0;
    let (one, mut two) = (key("one.csv"), key("two.csv"));
    two.reverse();
    assert_eq!(one, two);
    let unit = ids(&InputSpec {
        keep: vec!["Note".into()],
        ..keyed(folder.spec(&["one.csv"]), &["Unit"])
    });
    assert_eq!(unit.0, ids(&keyed(folder.spec(&["one.csv"]), &["Unit"])).0);
    assert_ne!(unit.0, one);
}

#[test]
fn repeated_keys_are_numbered() {
    let table = format!("VIN,Unit\n{A},1\n{A},\n{A},\n{B},1\nx,\nx,\ny,\n");
    let folder = Folder::holding(&[("a.csv", &table)]);
    let (by_vin, repeated) = ids(&keyed(folder.spec(&["a.csv"]), &["vin"]));
    assert_eq!(by_vin.iter().collect::<HashSet<_>>().len(), 7);
    assert_eq!(repeated, 3);
    let (by_both, repeated) = ids(&keyed(folder.spec(&["a.csv"]), &["vin", "Unit"]));
    assert_eq!((by_both.iter().collect::<HashSet<_>>().len(), repeated), (7, 2));
}

#[test]
fn a_key_column_that_a_file_lacks_is_refused() {
    let folder = Folder::holding(&[
        ("a.csv", &format!("VIN,Unit\n{A},1\n")),
        ("b.csv", &format!("VIN,Plate\n{B},K\n")),
    ]);
    let all = |key: &[&str]| refused(&keyed(folder.spec(&["a.csv", "b.csv"]), key));
    assert!(all(&["Unit"]).contains("b.csv"), "{}", all(&["Unit"]));
    assert!(all(&["Unti"]).contains("no column `Unti`"), "{}", all(&["Unti"]));
}
