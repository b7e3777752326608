//! What the source promises about itself: one-way imports, the registry, who
//! may touch what, and how long a file may be.

use std::collections::BTreeSet;

use super::source::{Source, modules, product, sources};

/// The modules, each of which imports those before it alone. `bin` imports the library.
const ORDER: [&str; 14] = [
    "domain",
    "matching",
    "config",
    "files",
    "input",
    "output",
    "reference",
    "store",
    "vendors",
    "gate",
    "enrich",
    "ops",
    "sandbox",
    "bin",
];

/// Files that import a module against the order, once each, and that module.
const MAY_IMPORT_AGAINST_IT: [(&str, &str); 0] = [];

/// The longest file a reader is asked to read.
const LONGEST: usize = 500;

/// Only this module has one of `texts` in its code, and the files `apart` do too.
#[track_caller]
fn only(module: &str, texts: &[&str], apart: &[&str]) {
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for source in product().filter(|source| source.module() != module) {
        let places: Vec<_> = texts.iter().flat_map(|text| source.places_of(text)).collect();
        match apart.iter().find(|path| **path == source.path) {
            Some(path) if !places.is_empty() => _ = used.insert(*path),
            Some(_) | None => wrong.extend(places),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used, apart.iter().copied().collect(), "files that need no exemption any more");
}

#[test]
fn imports_run_one_way() {
    let place = |module: &str| ORDER.iter().position(|other| *other == module);
    let (mut against, mut used) = (Vec::new(), BTreeSet::new());
    for source in product().filter(|source| source.module() != "lib") {
        let own = place(source.module());
        assert!(own.is_some(), "{} has no place in the order", source.path);
        for (module, line) in source.read().imports {
            let exempt = |(path, other): &&(&str, &str)| *path == source.path && *other == module;
            match MAY_IMPORT_AGAINST_IT.iter().find(exempt) {
                _ if place(&module) <= own => {}
                Some(exempt) => _ = used.insert(*exempt),
                None => against.push(format!("{}:{line}: {module}", source.path)),
            }
        }
    }
    assert!(against.is_empty(), "imports against the order:\n{}", against.join("\n"));
    assert_eq!(used, BTreeSet::from(MAY_IMPORT_AGAINST_IT), "exemptions that are needed");
}

#[test]
fn modules_are_declared_in_their_order() {
    let (bin, library) = ORDER.split_last().expect("an order");
    assert_eq!(modules(), library);
    let folders: BTreeSet<String> = sources("src").iter().map(|s| s.module().to_owned()).collect();
    let places: BTreeSet<String> =
        library.iter().chain([bin, &"lib"]).map(|s| (*s).to_owned()).collect();
    assert_eq!(folders, places);
}

#[test]
fn only_the_store_speaks_to_sqlite() {
    only("store", &["rusqlite"], &[]);
}

#[test]
fn only_files_knows_operating_systems() {
    let texts =
        ["cfg(unix)", "cfg(windows)", "cfg(not(", "cfg(target_os", "cfg!(unix)", "cfg!(windows)"];
    let texts = [&texts[..], &["std::os::", "\"/proc"]].concat();
    // Whom a key file is shown to is config's, which comes before; signals are the program's.
    let apart =
        ["src/config/secret.rs", "src/bin/vinrich/signals.rs", "src/bin/vinrich/runs/audit.rs"];
    only("files", &texts, &apart);
}

#[test]
fn only_the_gate_sends() {
    // `vinrich vpic install` asks no vendor.
    only("gate", &["Client::builder", "Client::new"], &["src/reference/vpic/download.rs"]);
}

#[test]
fn only_the_session_opens_a_store_for_a_run() {
    only("store", &["Store::open(", "Door::open("], &["src/enrich/session.rs"]);
}

#[test]
fn only_the_binary_prints_and_exits() {
    let speaking = ["println!", "print!", "eprintln!", "eprint!", "dbg!", "process::exit"];
    only("bin", &speaking, &[]);
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
        if lines > LONGEST {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(long.is_empty(), "over {LONGEST} lines:\n{}", long.join("\n"));
}

/// A change of tests alone then leaves the library, and what links it, as built.
#[test]
fn tests_of_a_file_stand_beside_it() {
    let inline: Vec<_> = product().flat_map(|file| file.places_of("mod tests {")).collect();
    assert!(inline.is_empty(), "modules of tests inside product files:\n{}", inline.join("\n"));
}
