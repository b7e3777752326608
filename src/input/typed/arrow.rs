//! Arrow IPC. A stream is messages from its start to a mark of its end; a file has an
//! index of its messages at its end, and only what that names is read of it. All messages
//! are checked before: that each is all there, and that none takes too much memory.

use std::io::{self, BufReader};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::ipc::{Message, MessageHeader, RecordBatch, root_as_footer, root_as_message};

use super::RecordBatches;
use crate::input::random::{Random, RandomReader};

/// A record batch may take so much memory, unpacked; writers make them of some 64 KiB to
/// some hundred MiB.
const MAX_BATCH: u64 = 2 << 30;

/// The description of a message is some KiB.
const MAX_DESCRIPTION: u64 = 64 << 20;

/// An index has some 24 bytes for each record batch.
const MAX_INDEX: u64 = 256 << 20;

const MAGIC: &[u8] = b"ARROW1";

/// How the messages lie in it.
#[derive(Debug)]
enum Form {
    Stream,
    File,
}

/// Checked messages.
#[derive(Debug)]
pub(super) struct Ipc {
    form: Form,
    schema: SchemaRef,
}

impl Ipc {
    pub(super) fn of_stream(data: &Random) -> Result<Self, ArrowError> {
        if !(Messages { data, at: 0, end: data.length }).check()? {
            return Err(cut_off("its end is not marked"));
        }
        let schema = StreamReader::try_new(data.reader(), None)?.schema();
        Ok(Self { form: Form::Stream, schema })
    }

    pub(super) fn of_file(data: &Random) -> Result<Self, ArrowError> {
        check_index(data)?;
        let schema = FileReader::try_new(BufReader::new(data.reader()), None)?.schema();
        Ok(Self { form: Form::File, schema })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Reads the columns at `places`.
    pub(super) fn read(
        &self,
        data: &Random,
        places: &[usize],
    ) -> Result<RecordBatches, ArrowError> {
        let all: BufReader<RandomReader> = BufReader::new(data.reader());
        let places = Some(places.to_vec());
        Ok(match self.form {
            Form::Stream => Box::new(StreamReader::try_new(all, places)?),
            Form::File => Box::new(FileReader::try_new(all, places)?),
        })
    }
}

/// Checks every message that the index of a file names.
fn check_index(data: &Random) -> Result<(), ArrowError> {
    const TAIL: u64 = 10;
    let tail = data.length.checked_sub(TAIL).ok_or_else(|| cut_off("it is too short"))?;
    let bytes = data.bytes(tail, 10)?;
    if !bytes.ends_with(MAGIC) {
        return Err(cut_off("its end is missing"));
    }
    let length = u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let start = tail.checked_sub(length).filter(|_| length <= MAX_INDEX);
    let start = start.ok_or_else(|| cut_off("its index is longer than the file"))?;
    let index = data.bytes(start, usize::try_from(length).map_err(io::Error::other)?)?;
    let index = root_as_footer(&index)
        .map_err(|_| ArrowError::IpcError("its index cannot be read".into()))?;
    let blocks = index.dictionaries().into_iter().flatten();
    for block in blocks.chain(index.recordBatches().into_iter().flatten()) {
        let not_there = || cut_off("its index names what is not there");
        let number = |value: i64| u64::try_from(value).map_err(|_| not_there());
        let (at, body) = (number(block.offset())?, number(block.bodyLength())?);
        let length = number(block.metaDataLength().into())?.checked_add(body);
        let length = length.filter(|length| *length <= MAX_DESCRIPTION + MAX_BATCH);
        let end = length.and_then(|length| at.checked_add(length)).filter(|end| *end <= start);
        let end = end.ok_or_else(not_there)?;
        let mut message = Messages { data, at, end };
        // Readers go by the index, this check by the message: they must mean the same bytes.
        if message.next()? != Some(body) || message.at != end {
            return Err(not_there());
        }
    }
    Ok(())
}

pub(super) fn cut_off(what: &str) -> ArrowError {
    ArrowError::IpcError(format!("it was cut off: {what}"))
}

/// Messages one behind another, looked at without reading what is in them.
struct Messages<'a> {
    data: &'a Random,
    at: u64,
    end: u64,
}

impl Messages<'_> {
    /// Checks every message; whether their end is marked.
    fn check(mut self) -> Result<bool, ArrowError> {
        while self.at < self.end {
            if self.next()?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Checks the next message, and gives the length of its body; `None` where it is the
    /// mark of the end.
    fn next(&mut self) -> Result<Option<u64>, ArrowError> {
        match self.length()? {
            0 => Ok(None),
            length => self.message(length).map(Some),
        }
    }

    /// The length of the next description.
    fn length(&mut self) -> Result<u64, ArrowError> {
        let mut length = self.number()?;
        // Streams of before 2019 have no mark before the length.
        if length == u32::MAX {
            length = self.number()?;
        }
        let length = u64::from(length);
        check_length(length)?;
        Ok(length)
    }

    fn number(&mut self) -> Result<u32, ArrowError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn take(&mut self, length: u64) -> Result<Vec<u8>, ArrowError> {
        let next = self.at.saturating_add(length);
        if next > self.end {
            return Err(cut_off("a message is not all there"));
        }
        let bytes = self.data.bytes(self.at, usize::try_from(length).map_err(io::Error::other)?)?;
        self.at = next;
        Ok(bytes)
    }

    fn message(&mut self, length: u64) -> Result<u64, ArrowError> {
        let description = self.take(length)?;
        let (message, body) = described(&description)?;
        let next = self.at.saturating_add(body);
        if next > self.end {
            return Err(cut_off("a record batch is not all there"));
        }
        check_memory(&message, body, |offset| {
            self.data.bytes(self.at + offset, PREFIX).map_err(ArrowError::from)
        })?;
        self.at = next;
        Ok(body)
    }
}

/// A packed buffer begins with the length that it has unpacked, in so many bytes.
pub(super) const PREFIX: usize = 8;

/// Fails where the `body` of a message takes too much memory, unpacked. `prefix_at` reads the
/// [`PREFIX`] at an offset in it.
pub(super) fn check_memory(
    message: &Message<'_>,
    body: u64,
    prefix_at: impl Fn(u64) -> Result<Vec<u8>, ArrowError>,
) -> Result<(), ArrowError> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => {
            message.header_as_dictionary_batch().and_then(|batch| batch.data())
        }
        _ => None,
    };
    let unpacked = match batch {
        Some(batch) if batch.compression().is_some() => unpacked(batch, body, prefix_at)?,
        _ => body,
    };
    check_size(unpacked)
}

/// Fails where a record batch takes more memory than one may.
pub(super) fn check_size(unpacked: u64) -> Result<(), ArrowError> {
    if unpacked > MAX_BATCH {
        return Err(ArrowError::IpcError(format!(
            "a record batch takes more than {} GiB; write it in smaller ones",
            MAX_BATCH >> 30
        )));
    }
    Ok(())
}

fn unpacked(
    batch: RecordBatch<'_>,
    body: u64,
    prefix_at: impl Fn(u64) -> Result<Vec<u8>, ArrowError>,
) -> Result<u64, ArrowError> {
    let mut unpacked = body;
    for buffer in batch.buffers().into_iter().flatten() {
        let (offset, length) = (buffer.offset(), buffer.length());
        let inside = u64::try_from(offset).ok().filter(|_| length >= 8);
        let Some(offset) = inside.filter(|offset| offset.saturating_add(8) <= body) else {
            continue;
        };
        let bytes = prefix_at(offset)?;
        let bytes = <[u8; PREFIX]>::try_from(&bytes[..]).map_err(io::Error::other)?;
        unpacked = unpacked.saturating_add(u64::try_from(i64::from_le_bytes(bytes)).unwrap_or(0));
    }
    Ok(unpacked)
}

/// The description of a message.
pub(super) fn described(description: &[u8]) -> Result<(Message<'_>, u64), ArrowError> {
    let message = root_as_message(description)
        .map_err(|_| ArrowError::IpcError("a message cannot be read".into()))?;
    let body = u64::try_from(message.bodyLength())
        .map_err(|_| ArrowError::IpcError("a message has less than no length".into()))?;
    Ok((message, body))
}

/// Fails where a description is longer than any is.
pub(super) fn check_length(length: u64) -> Result<(), ArrowError> {
    if length > MAX_DESCRIPTION {
        return Err(ArrowError::IpcError("a message is longer than any is".into()));
    }
    Ok(())
}
