//! Parquet: zstd, every column optional, plain types that every warehouse reads.

use std::fs::File;
use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::schema::MOSTLY_DISTINCT;
use super::sink::{Encode, Sink};

/// 401k rows/s of 25 columns on one thread, against 464k at level 1 and 499k
/// uncompressed, measured on one core: the smaller file is worth it.
const ZSTD_LEVEL: i32 = 3;
/// Row groups are closed between these, which warehouses read best …
const MIN_GROUP_ROWS: usize = 128 * 1024;
const MAX_GROUP_ROWS: usize = 1024 * 1024;
/// … as soon as the encoded columns held in memory pass this.
const GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Writes record batches as Parquet.
pub(super) struct ParquetEncoder {
    writer: ArrowWriter<Sink>,
}

impl ParquetEncoder {
    /// Writes the magic bytes. The key-values are in the footer.
    pub(super) fn new(
        sink: Sink,
        schema: SchemaRef,
        about: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let properties = properties(about).map_err(cause)?;
        Ok(Self { writer: ArrowWriter::try_new(sink, schema, Some(properties)).map_err(cause)? })
    }
}

impl Encode for ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(cause)?;
        if self.writer.in_progress_rows() >= MIN_GROUP_ROWS
            && self.writer.in_progress_size() >= GROUP_BYTES
        {
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

fn properties(about: Vec<(String, String)>) -> Result<WriterProperties, ParquetError> {
    let about = about.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("vinrich ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(MAX_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_key_value_metadata(Some(about));
    for column in MOSTLY_DISTINCT {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
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
