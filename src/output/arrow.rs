//! Arrow IPC, as a file and as a stream. Only its end marker tells a whole stream
//! from one cut between two batches, so it is written last of all; a file ends
//! with a table of its batches.

use std::fs::File;
use std::io::{self, BufWriter};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::{FileWriter, StreamWriter};

use super::sink::{Encode, Sink};

/// Writes record batches as Arrow IPC.
pub(super) enum ArrowEncoder {
    File(FileWriter<BufWriter<Sink>>),
    Stream(StreamWriter<BufWriter<Sink>>),
}

impl ArrowEncoder {
    /// Begins a file with its schema.
    pub(super) fn file(sink: Sink, schema: &Schema) -> io::Result<Self> {
        FileWriter::try_new_buffered(sink, schema).map(Self::File).map_err(cause)
    }

    /// Begins a stream with its schema.
    pub(super) fn stream(sink: Sink, schema: &Schema) -> io::Result<Self> {
        StreamWriter::try_new_buffered(sink, schema).map(Self::Stream).map_err(cause)
    }
}

impl Encode for ArrowEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            Self::File(writer) => writer.write(batch),
            // Who reads a stream may wait for these rows before more come.
            Self::Stream(writer) => writer.write(batch).and_then(|()| writer.flush()),
        }
        .map_err(cause)
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        let buffer = match *self {
            Self::File(mut writer) => writer.finish().and_then(|()| writer.into_inner()),
            Self::Stream(mut writer) => writer.finish().and_then(|()| writer.into_inner()),
        };
        buffer.map_err(cause)?.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// Fails where the table of batches at the end of `file` cannot be read.
pub(super) fn check_end(file: &File) -> io::Result<()> {
    FileReader::try_new(file, None).map(drop).map_err(cause)
}

/// The I/O error inside, where there is one: a full disk must be reported as such.
fn cause(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
