//! A workbook of any kind, and the cells of one of its sheets, in their order.

use std::io::{BufReader, Cursor};
use std::path::Path;

use calamine::{
    Data, DataRef, Reader as _, Sheet, Xls, XlsError, Xlsb, XlsbError, Xlsx, XlsxError,
};

use super::ods::Ods;
use super::{sizes, xls, xlsb};
use crate::domain::Error;
use crate::input::content::WorkbookKind;
use crate::input::random::{Random, RandomReader};
use crate::input::source::{self, Source};

/// Row and column, from 0.
pub(super) type Place = (u32, u32);

/// Takes a cell and whether a formula gives its value; `false` ends the reading.
pub(super) type Take<'t> = &'t mut dyn FnMut(Place, DataRef<'_>, bool) -> Result<bool, Error>;

type File = BufReader<RandomReader>;

/// An opened workbook.
pub(super) struct Book<'a> {
    file: &'a str,
    /// In bytes.
    pub(super) length: u64,
    content: Content,
}

enum Content {
    Xlsx(Box<Xlsx<File>>),
    Xlsb(Box<Xlsb<File>>),
    Xls(Box<Xls<Cursor<Vec<u8>>>>),
    Ods(Box<Ods>),
}

impl Content {
    fn of(name: &str, data: &Random, kind: WorkbookKind) -> Result<Self, Error> {
        let file = || BufReader::new(data.reader());
        Ok(match kind {
            WorkbookKind::Xlsx => {
                Self::Xlsx(Box::new(Xlsx::new(file()).map_err(|error| unread(name, error.into()))?))
            }
            WorkbookKind::Xlsb => {
                let ours = xlsb::container(name, data)?;
                let book = Xlsb::new(BufReader::new(ours.reader()));
                Self::Xlsb(Box::new(book.map_err(|error| unread(name, error.into()))?))
            }
            WorkbookKind::Ods => Self::Ods(Box::new(Ods::open(name, data)?)),
            WorkbookKind::Xls => {
                let book = Xls::new(xls::container(name, data)?);
                Self::Xls(Box::new(book.map_err(|error| unread(name, error.into()))?))
            }
        })
    }
}

impl<'a> Book<'a> {
    pub(super) fn open(source: &'a Source, kind: WorkbookKind) -> Result<Self, Error> {
        let name = &source.name;
        let data = source.random().map_err(|error| source::unread(name, error))?;
        sizes::check(name, &data, kind)?;
        let content = Content::of(name, &data, kind)?;
        Ok(Self { file: name, length: data.length, content })
    }

    /// The name of the file.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// Its sheets in their order.
    pub(super) fn sheets(&self) -> Vec<Sheet> {
        match &self.content {
            Content::Xlsx(book) => book.sheets_metadata().to_vec(),
            Content::Xlsb(book) => book.sheets_metadata().to_vec(),
            Content::Xls(book) => book.sheets_metadata().to_vec(),
            Content::Ods(book) => book.sheets.clone(),
        }
    }

    /// The cells of `sheet`, row by row.
    pub(super) fn each_cell(&mut self, sheet: &str, take: Take<'_>) -> Result<(), Error> {
        let name = self.file;
        let unread = |error: calamine::Error| unread(name, error);
        match &mut self.content {
            Content::Xlsx(book) => {
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|e| unread(e.into()))?;
                while let Some(cell) =
                    cells.next_cell_with_formula_metadata().map_err(|e| unread(e.into()))?
                {
                    if !take(cell.pos, cell.value, cell.formula.is_some())? {
                        break;
                    }
                }
                Ok(())
            }
            Content::Xlsb(book) => {
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|e| unread(e.into()))?;
                while let Some(cell) = cells.next_cell().map_err(|e| unread(e.into()))? {
                    if !take(cell.get_position(), cell.get_value().clone(), false)? {
                        break;
                    }
                }
                Ok(())
            }
            Content::Xls(book) => {
                let cells = book.worksheet_range(sheet).map_err(|e| unread(e.into()))?;
                each_of(&cells, take)
            }
            Content::Ods(book) => book.each_cell(sheet, take),
        }
    }
}

fn each_of(cells: &calamine::Range<Data>, take: Take<'_>) -> Result<(), Error> {
    let (first_row, first_column) = cells.start().unwrap_or_default();
    for (row, column, value) in cells.used_cells() {
        let place =
            |first: u32, further: usize| first + u32::try_from(further).unwrap_or(u32::MAX - first);
        if !take((place(first_row, row), place(first_column, column)), as_ref(value), false)? {
            break;
        }
    }
    Ok(())
}

pub(super) fn as_ref(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// 65: the workbook `name` cannot be read.
pub(super) fn damaged(name: &str) -> Error {
    to_be_saved_again(name, "the workbook is damaged or cut off")
}

/// 65: `what` is wrong with the workbook `name`, which a spreadsheet program mends.
pub(super) fn to_be_saved_again(name: &str, what: &str) -> Error {
    Error::bad_input(Path::new(name), what)
        .hint("open it in a spreadsheet program and save it again")
}

/// 65: the workbook `name` is encrypted.
pub(super) fn locked(name: &str) -> Error {
    Error::bad_input(Path::new(name), "the workbook is protected by a password")
        .hint("save a copy without the password")
}

fn unread(name: &str, error: calamine::Error) -> Error {
    match error {
        calamine::Error::Xlsx(XlsxError::Password)
        | calamine::Error::Xlsb(XlsbError::Password)
        | calamine::Error::Xls(XlsError::Password) => locked(name),
        calamine::Error::Xlsx(XlsxError::CellError(value)) => {
            let value = value.escape_debug();
            let what = format!("a formula in it gives `{value}`, an error that is not known");
            Error::bad_input(Path::new(name), what).hint("mend the formula, or clear its cell")
        }
        error => damaged(name).because(error),
    }
}
