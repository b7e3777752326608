//! The files the data come in, recognised by how they begin.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use memchr::memmem;
use ultravin::tables::MAGIC;

use super::artifact::{Artifact, HEAD, NotIt};
use super::incoming::{Failed, Incoming};

/// How a file compressed with Zstandard begins (RFC 8878).
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// How a zip archive begins, which a wheel is.
const ZIP: &[u8] = b"PK\x03\x04";

/// How a library begins: ELF, Windows' PE, and Mach-O for one processor and for several.
const LIBRARIES: [&[u8]; 4] = [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];

/// The largest library looked through: ten times the one of release 3.0.2.
const LARGEST_LIBRARY: u64 = 1 << 30;

/// Gives the data in `file` to `incoming`.
pub(super) fn unpack(
    mut file: File,
    expected: &Artifact,
    incoming: &mut Incoming<'_>,
) -> Result<(), Failed> {
    let mut head = [0; 4];
    let length = read_full(&mut file, &mut head).map_err(Failed::Reading)?;
    file.rewind().map_err(Failed::Reading)?;
    match &head[..length] {
        ZSTD => {
            let mut data = zstd::stream::read::Decoder::new(file).map_err(Failed::Reading)?;
            incoming.take_all(&mut data)
        }
        ZIP => unpack_wheel(file, expected, incoming),
        head if LIBRARIES.iter().any(|library| head.starts_with(library)) => {
            let mut library = file.take(LARGEST_LIBRARY);
            let beginning = find(&mut library, expected)?;
            incoming.take_all(&mut beginning.as_slice().chain(library))
        }
        _ => incoming.take_all(&mut file),
    }
}

/// A wheel holds a library, and the library holds the data.
fn unpack_wheel(
    file: File,
    expected: &Artifact,
    incoming: &mut Incoming<'_>,
) -> Result<(), Failed> {
    let damaged = |error: zip::result::ZipError| NotIt::Damaged(error.to_string());
    let mut wheel = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let names: Result<Vec<_>, _> = wheel.file_names().collect();
    let names = names.map_err(damaged)?.into_iter().map(Cow::into_owned);
    let libraries: Vec<String> = names.filter(|name| may_hold_data(name)).collect();
    let mut why = NotIt::Foreign;
    for name in libraries {
        let mut library = wheel.by_name(&name).map_err(damaged)?.take(LARGEST_LIBRARY);
        match find(&mut library, expected) {
            Ok(beginning) => {
                return incoming.take_all(&mut beginning.as_slice().chain(library));
            }
            Err(Failed::NotIt(NotIt::Foreign)) => {}
            Err(Failed::NotIt(what)) => why = what,
            Err(failed) => return Err(failed),
        }
    }
    Err(why.into())
}

/// The data in the library `file`, unchecked but for how they begin.
pub(super) fn read_library(file: File, expected: &Artifact) -> Result<Vec<u8>, Failed> {
    let mut library = file.take(LARGEST_LIBRARY);
    let mut data = find(&mut library, expected)?;
    let rest = expected.length.saturating_sub(data.len() as u64);
    library.take(rest).read_to_end(&mut data).map_err(Failed::Reading)?;
    data.truncate(usize::try_from(expected.length).unwrap_or(usize::MAX));
    Ok(data)
}

/// Whether a file in a wheel is a library of any system, or the data file itself.
pub(super) fn may_hold_data(name: &str) -> bool {
    const EXTENSIONS: [&str; 4] = ["so", "pyd", "dylib", "rkyv"];
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// Reads on to where the data begin; gives what was read of them. The magic
/// bytes alone also stand in the library's own texts.
fn find(library: &mut impl Read, expected: &Artifact) -> Result<Vec<u8>, Failed> {
    const WINDOW: usize = 1 << 20;
    let mut window = Vec::with_capacity(WINDOW);
    let mut why = NotIt::Foreign;
    loop {
        let kept = window.len();
        window.resize(WINDOW, 0);
        let length = read_full(library, &mut window[kept..]).map_err(Failed::Reading)?;
        window.truncate(kept + length);
        for place in memmem::find_iter(&window, &MAGIC) {
            let rest = &window[place..];
            if rest.len() < HEAD {
                break;
            }
            match expected.check_head(rest) {
                Ok(()) => return Ok(window.split_off(place)),
                Err(NotIt::Foreign) => {}
                Err(what) => why = what,
            }
        }
        if length == 0 {
            return Err(why.into());
        }
        // A header may begin in one window and end in the next.
        window.drain(..window.len().saturating_sub(HEAD - 1));
    }
}

/// Fills `buffer`, unless the end comes first.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
