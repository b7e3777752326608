//! One reading of a file: what it holds, and whether it is the file it should be.

use std::path::Path;

use hashbrown::HashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::line::{KNOWN, Line, Misfit, Reader};
use super::source::DOWNLOAD;
use super::{Edition, Part, Record};
use crate::domain::Error;
use crate::domain::facts::Days;
use crate::domain::numbers::thousands;

/// Twenty times what NHTSA's file has; their hashes are remembered.
const MOST_ROWS: usize = 5_000_000;

/// Lines that may be bad in a good file, and one more in so many.
const BAD_LINES: u64 = 10;
const LINES_A_BAD_ONE: u64 = 100;

/// Bad lines that are named.
const MOST_NAMED: usize = 5;

/// 2010-01-01: NHTSA splits the file by the day a report was received.
const SPLIT: Days = 14_610;

/// What was read so far.
pub(super) struct Reading<'a> {
    path: &'a Path,
    lines: u64,
    reader: Reader,
    /// Hashes of the rows, without the number they have in this edition.
    seen: HashSet<u64>,
    rows: u64,
    other_rows: u64,
    duplicates: u64,
    rejected: u64,
    /// Line numbers and what is wrong there.
    named: Vec<(u64, Misfit)>,
    /// Whether the last line so far has too few columns.
    ends_within_a_line: bool,
    /// The fewest and the most columns of a line.
    columns: Option<(usize, usize)>,
    newest: Option<Days>,
    /// The first and the last day a report was received.
    reported: Option<(Days, Days)>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self {
            path,
            lines: 0,
            reader: Reader::default(),
            seen: HashSet::new(),
            rows: 0,
            other_rows: 0,
            duplicates: 0,
            rejected: 0,
            named: Vec::new(),
            ends_within_a_line: false,
            columns: None,
            newest: None,
            reported: None,
        }
    }

    /// Takes a line; gives what it says of a vehicle that no line said before.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Option<Record>, Error> {
        let is_first = self.lines == 0;
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(line);
        self.lines += 1;
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let record = self.record(line);
        self.ends_within_a_line = matches!(record, Err(Misfit::Columns(_)));
        match record {
            Ok(None) => Ok(None),
            Ok(Some(_)) if self.seen.len() > MOST_ROWS => {
                Err(self.refused("it has more than 5 million rows"))
            }
            Ok(record) => Ok(record),
            Err(misfit) if is_first && misfit != Misfit::Vehicle => {
                Err(self.is_another(line, &misfit))
            }
            Err(misfit) => self.reject(misfit).map(|()| None),
        }
    }

    /// Takes a line that is too long to be one.
    pub(super) fn too_long(&mut self) -> Result<(), Error> {
        self.lines += 1;
        self.reject(Misfit::TooLong)
    }

    /// What was read, now that the text `inside` has ended.
    pub(super) fn finish(self, inside: &str, hash: [u8; 32]) -> Result<Edition, Error> {
        if self.lines == 0 {
            return Err(self.refused("it is empty"));
        }
        if self.rows == 0 {
            return Err(self.refused("no row in it is about a vehicle"));
        }
        if self.ends_within_a_line {
            return Err(self.refused("it ends within a line: it is cut off"));
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Edition {
            part: self.part(&[&name, inside])?,
            hash,
            rows: self.rows,
            other_rows: self.other_rows,
            duplicates: self.duplicates,
            rejected: self.rejected,
            newest: self.newest,
            warnings: self.warnings(),
            name,
        })
    }

    fn record(&mut self, text: &[u8]) -> Result<Option<Record>, Misfit> {
        let line = Line::split(text)?;
        let record = if line.names_vehicle() { Some(self.reader.record(&line)?) } else { None };
        self.columns = Some(widened(self.columns, line.columns));
        let number = memchr::memchr(b'\t', text).unwrap_or(0);
        if !self.seen.insert(xxh3_64(&text[number..])) {
            self.duplicates += 1;
            return Ok(None);
        }
        self.newest = self.newest.max(line.reported).max(line.entered);
        if let Some(day) = line.reported {
            self.reported = Some(widened(self.reported, day));
        }
        let count = if record.is_some() { &mut self.rows } else { &mut self.other_rows };
        *count += 1;
        Ok(record)
    }

    fn reject(&mut self, misfit: Misfit) -> Result<(), Error> {
        self.rejected += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push((self.lines, misfit));
        }
        if self.rejected <= BAD_LINES + self.lines / LINES_A_BAD_ONE {
            return Ok(());
        }
        let bad = format!(
            "{} of its first {} lines are bad: {}",
            thousands(self.rejected),
            thousands(self.lines),
            self.named()
        );
        Err(self.refused(&bad))
    }

    /// `line 7: it has no tabs; line 9: …`.
    fn named(&self) -> String {
        let each = self.named.iter().map(|(line, misfit)| format!("line {line}: {misfit}"));
        each.collect::<Vec<_>>().join("; ")
    }

    /// The part that its name or the name of the text inside tells, or else its reports.
    fn part(&self, names: &[&str]) -> Result<Part, Error> {
        let is_named = |word| names.iter().any(|name| name.to_ascii_uppercase().contains(word));
        if is_named("RCL_FROM_") {
            return Err(self.refused("it holds the reports of a few years alone"));
        }
        if is_named("POST_2010") {
            return Ok(Part::Post2010);
        }
        if is_named("PRE_2010") {
            return Ok(Part::Pre2010);
        }
        match self.reported {
            Some((_, last)) if last < SPLIT => Ok(Part::Pre2010),
            Some((first, _)) if first >= SPLIT => Ok(Part::Post2010),
            Some(_) => Ok(Part::Whole),
            None => Err(self.refused("no row in it tells when it was reported")),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let (fewest, most) = self.columns.unwrap_or((KNOWN, KNOWN));
        if most > KNOWN {
            warnings.push(format!(
                "its lines have up to {most} columns: the {} after column {KNOWN} are not known and were left out",
                most - KNOWN
            ));
        }
        if fewest < KNOWN {
            warnings.push(format!(
                "its lines have as few as {fewest} columns: not all of them say whether to park"
            ));
        }
        if self.rejected > 0 {
            warnings.push(format!("bad lines left out: {} ({})", self.rejected, self.named()));
        }
        warnings
    }

    /// Says what a file is whose first line is no recall.
    fn is_another(&self, line: &[u8], misfit: &Misfit) -> Error {
        let what = match line.trim_ascii_start() {
            [b'<', ..] => "it is a web page, not the recall file".to_owned(),
            [0x1f, 0x8b, ..] => "it is a gzip archive, not a zip archive or a text".to_owned(),
            _ => format!("its first line is no recall: {misfit}"),
        };
        self.refused(&what)
    }

    fn refused(&self, what: &str) -> Error {
        Error::bad_input(self.path, what).hint(format!("nothing was imported; {DOWNLOAD}"))
    }
}

/// The range that holds `value` too.
fn widened<T: Ord + Copy>(range: Option<(T, T)>, value: T) -> (T, T) {
    range.map_or((value, value), |(first, last)| (first.min(value), last.max(value)))
}
