//! The one file in a zip archive that holds the rows.

use std::io::{self, BufReader};

use zip::{CompressionMethod, ZipArchive};

use super::columns::shown;
use super::content::SAVE_AS_CSV;
use super::random::Random;
use super::unpack::Damaged;

/// Where its data lie in the archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) start: u64,
    /// Length of its data as they lie there.
    pub(super) packed: u64,
    pub(super) is_deflated: bool,
    pub(super) crc: u32,
}

const UNPACK: &str = "unpack it, and name the file that you mean";

impl Member {
    /// Finds it. What is not a table (folders, hidden files, what macOS adds) does not
    /// count; a workbook is not an archive to its owner.
    pub(super) fn of(archive: &Random) -> io::Result<Self> {
        let unreadable = |error: zip::result::ZipError| {
            let error = error.to_string();
            let what = format!("its zip archive is damaged or cut off ({})", error.escape_debug());
            Damaged::error(what, "get it again; `unzip -t` checks an archive")
        };
        let mut archive = ZipArchive::new(BufReader::new(archive.reader())).map_err(unreadable)?;
        refuse_document(&archive)?;
        let names = archive.file_names().filter(|name| is_data(name)).map(str::to_owned);
        let names: Vec<String> = names.collect();
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
        Ok(Self {
            start: member.data_start(),
            packed: member.compressed_size(),
            is_deflated,
            crc: member.crc32(),
        })
    }
}

fn is_data(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    !name.ends_with(['/', '\\']) && parts.all(|part| !part.starts_with('.') && part != "__MACOSX")
}

fn refuse_document<R: io::Read + io::Seek>(archive: &ZipArchive<R>) -> io::Result<()> {
    let holds = |name: &str| archive.index_for_name(name).is_some();
    let what = if holds("xl/workbook.xml") || holds("xl/workbook.bin") {
        "is an Excel workbook"
    } else if holds("word/document.xml") {
        "is a Word document"
    } else if holds("mimetype") && holds("content.xml") {
        "is an OpenDocument file"
    } else {
        return Ok(());
    };
    Err(Damaged::error(what.into(), SAVE_AS_CSV))
}

fn not_one(names: &[String]) -> io::Error {
    const SHOWN: usize = 5;
    let named: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("`{}`", shown(name))).collect();
    let what = match names.len() {
        0 => "its zip archive holds no file".to_owned(),
        count if count > SHOWN => {
            format!("its zip archive holds {count} files: {} and others", named.join(", "))
        }
        count => format!("its zip archive holds {count} files: {}", named.join(", ")),
    };
    Damaged::error(what, UNPACK)
}
