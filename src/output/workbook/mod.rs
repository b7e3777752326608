//! Workbooks (.xlsx): the rows, what is wrong with some of them, and what it all means.
//!
//! The sheet `Fleet` has the rows as every output has them, `Rejects` those without a VIN
//! with a column to accept or type one (`--corrections` takes it back), and `About` the
//! columns, the sources and the run. A rejects file has no `Fleet`. Numbers, days, moments
//! and truths are cells of that kind; what is text is text, never a formula.
//!
//! A row is on its way to a temporary file once the next one is written. What no cell can
//! hold is cut where it can be seen, and counted.

mod about;
mod caught;
mod sheet;
mod values;

use std::fs::File;
use std::io;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Schema;
use rust_xlsxwriter::{Workbook, XlsxError};

use self::caught::{caught, unwritten};
use self::sheet::Sheet;
use super::sink::{Encode, Sink};
use crate::input::{FLEET, REJECTS};

/// The first columns of the sheet of rejects.
const MENDING: [&str; 7] = [
    "source_file",
    "source_row",
    "vin_cell",
    "vin_error",
    "detail",
    "vin_suggestion",
    "accepted_vin",
];

/// Rows of a sheet below its header.
pub const MOST_ROWS: u64 = 1_048_575;
/// Columns of a sheet.
pub const MOST_COLUMNS: u64 = 16_384;
/// Characters of a cell, as UTF-16 counts them.
pub const MOST_CHARACTERS: u64 = 32_767;

/// An archive whose members may be larger than this needs fields that not every reader knows.
const USUAL_ZIP: u64 = 4_000_000_000;

/// Rows whose vehicle must not be driven, or not be parked inside.
const PARKED_COLOR: u32 = 0x00FF_D9D9;
/// Rows without a VIN.
const REJECTED_COLOR: u32 = 0x00FF_F2CC;

/// Writes record batches as a workbook.
pub(super) struct WorkbookEncoder {
    sink: Sink,
    workbook: Workbook,
    /// A rejects file has none.
    fleet: Option<Sheet>,
    rejects: Sheet,
    /// The columns of the sheet by their place in a batch.
    rejects_order: Vec<usize>,
    about: About,
}

/// What the sheet `About` says.
pub(super) struct About {
    /// Of the columns of both sheets.
    pub(super) columns: Vec<Described>,
    /// Names and values.
    pub(super) facts: Vec<(String, String)>,
}

/// A column, described.
pub(super) struct Described {
    pub(super) sheet: &'static str,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) description: String,
}

impl WorkbookEncoder {
    /// Writes nothing yet to `sink`: that comes last. `fleet` and `rejects` are the columns of
    /// the sheets; what has no `fleet` is a rejects file.
    pub(super) fn new(
        sink: Sink,
        fleet: Option<&Schema>,
        rejects: &Schema,
        facts: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let rejects_order = in_order(rejects);
        let rejects = rejects.project(&rejects_order).map_err(io::Error::other)?;
        let of_fleet = fleet.into_iter().flat_map(|fleet| about::described(FLEET, fleet));
        let columns = of_fleet.chain(about::described(REJECTS, &rejects)).collect();
        let about = About { columns, facts };
        let mut workbook = Workbook::new();
        let sheets = caught(|| {
            let fleet = fleet.map(|fleet| Sheet::new(&mut workbook, FLEET, fleet)).transpose()?;
            Ok((fleet, Sheet::new(&mut workbook, REJECTS, &rejects)?))
        });
        let (fleet, rejects) = sheets?;
        Ok(Self { sink, workbook, fleet, rejects, rejects_order, about })
    }

    /// The sheets of rows, in their order.
    fn sheets(&self) -> impl Iterator<Item = (&'static str, &Sheet)> {
        let fleet = self.fleet.iter().map(|fleet| (FLEET, fleet));
        fleet.chain([(REJECTS, &self.rejects)])
    }

    fn assemble(mut self) -> Result<Sink, XlsxError> {
        if let Some(fleet) = &mut self.fleet {
            mark(fleet)?;
        }
        let largest = self.sheets().map(|(_, sheet)| sheet.bytes()).max();
        self.workbook.use_zip_large_file(largest > Some(USUAL_ZIP));
        self.about.facts.extend(self.warnings().into_iter().map(|text| ("cut".to_owned(), text)));
        let Self { mut sink, mut workbook, fleet, rejects, about, .. } = self;
        for sheet in fleet.into_iter().chain([rejects]) {
            workbook.push_worksheet(sheet.finish()?);
        }
        workbook.set_properties(&about::properties(&about)?);
        about::write(workbook.add_worksheet(), &about)?;
        workbook.save_to_writer(&mut sink)?;
        Ok(sink)
    }
}

impl Encode for WorkbookEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match &mut self.fleet {
            Some(fleet) => caught(|| fleet.write(batch)),
            None => self.list_rejects(batch),
        }
    }

    fn list_rejects(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let batch = batch.project(&self.rejects_order).map_err(io::Error::other)?;
        caught(|| self.rejects.write(&batch))
    }

    fn warnings(&self) -> Vec<String> {
        let cut = self.sheets().flat_map(|(name, sheet)| sheet.cut().map(move |cut| (name, cut)));
        let said = cut.map(|(sheet, (column, cells))| {
            format!(
                "{cells} cells of `{column}` in the sheet {sheet} were cut: they are over {MOST_CHARACTERS} characters; a CSV or Parquet output has them whole"
            )
        });
        said.collect()
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        caught(|| self.assemble().map_err(as_io))
    }
}

/// Marks rows whose vehicle must be parked, and rows without a VIN, by the columns that say so.
fn mark(fleet: &mut Sheet) -> Result<(), XlsxError> {
    let cells = ["recall_park_it", "recall_park_outside"].map(|name| fleet.first_cell_of(name));
    let cells: Vec<String> = cells.into_iter().flatten().collect();
    if !cells.is_empty() {
        fleet.mark(&format!("=OR({})", cells.join(",")), PARKED_COLOR)?;
    }
    match fleet.first_cell_of("vin_status") {
        Some(status) => fleet.mark(&format!("={status}=\"rejected\""), REJECTED_COLOR),
        None => Ok(()),
    }
}

/// The places of the columns for a person who mends rows: where it is, what is there, what
/// is wrong and may be meant, then the rest of the row.
fn in_order(rejects: &Schema) -> Vec<usize> {
    let first = MENDING.iter().filter_map(|name| rejects.index_of(name).ok());
    let mut order: Vec<usize> = first.collect();
    let rest: Vec<usize> =
        (0..rejects.fields().len()).filter(|place| !order.contains(place)).collect();
    order.extend(rest);
    order
}

/// The first text of a column that is too long for a cell: its row, and its characters.
pub(crate) fn first_too_long(cells: &ArrayRef) -> Option<(usize, u64)> {
    let texts = cells.as_string_opt::<i32>()?;
    let too_long = |text: &str| Some(characters(text)).filter(|length| *length > MOST_CHARACTERS);
    texts.iter().enumerate().find_map(|(row, text)| Some((row, too_long(text?)?)))
}

/// As many as a spreadsheet counts; bytes, where those are few enough.
fn characters(text: &str) -> u64 {
    let bytes = text.len() as u64;
    if bytes <= MOST_CHARACTERS { bytes } else { text.encode_utf16().count() as u64 }
}

/// Checks that `file` ends as a workbook does.
pub(super) fn check_end(file: &File) -> io::Result<()> {
    let archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(io::Error::other)?;
    match archive.index_for_name("xl/worksheets/sheet2.xml") {
        Some(_) => Ok(()),
        None => Err(io::Error::other("the workbook lacks a sheet")),
    }
}

/// The I/O error inside, where there is one: a full disk must be reported as such.
fn as_io(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) | XlsxError::ZipError(zip::result::ZipError::Io(error)) => error,
        XlsxError::TempFileError(_, error) => unwritten(error),
        other => io::Error::other(other),
    }
}
