//! The sheet `About`: the run, the sources, and what each column says.

use arrow::datatypes::{Field, Schema};
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::sheet::shortened;
use super::{About, Described, REJECTS};
use crate::output::columns::{DESCRIPTION, ORIGINAL_NAME};

const WIDTHS: [f64; 4] = [16.0, 30.0, 22.0, 100.0];

/// The columns of both sheets, in order.
pub(super) fn described(fleet: &Schema, rejects: &Schema) -> Vec<Described> {
    let of = |sheet: &'static str, schema: &Schema| {
        let fields = schema.fields().iter();
        fields.map(|field| describe(sheet, field)).collect::<Vec<_>>()
    };
    let mut columns = of("Fleet", fleet);
    columns.extend(of(REJECTS, rejects));
    columns
}

fn describe(sheet: &'static str, field: &Field) -> Described {
    let metadata = field.metadata();
    let description = match (metadata.get(DESCRIPTION), metadata.get(ORIGINAL_NAME)) {
        (Some(description), _) => description.clone(),
        (None, Some(header)) => format!("the input's column `{header}`"),
        (None, None) => String::new(),
    };
    let kind = field.data_type().to_string();
    Described { sheet, name: field.name().clone(), kind, description }
}

/// Fills the sheet.
pub(super) fn write(sheet: &mut Worksheet, about: &About) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap();
    sheet.set_name("About")?;
    for (place, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(place, width)?;
    }
    let mut row = 0;
    for (name, value) in &about.facts {
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
        sheet.write_string(row, 2, &column.kind)?;
        sheet.write_string_with_format(row, 3, fitting(&column.description), &wrapped)?;
    }
    Ok(())
}

/// What of a text fits into a cell.
fn fitting(text: &str) -> String {
    shortened(text).unwrap_or_else(|| text.to_owned())
}
