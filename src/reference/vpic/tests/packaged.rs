//! The data of a Python environment that the program is in.

use std::path::{Path, PathBuf};

use super::install::{data, expected, library};
use crate::domain::Exit;
use crate::reference::vpic::packaged::find;

/// A folder that may be a Python environment.
struct Environment {
    folder: tempfile::TempDir,
}

impl Environment {
    /// An environment whose packages are in `packages`, with this library in that of the decoder.
    fn with(packages: &str, library: &[u8]) -> Self {
        let environment = Self { folder: tempfile::tempdir().expect("a folder") };
        let package = environment.at(packages).join("ultravin");
        std::fs::create_dir_all(&package).expect("created");
        std::fs::write(package.join("__init__.py"), "").expect("written");
        std::fs::write(package.join("_ultravin.abi3.so"), library).expect("written");
        environment
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Where the data were opened from, for the program `bin/vinrich`.
    fn opened(&self, keep: &Path) -> Option<PathBuf> {
        let found = find(&self.at("bin/vinrich"), keep, &expected()).expect("nothing is wrong");
        found.map(|(db, path)| {
            assert_eq!(db.artifact_blake3(), expected().digest);
            path
        })
    }
}

const PACKAGES: &str = "lib/python3.11/site-packages";

#[test]
fn data_of_the_package_beside_the_program_are_kept() {
    for packages in [
        PACKAGES,
        "lib/python3.14/site-packages",
        "lib64/python3.9/site-packages",
        "lib/python3/dist-packages",
        "Lib/site-packages",
        "site-packages",
        ".",
    ] {
        let environment = Environment::with(packages, &library(&data(0), 100));
        let keep = environment.at("home/data/vpic.rkyv");
        assert_eq!(environment.opened(&keep), Some(keep.clone()), "{packages}");
        assert_eq!(std::fs::read(&keep).expect("kept"), data(0));
    }
}

#[test]
fn data_that_cannot_be_kept_are_read_in_place() {
    let environment = Environment::with(PACKAGES, &library(&data(0), (1 << 20) - 40));
    let place = environment.at(PACKAGES).join("ultravin/_ultravin.abi3.so");
    // A folder cannot be made below a file.
    let keep = place.join("data/vpic.rkyv");
    assert_eq!(environment.opened(&keep), Some(place));
}

#[test]
fn a_package_of_another_release_is_passed_by() {
    for library in [library(&data(1), 0), library(b"", 0), Vec::new()] {
        let environment = Environment::with(PACKAGES, &library);
        let keep = environment.at("data/vpic.rkyv");
        assert_eq!(environment.opened(&keep), None);
        assert!(!keep.exists());
    }
    let empty = tempfile::tempdir().expect("a folder");
    let program = empty.path().join("bin/vinrich");
    let found = find(&program, &empty.path().join("vpic.rkyv"), &expected());
    assert!(found.expect("nothing is wrong").is_none());
}

#[test]
fn a_damaged_package_is_an_error_with_its_remedy() {
    let mut changed = data(0);
    *changed.last_mut().expect("data") ^= 1;
    let cut = [&b"\x7fELF"[..], &data(0)[..data(0).len() - 1]].concat();
    for library in [library(&changed, 0), cut] {
        let environment = Environment::with(PACKAGES, &library);
        let keep = environment.at("data/vpic.rkyv");
        let error = find(&environment.at("bin/vinrich"), &keep, &expected()).err();
        let error = error.expect("must be refused");
        assert_eq!(error.exit(), Exit::Config);
        assert!(error.to_string().contains("_ultravin.abi3.so`: "), "{error}");
        assert!(error.hint_text().expect("a hint").contains("pip install --force-reinstall"));
        assert!(!keep.exists());
    }
}
