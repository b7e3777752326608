//! Workbooks: a sheet of .xlsx, .xlsb, .ods or .xls.

use std::io::{Cursor, Write as _};

use vinrich::input::InputSpec;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::rows::read;

/// An .xls begins so.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0";

/// Before each part of a workbook that is an archive: `== xl/workbook.xml`. The archive
/// is made here, since a fuzzer does not find its checksums.
const PART: &[u8] = b"== ";

/// The most rows of a sheet.
const MOST_ROWS: usize = 1 << 20;

/// The workbook, whatever is in its parts.
pub(crate) fn workbook(bytes: &[u8]) {
    let archive;
    let book = if bytes.starts_with(COMPOUND) {
        bytes
    } else if bytes.starts_with(PART) {
        archive = archive_of(bytes);
        &archive[..]
    } else {
        return;
    };
    if let Ok((inputs, rows)) = read(book, InputSpec::default()) {
        assert_eq!(inputs.types().len(), inputs.columns().len());
        assert!(rows.len() <= MOST_ROWS, "{} rows", rows.len());
    }
}

/// The archive of the parts that `bytes` lists.
fn archive_of(bytes: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let name = String::from_utf8_lossy(&line[PART.len().min(line.len())..]);
        // The same name twice is refused by the writer; the second part is left out.
        let is_begun = archive.start_file(name.trim_end(), options).is_ok();
        while let Some(line) = lines.next_if(|line| !line.starts_with(PART)) {
            if is_begun {
                archive.write_all(line).expect("memory takes all");
            }
        }
    }
    archive.finish().expect("memory takes all").into_inner()
}
