//! What a workbook unpacks to, before anything of it is held.

use std::io::{BufReader, Read};
use std::path::Path;

use memchr::{memchr_iter, memrchr};
use zip::ZipArchive;

use super::open::damaged;
use crate::domain::Error;
use crate::input::content::{SAVE_AS_CSV, WorkbookKind};
use crate::input::random::Random;
use crate::input::record::MAX_RECORD;
use crate::input::unpack::is_bomb;

/// What a workbook may make us hold in memory, unpacked.
const MOST_HELD: u64 = 512 << 20;

/// An XML element, or so much of it, is held as at least so many bytes.
const ELEMENT: u64 = 16;

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
        // It is not an archive.
        return Ok(());
    }
    let unreadable = |error: zip::result::ZipError| damaged(name).because(error);
    let mut archive = ZipArchive::new(BufReader::new(data.reader())).map_err(unreadable)?;
    let mut held = 0;
    for place in 0..archive.len() {
        let member = archive.by_index(place).map_err(unreadable)?;
        let member_name = member.name().map_err(unreadable)?;
        let part = Use::of(&member_name, kind);
        if part == Use::Unread {
            continue;
        }
        let extension = Path::new(&*member_name).extension();
        let is_xml = extension.is_none_or(|kind| kind != "bin");
        drop(member_name);
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
        let mut held = self.held;
        // Bytes since the last element began: they are held at once.
        let (mut length, mut elements, mut since) = (0_u64, 0_u64, 0_usize);
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
            if self.part == Use::Held {
                elements += memchr_iter(b'<', &buffer[..count]).count() as u64;
                held = self.held + self.weight(length, elements);
                if held > MOST_HELD {
                    return Err(too_large(self.name, MOST_HELD));
                }
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
        Ok(held)
    }

    /// What a member of this length is held as.
    fn weight(&self, length: u64, elements: u64) -> u64 {
        // A text of .xlsb takes seven bytes and its characters.
        if self.is_xml { length.max(elements * ELEMENT) } else { 2 * length }
    }
}

/// 65: the workbook `name` unpacks to much more than it is long.
pub(super) fn bomb(name: &str) -> Error {
    let what = "it unpacks to more than 200 times its length, as a bomb does";
    Error::bad_input(Path::new(name), what).hint("if it is your own, save the sheet as CSV (UTF-8)")
}

/// 65: more than `most` bytes of the workbook `name` would have to be held.
pub(super) fn too_large(name: &str, most: u64) -> Error {
    let what = format!("more than {} MiB of it must be held in memory", most >> 20);
    Error::bad_input(Path::new(name), what).hint("save the sheet as CSV (UTF-8)")
}
