//! What a workbook unpacks to, before anything of it is held.

use std::io::{BufReader, Read};
use std::path::Path;

use memchr::memrchr;
use zip::ZipArchive;

use super::open::damaged;
use crate::domain::Error;
use crate::input::content::{SAVE_AS_CSV, WorkbookKind};
use crate::input::random::Random;
use crate::input::record::MAX_RECORD;
use crate::input::unpack::is_bomb;

/// What a workbook may make us hold in memory, unpacked.
const MOST_HELD: u64 = 512 << 20;

/// What becomes of a member of the archive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is read cell by cell, or element by element.
    Streamed,
    Held,
    /// Pictures and the like.
    Unread,
}

impl Use {
    fn of(member: &str, kind: WorkbookKind) -> Self {
        let is_read = [".xml", ".rels", ".bin"].iter().any(|end| member.ends_with(end));
        match kind {
            WorkbookKind::Ods if is_read => Self::Streamed,
            _ if member.contains("/worksheets/") && is_read => Self::Streamed,
            WorkbookKind::Xlsx | WorkbookKind::Xlsb if is_read && !member.contains("/media/") => {
                Self::Held
            }
            _ => Self::Unread,
        }
    }
}

/// Refuses a workbook that would make us hold more than [`MOST_HELD`], or that is a bomb.
/// What the archive says of its sizes may be wrong, so that it is unpacked and counted.
pub(super) fn check(name: &str, data: &Random, kind: WorkbookKind) -> Result<(), Error> {
    if kind == WorkbookKind::Xls {
        return if data.length > MOST_HELD { Err(too_large(name)) } else { Ok(()) };
    }
    let unreadable = |error: zip::result::ZipError| damaged(name).because(error);
    let mut archive = ZipArchive::new(BufReader::new(data.reader())).map_err(unreadable)?;
    let mut held = 0;
    for place in 0..archive.len() {
        let member = archive.by_index(place).map_err(unreadable)?;
        let part = Use::of(member.name(), kind);
        if part == Use::Unread {
            continue;
        }
        let is_xml = Path::new(member.name()).extension().is_none_or(|kind| kind != "bin");
        held = Measure { name, packed: data.length, held, part, is_xml }.read(member)?;
    }
    Ok(())
}

/// A member that is being measured.
struct Measure<'a> {
    name: &'a str,
    /// Length of the whole workbook.
    packed: u64,
    held: u64,
    part: Use,
    is_xml: bool,
}

impl Measure<'_> {
    /// Reads it; how much is held with it.
    fn read(&self, mut member: impl Read) -> Result<u64, Error> {
        let mut buffer = vec![0; 64 << 10];
        // Bytes since the last element began: they are held at once.
        let (mut length, mut since) = (0_u64, 0_usize);
        loop {
            let count = member.read(&mut buffer);
            let count = count.map_err(|error| damaged(self.name).because(error))?;
            if count == 0 {
                break;
            }
            length += count as u64;
            since = match memrchr(b'<', &buffer[..count]) {
                Some(last) => count - last,
                None => since + count,
            };
            if self.part == Use::Held && self.held + length > MOST_HELD {
                return Err(too_large(self.name));
            }
            if self.part == Use::Streamed && is_bomb(length, self.packed) {
                return Err(bomb(self.name));
            }
            if self.is_xml && since > MAX_RECORD {
                let what =
                    format!("a cell of the workbook holds more than {} MiB", MAX_RECORD >> 20);
                return Err(Error::bad_input(Path::new(self.name), what).hint(SAVE_AS_CSV));
            }
        }
        Ok(if self.part == Use::Held { self.held + length } else { self.held })
    }
}

/// 65: the workbook `name` unpacks to much more than it is long.
pub(super) fn bomb(name: &str) -> Error {
    let what = "it unpacks to more than 200 times its length, as a bomb does";
    Error::bad_input(Path::new(name), what).hint("if it is your own, save the sheet as CSV (UTF-8)")
}

fn too_large(name: &str) -> Error {
    let most = MOST_HELD >> 20;
    let what = format!("it unpacks to more than {most} MiB that must be held in memory");
    Error::bad_input(Path::new(name), what).hint("save the sheet as CSV (UTF-8)")
}
