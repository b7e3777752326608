//! Nested values (lists, structs, maps) as JSON text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewBuilder};
use arrow::datatypes::{Field, FieldRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The cells of a nested column as JSON; what JSON has no form for as Arrow shows it.
pub(super) fn json(field: &FieldRef, cells: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let field: FieldRef = Arc::new(Field::new(field.name(), cells.data_type().clone(), true));
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut texts = StringViewBuilder::new();
    let Ok(mut encoder) = make_encoder(&field, cells, &options) else {
        let formatter = ArrayFormatter::try_new(cells, &FormatOptions::default())?;
        for row in 0..cells.len() {
            texts.append_option(cells.is_valid(row).then(|| formatter.value(row).to_string()));
        }
        return Ok(Arc::new(texts.finish()));
    };
    let mut text = Vec::new();
    for row in 0..cells.len() {
        if cells.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        let text = std::str::from_utf8(&text)
            .map_err(|_| ArrowError::JsonError("a nested value is not text".into()))?;
        texts.append_value(text);
    }
    Ok(Arc::new(texts.finish()))
}
