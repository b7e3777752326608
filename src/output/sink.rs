//! Where encoded bytes go, counted and hashed on their way.

use std::fs::File;
use std::io::{self, Seek, Write};

use arrow::array::RecordBatch;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::format::Compression;
use crate::domain::numbers::hex;
use crate::files::draft::Draft;

/// Text formats hand on this much at a time.
pub(super) const CHUNK: usize = 64 * 1024;

/// Encodes record batches into a [`Sink`].
pub(super) trait Encode: Send {
    /// Appends the rows of `batch`.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;

    /// Lists rows without a VIN where the format has a place for them besides.
    fn list_rejects(&mut self, _batch: &RecordBatch) -> io::Result<()> {
        Ok(())
    }

    /// What of the rows the format could not hold, one line for each kind.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes what ends the file, and gives the sink back with all bytes in it.
    fn finish(self: Box<Self>) -> io::Result<Sink>;
}

/// A sink for text, which is compressed on its way where that is wanted.
pub(super) enum TextSink {
    Plain(Sink),
    Gzip(GzEncoder<Sink>),
    Zstd(zstd::Encoder<'static, Sink>),
}

impl TextSink {
    /// Nothing written yet.
    pub(super) fn new(sink: Sink, compression: Option<Compression>) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(sink),
            Some(Compression::Gzip) => {
                Self::Gzip(GzEncoder::new(sink, flate2::Compression::default()))
            }
            Some(Compression::Zstd) => {
                let mut encoder = zstd::Encoder::new(sink, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes what ends the compressed text.
    pub(super) fn finish(self) -> io::Result<Sink> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for TextSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(sink) => sink.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Where encoded bytes go.
pub(super) struct Sink {
    to: Target,
    hash: Sha256,
    bytes: u64,
}

/// The kinds of places that bytes go to.
pub(super) enum Target {
    /// A file beside its place.
    Draft(Draft),
    /// A stream; what is written is gone.
    Stream(Box<dyn Write + Send>),
    /// A nameless file, checked before it is copied to the stream.
    Spool(File, Box<dyn Write + Send>),
}

impl Sink {
    /// Nothing written yet.
    pub(super) fn new(to: Target) -> Self {
        Self { to, hash: Sha256::new(), bytes: 0 }
    }

    /// Bytes written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of the bytes written, in lower-case hex.
    pub(super) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// Flushes to the disk or the reader; what can be read back is returned,
    /// from its start.
    pub(super) fn sync(&mut self) -> io::Result<Option<File>> {
        match &mut self.to {
            Target::Draft(draft) => draft.sync().map(Some),
            Target::Stream(stream) => stream.flush().map(|()| None),
            Target::Spool(file, _) => {
                file.rewind()?;
                file.try_clone().map(Some)
            }
        }
    }

    /// The target, with all that was written.
    pub(super) fn into_target(self) -> Target {
        self.to
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match &mut self.to {
            Target::Draft(draft) => draft.write(bytes)?,
            Target::Stream(stream) => stream.write(bytes)?,
            Target::Spool(file, _) => file.write(bytes)?,
        };
        self.hash.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            Target::Draft(draft) => draft.flush(),
            Target::Stream(stream) => stream.flush(),
            Target::Spool(file, _) => file.flush(),
        }
    }
}
