//! Arrow IPC, as a stream. Only its end marker tells a whole stream from one
//! cut between two batches, so it is written last of all.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;

use super::sink::{Encode, Sink};

/// Writes record batches as an Arrow IPC stream.
pub(super) struct ArrowEncoder {
    writer: StreamWriter<io::BufWriter<Sink>>,
}

impl ArrowEncoder {
    /// Writes the schema.
    pub(super) fn new(sink: Sink, schema: &Schema) -> io::Result<Self> {
        Ok(Self { writer: StreamWriter::try_new_buffered(sink, schema).map_err(cause)? })
    }
}

impl Encode for ArrowEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(cause)
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        self.writer.finish().map_err(cause)?;
        let buffer = self.writer.into_inner().map_err(cause)?;
        buffer.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// The I/O error inside, where there is one: a full disk must be reported as such.
fn cause(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
