//! Workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods, of which one sheet is read.
//!
//! A sheet is unpacked once, cell by cell, into records of text in an unnamed
//! temporary file, which every pass reads; what `layout` knows of rows and columns holds
//! for sheets too. A row without cells becomes an empty record: the ordinal of a record
//! is the number of its row. What kinds of values a column holds is noted on the way.
//!
//! What is held in memory: of .xlsx and .xlsb the table of shared texts, at most 512 MiB
//! of it (`sizes`); of .xls all of its sheets, which `xls` measures; of .ods a row.

mod cell_value;
mod cells;
mod ods;
mod open;
mod reader;
mod sizes;
mod values;
mod xls;
mod xlsb;

use std::path::Path;

use arrow::datatypes::DataType;
use calamine::{DataRef, SheetType, SheetVisible};

pub(crate) use self::cell_value::CellValue;
use self::cells::{Cells, Column};
use self::open::Book;
pub(super) use self::reader::Reader;
use super::InputSpec;
use super::content::WorkbookKind;
use super::layout::{Table, Unit};
use super::random::Random;
use super::source::{Source, unread};
use crate::domain::{Error, caught, vin};

/// The sheet of the rows in a workbook that we wrote, …
pub(crate) const FLEET: &str = "Fleet";
/// … that of the rows without a VIN, which `--corrections` reads, …
pub(crate) const REJECTS: &str = "Rejects";
/// … and that about the run.
pub(crate) const ABOUT: &str = "About";

/// Sheets looked at to find the one that holds VINs.
const MOST_SHEETS: usize = 1_000;

/// Rows looked at to see whether a sheet holds VINs.
const SAMPLED_ROWS: u32 = 200;

/// A sheet, unpacked.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Those that are not read, as messages name them.
    others: Vec<String>,
    /// Its records, as [`cells`] writes them.
    records: Random,
    /// What its columns hold, by place.
    columns: Vec<Column>,
    /// The types in which they are carried through.
    types: Vec<DataType>,
    /// Whether the kind of each cell of a column shows in its text.
    tells_kinds: Vec<bool>,
}

impl Sheet {
    /// Unpacks the sheet that is meant.
    pub(super) fn open(
        source: &Source,
        kind: WorkbookKind,
        spec: &InputSpec,
    ) -> Result<(Self, Table), Error> {
        let name = &source.name;
        let wanted = spec.sheet.as_deref();
        let sheet = caught(|| unpack(source, kind, wanted));
        let mut sheet = sheet.unwrap_or_else(|_| Err(open::damaged(name)))?;
        let sample = reader::sample(&sheet).map_err(|error| unread(name, error))?;
        let table = Table::of(name, Unit::Row, &sample, spec)?;
        let above = table.records_above();
        let type_of = |place: usize| match sheet.columns.get(place) {
            Some(column) if place != table.vin_index => column.data_type(above),
            _ => DataType::Utf8,
        };
        let tells_kinds = |place: usize| {
            sheet.columns.get(place).is_none_or(|column| column.look_alike as usize <= above)
        };
        let places = 0..table.columns.len();
        sheet.tells_kinds = places.clone().map(tells_kinds).collect();
        sheet.types = places.map(type_of).collect();
        Ok((sheet, table))
    }

    /// The types in which its columns are carried through.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.types.clone()
    }

    /// Whether the kind of each cell in the column at `place` shows in its text.
    pub(super) fn tells_kinds(&self, place: usize) -> bool {
        self.tells_kinds[place]
    }

    /// What the owner of the file `name` should know of it.
    pub(super) fn warning(&self, name: &str) -> Option<String> {
        if self.others.is_empty() {
            return None;
        }
        let (read, others) = (self.name.escape_debug(), self.others.join(", "));
        Some(format!("`{name}`: the sheet `{read}` is read; not read: {others}"))
    }

    /// Starts to read it: for each column of a batch, the column that `fields` names.
    pub(super) fn read<'a>(
        &'a self,
        source: &'a Source,
        table: &'a Table,
        fields: &'a [Option<usize>],
    ) -> Reader<'a> {
        Reader::of(self, source, table, fields)
    }
}

/// Unpacks one sheet of the workbook `source`: the one `wanted` by name or number from
/// 1, else the rows of a workbook that we wrote, else the only visible one with cells,
/// else the only one of these with VINs.
///
/// Fails with 64 where no sheet or more than one may be meant, with 65 where the
/// workbook is damaged, locked by a password, or has a formula without its value.
fn unpack(source: &Source, kind: WorkbookKind, wanted: Option<&str>) -> Result<Sheet, Error> {
    let mut book = Book::open(source, kind)?;
    let name = choose(&mut book, wanted)?;
    let others = book.sheets().into_iter().filter(|sheet| sheet.name != name);
    let others = others.map(|sheet| match sheet.visible {
        SheetVisible::Visible => format!("`{}`", sheet.name.escape_debug()),
        _ => format!("`{}` (hidden)", sheet.name.escape_debug()),
    });
    let others = others.collect();
    let mut cells = Cells::new(&source.name, book.length, &name)?;
    book.each_cell(&name, &mut |place, value, is_formula| {
        cells.push(place, &value, is_formula).map(|()| true)
    })?;
    let (records, columns) = cells.finish()?;
    Ok(Sheet { name, others, records, columns, types: Vec::new(), tells_kinds: Vec::new() })
}

/// The name of the sheet to be read.
fn choose(book: &mut Book<'_>, wanted: Option<&str>) -> Result<String, Error> {
    let sheets: Vec<_> =
        book.sheets().into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    if let Some(wanted) = wanted {
        let by_name = |sheet: &&calamine::Sheet| sheet.name.eq_ignore_ascii_case(wanted.trim());
        let number = || wanted.trim().parse::<usize>().ok()?.checked_sub(1);
        let found = sheets.iter().find(by_name).or_else(|| sheets.get(number()?));
        return found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
            let names = sheets.iter().map(|sheet| sheet.name.as_str());
            Error::usage(format!("`{}` has no sheet `{wanted}`", book.file()))
                .hint(format!("its sheets are {}", listed(names)))
        });
    }
    let is_ours = |name: &str| sheets.iter().any(|sheet| sheet.name == name);
    if [FLEET, REJECTS, ABOUT].into_iter().all(is_ours) {
        return Ok(FLEET.to_owned());
    }
    if sheets.len() > MOST_SHEETS {
        let why = format!("`{}` has {} sheets", book.file(), sheets.len());
        return Err(Error::usage(why).hint("choose one with `--sheet NAME`"));
    }
    let mut seen = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible) {
        seen.push((sheet.name.as_str(), sampled(book, &sheet.name)?));
    }
    seen.retain(|(_, sample)| *sample != Sample::Nothing);
    let with_vins = || seen.iter().filter(|(_, sample)| *sample == Sample::Vins);
    match (&seen[..], with_vins().count()) {
        ([], _) => {
            let what = "it has no visible sheet with cells";
            Err(Error::bad_input(Path::new(book.file()), what)
                .hint("name a hidden sheet with `--sheet`"))
        }
        ([(only, _)], _) => Ok((*only).to_owned()),
        (_, 1) => Ok(with_vins().map(|(name, _)| (*name).to_owned()).collect()),
        (all, vins) => {
            let what = if vins == 0 { "none of them holds" } else { "several of them hold" };
            let names = listed(all.iter().map(|(name, _)| *name));
            let why = format!("`{}` has the sheets {names}, and {what} VINs", book.file());
            Err(Error::usage(why).hint("choose one with `--sheet NAME`"))
        }
    }
}

/// What the first rows of a sheet hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sample {
    Nothing,
    Cells,
    Vins,
}

fn sampled(book: &mut Book<'_>, sheet: &str) -> Result<Sample, Error> {
    let (mut sample, mut first, mut last) = (Sample::Nothing, None, None);
    book.each_cell(sheet, &mut |(row, _), value, is_formula| {
        if value != DataRef::Empty || is_formula {
            first.get_or_insert(row);
            let text = values::read(&value).1;
            // Whole columns may repeat one cell.
            if last.as_deref() != Some(&*text) {
                sample = if vin::is_like(&text) { Sample::Vins } else { Sample::Cells };
                last = Some(text.into_owned());
            }
        }
        // A sheet may begin far below its first row.
        let is_near = first.is_none_or(|first| row.saturating_sub(first) < SAMPLED_ROWS);
        Ok(sample != Sample::Vins && is_near)
    })?;
    Ok(sample)
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{}`", name.escape_debug())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
