//! How a file of text is written: its encoding, delimiter, quotes and line ends, found
//! by content. The first bytes tell the encoding and the delimiter; what quotes and
//! backslashes mean is tried on the whole file (`trial`), where there are any.

use std::io::Read;

use super::decode::{Encoding, Text};
use super::quoting::Quoting;
use super::records::{RecordError, Records};
use super::trial;
use crate::domain::vin;
use crate::input::content::Refused;
use crate::input::record::Record;
use crate::input::source;
use crate::input::{InputSpec, is_delimiter};

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
    pub(super) quoting: Quoting,
    /// The first line is `sep=;`, as Excel writes and reads it.
    has_separator_line: bool,
}

impl Dialect {
    /// Tells the dialect by the first bytes of a file, except for what `spec` names.
    pub(super) fn of_head(head: &[u8], spec: &InputSpec) -> Result<Self, Refused> {
        let encoding = Encoding::of(head)?;
        let separator = separator_line(head, encoding);
        let quoting = Quoting::given(spec);
        let dialect = |delimiter, quoting| Self {
            encoding,
            delimiter,
            quoting,
            has_separator_line: separator.is_some(),
        };
        let quotings = quoting.map_or_else(|| trial::plausible(head), |given| vec![given]);
        let best_fit = |delimiter| {
            let fits = quotings.iter().map(|&quoting| Fit::of(head, dialect(delimiter, quoting)));
            fits.max().unwrap_or_default()
        };
        let known = spec.delimiter.or(separator);
        let delimiter = known.unwrap_or_else(|| {
            // Those that are not there fit equally: one speaks for all of them.
            let absent = DELIMITERS.into_iter().find(|delimiter| !head.contains(delimiter));
            let tried = DELIMITERS
                .into_iter()
                .filter(|delimiter| absent == Some(*delimiter) || head.contains(delimiter));
            // `max_by_key` returns the last of equals.
            tried.rev().max_by_key(|&delimiter| best_fit(delimiter)).unwrap_or(b',')
        });
        Ok(dialect(delimiter, quoting.unwrap_or(Quoting::DOUBLED)))
    }

    /// The records of `bytes`, from the first that is one.
    pub(super) fn records<R: Read>(self, bytes: R) -> Result<Records<Text<R>>, RecordError> {
        let text = Text::new(bytes, self.encoding);
        let mut records = Records::new(text, self.delimiter, self.quoting);
        if self.has_separator_line {
            records.skip_line()?;
        }
        Ok(records)
    }

    /// The same but for its quoting.
    pub(super) const fn quoted(self, quoting: Quoting) -> Self {
        Self { quoting, ..self }
    }
}

/// The delimiter named by a first line such as `sep=;`.
fn separator_line(head: &[u8], encoding: Encoding) -> Option<u8> {
    const NO_DELIMITER: u8 = 0;
    let mut line = Record::default();
    // A cut head matters only to a longer line than the one looked for.
    let text = Text::new(head, encoding);
    Records::new(text, NO_DELIMITER, Quoting::DOUBLED).read(&mut line).ok()?;
    match line.get(0)?.as_bytes() {
        [s, e, p, b'=', delimiter] if is_delimiter(*delimiter) => {
            [s, e, p].map(u8::to_ascii_lowercase).eq(b"sep").then_some(*delimiter)
        }
        _ => None,
    }
}

/// How well a delimiter explains the head: better ones compare greater.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Records with a VIN in the column that has most of them.
    vins: usize,
    /// Records, in thousandths, that agree with most others on a number of fields above one.
    agreeing: usize,
    /// That number.
    fields: usize,
}

impl Fit {
    fn of(head: &[u8], dialect: Dialect) -> Self {
        let records = head_records(head, dialect);
        let agreeing = |fields| records.iter().filter(|record| record.len() == fields).count();
        let counts = records.iter().map(Record::len).filter(|&count| count > 1);
        let vins = vins_by_column(&records).into_iter().max().unwrap_or(0);
        let Some(fields) = counts.max_by_key(|&count| agreeing(count)) else {
            return Self { vins, ..Self::default() };
        };
        Self { vins, agreeing: agreeing(fields) * 1_000 / records.len(), fields }
    }
}

/// The columns that may hold VINs, by the head of a file.
pub(super) fn vin_places(head: &[u8], dialect: Dialect) -> Vec<usize> {
    let vins = vins_by_column(&head_records(head, dialect));
    let most = vins.iter().copied().max().unwrap_or(0);
    let places = vins.iter().enumerate();
    places.filter(|&(_, &count)| count > 0 && count * 2 >= most).map(|(place, _)| place).collect()
}

/// In how many records each column holds what looks like a VIN.
fn vins_by_column(records: &[Record]) -> Vec<usize> {
    let width = records.iter().map(Record::len).max().unwrap_or(0);
    let mut vins = vec![0; width];
    for record in records {
        for (count, cell) in vins.iter_mut().zip(record.iter()) {
            *count += usize::from(holds_whole_vin(cell));
        }
    }
    vins
}

/// Cheap for what is too short.
pub(super) fn holds_whole_vin(cell: &str) -> bool {
    cell.len() >= vin::Vin::LENGTH && vin::is_like(cell)
}

/// The first records, as the dialect has them.
fn head_records(head: &[u8], dialect: Dialect) -> Vec<Record> {
    let mut all = Vec::new();
    let Ok(mut records) = dialect.records(head) else { return all };
    while all.len() < COMPARED {
        let mut record = Record::default();
        if !matches!(records.read(&mut record), Ok(true)) {
            break;
        }
        all.push(record);
    }
    // The last record of a cut head is most often cut itself.
    if head.len() as u64 >= source::HEAD && all.len() > 1 && all.len() < COMPARED {
        all.pop();
    }
    all
}

#[cfg(test)]
#[path = "tests/dialect.rs"]
mod tests;
