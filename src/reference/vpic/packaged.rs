//! The data in the Python package `ultravin`, where it is installed beside this program.
//!
//! A wheel of this program requires that package, whose library holds the data. They are
//! kept as a file once, which processes share; where none can be kept, such as on a
//! read-only disk or while another process keeps it, each reads the library into memory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ultravin::Db;

use super::artifact::{Artifact, NotIt, VERSION};
use super::incoming::Failed;
use super::{archive, install};
use crate::domain::Error;

/// The data of the environment that `program` is in, and the file that they were opened
/// from: `keep` where they could be kept there, else the library. `None` where there is
/// no package, or one of another release. Damaged data are 78.
pub(super) fn find(
    program: &Path,
    keep: &Path,
    expected: &Artifact,
) -> Result<Option<(Db, PathBuf)>, Error> {
    for library in libraries(program) {
        if install::install_file(&library, keep, expected, &|_| ()).is_ok()
            && let Ok(db) = expected.open(keep)
        {
            return Ok(Some((db, keep.to_owned())));
        }
        match read(&library, expected) {
            Ok(db) => return Ok(Some((db, library))),
            Err(NotIt::Foreign | NotIt::OtherRelease) => {}
            Err(what) => return Err(unusable(&library, &what)),
        }
    }
    Ok(None)
}

fn read(library: &Path, expected: &Artifact) -> Result<Db, NotIt> {
    let unreadable = |error: io::Error| NotIt::Damaged(error.to_string());
    let file = File::open(library).map_err(unreadable)?;
    let data = archive::read_library(file, expected).map_err(|failed| match failed {
        Failed::NotIt(what) => what,
        Failed::Reading(error) | Failed::Writing(error) => unreadable(error),
        Failed::Placing(error) => NotIt::Damaged(error.to_string()),
    })?;
    expected.read(&data)
}

/// The libraries of `ultravin` in the places where an environment keeps packages,
/// whose programs are in `bin/` or, on Windows, in `Scripts/`.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let Some(environment) = program.parent().and_then(Path::parent) else { return Vec::new() };
    // `pip install --target`, and the scheme of one user on Windows.
    let mut packages = vec![environment.to_owned(), environment.join("site-packages")];
    packages.push(environment.join("Lib/site-packages"));
    for lib in ["lib", "lib64"] {
        for python in entries(&environment.join(lib), |name| name.starts_with("python3")) {
            packages.extend(["site-packages", "dist-packages"].map(|name| python.join(name)));
        }
    }
    let holding = packages.iter().map(|packages| packages.join("ultravin"));
    holding.flat_map(|package| entries(&package, archive::may_hold_data)).collect()
}

/// What a folder holds under such names, in their order; nothing where it cannot be read.
fn entries(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.filter_map(Result::ok);
    let wanted = entries.filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted));
    let mut paths: Vec<PathBuf> = wanted.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn unusable(library: &Path, what: &NotIt) -> Error {
    Error::config(format!("decoder data in `{}`: {what}", library.display())).hint(format!(
        "run `python3 -m pip install --force-reinstall ultravin=={VERSION}` in that environment"
    ))
}
