//! The fuzz targets, called with their seeds: inputs worth starting from, and
//! one for each fault that fuzzing ever found.
//!
//! `fuzz/src/lib.rs` tells how to fuzz a target for longer.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library where it is fuzzed")]
mod fuzz;

/// The seeds of a target are read by people too.
const MOST_SEEDS: usize = 60;

fn below_fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn every_seed_holds_what_its_target_promises() {
    let mut broken = Vec::new();
    for (target, _) in fuzz::TARGETS {
        let folder = below_fuzz("seeds").join(target);
        let seeds = names(&folder);
        assert!((1..=MOST_SEEDS).contains(&seeds.len()), "{target}: {} seeds", seeds.len());
        for seed in seeds {
            let bytes = std::fs::read(folder.join(&seed)).expect("a seed");
            if catch_unwind(|| fuzz::run(target, &bytes)).is_err() {
                broken.push(format!("{target}/{seed}"));
            }
        }
    }
    assert!(broken.is_empty(), "see above for each of them: {}", broken.join(", "));
}

#[test]
fn every_target_can_be_fuzzed_and_has_seeds() {
    let targets = fuzz::TARGETS.map(|(name, _)| name.to_owned());
    assert!(targets.is_sorted(), "in order");
    assert_eq!(names(&below_fuzz("seeds")), targets);
    assert_eq!(names(&below_fuzz("targets")), targets.clone().map(|name| name + ".rs"));
    let manifest = std::fs::read_to_string(below_fuzz("Cargo.toml")).expect("its manifest");
    for target in targets {
        assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
        let program = std::fs::read_to_string(below_fuzz(&format!("targets/{target}.rs")));
        let calls = format!("vinrich_fuzz::run(\"{target}\", bytes)");
        assert!(program.expect("a target").contains(&calls), "{target}");
    }
}

#[test]
fn every_vendor_is_fuzzed() {
    for vendor in vinrich::vendors::registry() {
        let target = vendor.spec().id().replace('-', "_");
        assert!(fuzz::TARGETS.iter().any(|(name, _)| *name == target), "{target}");
    }
}
