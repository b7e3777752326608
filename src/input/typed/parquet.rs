//! Parquet: what its footer says, and its row groups as record batches.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::RecordBatches;
use crate::input::random::Random;

/// What the footer of a file says.
#[derive(Debug)]
pub(super) struct Metadata(ArrowReaderMetadata);

impl Metadata {
    /// Reads it. What Arrow's writers note beside Parquet's own types does not count, so
    /// that a column is the same whoever wrote it.
    pub(super) fn of(data: &Random) -> Result<Self, ArrowError> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(data, options.clone())?;
        let schema = Arc::new(with_views(metadata.schema()));
        let parquet = Arc::clone(metadata.metadata());
        Ok(Self(ArrowReaderMetadata::try_new(parquet, options.with_schema(schema))?))
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    /// Reads the columns at `places`, so many rows at a time.
    pub(super) fn read(
        &self,
        data: Random,
        places: &[usize],
        rows: usize,
    ) -> Result<RecordBatches, ArrowError> {
        let mask = ProjectionMask::roots(self.0.parquet_schema(), places.iter().copied());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(data, self.0.clone())
            .with_projection(mask)
            .with_batch_size(rows)
            .build()?;
        Ok(Box::new(reader))
    }
}

/// Texts are read as views of the pages they are in: a dictionary of long texts would
/// else be written out for every row.
fn with_views(schema: &Schema) -> Schema {
    let view = |field: &FieldRef| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
        _ => Arc::clone(field),
    };
    let fields: Fields = schema.fields().iter().map(view).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}
