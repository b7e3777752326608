//! A file that is read from any place, by formats whose end says where everything is.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};

use crate::files::os;

/// Such a file, up to the length that it had when it was opened.
#[derive(Clone, Debug)]
pub(super) struct Random {
    pub(super) file: Arc<File>,
    pub(super) length: u64,
}

impl Random {
    /// Reads from its start.
    pub(super) fn reader(&self) -> RandomReader {
        self.part(0, self.length)
    }

    /// Reads what lies between.
    pub(super) fn part(&self, start: u64, end: u64) -> RandomReader {
        RandomReader {
            file: Arc::clone(&self.file),
            start,
            position: start,
            end: end.min(self.length),
        }
    }

    /// The bytes at `start`, which must all be there.
    pub(super) fn bytes(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.length);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut bytes = vec![0; length];
        self.part(start, end).read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Length for Random {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Random {
    type T = BufReader<RandomReader>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(self.part(start, self.length)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        Ok(self.bytes(start, length)?.into())
    }
}

/// A part of such a file, read in order or not.
#[derive(Debug)]
pub(super) struct RandomReader {
    file: Arc<File>,
    start: u64,
    position: u64,
    end: u64,
}

impl Read for RandomReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let most = left.min(out.len());
        let count =
            if most == 0 { 0 } else { read_at(&self.file, &mut out[..most], self.position)? };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RandomReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => self.start.checked_add(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let position = position.filter(|position| *position >= self.start);
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position - self.start)
    }
}

/// Reads at `position`, however often a signal comes in between.
pub(super) fn read_at(file: &File, out: &mut [u8], position: u64) -> io::Result<usize> {
    loop {
        match os::read_at(file, out, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
