//! Open Document workbooks, cell by cell: a reader that holds a sheet would hold each
//! repeated cell as often as it is repeated, and a sheet repeats its last row a million
//! times.

use std::collections::HashSet;
use std::io::BufReader;

use calamine::{Data, Sheet, SheetType, SheetVisible};
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::cells::{MAX_COLUMNS, too_wide};
use super::open::{Take, as_ref, damaged, locked};
use crate::domain::Error;
use crate::input::random::{Random, RandomReader};
use crate::input::record::MAX_RECORD;

type File = BufReader<RandomReader>;

/// An opened workbook.
pub(super) struct Ods {
    file: String,
    archive: ZipArchive<File>,
    pub(super) sheets: Vec<Sheet>,
}

impl Ods {
    pub(super) fn open(file: &str, data: &Random) -> Result<Self, Error> {
        let archive = ZipArchive::new(BufReader::new(data.reader()));
        let archive = archive.map_err(|error| damaged(file).because(error))?;
        let mut ods = Self { file: file.to_owned(), archive, sheets: Vec::new() };
        let mut manifest = ods.member("META-INF/manifest.xml")?;
        while manifest.next()? {
            if manifest.is_start("manifest:encryption-data") {
                return Err(locked(file));
            }
        }
        drop(manifest);
        let sheets = ods.member("content.xml")?.sheets()?;
        ods.sheets = sheets;
        Ok(ods)
    }

    /// The cells of `sheet`, row by row.
    pub(super) fn each_cell(&mut self, sheet: &str, take: Take<'_>) -> Result<(), Error> {
        let mut content = self.member("content.xml")?;
        while content.next()? {
            if content.is_sheet() && content.attribute("table:name")?.as_deref() == Some(sheet) {
                return content.each_row(take);
            }
        }
        Ok(())
    }

    fn member(&mut self, name: &str) -> Result<Xml<'_>, Error> {
        let file = self.file.as_str();
        let member = self.archive.by_name(name);
        let member = member.map_err(|error| damaged(file).because(error))?;
        let mut reader = quick_xml::Reader::from_reader(BufReader::new(member));
        let config = reader.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Ok(Xml { file, reader, buffer: Vec::new(), event: Event::Eof, depth: 0 })
    }
}

/// A member of the archive that is being read, element by element. None of them is long:
/// that was measured before.
struct Xml<'a> {
    file: &'a str,
    reader: quick_xml::Reader<BufReader<ZipFile<'a, File>>>,
    /// Reused from element to element.
    buffer: Vec<u8>,
    /// What was read last.
    event: Event<'static>,
    /// How many elements are open.
    depth: u32,
}

/// A cell, and how often it is repeated to the right.
struct Repeated {
    column: u32,
    count: u32,
    value: Data,
    is_formula: bool,
}

impl Xml<'_> {
    /// Reads on; `false` at the end.
    fn next(&mut self) -> Result<bool, Error> {
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer).map(Event::into_owned);
        self.event = event.map_err(|error| damaged(self.file).because(error))?;
        match self.event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn is_start(&self, name: &str) -> bool {
        matches!(&self.event, Event::Start(start) if start.name().as_ref() == name)
    }

    /// Whether a sheet begins here: tables within cells and in the history lie deeper.
    fn is_sheet(&self) -> bool {
        const DEPTH: u32 = 4;
        self.depth == DEPTH && self.is_start("table:table")
    }

    /// An attribute of the element that begins here.
    fn attribute(&self, name: &str) -> Result<Option<String>, Error> {
        let Event::Start(start) = &self.event else { return Ok(None) };
        let unreadable = |error: quick_xml::Error| damaged(self.file).because(error);
        let found = start.try_get_attribute(name).map_err(|error| unreadable(error.into()))?;
        let Some(found) = found else { return Ok(None) };
        let value = found.normalized_value(XmlVersion::Implicit1_0);
        Ok(Some(value.map_err(unreadable)?.into_owned()))
    }

    /// How often the cell or row that begins here is repeated.
    fn count(&self, name: &str) -> Result<u32, Error> {
        let count = self.attribute(name)?.map(|count| count.parse());
        count.unwrap_or(Ok(1)).map_err(|error| damaged(self.file).because(error))
    }

    fn sheets(mut self) -> Result<Vec<Sheet>, Error> {
        let (mut sheets, mut hidden) = (Vec::new(), HashSet::new());
        let mut style = None;
        while self.next()? {
            if self.is_start("style:style") {
                style = self.attribute("style:name")?;
            } else if self.is_start("style:table-properties") {
                if self.attribute("table:display")?.as_deref() == Some("false") {
                    hidden.insert(style.take());
                }
            } else if self.is_sheet() {
                let style = self.attribute("table:style-name")?;
                let is_hidden = style.is_some() && hidden.contains(&style);
                let visible = if is_hidden { SheetVisible::Hidden } else { SheetVisible::Visible };
                let name = self.attribute("table:name")?.unwrap_or_default();
                sheets.push(Sheet { name, typ: SheetType::WorkSheet, visible });
            }
        }
        Ok(sheets)
    }

    /// The cells of the table that begins here.
    fn each_row(mut self, take: Take<'_>) -> Result<(), Error> {
        let (table, mut row) = (self.depth, 0_u32);
        while self.depth >= table && self.next()? {
            if !self.is_start("table:table-row") {
                continue;
            }
            let count = self.count("table:number-rows-repeated")?;
            let cells = self.row(row)?;
            let last = row.saturating_add(count);
            // Empty rows are passed over, however many they are.
            let rows = if cells.is_empty() { last..last } else { row..last };
            for row in rows {
                for cell in &cells {
                    for column in cell.column..cell.column.saturating_add(cell.count) {
                        if !take((row, column), as_ref(&cell.value), cell.is_formula)? {
                            return Ok(());
                        }
                    }
                }
            }
            row = last;
        }
        Ok(())
    }

    /// The cells of the row that begins here, without the empty ones.
    fn row(&mut self, row: u32) -> Result<Vec<Repeated>, Error> {
        let (depth, mut cells) = (self.depth, Vec::new());
        let (mut column, mut bytes) = (0_u32, 0);
        while self.depth >= depth && self.next()? {
            if !self.is_start("table:table-cell") && !self.is_start("table:covered-table-cell") {
                continue;
            }
            let count = self.count("table:number-columns-repeated")?;
            let (value, is_formula) = self.cell()?;
            if let Data::String(text) = &value {
                bytes += text.len();
            }
            if value != Data::Empty || is_formula {
                if column >= MAX_COLUMNS || bytes > MAX_RECORD {
                    return Err(too_wide(self.file, row));
                }
                cells.push(Repeated { column, count, value, is_formula });
            }
            column = column.saturating_add(count);
        }
        Ok(cells)
    }

    /// The value of the cell that begins here, and whether a formula gives it.
    fn cell(&mut self) -> Result<(Data, bool), Error> {
        let is_formula = self.attribute("table:formula")?.is_some();
        let is_error = self.attribute("calcext:value-type")?.as_deref() == Some("error");
        let kind = self.attribute("office:value-type")?;
        let name = match kind.as_deref() {
            Some("date") => "office:date-value",
            Some("time") => "office:time-value",
            Some("boolean") => "office:boolean-value",
            Some("string") | None => "office:string-value",
            Some(_) => "office:value",
        };
        let value = if is_error { None } else { self.attribute(name)? };
        let text = self.paragraphs()?;
        let value = match (kind.as_deref(), value) {
            (Some("date"), Some(value)) => Data::DateTimeIso(value),
            (Some("time"), Some(value)) => Data::DurationIso(value),
            (Some("boolean"), Some(value)) => Data::Bool(value.eq_ignore_ascii_case("true")),
            (Some("string") | None, Some(value)) => Data::String(value),
            (Some(_), Some(value)) => value.parse().map_or(Data::String(value), Data::Float),
            (kind, None) if text.is_empty() && kind != Some("string") => Data::Empty,
            (_, None) => Data::String(text),
        };
        Ok((value, is_formula))
    }

    /// The text of the cell that begins here, whose end is read too.
    fn paragraphs(&mut self) -> Result<String, Error> {
        let (cell, mut text) = (self.depth, String::new());
        let mut is_first = true;
        // Deeper elements of a comment are not the cell's text.
        let mut comment = None;
        while self.next()? && self.depth >= cell {
            if comment.is_some_and(|depth| self.depth < depth) {
                comment = None;
            }
            if comment.is_some() {
                continue;
            }
            let spaces = if self.is_start("text:s") { self.count("text:c")? } else { 0 };
            match &self.event {
                Event::Start(start) => match start.name().as_ref() {
                    "office:annotation" | "table:table" => comment = Some(self.depth),
                    "text:p" if !std::mem::take(&mut is_first) => text.push('\n'),
                    "text:line-break" => text.push('\n'),
                    "text:tab" => text.push('\t'),
                    "text:s" => {
                        let spaces = usize::try_from(spaces).unwrap_or(MAX_RECORD);
                        text.extend(std::iter::repeat_n(' ', spaces.min(MAX_RECORD + 1)));
                    }
                    _ => {}
                },
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) if self.depth > cell => {
                    text.push_str(&self.characters()?);
                }
                _ => {}
            }
            if text.len() > MAX_RECORD {
                return Err(damaged(self.file));
            }
        }
        Ok(text)
    }

    /// The characters of the text that was read last.
    fn characters(&self) -> Result<String, Error> {
        let text = match &self.event {
            Event::Text(text) => text.xml10_content(),
            Event::CData(text) => text.xml10_content(),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref();
                let character = character.map_err(|error| damaged(self.file).because(error))?;
                if let Some(character) = character {
                    return Ok(character.into());
                }
                let known = quick_xml::escape::resolve_xml_entity(name);
                return known.map(str::to_owned).ok_or_else(|| damaged(self.file));
            }
            _ => return Ok(String::new()),
        };
        Ok(text.into_owned())
    }
}
