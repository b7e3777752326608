//! What `docs/RELIABILITY.md` says shows a promise is a test that exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/RELIABILITY.md");

/// The tables in which every row names at least one test.
const TABLES: [&str; 3] = ["## The promises", "## Bad input", "## Faults"];

/// The names of functions by the module they are in, as `cargo test` names it:
/// `store::ledger::tests`, or `faults::bodies` of the integration tests.
fn functions() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for top in ["src/bin/vinrich", "src", "tests/it"] {
        let top = root.join(top);
        for file in sources(&top) {
            let module = module(file.strip_prefix(&top).expect("below it"));
            let text = std::fs::read_to_string(&file).expect("a source file");
            for name in text.lines().filter_map(function) {
                for module in [module.clone(), of_tests(&module)] {
                    found.entry(module).or_default().insert(name.to_owned());
                }
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|x| x == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

fn module(file: &Path) -> String {
    let path = file.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy()).filter(|name| *name != "mod");
    names.collect::<Vec<_>>().join("::")
}

/// `gate::tests::windows` is the module `gate::windows::tests`.
fn of_tests(module: &str) -> String {
    match module.rsplit_once("tests::") {
        Some((folder, file)) => format!("{folder}{file}::tests"),
        None => module.to_owned(),
    }
}

fn function(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

/// The `module::function` words of a line; `module::*` is all in that file.
fn named(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let spans = line.split('`').skip(1).step_by(2);
    spans.filter(|span| !span.contains(' ')).filter_map(|span| span.rsplit_once("::"))
}

#[test]
fn every_test_it_names_exists() {
    let functions = functions();
    let exists = |module: &str, name: &str| {
        functions.get(module).is_some_and(|names| name == "*" || names.contains(name))
    };
    let missing: Vec<_> =
        PAGE.lines().flat_map(named).filter(|(module, name)| !exists(module, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_row_names_what_shows_it() {
    for table in TABLES {
        let (_, section) = PAGE.split_once(table).expect("the section is there");
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert!(rows.len() > 10, "{table}: {} rows", rows.len());
        for row in rows {
            assert!(named(row).next().is_some(), "no test is named in: {row}");
        }
    }
}
