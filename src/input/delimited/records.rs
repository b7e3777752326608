//! Delimited text into records: RFC 4180 as it is met in the wild, and its kin.
//!
//! With doubled quotes the rules are those of the `csv` crate (any of CRLF, LF and CR
//! ends a record, empty lines are skipped, a quote inside a bare field is a character),
//! and a test holds the two equal. What is added is why it is not used: a field of any
//! size takes bounded memory, a quote that is never closed is an error, and what speaks
//! against the way of quoting is counted, so that the right one can be found.

use std::io::{self, Read};
use std::mem;

use memchr::{memchr, memchr2, memchr3};

use super::quoting::Quoting;
use crate::input::record::{MAX_RECORD, Record};

const BUFFER: usize = 64 << 10;

/// Stands for a quote or an escape that there is not: it is in no UTF-8.
const NONE: u8 = 0xFF;

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

/// What was met that another way of quoting may explain better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Oddities {
    /// Quotes that close before the end of their field, or do not close as they should.
    pub(super) misplaced: u64,
    /// The line of the first of them.
    pub(super) first_misplaced: u64,
    /// Bare fields of spaces and a quote.
    pub(super) after_spaces: u64,
}

/// A reader of records from UTF-8 text.
#[derive(Debug)]
pub(super) struct Records<R> {
    text: R,
    delimiter: u8,
    quoting: Quoting,
    /// The quote and the escape, or [`NONE`].
    quote: u8,
    escape: u8,
    buffer: Box<[u8]>,
    position: usize,
    filled: usize,
    /// The line at `position`, from 1.
    line: u64,
    /// The last byte consumed was a CR, so that a LF now belongs to it.
    after_cr: bool,
    oddities: Oddities,
    /// The line that is taken apart, where quotes are closed in their lines.
    scratch: Vec<u8>,
}

/// Where in a record the next byte is.
#[derive(Clone, Copy)]
enum State {
    RecordStart,
    FieldStart,
    /// Behind spaces that begin a field.
    Spaces,
    Bare,
    Quoted,
    /// After a quote inside quotes: the end of the field, or half of `""`.
    QuoteInQuotes,
    /// After a backslash.
    Escape {
        quoted: bool,
    },
    /// After a backslash and a CR outside of quotes.
    EscapedCr,
}

impl<R: Read> Records<R> {
    /// Reads records from `text`, which must be UTF-8; `delimiter` must be ASCII.
    pub(super) fn new(text: R, delimiter: u8, quoting: Quoting) -> Self {
        let escape = if quoting.backslash { b'\\' } else { NONE };
        Self {
            text,
            delimiter,
            quoting,
            quote: quoting.quote.unwrap_or(NONE),
            escape,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            position: 0,
            filled: 0,
            line: 1,
            after_cr: false,
            oddities: Oddities::default(),
            scratch: Vec::new(),
        }
    }

    pub(super) fn into_text(self) -> R {
        self.text
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn oddities(&self) -> Oddities {
        self.oddities
    }

    /// Skips a line without looking at its fields.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        while self.fill()? {
            let rest = &self.buffer[self.position..self.filled];
            if let Some(end) = memchr2(b'\n', b'\r', rest) {
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
        if self.quoting.in_line {
            return Ok(self.read_line(record)?);
        }
        let mut state = State::RecordStart;
        let mut quote_line = self.line;
        loop {
            if self.position == self.filled && !self.fill()? {
                return self.end_of_text(state, record, quote_line);
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
                State::FieldStart if byte == self.quote => {
                    self.position += 1;
                    quote_line = self.line;
                    State::Quoted
                }
                State::FieldStart if byte == b' ' && self.quote != NONE => self.take_space(record),
                State::Spaces => match self.read_spaces(byte, record) {
                    State::Quoted => {
                        quote_line = self.line;
                        State::Quoted
                    }
                    other => other,
                },
                State::FieldStart | State::Bare => match self.read_bare(record) {
                    Some(end) if end == self.delimiter => self.end_field(record),
                    Some(end) if end == self.escape => {
                        self.position += 1;
                        State::Escape { quoted: false }
                    }
                    Some(_) => {
                        self.close_field(record, true);
                        self.end_line();
                        return Ok(true);
                    }
                    None => State::Bare,
                },
                State::Quoted => self.read_quoted(record),
                State::QuoteInQuotes => self.read_after_quote(byte, record),
                State::Escape { quoted } => self.read_escaped(byte, quoted, record),
                State::EscapedCr => {
                    // A CR and its LF are one line end.
                    if byte == b'\n' {
                        self.take_escaped(byte, record);
                    }
                    State::Bare
                }
            };
        }
    }

    /// Appends up to the end of a bare field; `None` when the buffer ends first.
    fn read_bare(&mut self, record: &mut Record) -> Option<u8> {
        let rest = &self.buffer[self.position..self.filled];
        let cr = if self.quoting.lf_only { b'\n' } else { b'\r' };
        let mut end = memchr3(self.delimiter, cr, b'\n', rest);
        if self.escape != NONE {
            end = memchr(self.escape, &rest[..end.unwrap_or(rest.len())]).or(end);
        }
        record.append(&rest[..end.unwrap_or(rest.len())]);
        self.position += end.unwrap_or(rest.len());
        end.map(|end| rest[end])
    }

    /// Appends up to the next quote or escape, or the end of the buffer.
    fn read_quoted(&mut self, record: &mut Record) -> State {
        let rest = &self.buffer[self.position..self.filled];
        let end = memchr2(self.quote, self.escape, rest);
        let text = &rest[..end.unwrap_or(rest.len())];
        self.line += memchr::memchr_iter(b'\n', text).count() as u64;
        record.append(text);
        self.position += text.len();
        let Some(end) = end else { return State::Quoted };
        self.position += 1;
        if rest[end] == self.quote { State::QuoteInQuotes } else { State::Escape { quoted: true } }
    }

    fn read_after_quote(&mut self, byte: u8, record: &mut Record) -> State {
        if byte == self.quote {
            self.position += 1;
            record.append(&[byte]);
            return State::Quoted;
        }
        let ends = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        if !ends && !(byte == b' ' && self.quoting.after_spaces) {
            self.note_misplaced(self.line);
        }
        State::Bare
    }

    fn take_space(&mut self, record: &mut Record) -> State {
        self.position += 1;
        record.append(b" ");
        State::Spaces
    }

    fn read_spaces(&mut self, byte: u8, record: &mut Record) -> State {
        if byte == b' ' {
            self.take_space(record)
        } else if byte != self.quote {
            State::Bare
        } else if self.quoting.after_spaces {
            record.cut_field(0);
            self.position += 1;
            State::Quoted
        } else {
            self.oddities.after_spaces += 1;
            State::Bare
        }
    }

    /// The byte after a backslash: what needed it loses it, all else keeps it.
    fn read_escaped(&mut self, byte: u8, quoted: bool, record: &mut Record) -> State {
        let needed = [self.quote, self.escape, self.delimiter, b'\n', b'\r'].contains(&byte);
        if needed {
            self.take_escaped(byte, record);
        } else {
            record.append(&[self.escape]);
        }
        match (quoted, needed && byte == b'\r') {
            (true, _) => State::Quoted,
            (false, true) => State::EscapedCr,
            (false, false) => State::Bare,
        }
    }

    fn take_escaped(&mut self, byte: u8, record: &mut Record) {
        self.line += u64::from(byte == b'\n');
        record.append(&[byte]);
        self.position += 1;
    }

    fn end_field(&mut self, record: &mut Record) -> State {
        self.close_field(record, false);
        self.position += 1;
        State::FieldStart
    }

    fn close_field(&self, record: &mut Record, is_last: bool) {
        if let [before @ .., b'\r'] = record.open_field()
            && is_last
            && self.quoting.lf_only
        {
            let length = before.len();
            record.cut_field(length);
        }
        // As MySQL and PostgreSQL write NULL.
        if self.escape != NONE && record.open_field() == b"\\N" {
            record.cut_field(0);
        }
        record.end_field();
    }

    fn note_misplaced(&mut self, line: u64) {
        if self.oddities.misplaced == 0 {
            self.oddities.first_misplaced = line;
        }
        self.oddities.misplaced += 1;
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

    /// What the end of the text means there.
    fn end_of_text(
        &self,
        state: State,
        record: &mut Record,
        quote_line: u64,
    ) -> Result<bool, RecordError> {
        match state {
            State::RecordStart => return Ok(false),
            State::Quoted | State::Escape { quoted: true } => {
                return Err(RecordError::UnclosedQuote { line: quote_line });
            }
            State::Escape { quoted: false } => record.append(&[self.escape]),
            State::FieldStart
            | State::Spaces
            | State::Bare
            | State::QuoteInQuotes
            | State::EscapedCr => {}
        }
        self.close_field(record, true);
        record.is_last_and_open = true;
        Ok(true)
    }

    /// Reads a record that is one line, whatever its quotes are.
    fn read_line(&mut self, record: &mut Record) -> io::Result<bool> {
        loop {
            if !self.fill()? {
                return Ok(false);
            }
            if !is_line_end(self.buffer[self.position]) {
                break;
            }
            self.end_line();
        }
        record.line = self.line;
        self.after_cr = false;
        let mut line = mem::take(&mut self.scratch);
        line.clear();
        record.is_last_and_open = !self.take_line(&mut line, record)?;
        if self.quoting.lf_only && line.ends_with(b"\r") {
            line.pop();
        }
        self.split(&line, record);
        self.scratch = line;
        Ok(true)
    }

    /// The rest of the line, as far as it may be kept; whether it has an end.
    fn take_line(&mut self, line: &mut Vec<u8>, record: &mut Record) -> io::Result<bool> {
        while self.fill()? {
            let rest = &self.buffer[self.position..self.filled];
            let cr = if self.quoting.lf_only { b'\n' } else { b'\r' };
            let end = memchr2(b'\n', cr, rest);
            let text = &rest[..end.unwrap_or(rest.len())];
            if line.len() + text.len() > MAX_RECORD {
                record.too_long = true;
            } else {
                line.extend_from_slice(text);
            }
            self.position += text.len();
            if end.is_some() {
                self.end_line();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The fields of a line.
    fn split(&mut self, line: &[u8], record: &mut Record) {
        let mut rest = line;
        loop {
            let quoted = if rest.first() == Some(&self.quote) {
                let closed = quoted_length(rest, self.quote, self.delimiter);
                if closed.is_none() {
                    self.note_misplaced(record.line);
                }
                closed
            } else {
                None
            };
            let end = quoted.or_else(|| memchr(self.delimiter, rest));
            let field = &rest[..end.unwrap_or(rest.len())];
            if quoted.is_some() {
                append_unquoted(&field[1..field.len() - 1], self.quote, record);
            } else {
                record.append(field);
            }
            self.close_field(record, false);
            match rest.get(field.len() + 1..) {
                Some(after) => rest = after,
                None => return,
            }
        }
    }
}

/// The length of the quoted field that `text` begins with, where it is closed as it should.
fn quoted_length(text: &[u8], quote: u8, delimiter: u8) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr(quote, text.get(at..)?)? + 1;
        match text.get(at) {
            Some(&next) if next == quote => at += 1,
            Some(&next) if next != delimiter => return None,
            _ => return Some(at),
        }
    }
}

/// Appends what stands between quotes.
fn append_unquoted(mut text: &[u8], quote: u8, record: &mut Record) {
    while let Some(at) = memchr(quote, text) {
        record.append(&text[..=at]);
        text = text.get(at + 2..).unwrap_or_default();
    }
    record.append(text);
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
#[path = "tests/records.rs"]
mod tests;
