//! Text into lines, of which no more than a record is kept.

use std::io::{self, BufRead, BufReader, Read as _};

use crate::input::record::MAX_RECORD;
use crate::input::unpack::Bytes;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The lines of a text that are not blank.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    bytes: BufReader<Bytes<'a>>,
    line: Vec<u8>,
    /// From 1.
    number: u64,
    is_too_long: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: Bytes<'a>) -> Self {
        let bytes = BufReader::with_capacity(64 << 10, bytes);
        Self { bytes, line: Vec::new(), number: 0, is_too_long: false }
    }

    pub(super) fn into_bytes(self) -> Bytes<'a> {
        self.bytes.into_inner()
    }

    /// Reads the next line that is not blank; `false` at the end.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        loop {
            self.line.clear();
            let most = MAX_RECORD as u64 + 1;
            if self.bytes.by_ref().take(most).read_until(b'\n', &mut self.line)? == 0 {
                return Ok(false);
            }
            self.number += 1;
            self.is_too_long = self.line.len() > MAX_RECORD && !self.line.ends_with(b"\n");
            if self.is_too_long {
                self.line.clear();
                self.bytes.skip_until(b'\n')?;
                return Ok(true);
            }
            if !self.text().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line, without the blanks around it; empty where it is too long.
    pub(super) fn text(&self) -> &[u8] {
        let line = match self.number {
            1 => self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line),
            _ => &self.line,
        };
        line.trim_ascii()
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether it has more bytes than a record may have.
    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }
}
