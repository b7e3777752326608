//! An Arrow stream that is read once, as it comes, up to the mark of its end. Each message is
//! checked as those of a file are, and nothing behind the mark is waited for.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use sha2::{Digest, Sha256};

use super::RecordBatches;
use super::arrow::{PREFIX, check_length, check_memory, check_size, cut_off, described};
use crate::domain::numbers::hex;
use crate::input::source::OnceRead;

/// What is said of an Arrow file.
pub(super) const IS_FILE: &str =
    "it is an Arrow file, which is read from its end, and a stream is needed";

/// What an Arrow file begins with.
const FILE: &[u8] = b"ARRO";

/// A stream whose description was read.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    messages: Arc<Mutex<Messages>>,
    schema: SchemaRef,
}

/// The messages of a stream, one behind another.
struct Messages {
    from: OnceRead,
    decoder: StreamDecoder,
    /// What was read and is not decoded.
    pending: Buffer,
    /// A record batch that was looked at and is not handed on.
    ahead: Option<RecordBatch>,
    /// The mark of the end was read.
    is_over: bool,
    hash: Sha256,
    bytes: u64,
}

impl Stream {
    /// Reads the description of the columns, and waits for what comes behind it.
    pub(super) fn open(from: OnceRead) -> Result<Self, ArrowError> {
        let mut messages = Messages {
            from,
            decoder: StreamDecoder::new(),
            pending: Buffer::default(),
            ahead: None,
            is_over: false,
            hash: Sha256::new(),
            bytes: 0,
        };
        messages.ahead = messages.next_batch()?;
        let schema = messages.decoder.schema();
        let schema = schema.ok_or_else(|| cut_off("it does not say which columns it has"))?;
        Ok(Self { messages: Arc::new(Mutex::new(messages)), schema })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The first record batch with rows, which stays to be read; `None` where there is none.
    pub(super) fn first(&self) -> Result<Option<RecordBatch>, ArrowError> {
        let mut messages = self.messages();
        while messages.ahead.as_ref().is_some_and(|ahead| ahead.num_rows() == 0) {
            messages.ahead = messages.next_batch()?;
        }
        Ok(messages.ahead.clone())
    }

    /// Reads the columns at `places`, as they come.
    pub(super) fn read(&self, places: &[usize]) -> RecordBatches {
        let (stream, places) = (self.clone(), places.to_vec());
        Box::new(std::iter::from_fn(move || {
            let mut messages = stream.messages();
            let next = match messages.ahead.take() {
                Some(ahead) => Ok(Some(ahead)),
                None => messages.next_batch(),
            };
            let projected = |batch: RecordBatch| batch.project(&places);
            next.and_then(|batch| batch.map(projected).transpose()).transpose()
        }))
    }

    /// SHA-256 of what was read, in hex, and its length.
    pub(super) fn digest(&self) -> (String, u64) {
        let messages = self.messages();
        (hex(&messages.hash.clone().finalize()), messages.bytes)
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Messages {
    /// Decodes the next record batch; `None` at the mark of the end.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        loop {
            // What has no body is decoded once something comes behind it.
            if let Some(batch) = self.decoder.decode(&mut self.pending)? {
                return Ok(Some(batch));
            }
            if self.is_over {
                return Ok(None);
            }
            self.pending = Buffer::from_vec(self.next_message()?);
        }
    }

    /// Reads the next message, or the mark of the end.
    fn next_message(&mut self) -> Result<Vec<u8>, ArrowError> {
        let mut message = Vec::new();
        let mut length = self.number(&mut message)?;
        // Streams of before 2019 have no mark before the length.
        if length == u32::MAX {
            length = self.number(&mut message)?;
        }
        if length == 0 {
            self.is_over = true;
            return Ok(message);
        }
        if message == FILE {
            return Err(ArrowError::InvalidArgumentError(IS_FILE.into()));
        }
        check_length(length.into())?;
        let start = message.len();
        self.take(length.into(), &mut message, "a message is not all there")?;
        let body = described(&message[start..])?.1;
        check_size(body)?;
        let body_start = message.len();
        self.take(body, &mut message, "a record batch is not all there")?;
        check_memory(&described(&message[start..body_start])?.0, body, |offset| {
            let at = body_start + usize::try_from(offset).map_err(io::Error::other)?;
            let prefix = message.get(at..at + PREFIX);
            prefix.map(<[u8]>::to_vec).ok_or_else(|| cut_off("a buffer is not all there"))
        })?;
        Ok(message)
    }

    /// Reads the four bytes of a number.
    fn number(&mut self, message: &mut Vec<u8>) -> Result<u32, ArrowError> {
        let start = message.len();
        self.take(4, message, "its end is not marked")?;
        let bytes = <[u8; 4]>::try_from(&message[start..]).map_err(io::Error::other)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Appends so many bytes to `message`; what it means where they are not there is `what`.
    fn take(&mut self, length: u64, message: &mut Vec<u8>, what: &str) -> Result<(), ArrowError> {
        let start = message.len();
        let read = (&mut self.from).take(length).read_to_end(message)?;
        self.hash.update(&message[start..]);
        self.bytes += read as u64;
        if (read as u64) < length { Err(cut_off(what)) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messages").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
