//! Delimited text into records: RFC 4180 as it is met in the wild.
//!
//! The rules are those of the `csv` crate (any of CRLF, LF and CR ends a record,
//! empty lines are skipped, a quote inside a bare field is a character), and a
//! test holds the two equal. What is added is why it is not used: a field of any
//! size takes bounded memory, and a quote that is never closed is an error.

use std::io::{self, Read};

use memchr::{memchr, memchr3};

use crate::input::record::Record;

const QUOTE: u8 = b'"';
const BUFFER: usize = 64 << 10;

/// Why a record could not be read.
#[derive(Debug)]
pub(super) enum RecordError {
    /// The text itself could not be read.
    Io(io::Error),
    /// The text ends inside quotes that were opened on this line.
    UnclosedQuote { line: u64 },
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A reader of records from UTF-8 text.
#[derive(Debug)]
pub(super) struct Records<R> {
    text: R,
    delimiter: u8,
    buffer: Box<[u8]>,
    position: usize,
    filled: usize,
    /// The line at `position`, from 1.
    line: u64,
    /// The last byte consumed was a CR, so that a LF now belongs to it.
    after_cr: bool,
}

/// Where in a record the next byte is.
#[derive(Clone, Copy)]
enum State {
    RecordStart,
    FieldStart,
    Bare,
    Quoted,
    /// After a quote inside quotes: the end of the field, or half of `""`.
    QuoteInQuotes,
}

impl<R: Read> Records<R> {
    /// Reads records from `text`, which must be UTF-8; `delimiter` must be ASCII.
    pub(super) fn new(text: R, delimiter: u8) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { text, delimiter, buffer, position: 0, filled: 0, line: 1, after_cr: false }
    }

    pub(super) fn into_text(self) -> R {
        self.text
    }

    /// Skips a line without looking at its fields.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        while self.fill()? {
            let rest = &self.buffer[self.position..self.filled];
            if let Some(end) = rest.iter().position(|&byte| is_line_end(byte)) {
                self.position += end;
                self.end_line();
                return Ok(());
            }
            self.position = self.filled;
        }
        Ok(())
    }

    /// Reads the next record into `record`; `false` at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, RecordError> {
        record.clear();
        let mut state = State::RecordStart;
        let mut quote_line = self.line;
        loop {
            if self.position == self.filled && !self.fill()? {
                return end_of_text(state, record, quote_line);
            }
            let byte = self.buffer[self.position];
            state = match state {
                State::RecordStart if is_line_end(byte) => {
                    self.end_line();
                    State::RecordStart
                }
                State::RecordStart => {
                    record.line = self.line;
                    self.after_cr = false;
                    State::FieldStart
                }
                State::FieldStart if byte == QUOTE => {
                    self.position += 1;
                    quote_line = self.line;
                    State::Quoted
                }
                State::FieldStart | State::Bare => match self.read_bare(record) {
                    Some(end) if end == self.delimiter => self.end_field(record),
                    Some(_) => {
                        record.end_field();
                        self.end_line();
                        return Ok(true);
                    }
                    None => State::Bare,
                },
                State::Quoted => self.read_quoted(record),
                State::QuoteInQuotes if byte == QUOTE => {
                    self.position += 1;
                    record.append(b"\"");
                    State::Quoted
                }
                State::QuoteInQuotes => State::Bare,
            };
        }
    }

    /// Appends up to the end of a bare field; `None` when the buffer ends first.
    fn read_bare(&mut self, record: &mut Record) -> Option<u8> {
        let delimiter = self.delimiter;
        let rest = &self.buffer[self.position..self.filled];
        let end = memchr3(delimiter, b'\r', b'\n', rest);
        record.append(&rest[..end.unwrap_or(rest.len())]);
        self.position += end.unwrap_or(rest.len());
        end.map(|end| rest[end])
    }

    /// Appends up to the next quote, or the end of the buffer.
    fn read_quoted(&mut self, record: &mut Record) -> State {
        let rest = &self.buffer[self.position..self.filled];
        let end = memchr(QUOTE, rest);
        let text = &rest[..end.unwrap_or(rest.len())];
        self.line += memchr::memchr_iter(b'\n', text).count() as u64;
        record.append(text);
        self.position += text.len();
        if end.is_some() {
            self.position += 1;
            State::QuoteInQuotes
        } else {
            State::Quoted
        }
    }

    fn end_field(&mut self, record: &mut Record) -> State {
        record.end_field();
        self.position += 1;
        State::FieldStart
    }

    /// Consumes a CR or LF; a CR and its LF are one line end.
    fn end_line(&mut self) {
        let byte = self.buffer[self.position];
        if !(byte == b'\n' && self.after_cr) {
            self.line += 1;
        }
        self.after_cr = byte == b'\r';
        self.position += 1;
    }

    /// Whether there is something at `position`, now that more was read if need be.
    fn fill(&mut self) -> io::Result<bool> {
        if self.position == self.filled {
            self.position = 0;
            self.filled = self.text.read(&mut self.buffer)?;
        }
        Ok(self.filled > 0)
    }
}

/// What the end of the text means there.
fn end_of_text(state: State, record: &mut Record, quote_line: u64) -> Result<bool, RecordError> {
    match state {
        State::RecordStart => Ok(false),
        State::Quoted => Err(RecordError::UnclosedQuote { line: quote_line }),
        State::FieldStart | State::Bare | State::QuoteInQuotes => {
            record.end_field();
            Ok(true)
        }
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
#[path = "tests/records.rs"]
mod tests;
