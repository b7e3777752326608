//! What a zip archive holds: a workbook, or one file with the rows.

use std::borrow::Cow;
use std::io::{self, BufReader, Read as _};

use zip::{CompressionMethod, ZipArchive};

use super::columns::{listed, shown};
use super::content::{SAVE_AS_CSV, WorkbookKind};
use super::random::Random;
use super::unpack::Damaged;

/// What a zip archive is to its owner.
#[derive(Debug)]
pub(super) enum Archive {
    Packed(Member),
    Workbook(WorkbookKind),
}

/// Where the data of the one file lie in the archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) start: u64,
    /// Length of its data as they lie there.
    pub(super) packed: u64,
    pub(super) is_deflated: bool,
    pub(super) crc: u32,
}

const UNPACK: &str = "unpack it, and name the file that you mean";

impl Archive {
    /// Looks what it is. What is not a table (folders, hidden files, what macOS adds)
    /// does not count.
    pub(super) fn of(archive: &Random) -> io::Result<Self> {
        let unreadable = |error: zip::result::ZipError| {
            let error = error.to_string();
            let what = format!("its zip archive is damaged or cut off ({})", error.escape_debug());
            Damaged::error(what, "get it again; `unzip -t` checks an archive")
        };
        let mut archive = ZipArchive::new(BufReader::new(archive.reader())).map_err(unreadable)?;
        if let Some(kind) = workbook(&mut archive)? {
            return Ok(Self::Workbook(kind));
        }
        let names: Result<Vec<_>, _> = archive.file_names().collect();
        let names = names.map_err(unreadable)?.into_iter().filter(|name| is_data(name));
        let names: Vec<String> = names.map(Cow::into_owned).collect();
        let [name] = &names[..] else { return Err(not_one(&names)) };
        let place = archive.index_for_name(name).unwrap_or_default();
        let member = archive.by_index_raw(place).map_err(unreadable)?;
        if member.encrypted() {
            let what = format!("`{}` in it is protected by a password", shown(name));
            return Err(Damaged::error(what, UNPACK));
        }
        let is_deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                let what =
                    format!("`{}` in it is packed by {other}, which is not read", shown(name));
                return Err(Damaged::error(what, UNPACK));
            }
        };
        Ok(Self::Packed(Member {
            start: member.data_start().ok_or(io::ErrorKind::InvalidData)?,
            packed: member.compressed_size(),
            is_deflated,
            crc: member.crc32(),
        }))
    }
}

fn is_data(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    !name.ends_with(['/', '\\']) && parts.all(|part| !part.starts_with('.') && part != "__MACOSX")
}

/// Which workbook it is. Other documents are refused: they are not archives to their owner.
fn workbook<R: io::Read + io::Seek>(
    archive: &mut ZipArchive<R>,
) -> io::Result<Option<WorkbookKind>> {
    const SPREADSHEET: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
    let holds = |name: &str| archive.index_for_name(name).is_some();
    let what = if holds("xl/workbook.xml") {
        return Ok(Some(WorkbookKind::Xlsx));
    } else if holds("xl/workbook.bin") {
        return Ok(Some(WorkbookKind::Xlsb));
    } else if holds("word/document.xml") {
        "is a Word document"
    } else if holds("mimetype") && (holds("content.xml") || holds("encrypted-package")) {
        let mut kind = Vec::new();
        let mimetype = archive.by_name("mimetype").map_err(io::Error::other)?;
        mimetype.take(SPREADSHEET.len() as u64).read_to_end(&mut kind)?;
        if kind == SPREADSHEET {
            return Ok(Some(WorkbookKind::Ods));
        }
        "is an OpenDocument file without a spreadsheet"
    } else {
        return Ok(None);
    };
    Err(Damaged::error(what.into(), SAVE_AS_CSV))
}

fn not_one(names: &[String]) -> io::Error {
    const SHOWN: usize = 5;
    let named = listed(names.iter().take(SHOWN));
    let what = match names.len() {
        0 => "its zip archive holds no file".to_owned(),
        count if count > SHOWN => {
            format!("its zip archive holds {count} files: {named} and others")
        }
        count => format!("its zip archive holds {count} files: {named}"),
    };
    Damaged::error(what, UNPACK)
}
