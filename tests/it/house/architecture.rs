//! What the source promises about itself: one-way imports, the registry, who
//! may touch what, and how long a file may be.

use std::collections::BTreeSet;

use super::source::{Source, modules, product, sources};

/// The longest file a reader is asked to read.
const LONGEST: usize = 500;

/// Files that may be longer, and why.
const MAY_BE_LONGER: [(&str, &str); 0] = [];

/// Where the product's code holds one of `texts`, outside of `allowed`.
fn found_outside(texts: &[&str], allowed: fn(&Source) -> bool) -> Vec<String> {
    let outside = product().filter(|source| !allowed(source));
    outside
        .flat_map(|s| texts.iter().flat_map(|text| s.places_of(text)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn imports_run_one_way() {
    let order = modules();
    let place = |module: &str| order.iter().position(|other| other == module);
    let mut against = Vec::new();
    for source in product() {
        let Some(own) = place(source.module()) else { continue };
        let later = source.imports().into_iter().filter(|(name, _)| place(name) > Some(own));
        against.extend(later.map(|(name, line)| format!("{}:{line}: {name}", source.path)));
    }
    assert!(against.is_empty(), "imports against the order of src/lib.rs:\n{}", against.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let order: BTreeSet<String> = modules().into_iter().collect();
    let of_the_library = |source: &Source| !source.is_of_the_binary() && source.module() != "lib";
    let modules: BTreeSet<String> = sources("src")
        .iter()
        .filter(|s| of_the_library(s))
        .map(|s| s.module().to_owned())
        .collect();
    assert_eq!(order, modules);
}

#[test]
fn only_the_store_speaks_to_sqlite() {
    let found = found_outside(&["rusqlite"], |source| source.module() == "store");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_gate_sends() {
    let found = found_outside(&["Client::builder", "Client::new"], |source| {
        let of_a_run = source.module() == "gate";
        // `vinrich check` asks vendors a question that no run asks, and
        // `vinrich vpic install` asks no vendor.
        let apart = ["src/bin/vinrich/check.rs", "src/vpic/download.rs"];
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
