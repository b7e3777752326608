//! One record of text cells, as the readers of text fill it.

use std::ops::Range;

use memchr::memchr2;

/// A longer field is not a cell of a fleet list.
pub(super) const MAX_FIELD: usize = 1 << 20;

/// All fields of a record together.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// More columns than any spreadsheet in use for fleets.
pub(super) const MAX_FIELDS: usize = 4_096;

/// The fields of one record, reused from record to record.
#[derive(Debug, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// All fields seen, though no more than [`MAX_FIELDS`] are kept.
    fields: usize,
    /// Some field was too long and is kept as an empty one.
    pub(super) too_long: bool,
    /// The line it starts on, from 1; in a sheet, its row.
    pub(super) line: u64,
    /// The text ended before its line did.
    pub(super) is_last_and_open: bool,
    /// The open field is that one.
    overflowing: bool,
}

impl Record {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.fields = 0;
        self.too_long = false;
        self.is_last_and_open = false;
        self.overflowing = false;
    }

    /// A record of these fields, on this line.
    pub(super) fn of<'a>(line: u64, fields: impl IntoIterator<Item = &'a str>) -> Self {
        let mut record = Self::default();
        record.fill(line, fields);
        record
    }

    /// Makes it a record of these fields, on this line.
    pub(super) fn fill<'a>(&mut self, line: u64, fields: impl IntoIterator<Item = &'a str>) {
        self.clear();
        self.line = line;
        for field in fields {
            self.append(field.as_bytes());
            self.end_field();
        }
    }

    /// Adds empty fields until it has so many.
    pub(super) fn pad(&mut self, fields: usize) {
        while self.fields < fields {
            self.end_field();
        }
    }

    /// How many fields the record has.
    pub(super) fn len(&self) -> usize {
        self.fields
    }

    /// How many bytes it holds room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// How many bytes its text and the ends of its fields take.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    /// How many bytes are kept.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        // Fields of UTF-8 end at ASCII bytes, so they are UTF-8.
        std::str::from_utf8(&self.bytes[self.place_of(index)?]).ok()
    }

    /// What gives its fields by their places; that it is UTF-8 is checked once for all.
    pub(super) fn fields<'a>(&'a self) -> impl Fn(usize) -> Option<&'a str> {
        let text = std::str::from_utf8(&self.bytes).unwrap_or_default();
        move |index| text.get(self.place_of(index)?)
    }

    fn place_of(&self, index: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(start..end)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// Appends to the open field, unless that makes it too long.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let start = self.field_start();
        let length = self.bytes.len() - start + bytes.len();
        if self.overflowing || length > MAX_FIELD || start + length > MAX_RECORD {
            self.overflowing = true;
            self.too_long = true;
            self.bytes.truncate(start);
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The open field so far.
    pub(super) fn open_field(&self) -> &[u8] {
        &self.bytes[self.field_start()..]
    }

    /// Leaves only so many bytes of the open field.
    pub(super) fn cut_field(&mut self, length: usize) {
        self.bytes.truncate(self.field_start() + length);
    }

    /// Whether a field holds a line end.
    pub(super) fn spans_lines(&self) -> bool {
        memchr2(b'\n', b'\r', &self.bytes).is_some()
    }

    pub(super) fn end_field(&mut self) {
        self.fields += 1;
        self.overflowing = false;
        if self.ends.len() < MAX_FIELDS {
            self.ends.push(self.bytes.len());
        } else {
            self.bytes.truncate(self.field_start());
        }
    }

    fn field_start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}
