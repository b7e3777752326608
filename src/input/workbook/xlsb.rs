//! Cells of .xlsb in the short form, which its reader passes over: they leave out their
//! column, which is the one behind the cell before. Excel reads them, `SheetJS` writes them.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::cells::MAX_ROWS;
use super::open::damaged;
use crate::domain::Error;
use crate::input::random::Random;
use crate::input::record::MAX_RECORD;

/// The kinds of records in a sheet that matter here, by [MS-XLSB] 2.3.2.
///
/// [MS-XLSB]: https://learn.microsoft.com/openspecs/office_file_formats/ms-xlsb
mod record {
    use std::ops::RangeInclusive;

    pub(super) const ROW: u16 = 0;
    /// Blank, number, error, truth and texts, and the values of formulas.
    pub(super) const CELLS: RangeInclusive<u16> = 1..=11;
    /// The first seven of these in the short form.
    pub(super) const SHORT_CELLS: RangeInclusive<u16> = 12..=18;
    /// From a kind in the short form to the same in the long one.
    pub(super) const LONGER: u16 = 11;
}

/// The archive of the workbook `name`, in which all cells have their columns.
pub(super) fn container(name: &str, data: &Random) -> Result<Random, Error> {
    with_long_cells(data).map_err(|error| damaged(name).because(error))
}

fn with_long_cells(data: &Random) -> Result<Random, ZipError> {
    let mut given = ZipArchive::new(BufReader::new(data.reader()))?;
    let mut is_short = Vec::new();
    for place in 0..given.len() {
        let member = given.by_index(place)?;
        let is_sheet = is_sheet(&member.name()?);
        is_short.push(is_sheet && has_short_cells(BufReader::new(member))?);
    }
    if !is_short.contains(&true) {
        return Ok(data.clone());
    }
    let mut ours = ZipWriter::new(BufWriter::new(tempfile::tempfile()?));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (place, is_short) in is_short.into_iter().enumerate() {
        if is_short {
            let member = given.by_index(place)?;
            ours.start_file(member.name()?.into_owned(), stored.large_file(true))?;
            lengthen(BufReader::new(member), &mut ours)?;
        } else {
            ours.raw_copy_file(given.by_index_raw(place)?)?;
        }
    }
    let file = ours.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    let length = file.metadata()?.len();
    Ok(Random { file: Arc::new(file), length })
}

/// Excel keeps an index beside each sheet.
fn is_sheet(member: &str) -> bool {
    let is_binary = Path::new(member).extension().is_some_and(|extension| extension == "bin");
    is_binary && member.contains("/worksheets/") && !member.contains("/binaryIndex")
}

fn has_short_cells(sheet: impl Read) -> io::Result<bool> {
    let mut records = Records { sheet, body: Vec::new() };
    while let Some(kind) = records.next()? {
        if record::SHORT_CELLS.contains(&kind) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a sheet with the columns of all of its cells.
fn lengthen(sheet: impl Read, out: &mut impl Write) -> io::Result<()> {
    let mut records = Records { sheet, body: Vec::new() };
    // Of the next cell.
    let mut column = 0_u32;
    while let Some(kind) = records.next()? {
        let body = &records.body;
        if record::SHORT_CELLS.contains(&kind) {
            write_head(out, kind - record::LONGER, body.len() + size_of::<u32>())?;
            out.write_all(&column.to_le_bytes())?;
            column = column.saturating_add(1);
        } else {
            write_head(out, kind, body.len())?;
            if kind == record::ROW {
                column = 0;
            } else if record::CELLS.contains(&kind) {
                let own = body.first_chunk().copied().map_or(column, u32::from_le_bytes);
                column = own.saturating_add(1);
            }
        }
        out.write_all(body)?;
    }
    Ok(())
}

/// The records of a sheet.
struct Records<R> {
    sheet: R,
    /// That of the record that was read last.
    body: Vec<u8>,
}

impl<R: Read> Records<R> {
    /// Reads the next record and gives its kind; `None` at the end.
    fn next(&mut self) -> io::Result<Option<u16>> {
        let mut first = [0];
        if self.sheet.read(&mut first)? == 0 {
            return Ok(None);
        }
        let mut kind = u16::from(first[0]);
        if kind >= 0x80 {
            kind = kind & 0x7F | u16::from(self.byte()? & 0x7F) << 7;
        }
        let mut length = 0_usize;
        for place in 0..4 {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                break;
            }
        }
        if length > MAX_RECORD {
            return Err(damage("a record is too long"));
        }
        self.body.resize(length, 0);
        self.sheet.read_exact(&mut self.body)?;
        let row = self.body.first_chunk().map_or(0, |row| u32::from_le_bytes(*row));
        if kind == record::ROW && row >= MAX_ROWS {
            // The reader ends there as if the sheet did.
            return Err(damage("a row lies behind the last one of a sheet"));
        }
        Ok(Some(kind))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.sheet.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

fn damage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The kind and the length of a record, seven bits in a byte, the lowest first.
fn write_head(out: &mut impl Write, kind: u16, length: usize) -> io::Result<()> {
    let mut head = Vec::new();
    for mut number in [usize::from(kind), length] {
        while number >= 0x80 {
            head.push(0x80 | u8::try_from(number & 0x7F).unwrap_or_default());
            number >>= 7;
        }
        head.push(u8::try_from(number).unwrap_or_default());
    }
    out.write_all(&head)
}

#[cfg(test)]
#[path = "tests/xlsb.rs"]
mod tests;
