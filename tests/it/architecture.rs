//! What the source promises about itself: one-way imports, the registry, who
//! may touch what, and how long a file may be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The longest file a reader is asked to read.
const LONGEST: usize = 500;

/// Files that may be longer, and why.
const MAY_BE_LONGER: [(&str, &str); 0] = [];

/// A source file below `src/`.
struct Source {
    /// Relative to the package, with `/`.
    path: String,
    text: String,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(root).expect("below the root");
                found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no sources under {folder}");
    found
}

impl Source {
    /// The module directly under the crate that this file belongs to.
    fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").expect("below src");
        path.split(['/', '.']).next().expect("a name")
    }

    fn is_of_the_binary(&self) -> bool {
        self.path.starts_with("src/bin/")
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || ["tests.rs", "testing.rs"].contains(&name)
    }

    /// Lines that are compiled into the product, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let product = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = product.lines().enumerate().map(|(place, line)| (place + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Where code holds `text`, as `path:line`.
    fn places_of(&self, text: &str) -> Vec<String> {
        let lines = self.code().filter(|(_, line)| line.contains(text));
        lines.map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim())).collect()
    }
}

/// Where the product's code holds one of `texts`, outside of `allowed`.
fn found_outside(texts: &[&str], allowed: fn(&Source) -> bool) -> Vec<String> {
    let sources = sources("src");
    let outside = sources.iter().filter(|source| !source.is_test() && !allowed(source));
    outside.flat_map(|source| texts.iter().flat_map(|text| source.places_of(text))).collect()
}

/// The modules, in the order in which `src/lib.rs` declares them.
fn order() -> Vec<String> {
    let lib = include_str!("../../src/lib.rs");
    let declared = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(str::to_owned).collect()
}

/// The modules named after `crate::` in a line.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn imports_run_one_way() {
    let order = order();
    let place = |module: &str| order.iter().position(|other| other == module);
    assert!(order.len() == 13, "the modules of src/lib.rs: {order:?}");
    let mut against = Vec::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let Some(own) = place(source.module()) else { continue };
        for (number, line) in source.code() {
            assert!(!line.contains("crate::{"), "{}:{number}: one module a line", source.path);
            let later = imports(line).filter(|module| place(module).is_some_and(|at| at > own));
            against.extend(later.map(|module| format!("{}:{number}: {module}", source.path)));
        }
    }
    assert!(against.is_empty(), "imports against the order of src/lib.rs:\n{}", against.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let order: BTreeSet<String> = order().into_iter().collect();
    let of_the_library = |source: &&Source| !source.is_of_the_binary() && source.module() != "lib";
    let modules: BTreeSet<String> = sources("src")
        .iter()
        .filter(of_the_library)
        .map(|source| source.module().to_owned())
        .collect();
    assert_eq!(order, modules);
}

#[test]
fn only_the_store_speaks_to_sqlite() {
    let found = found_outside(&["rusqlite"], |source| source.module() == "store");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_session_opens_a_store_for_a_run() {
    let found = found_outside(&["Store::open(", "Door::open("], |source| {
        source.module() == "store" || source.path == "src/enrich/session.rs"
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_gate_sends() {
    let found = found_outside(&["Client::builder", "Client::new"], |source| {
        let of_a_run = source.module() == "gate";
        // `vinrich check` asks vendors a question that no run asks, and
        // `vinrich vpic install` asks no vendor.
        let apart = ["src/bin/vinrich/check.rs", "src/reference/vpic/download.rs"];
        of_a_run || apart.contains(&source.path.as_str())
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_binary_prints_and_exits() {
    let speaking = ["println!", "print!", "eprintln!", "eprint!", "dbg!", "process::exit"];
    let found = found_outside(&speaking, Source::is_of_the_binary);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_vendor_is_registered() {
    let declared: usize =
        sources("src/vendors").iter().map(|s| s.places_of("impl Vendor for ").len()).sum();
    let registered = vinrich::vendors::registry();
    assert_eq!(registered.len(), declared, "types that implement `Vendor`");
    let ids: BTreeSet<_> = registered.iter().map(|vendor| vendor.spec().id()).collect();
    assert_eq!(ids.len(), registered.len(), "ids are unique");
    for vendor in registered {
        let endpoints: BTreeSet<_> = vendor.endpoints().iter().map(|e| e.spec().id).collect();
        assert_eq!(endpoints.len(), vendor.endpoints().len(), "{}", vendor.spec().id());
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut long = Vec::new();
    for Source { path, text } in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        let excused = MAY_BE_LONGER.iter().any(|(excused, _)| *excused == path);
        if lines > LONGEST && !excused {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(long.is_empty(), "over {LONGEST} lines:\n{}", long.join("\n"));
}
