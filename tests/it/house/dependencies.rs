//! Every dependency is there for a reason that somebody wrote down.

use std::collections::BTreeSet;
use std::path::Path;

/// A file of the package.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates that a manifest asks for, in any of its tables of dependencies.
fn asked_for(manifest: &str) -> BTreeSet<String> {
    fn collect(table: &toml::Table, names: &mut BTreeSet<String>) {
        for (key, value) in table {
            let Some(below) = value.as_table() else { continue };
            match key.as_str() {
                "dependencies" | "dev-dependencies" | "build-dependencies" => {
                    names.extend(below.keys().cloned());
                }
                "target" => below.values().filter_map(toml::Value::as_table).for_each(|of| {
                    collect(of, names);
                }),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(&text(manifest).parse().expect("TOML"), &mut names);
    names
}

/// The crates with a line in the table below this heading, in order, and what it says.
fn justified(heading: &str) -> Vec<(String, Vec<String>)> {
    let page = text("docs/DEPENDENCIES.md");
    let section = page.split("\n## ").find(|section| section.starts_with(heading));
    let rows = section.unwrap_or_else(|| panic!("no section `{heading}`")).lines();
    let cells = |row: &str| -> Option<(String, Vec<String>)> {
        let mut cells = row.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        Some((name, cells.map(str::to_owned).collect()))
    };
    rows.filter_map(cells).collect()
}

/// Each is named once, in order, with what it is for, why this one, and what is off.
#[track_caller]
fn assert_justified(heading: &str, expected: &BTreeSet<String>) {
    let rows = justified(heading);
    let names: Vec<&String> = rows.iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected.iter().collect::<Vec<_>>(), "{heading}: sorted by name");
    for (name, cells) in &rows {
        assert_eq!(cells.len(), 3, "`{name}`: what for, why this one, what is off");
        assert!(cells.iter().all(|cell| cell.len() > 3), "`{name}`: {cells:?}");
    }
}

#[test]
fn every_dependency_is_justified_and_no_other() {
    let manifest: toml::Table = text("Cargo.toml").parse().expect("TOML");
    let in_table = |table: &str| -> BTreeSet<String> {
        manifest[table].as_table().expect("a table").keys().cloned().collect()
    };
    let of_unix = manifest["target"]["cfg(unix)"]["dependencies"].as_table().expect("a table");
    let program: BTreeSet<String> =
        in_table("dependencies").into_iter().chain(of_unix.keys().cloned()).collect();
    assert_justified("In the program", &program);
    assert_justified("In the tests", &in_table("dev-dependencies"));
    let both: BTreeSet<String> = program.union(&in_table("dev-dependencies")).cloned().collect();
    assert_eq!(asked_for("Cargo.toml"), both, "there are no other tables of dependencies");
    let fuzz: BTreeSet<String> =
        asked_for("fuzz/Cargo.toml").into_iter().filter(|name| name != "vinrich").collect();
    assert_justified("In the fuzz targets", &fuzz);
}

#[test]
fn no_crate_of_ours_may_use_unsafe_code() {
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let manifest: toml::Table = text(manifest).parse().expect("TOML");
        assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    }
}

/// What cargo-deny skips is in the tree, so that no skip outlives its reason.
#[test]
fn every_allowed_duplicate_is_still_one() {
    let deny: toml::Table = text("deny.toml").parse().expect("TOML");
    let lock: toml::Table = text("Cargo.lock").parse().expect("TOML");
    let versions = |name: &str| -> Vec<&str> {
        let packages = lock["package"].as_array().expect("packages").iter();
        let named = packages.filter(|package| package["name"].as_str() == Some(name));
        named.filter_map(|package| package["version"].as_str()).collect()
    };
    assert_eq!(deny["bans"]["multiple-versions"].as_str(), Some("deny"));
    for skip in deny["bans"]["skip"].as_array().expect("a list") {
        let (name, version) =
            skip["crate"].as_str().and_then(|it| it.split_once('@')).expect("name@version");
        let found = versions(name);
        assert!(found.len() > 1, "`{name}` is there once: the skip can go");
        assert!(found.iter().any(|found| found.starts_with(&format!("{version}."))), "{found:?}");
        assert!(skip["reason"].as_str().is_some_and(|reason| reason.len() > 3), "`{name}`");
    }
}
