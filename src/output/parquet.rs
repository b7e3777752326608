//! Parquet: zstd, every column optional, plain types that every warehouse reads.

use std::fs::File;
use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Fields, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, SchemaDescriptor};

use super::columns::{CONTENT_TYPE, JSON};
use super::schema::MOSTLY_DISTINCT;
use super::sink::{Encode, Sink};

/// Of columns whose values rarely repeat, two thirds of the bytes: random hex digits come out
/// smaller at level 1, at twice the speed.
const ZSTD_LEVEL_OF_DISTINCT: i32 = 1;
/// 401k rows/s of 25 columns on one thread, against 464k at level 1 and 499k
/// uncompressed, measured on one core: the smaller file is worth it.
const ZSTD_LEVEL: i32 = 3;
/// Row groups are closed between these, which warehouses read best …
const MIN_GROUP_ROWS: usize = 128 * 1024;
const MAX_GROUP_ROWS: usize = 1024 * 1024;
/// … as soon as the encoded columns held in memory pass this.
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// However few its rows are, a group is closed when its buffers take so much memory: those
/// of a thousand columns would take gigabytes.
const HELD_BYTES: usize = 256 * 1024 * 1024;

/// Writes record batches as Parquet.
pub(super) struct ParquetEncoder {
    writer: ArrowWriter<Sink>,
    /// The most that its buffers may take.
    held_bytes: usize,
}

impl ParquetEncoder {
    /// Writes the magic bytes. The key-values are in the footer.
    pub(super) fn new(
        sink: Sink,
        schema: SchemaRef,
        about: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(about).map_err(cause)?)
            .with_parquet_schema(with_json(&schema).map_err(cause)?);
        let writer = ArrowWriter::try_new_with_options(sink, schema, options).map_err(cause)?;
        Ok(Self { writer, held_bytes: HELD_BYTES })
    }
}

impl Encode for ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(cause)?;
        let is_large = self.writer.in_progress_rows() >= MIN_GROUP_ROWS
            && self.writer.in_progress_size() >= GROUP_BYTES;
        if is_large || self.writer.memory_size() >= self.held_bytes {
            self.writer.flush().map_err(cause)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        self.writer.into_inner().map_err(cause)
    }
}

/// The number of rows in `file`, by its footer.
pub(super) fn rows_in(file: &File) -> io::Result<u64> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file).map_err(cause)?;
    u64::try_from(metadata.file_metadata().num_rows()).map_err(io::Error::other)
}

/// The columns in Parquet's types, those of JSON with its logical type. That is made of
/// Arrow's extension type, which itself is not written: for readers that go by Arrow's
/// schema, as Polars does, the columns stay text.
fn with_json(schema: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    let typed = |field: &FieldRef| {
        let field = field.as_ref().clone();
        if field.metadata().get(CONTENT_TYPE).is_none_or(|content| content != JSON) {
            return field;
        }
        let extension = [("ARROW:extension:name", "arrow.json"), ("ARROW:extension:metadata", "")];
        let extension = extension.map(|(key, value)| (key.to_owned(), value.to_owned()));
        field.with_metadata(extension.into())
    };
    let fields: Fields = schema.fields().iter().map(typed).collect();
    ArrowSchemaConverter::new().convert(&Schema::new(fields))
}

fn properties(about: Vec<(String, String)>) -> Result<WriterProperties, ParquetError> {
    let zstd = |level| ZstdLevel::try_new(level).map(Compression::ZSTD);
    let about = about.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("vinrich ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(zstd(ZSTD_LEVEL)?)
        .set_max_row_group_row_count(Some(MAX_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_key_value_metadata(Some(about));
    for column in MOSTLY_DISTINCT {
        let column = ColumnPath::from(column);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_compression(column, zstd(ZSTD_LEVEL_OF_DISTINCT)?);
    }
    Ok(properties.build())
}

/// The I/O error inside, where there is one: a full disk must be reported as such.
fn cause(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
#[path = "tests/parquet.rs"]
mod tests;
