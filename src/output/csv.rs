//! CSV and TSV: RFC 4180, UTF-8, LF, empty is null. Written by hand: two to three
//! times the speed of the general writers.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cells::{self, Cell};
use super::sink::{CHUNK, Encode, Sink, TextSink};

/// Without it, Excel takes text for the code page of its user.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How the cells of a text file are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellStyle {
    /// What separates them; never a byte of a number or a time.
    pub(super) delimiter: u8,
    /// A byte order mark comes first, and cells that a spreadsheet would run are guarded.
    pub(super) for_excel: bool,
}

/// Writes record batches as CSV.
pub(super) struct CsvEncoder {
    sink: TextSink,
    line: Vec<u8>,
    style: CellStyle,
}

impl CsvEncoder {
    /// Writes the header.
    pub(super) fn new(sink: TextSink, schema: &Schema, style: CellStyle) -> io::Result<Self> {
        let mut encoder = Self { sink, line: Vec::with_capacity(2 * CHUNK), style };
        if style.for_excel {
            encoder.line.extend_from_slice(BYTE_ORDER_MARK);
        }
        for (place, field) in schema.fields().iter().enumerate() {
            encoder.separate(place);
            encoder.text(field.name());
        }
        encoder.end_line()?;
        Ok(encoder)
    }

    fn separate(&mut self, place: usize) {
        if place > 0 {
            self.line.push(self.style.delimiter);
        }
    }

    fn text(&mut self, text: &str) {
        let guard = self.style.for_excel && runs_in_a_spreadsheet(text);
        let delimiter = self.style.delimiter;
        let quoted = memchr::memchr3(delimiter, b'"', b'\n', text.as_bytes()).is_some()
            || text.contains('\r');
        if quoted {
            self.line.push(b'"');
        }
        if guard {
            self.line.push(b'\'');
        }
        if quoted {
            for (part, piece) in text.split('"').enumerate() {
                if part > 0 {
                    self.line.extend_from_slice(b"\"\"");
                }
                self.line.extend_from_slice(piece.as_bytes());
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(text.as_bytes());
        }
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push(b'\n');
        if self.line.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

impl Encode for CsvEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = cells::columns(batch)?;
        for row in 0..batch.num_rows() {
            for (place, column) in columns.iter().enumerate() {
                self.separate(place);
                if let Cell::Text(text) = column.cell(row, &mut self.line)? {
                    self.text(text);
                }
            }
            self.end_line()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        self.flush()?;
        self.sink.finish()
    }
}

/// Whether a spreadsheet may take a cell for a formula: by its first character,
/// in full width too, and also behind spaces or what cannot be seen, which some
/// programs skip. A number below zero is a number.
fn runs_in_a_spreadsheet(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let unseen = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    let seen = text.trim_start_matches(unseen);
    let starts = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    seen.starts_with(starts) && !is_below_zero(text)
}

/// Such as `-5` or `-122.419`.
fn is_below_zero(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('-') else { return false };
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    }
}
