//! A sheet of rows under a header, written row by row.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use rust_xlsxwriter::{
    Color, ConditionalFormatFormula, Format, IgnoreError, Workbook, Worksheet, XlsxError,
    utility::column_number_to_name,
};

use super::values::{Kind, Value, Values};
use super::{MOST_CHARACTERS, MOST_ROWS, as_io, characters};
use crate::output::columns::ORIGINAL_NAME;

/// Excel shows `###` for a longer text that is marked as text.
const MOST_MARKED: usize = 255;
/// What a cell takes in the file, beside its text.
const CELL_BYTES: u64 = 64;
/// How days and moments are shown.
const DAY: &str = "yyyy-mm-dd";
const MOMENT: &str = "yyyy-mm-dd hh:mm:ss";
/// Room for the arrow of the filter beside a name, and the widest that a name makes a column.
const ARROW: usize = 4;
const WIDEST_NAME: usize = 32;

/// A sheet that is being filled, in constant memory.
pub(super) struct Sheet {
    cells: Worksheet,
    columns: Vec<Column>,
    /// For cells among those of other kinds.
    day: Format,
    moment: Format,
    /// Rows below the header.
    rows: u32,
    /// At most so many bytes when unpacked.
    bytes: u64,
}

struct Column {
    name: String,
    kind: Kind,
    /// How its numbers are shown, or that its texts are texts, also once they are edited.
    format: Option<Format>,
    /// Texts that were too long for a cell.
    cut: u64,
}

impl Column {
    fn of(field: &Field) -> Self {
        let kind = Kind::of(field);
        let name = field.name().clone();
        let is_code = field.metadata().contains_key(ORIGINAL_NAME) || name.contains("vin");
        let shown = match kind {
            Kind::Decimal(0) => Some("0".to_owned()),
            Kind::Decimal(digits) => Some(format!("0.{}", "0".repeat(digits.into()))),
            Kind::Day => Some(DAY.into()),
            Kind::Moment => Some(MOMENT.into()),
            Kind::Text if is_code => Some("@".into()),
            Kind::Text | Kind::Truth | Kind::Number | Kind::Mixed => None,
        };
        Self { name, kind, format: shown.map(|shown| Format::new().set_num_format(shown)), cut: 0 }
    }

    /// In characters.
    fn width(&self) -> f64 {
        let values = match self.kind {
            Kind::Truth => 8,
            Kind::Number | Kind::Day | Kind::Decimal(_) => 11,
            Kind::Moment | Kind::Text | Kind::Mixed => 20,
        };
        let name = (self.name.chars().count() + ARROW).min(WIDEST_NAME);
        values.max(name) as f64
    }
}

impl Sheet {
    /// An empty sheet of `workbook` with a header.
    pub(super) fn new(workbook: &mut Workbook, name: &str, schema: &Schema) -> io::Result<Self> {
        let columns: Vec<Column> = schema.fields().iter().map(|field| Column::of(field)).collect();
        let mut cells = workbook.new_worksheet_with_constant_memory().map_err(as_io)?;
        let header = Format::new().set_bold();
        let mut write_header = || {
            cells.set_name(name)?.set_freeze_panes(1, 0)?;
            for (place, column) in (0..).zip(&columns) {
                cells.set_column_width(place, column.width())?;
                if let Some(format) = &column.format {
                    cells.set_column_format(place, format)?;
                }
                let short = shortened(&column.name);
                let name = short.as_deref().unwrap_or(&column.name);
                cells.write_string_with_format(0, place, name, &header)?;
            }
            Ok(())
        };
        write_header().map_err(as_io)?;
        let [day, moment] = [DAY, MOMENT].map(|shown| Format::new().set_num_format(shown));
        Ok(Self { cells, columns, day, moment, rows: 0, bytes: 0 })
    }

    /// Appends the rows of `batch`.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let values = batch.columns().iter().zip(&self.columns);
        let values = values.map(|(cells, column)| Values::of(cells, column.kind));
        let values = values.collect::<io::Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            if u64::from(self.rows) == MOST_ROWS {
                return Err(io::Error::other(format!("a sheet has room for {MOST_ROWS} rows")));
            }
            self.rows += 1;
            for (place, column) in (0..).zip(&values) {
                self.cell(place, column.value(row)?).map_err(as_io)?;
            }
        }
        Ok(())
    }

    /// Marks the rows for which `formula`, written for the first row, holds.
    pub(super) fn mark(&mut self, formula: &str, color: u32) -> Result<(), XlsxError> {
        let fill = Format::new().set_background_color(Color::RGB(color));
        let marked = ConditionalFormatFormula::new().set_rule(formula).set_format(fill);
        let (last_row, last_column) = self.last();
        self.cells.add_conditional_format(1, 0, last_row.max(1), last_column, &marked)?;
        Ok(())
    }

    /// The cell of the column `name` in the first row, as formulas say it.
    pub(super) fn first_cell_of(&self, name: &str) -> Option<String> {
        let place = self.columns.iter().position(|column| column.name == name)?;
        Some(format!("${}2", column_number_to_name(u16::try_from(place).ok()?)))
    }

    /// The columns some of whose texts were cut, and how many.
    pub(super) fn cut(&self) -> impl Iterator<Item = (&str, u64)> {
        self.columns
            .iter()
            .filter(|column| column.cut > 0)
            .map(|column| (&*column.name, column.cut))
    }

    /// At most so many bytes when unpacked.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The sheet with its filter.
    pub(super) fn finish(mut self) -> Result<Worksheet, XlsxError> {
        let (last_row, last_column) = self.last();
        self.cells.autofilter(0, 0, last_row, last_column)?;
        let texts = IgnoreError::NumberStoredAsText;
        self.cells.ignore_error_range(0, 0, last_row, last_column, texts)?;
        Ok(self.cells)
    }

    /// Its last row and column.
    fn last(&self) -> (u32, u16) {
        let last_column = u16::try_from(self.columns.len().saturating_sub(1));
        (self.rows, last_column.unwrap_or(u16::MAX))
    }

    fn cell(&mut self, place: u16, value: Value<'_>) -> Result<(), XlsxError> {
        let row = self.rows;
        self.bytes += CELL_BYTES;
        let column = &mut self.columns[usize::from(place)];
        match (value, &column.format) {
            (Value::Empty, _) => {}
            (Value::Truth(value), _) => {
                self.cells.write_boolean(row, place, value)?;
            }
            (Value::Number(number), Some(format)) => {
                self.cells.write_number_with_format(row, place, number, format)?;
            }
            (Value::Number(number), None) => {
                self.cells.write_number(row, place, number)?;
            }
            (Value::Moment(serial), _) => {
                let format = if serial.fract() == 0.0 { &self.day } else { &self.moment };
                self.cells.write_number_with_format(row, place, serial, format)?;
            }
            (Value::Made(text), _) => {
                self.cells.write_string(row, place, text)?;
            }
            (Value::Text(text), format) => {
                self.bytes += 2 * text.len() as u64;
                if let Some(short) = shortened(text) {
                    column.cut += 1;
                    self.cells.write_string(row, place, short)?;
                } else if let Some(format) = format.as_ref().filter(|_| text.len() <= MOST_MARKED) {
                    self.cells.write_string_with_format(row, place, text, format)?;
                } else {
                    self.cells.write_string(row, place, text)?;
                }
            }
        }
        Ok(())
    }
}

/// What of a text fits into a cell, and how much does not; `None` where all of it fits.
pub(super) fn shortened(text: &str) -> Option<String> {
    let length = characters(text);
    if length <= MOST_CHARACTERS {
        return None;
    }
    let suffix = format!(" … [cut by vinrich: the whole text has {length} characters]");
    let room = MOST_CHARACTERS - characters(&suffix);
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.len_utf16() as u64;
        taken <= room
    };
    Some(text.chars().take_while(fits).chain(suffix.chars()).collect())
}

#[cfg(test)]
#[path = "tests/sheet.rs"]
mod tests;
