//! Putting the decoder's data on this machine.

use std::fs::File;
use std::io;
use std::path::Path;

use super::artifact::{Artifact, VERSION};
use super::incoming::{Failed, Incoming};
use super::{Provenance, archive, download};
use crate::domain::{Error, Exit};
use crate::files::{OutputLocks, os};

/// How much of the data is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes there will be.
    pub of: u64,
}

/// Puts the data in the file `to`: those of the decoder's release, or those in
/// `from`, which is the data file itself, plain or compressed with Zstandard, or
/// the wheel of `ultravin`; recognised by content.
///
/// The data are checked before they replace what is there. Fails with 65 or 66
/// about `from`, with 68 or 76 about the release, with 73, 74 or 79 about `to`.
pub fn install(
    from: Option<&Path>,
    to: &Path,
    progress: &dyn Fn(Done),
) -> Result<Provenance, Error> {
    let expected = Artifact::pinned();
    match from {
        Some(from) => install_file(from, to, &expected, progress),
        None => install_release(&download::address(), to, &expected, progress),
    }
}

pub(super) fn install_file(
    from: &Path,
    to: &Path,
    expected: &Artifact,
    progress: &dyn Fn(Done),
) -> Result<Provenance, Error> {
    let file = open(from)?;
    let (_lock, mut incoming) = begin(to, expected, progress)?;
    let unpacked = archive::unpack(file, expected, &mut incoming);
    unpacked.and_then(|()| incoming.publish(to)).map_err(|failed| unusable(from, to, failed))
}

pub(super) fn install_release(
    url: &str,
    to: &Path,
    expected: &Artifact,
    progress: &dyn Fn(Done),
) -> Result<Provenance, Error> {
    let (_lock, mut incoming) = begin(to, expected, progress)?;
    download::fetch(url, &mut incoming)?;
    incoming.publish(to).map_err(download::refused)
}

fn open(from: &Path) -> Result<File, Error> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(Exit::NoInput, format!("`{}` does not exist", from.display()))
        }
        _ => Error::bad_input(from, "cannot be read").because(error),
    };
    let file = File::open(from).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(Error::bad_input(from, "is a folder").hint("name the file in it"));
    }
    Ok(file)
}

fn begin<'a>(
    to: &Path,
    expected: &'a Artifact,
    progress: &'a dyn Fn(Done),
) -> Result<(OutputLocks, Incoming<'a>), Error> {
    if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        os::create_private_folder(folder).map_err(|error| {
            let what = format!("cannot create the folder `{}`", folder.display());
            Error::new(Exit::CannotCreate, what)
                .because(error)
                .hint("`vendors.vpic.data` in the configuration says where the data go")
        })?;
    }
    let lock = OutputLocks::alone(to)?;
    Ok((lock, Incoming::new(expected, to, progress)?))
}

fn unusable(from: &Path, to: &Path, failed: Failed) -> Error {
    let hint = format!(
        "it must be `vpic.rkyv` of ultravin {VERSION}, also compressed as `.zst`, or its wheel: \
         `python3 -m pip download --no-deps ultravin=={VERSION}`"
    );
    match failed {
        Failed::NotIt(what) => Error::bad_input(from, what).hint(hint),
        Failed::Reading(error) => {
            Error::bad_input(from, "cannot be read to its end").because(error).hint(hint)
        }
        Failed::Writing(error) => Error::io("cannot write", to, error),
        Failed::Placing(error) => error,
    }
}
