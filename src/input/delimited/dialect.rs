//! How a file of text is written: its encoding and delimiter, found by content.

use std::io::Read;

use super::decode::{Encoding, Text};
use super::records::{RecordError, Records};
use crate::input::content::Refused;
use crate::input::record::Record;
use crate::input::source;

/// Records compared to find the delimiter.
const COMPARED: usize = 200;

/// The first one wins where all fit equally.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How the text of a file becomes records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) encoding: Encoding,
    /// ASCII.
    pub(super) delimiter: u8,
    /// The first line is `sep=;`, as Excel writes and reads it.
    has_separator_line: bool,
}

impl Dialect {
    /// Tells the dialect by the first bytes of a file, except for a delimiter that is known.
    pub(super) fn of(head: &[u8], delimiter: Option<u8>) -> Result<Self, Refused> {
        let encoding = Encoding::of(head)?;
        let separator = separator_line(head, encoding);
        let dialect =
            |delimiter| Self { encoding, delimiter, has_separator_line: separator.is_some() };
        let known = delimiter.or(separator);
        Ok(dialect(known.unwrap_or_else(|| {
            let score = |&delimiter: &u8| Consistency::of(head, dialect(delimiter));
            // `max_by_key` returns the last of equals.
            DELIMITERS.into_iter().rev().max_by_key(score).unwrap_or(b',')
        })))
    }

    /// The records of `bytes`, from the first that is one.
    pub(super) fn records<R: Read>(self, bytes: R) -> Result<Records<Text<R>>, RecordError> {
        let mut records = Records::new(Text::new(bytes, self.encoding), self.delimiter);
        if self.has_separator_line {
            records.skip_line()?;
        }
        Ok(records)
    }
}

/// The delimiter named by a first line such as `sep=;`.
fn separator_line(head: &[u8], encoding: Encoding) -> Option<u8> {
    const NO_DELIMITER: u8 = 0;
    let mut line = Record::default();
    // A cut head matters only to a longer line than the one looked for.
    Records::new(Text::new(head, encoding), NO_DELIMITER).read(&mut line).ok()?;
    match line.get(0)?.as_bytes() {
        [s, e, p, b'=', delimiter] if delimiter.is_ascii() => {
            [s, e, p].map(u8::to_ascii_lowercase).eq(b"sep").then_some(*delimiter)
        }
        _ => None,
    }
}

/// How well a delimiter fits: better ones compare greater.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Consistency {
    /// Records, in thousandths, that agree with most others on a number of fields above one.
    agreeing: usize,
    /// That number.
    fields: usize,
}

impl Consistency {
    fn of(head: &[u8], dialect: Dialect) -> Self {
        let counts = field_counts(head, dialect);
        let agreeing = |fields| counts.iter().filter(|&&count| count == fields).count();
        let best =
            counts.iter().copied().filter(|&count| count > 1).max_by_key(|&count| agreeing(count));
        best.map_or_else(Self::default, |fields| Self {
            agreeing: agreeing(fields) * 1_000 / counts.len(),
            fields,
        })
    }
}

/// The number of fields of each record in the head.
fn field_counts(head: &[u8], dialect: Dialect) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut record = Record::default();
    let Ok(mut records) = dialect.records(head) else { return counts };
    while counts.len() < COMPARED && matches!(records.read(&mut record), Ok(true)) {
        counts.push(record.len());
    }
    // The last record of a cut head is most often cut itself.
    if head.len() as u64 >= source::HEAD && counts.len() > 1 && counts.len() < COMPARED {
        counts.pop();
    }
    counts
}
