//! What is checked of an .xls workbook before its reader is called, which holds all of its
//! sheets: each as a block from its first cell to its last, with a text for each cell that
//! names one, however often the same text is named.

use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read as _, Write as _};
use std::ops::RangeInclusive;

use cfb::{CompoundFile, Version};

use super::open::{damaged, locked};
use super::sizes::too_large;
use crate::domain::Error;
use crate::input::random::Random;

/// The longest workbook that is read. It is held five times.
const LONGEST: u64 = 128 << 20;

/// What its sheets may take in memory.
const MOST_HELD: u64 = 1 << 30;

/// What the reader holds for each place of a block, twice, and for each cell besides.
const PLACE: u64 = 2 * 32;
const CELL: u64 = 48;

/// The kind and the length of a record, before its body.
const HEAD: usize = 4;

/// The end of a sheet in rows and columns.
const ROWS: u64 = 65_536;
const COLUMNS: u64 = 256;

/// The records of the stream that are looked at, by [MS-XLS] 2.3.
///
/// [MS-XLS]: https://learn.microsoft.com/openspecs/office_file_formats/ms-xls
mod record {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const TEXTS: u16 = 0x00FC;
    pub(super) const NAMED_TEXT: u16 = 0x00FD;
    pub(super) const STYLE: u16 = 0x00E0;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const DIMENSIONS: u16 = 0x0200;
    pub(super) const BEGIN: u16 = 0x0809;
    /// Numbers side by side, from the first column to the last.
    pub(super) const NUMBERS: u16 = 0x00BD;
    /// Numbers, texts, truths, errors.
    pub(super) const CELLS: [u16; 7] = [NUMBERS, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E];
}

/// The container of the workbook `name` with its stream alone: what else is in it, and
/// loops in its lists of sectors, do not reach the reader.
pub(super) fn container(name: &str, data: &Random) -> Result<Cursor<Vec<u8>>, Error> {
    if data.length > LONGEST {
        return Err(too_large(name, LONGEST));
    }
    let unread = |error| damaged(name).because(error);
    let mut whole = Vec::new();
    BufReader::new(data.reader()).read_to_end(&mut whole).map_err(unread)?;
    free_sectors_behind_the_end(&mut whole);
    let mut given = CompoundFile::open(Cursor::new(whole)).map_err(unread)?;
    // Newer workbooks are wrapped as old ones once they have a password.
    if given.is_stream("/EncryptedPackage") {
        return Err(locked(name));
    }
    let found = ["/Workbook", "/Book"].into_iter().find(|path| given.is_stream(path));
    let Some(path) = found else { return Err(damaged(name)) };
    let mut stream = Vec::new();
    let mut reader = given.open_stream(path).map_err(unread)?.take(LONGEST);
    reader.read_to_end(&mut stream).map_err(unread)?;
    drop(reader);
    if held(&stream) > MOST_HELD {
        return Err(too_large(name, MOST_HELD));
    }
    number_formats_anew(&mut stream);
    // Of version 3, as programs write them: in one of version 4 the reader finds no stream.
    let mut ours =
        CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).map_err(unread)?;
    let mut writer = ours.create_stream(path).map_err(unread)?;
    writer.write_all(&stream).and_then(|()| writer.flush()).map_err(unread)?;
    drop((writer, stream));
    ours.flush().map_err(unread)?;
    Ok(ours.into_inner())
}

/// Marks the entries of the table of sectors that stand for none as free, by [MS-CFB] 2.3:
/// some programs mark them as ends of chains, which the container's reader refuses.
///
/// [MS-CFB]: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb
fn free_sectors_behind_the_end(file: &mut [u8]) {
    /// Where the header lists the sectors of the table, and how many it has room for.
    const LIST: usize = 76;
    const LISTED: usize = 109;
    const FREE: [u8; 4] = u32::MAX.to_le_bytes();
    let word =
        |file: &[u8], at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let Some(&shift) = file.get(30).filter(|shift| matches!(shift, 9 | 12)) else { return };
    let size = 1_usize << shift;
    let entries = size / 4;
    let sectors = file.len().div_ceil(size) - 1;
    for place in 0..LISTED {
        let Some(sector) = word(file, LIST + 4 * place).and_then(|at| usize::try_from(at).ok())
        else {
            return;
        };
        for entry in sectors.saturating_sub(place * entries).min(entries)..entries {
            let at = (sector.saturating_add(1)).saturating_mul(size).saturating_add(4 * entry);
            if let Some(entry) = file.get_mut(at..at.saturating_add(4)) {
                entry.copy_from_slice(&FREE);
            }
        }
    }
}

/// Gives the formats of cells numbers that a workbook may use: the reader leaves out those
/// with others, as some programs write them, and dates would be numbers.
fn number_formats_anew(stream: &mut [u8]) {
    /// By [MS-XLS] 2.4.126, beside those that every program knows.
    const OWN: RangeInclusive<u16> = 164..=382;
    let may_be = |id: u16| matches!(id, 5..=8 | 23..=26 | 41..=44 | 63..=66) || OWN.contains(&id);
    let (mut formats, mut styles) = (Vec::new(), Vec::new());
    let mut records = Records::of(stream);
    loop {
        let start = stream.len() - records.rest.len() + HEAD;
        match records.one() {
            Some((record::FORMAT, body)) if body.len() > 2 => formats.push(start),
            Some((record::STYLE, body)) if body.len() > 4 => styles.push(start + 2),
            Some((record::END, _)) | None => break,
            Some(_) => {}
        }
    }
    let id_at =
        |stream: &[u8], place: usize| u16::from_le_bytes([stream[place], stream[place + 1]]);
    let used: Vec<u16> = formats.iter().map(|&place| id_at(stream, place)).collect();
    let free = OWN.rev().filter(|id| !used.contains(id));
    let anew: HashMap<u16, u16> =
        used.iter().copied().filter(|id| !may_be(*id)).zip(free).collect();
    for place in formats.into_iter().chain(styles) {
        if let Some(id) = anew.get(&id_at(stream, place)) {
            stream[place..place + 2].copy_from_slice(&id.to_le_bytes());
        }
    }
}

/// How many bytes the reader holds of a workbook, or more than [`MOST_HELD`].
fn held(stream: &[u8]) -> u64 {
    let (mut sheets, mut texts) = (Vec::new(), Vec::new());
    for (kind, parts) in Records::of(stream) {
        match (kind, parts.first().copied().unwrap_or_default()) {
            (record::SHEET, body) => sheets.extend(number::<4>(body, 0)),
            (record::TEXTS, _) => texts = lengths(&parts),
            (record::END, _) => break,
            _ => {}
        }
    }
    let mut held = texts.iter().map(|length| CELL + length).sum();
    for start in sheets {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        held += sheet(stream.get(start..).unwrap_or_default(), &texts);
        if held > MOST_HELD {
            break;
        }
    }
    held
}

/// What the sheet that begins here takes.
fn sheet(stream: &[u8], texts: &[u64]) -> u64 {
    let (mut block, mut formulas) = (Block::default(), Block::default());
    let (mut held, mut depth) = (0, 0_u32);
    for (kind, parts) in Records::of(stream) {
        let body = parts.first().copied().unwrap_or_default();
        match kind {
            record::BEGIN => depth += 1,
            record::END if depth <= 1 => break,
            record::END => depth -= 1,
            record::DIMENSIONS => held += dimensions(body),
            record::FORMULA => {
                block.add(kind, body);
                formulas.add(kind, body);
            }
            _ if record::CELLS.contains(&kind) => block.add(kind, body),
            _ => {}
        }
        if kind == record::NAMED_TEXT {
            let text = number::<4>(body, 6).and_then(|text| usize::try_from(text).ok());
            // It is held by the cells, by the block and by its copy.
            held += 2 * text.and_then(|text| texts.get(text)).copied().unwrap_or_default();
        }
        held += CELL * (body.len() as u64 / 6).min(COLUMNS);
        if held > MOST_HELD {
            break;
        }
    }
    held.saturating_add(block.held()).saturating_add(formulas.held())
}

/// The room that the reader makes for what a sheet says of its size.
fn dimensions(body: &[u8]) -> u64 {
    let (last_row, last_column) = match body.len() {
        ..14 => (number::<2>(body, 2), number::<2>(body, 6)),
        _ => (number::<4>(body, 4), number::<2>(body, 10)),
    };
    // The first ones may lie behind them.
    let is_sheet = last_row.is_none_or(|row| row <= ROWS)
        && last_column.is_none_or(|column| column <= COLUMNS);
    if is_sheet { CELL * last_row.unwrap_or(0) * last_column.unwrap_or(0) } else { u64::MAX / 4 }
}

/// From the first of some cells to the last.
#[derive(Default)]
struct Block {
    corners: Option<[u64; 4]>,
}

impl Block {
    /// A cell begins with its row and its column; several side by side end with the last.
    fn add(&mut self, kind: u16, body: &[u8]) {
        let (Some(row), Some(column)) = (number::<2>(body, 0), number::<2>(body, 2)) else {
            return;
        };
        let end = body.len() - 2;
        let last = number::<2>(body, end)
            .filter(|_| kind == record::NUMBERS)
            .unwrap_or(column)
            .max(column);
        let [top, left, bottom, right] = self.corners.unwrap_or([row, column, row, last]);
        let corners = [top.min(row), left.min(column), bottom.max(row), right.max(last)];
        self.corners = Some(corners);
    }

    fn held(&self) -> u64 {
        self.corners
            .map_or(0, |[top, left, bottom, right]| PLACE * (bottom - top + 1) * (right - left + 1))
    }
}

/// The lengths of the texts in the table of them, which goes on in further records.
fn lengths(parts: &[&[u8]]) -> Vec<u64> {
    const HEADER: usize = 8;
    let mut parts = Parts { part: &[], rest: parts.iter() };
    let mut lengths = Vec::new();
    if !parts.skip(HEADER) {
        return lengths;
    }
    while parts.begins() {
        let (Some(characters), Some(&flags)) = (number::<2>(parts.part, 0), parts.part.get(2))
        else {
            break;
        };
        let (is_rich, has_more) = (flags & 8 != 0, flags & 4 != 0);
        let runs = if is_rich { number::<2>(parts.part, 3).unwrap_or(0) } else { 0 };
        let place = if is_rich { 5 } else { 3 };
        let more = if has_more { number::<4>(parts.part, place).unwrap_or(0) } else { 0 };
        // Three bytes at most for one character.
        lengths.push(3 * characters);
        let is_whole = parts.skip(place + if has_more { 4 } else { 0 })
            && parts.skip_text(characters, flags & 1 != 0)
            && parts.skip(usize::try_from(4 * runs + more).unwrap_or(usize::MAX));
        if !is_whole {
            break;
        }
    }
    lengths
}

/// The bodies of a record and of those that go on with it.
struct Parts<'a> {
    part: &'a [u8],
    rest: std::slice::Iter<'a, &'a [u8]>,
}

impl Parts<'_> {
    /// Whether anything is left.
    fn begins(&mut self) -> bool {
        while self.part.is_empty() {
            let Some(next) = self.rest.next() else { return false };
            self.part = next;
        }
        true
    }

    /// Passes over so many bytes, if they are there.
    fn skip(&mut self, mut bytes: usize) -> bool {
        while bytes > 0 {
            if !self.begins() {
                return false;
            }
            let here = bytes.min(self.part.len());
            self.part = &self.part[here..];
            bytes -= here;
        }
        true
    }

    /// Passes over so many characters. Where they go on in another part, that says anew
    /// how wide they are.
    fn skip_text(&mut self, characters: u64, is_wide: bool) -> bool {
        let (mut left, mut width) = (characters, if is_wide { 2 } else { 1 });
        while left > 0 {
            if self.part.is_empty() {
                if !self.begins() {
                    return false;
                }
                width = if self.part[0] & 1 == 1 { 2 } else { 1 };
                self.part = &self.part[1..];
            }
            let here = left.min((self.part.len() as u64).div_ceil(width));
            let bytes = usize::try_from(here * width).unwrap_or(usize::MAX);
            self.part = &self.part[bytes.min(self.part.len())..];
            left -= here;
        }
        true
    }
}

/// The records of a stream: what each is, and its bodies.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    fn of(stream: &'a [u8]) -> Self {
        Self { rest: stream }
    }

    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let [a, b, c, d] = *self.rest.first_chunk()?;
        let length = usize::from(u16::from_le_bytes([c, d]));
        let body = self.rest.get(HEAD..HEAD + length)?;
        self.rest = &self.rest[HEAD + length..];
        Some((u16::from_le_bytes([a, b]), body))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, Vec<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, body) = self.one()?;
        let mut parts = vec![body];
        while self.rest.starts_with(&record::CONTINUE.to_le_bytes()) {
            let Some((_, body)) = self.one() else { break };
            parts.push(body);
        }
        Some((kind, parts))
    }
}

/// The number of so many bytes at `place`, the least first.
fn number<const BYTES: usize>(body: &[u8], place: usize) -> Option<u64> {
    let bytes: &[u8; BYTES] = body.get(place..)?.first_chunk()?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
#[path = "tests/xls.rs"]
mod tests;
