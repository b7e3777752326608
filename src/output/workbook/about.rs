//! The sheet `About`: the run, the sources, and what each column says.

use arrow::datatypes::{Field, Schema};
use jiff::civil::DateTime;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Worksheet, XlsxError};

use super::sheet::shortened;
use super::values::Kind;
use super::{About, Described};
use crate::input::ABOUT;
use crate::output::columns::DESCRIPTION;

const WIDTHS: [f64; 4] = [34.0, 30.0, 22.0, 100.0];

/// The columns of `sheet`, in order.
pub(super) fn described<'a>(
    sheet: &'static str,
    columns: &'a Schema,
) -> impl Iterator<Item = Described> + use<'a> {
    columns.fields().iter().map(move |field| describe(sheet, field))
}

fn describe(sheet: &'static str, field: &Field) -> Described {
    let description = field.metadata().get(DESCRIPTION).cloned().unwrap_or_default();
    let kind = Kind::of(field).name();
    Described { sheet, name: field.name().clone(), kind, description }
}

/// What a program that shows files says of the workbook: it was made when its run began,
/// so that the same rows of a run are the same bytes.
pub(super) fn properties(about: &About) -> Result<DocProperties, XlsxError> {
    const BEGAN: &str = "%Y%m%dT%H%M%SZ";
    let run_id = about.facts.iter().find(|(name, _)| name == "vinrich.run_id");
    let began = run_id.and_then(|(_, run_id)| run_id.split('-').next());
    let began = match began.and_then(|text| DateTime::strptime(BEGAN, text).ok()) {
        Some(began) => ExcelDateTime::parse_from_str(&began.to_string())?,
        None => ExcelDateTime::from_ymd(2000, 1, 1)?,
    };
    Ok(DocProperties::new().set_creation_datetime(&began))
}

/// Fills the sheet.
pub(super) fn write(sheet: &mut Worksheet, about: &About) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap();
    sheet.set_name(ABOUT)?;
    for (place, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(place, width)?;
    }
    let mut row = 0;
    for (name, value) in &about.facts {
        // The names in the metadata of other formats: `vinrich.run_id`.
        let name = name.replace(['.', '_'], " ");
        sheet.write_string_with_format(row, 0, name, &bold)?;
        sheet.write_string(row, 1, fitting(value))?;
        row += 1;
    }
    row += 1;
    for (place, title) in (0..).zip(["sheet", "column", "type", "what it says"]) {
        sheet.write_string_with_format(row, place, title, &bold)?;
    }
    for column in &about.columns {
        row += 1;
        sheet.write_string(row, 0, column.sheet)?;
        sheet.write_string(row, 1, fitting(&column.name))?;
        sheet.write_string(row, 2, column.kind)?;
        sheet.write_string_with_format(row, 3, fitting(&column.description), &wrapped)?;
    }
    Ok(())
}

/// What of a text fits into a cell.
fn fitting(text: &str) -> String {
    shortened(text).unwrap_or_else(|| text.to_owned())
}
