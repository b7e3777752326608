//! What quotes, backslashes and lone CRs of a file mean: each way is tried on the whole
//! file, and the one that explains it best is taken.
//!
//! A record may span lines only where that is proven: every quote opens at the start of
//! a field and closes at its end, and no line inside of quotes holds a VIN where the
//! rows of the file hold theirs. In TSV, which most programs write without quotes, what
//! is not proven is text; elsewhere nobody can know, and the file is refused with the
//! line. A file without quotes, backslashes and lone CRs is not read for this: a search
//! for these bytes is enough.

use std::cmp::Ordering;
use std::io::{self, Read};

use super::decode::Text;
use super::dialect::{Dialect, holds_whole_vin, vin_places};
use super::quoting::Quoting;
use super::records::{Oddities, RecordError, Records};
use crate::input::record::{MAX_FIELDS, Record};
use crate::input::source::Source;
use crate::input::unpack::Bytes;
use crate::input::{Escape, InputSpec};

const BACKSLASHED: Quoting = Quoting { backslash: true, ..Quoting::DOUBLED };
const BARE: Quoting = Quoting { quote: None, ..BACKSLASHED };
const IN_LINE: Quoting = Quoting { in_line: true, ..Quoting::DOUBLED };

/// The ways of quoting that the head of a file does not rule out.
pub(super) fn plausible(head: &[u8]) -> Vec<Quoting> {
    let mut all = vec![Quoting::DOUBLED];
    if head.contains(&b'"') {
        all.push(IN_LINE);
    }
    if head.contains(&b'\\') {
        all.push(BACKSLASHED);
    }
    all
}

/// Why quotes cannot be meant in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The quote opened on this line is never closed.
    Unclosed { line: u64 },
    /// The quote opened on this line takes in a line that looks like a row of its own.
    TakesInRow { line: u64, row: u64 },
    /// The quote opened on this line closes on a later one, but not at the end of its field.
    Misplaced { line: u64, end: u64 },
}

/// How a whole file reads in one way.
#[derive(Clone, Copy, Debug)]
struct Trial {
    quoting: Quoting,
    records: u64,
    /// Records with the number of fields that most have.
    agreeing: u64,
    /// Records with a VIN where rows have theirs.
    with_vin: u64,
    oddities: Oddities,
    trouble: Option<Trouble>,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) quoting: Quoting,
    /// Where the first quote stands that is not meant as one.
    pub(super) odd_quote: Option<u64>,
}

/// What the file's quotes and backslashes mean; an error of its text, or why none fits.
pub(super) fn verdict(
    source: &Source,
    head: &[u8],
    dialect: Dialect,
    spec: &InputSpec,
) -> Result<Result<Verdict, Trouble>, RecordError> {
    let backslash = spec.escape == Some(Escape::Backslash);
    let plain = Verdict { quoting: Quoting { backslash, ..dialect.quoting }, odd_quote: None };
    if spec.quote.is_some() {
        return Ok(Ok(plain));
    }
    let marks = Marks::of(Text::new(source.unhashed()?, dialect.encoding), dialect.delimiter)?;
    if !marks.quote && !marks.escape && !marks.has_stray_cr() {
        return Ok(Ok(plain));
    }
    let file = File { source, dialect, places: places(head, dialect) };
    let trials = file.trials(marks, spec)?;
    Ok(chosen(&trials, dialect.delimiter))
}

/// Where VINs stand, however the head is quoted.
fn places(head: &[u8], dialect: Dialect) -> Vec<usize> {
    let mut places: Vec<usize> = plausible(head)
        .into_iter()
        .flat_map(|quoting| vin_places(head, dialect.quoted(quoting)))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The way that explains the file best, among those that explain it.
fn chosen(trials: &[Trial], delimiter: u8) -> Result<Verdict, Trouble> {
    let is_proven = |trial: &&Trial| trial.trouble.is_none() && !trial.quoting.in_line;
    if delimiter != b'\t'
        && !trials.iter().any(|trial| is_proven(&trial))
        && let Some(trouble) = trials.iter().find_map(|trial| trial.trouble)
    {
        return Err(trouble);
    }
    let good = trials.iter().filter(|trial| trial.trouble.is_none());
    // `max_by` returns the last of equals.
    let best = good.rev().max_by(|left, right| left.worth(right));
    // A way that is right but for rows within quotes, and that explains more, is in doubt:
    // another would tear its cells apart.
    let is_doubted = |trial: &&Trial| {
        is_right_but_for_rows(trial.trouble, trial.oddities.misplaced)
            && best.is_some_and(|best| trial.agreement(best) == Ordering::Greater)
    };
    if delimiter != b'\t'
        && let Some(trouble) = trials.iter().find(is_doubted).and_then(|trial| trial.trouble)
    {
        return Err(trouble);
    }
    Ok(best.map_or(Verdict { quoting: IN_LINE, odd_quote: None }, |best| Verdict {
        quoting: best.quoting,
        odd_quote: (best.oddities.misplaced > 0).then_some(best.oddities.first_misplaced),
    }))
}

/// Whether nothing speaks against a way but that lines within quotes look like rows.
fn is_right_but_for_rows(trouble: Option<Trouble>, misplaced: u64) -> bool {
    misplaced == 0 && matches!(trouble, Some(Trouble::TakesInRow { .. }))
}

impl Trial {
    /// Compares how well two ways explain a file.
    fn worth(&self, other: &Self) -> Ordering {
        let (mine, theirs) = (self.oddities.misplaced, other.oddities.misplaced);
        (mine == 0)
            .cmp(&(theirs == 0))
            .then_with(|| self.agreement(other))
            .then_with(|| theirs.cmp(&mine))
    }

    /// Compares the shares of records that agree on their number of fields, and then of
    /// those that have a VIN.
    fn agreement(&self, other: &Self) -> Ordering {
        let share = |count: u64, records: u64| u128::from(count) * u128::from(records);
        let compared =
            |mine: u64, theirs: u64| share(mine, other.records).cmp(&share(theirs, self.records));
        compared(self.agreeing, other.agreeing)
            .then_with(|| compared(self.with_vin, other.with_vin))
    }
}

/// Bytes by which ways of quoting differ.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "marks that a text has or has not")]
struct Marks {
    quote: bool,
    /// A backslash before what it may take the meaning from.
    escape: bool,
    lone_cr: bool,
    lf: bool,
}

impl Marks {
    fn of(mut text: impl Read, delimiter: u8) -> io::Result<Self> {
        const BUFFER: usize = 64 << 10;
        let mut marks = Self::default();
        let mut buffer = vec![b'\n'; 1 + BUFFER];
        loop {
            let read = text.read(&mut buffer[1..])?;
            if read == 0 {
                return Ok(marks);
            }
            marks.look_at(&buffer[..=read], delimiter);
            // A pair may lie on both sides of the edge.
            buffer[0] = buffer[read];
        }
    }

    fn look_at(&mut self, chunk: &[u8], delimiter: u8) {
        let followed = |mark: u8, is_so: &dyn Fn(u8) -> bool| {
            let behind = |at: usize| chunk.get(at + 1).copied();
            memchr::memchr_iter(mark, chunk).filter_map(behind).any(is_so)
        };
        self.quote = self.quote || memchr::memchr(b'"', chunk).is_some();
        self.lf = self.lf || memchr::memchr(b'\n', &chunk[1..]).is_some();
        self.escape = self.escape
            || followed(b'\\', &|next| next == delimiter || b"\"\\\r\n".contains(&next));
        self.lone_cr = self.lone_cr || followed(b'\r', &|next| next != b'\n');
    }

    const fn has_stray_cr(self) -> bool {
        self.lone_cr && self.lf
    }
}

/// A file that is tried.
struct File<'a> {
    source: &'a Source,
    dialect: Dialect,
    /// The columns that may hold VINs.
    places: Vec<usize>,
}

impl File<'_> {
    /// How the file reads in each way that its marks make possible, the likeliest first.
    fn trials(&self, marks: Marks, spec: &InputSpec) -> Result<Vec<Trial>, RecordError> {
        let mut trials = Vec::new();
        let line_ends = [false, true].into_iter().take(1 + usize::from(marks.has_stray_cr()));
        for lf_only in line_ends {
            for backslash in [false, true] {
                let is_asked = spec.escape.is_none_or(|it| (it == Escape::Backslash) == backslash);
                if is_asked && (!backslash || marks.escape || spec.escape.is_some()) {
                    let quoting = Quoting { backslash, lf_only, ..Quoting::DOUBLED };
                    trials.extend(self.trials_of(quoting)?);
                }
            }
            let reads_plainly =
                |trial: &Trial| trial.trouble.is_none() && trial.oddities == Oddities::default();
            let is_settled = !marks.escape
                && !marks.has_stray_cr()
                && matches!(&trials[..], [only] if reads_plainly(only));
            if marks.quote && !is_settled {
                trials.extend(self.trials_without_quotes(marks, lf_only, spec)?);
            }
        }
        Ok(trials)
    }

    /// One way, and the same with spaces before quotes where there are such.
    fn trials_of(&self, quoting: Quoting) -> Result<Vec<Trial>, RecordError> {
        let mut trials = vec![self.read(quoting)?];
        if trials[0].oddities.after_spaces > 0 {
            trials.push(self.read(Quoting { after_spaces: true, ..quoting })?);
        }
        Ok(trials)
    }

    /// The ways in which a quote may be text: it closes in its line, or it means nothing
    /// and backslashes do, where they explain more.
    fn trials_without_quotes(
        &self,
        marks: Marks,
        lf_only: bool,
        spec: &InputSpec,
    ) -> Result<Vec<Trial>, RecordError> {
        let in_line = self.read(Quoting { lf_only, ..IN_LINE })?;
        let mut trials = Vec::new();
        if marks.escape && spec.escape != Some(Escape::Double) {
            let bare = self.read(Quoting { lf_only, ..BARE })?;
            trials.extend((bare.agreement(&in_line) == Ordering::Greater).then_some(bare));
        }
        if spec.escape != Some(Escape::Backslash) {
            trials.push(in_line);
        }
        Ok(trials)
    }

    /// Reads the file in one way: to its end, unless it cannot be the right one, so that
    /// shares of records are shares of the same file.
    fn read(&self, quoting: Quoting) -> Result<Trial, RecordError> {
        let mut records = self.dialect.quoted(quoting).records(self.source.unhashed()?)?;
        let mut record = Record::default();
        let mut widths = vec![0; MAX_FIELDS + 1];
        let mut trouble = None;
        let (mut misplaced, mut with_vin) = (0, 0);
        while trouble.is_none() || is_right_but_for_rows(trouble, misplaced) {
            match records.read(&mut record) {
                Ok(true) => {
                    widths[record.len().min(MAX_FIELDS)] += 1;
                    with_vin += u64::from(self.has_vin(&record));
                }
                Ok(false) => break,
                Err(RecordError::UnclosedQuote { line }) => {
                    trouble = Some(Trouble::Unclosed { line });
                }
                Err(error) => return Err(error),
            }
            let odd = records.oddities().misplaced > misplaced;
            misplaced = records.oddities().misplaced;
            trouble = trouble.or_else(|| self.trouble(&record, odd, &records));
        }
        Ok(Trial {
            quoting,
            records: widths.iter().sum(),
            agreeing: widths.iter().copied().max().unwrap_or(0),
            with_vin,
            oddities: records.oddities(),
            trouble,
        })
    }

    /// Why `record` may not span the lines that it spans.
    fn trouble(
        &self,
        record: &Record,
        is_odd: bool,
        records: &Records<Text<Bytes<'_>>>,
    ) -> Option<Trouble> {
        let line = record.line;
        let end = records.line().saturating_sub(1).max(line);
        if record.too_long && end > line {
            return Some(Trouble::TakesInRow { line, row: line + 1 });
        }
        if !record.spans_lines() {
            return None;
        }
        let row = self.row_within(record);
        let takes_in = row.map(|after| Trouble::TakesInRow { line, row: line + after });
        takes_in.or(is_odd.then_some(Trouble::Misplaced { line, end }))
    }

    /// How many lines below the first of `record` one looks like a row of its own: it
    /// has a VIN where rows have theirs, and it is not the one VIN of the record itself.
    fn row_within(&self, record: &Record) -> Option<u64> {
        let mut lines: Vec<Vec<String>> = vec![Vec::new()];
        for field in record.iter() {
            let field = field.replace("\r\n", "\n");
            for (number, piece) in field.split(['\n', '\r']).enumerate() {
                if number > 0 {
                    lines.push(Vec::new());
                }
                let cells = piece.split(char::from(self.dialect.delimiter)).map(str::to_owned);
                lines.last_mut()?.extend(cells);
            }
        }
        let own: Vec<&str> = self.vins(record.iter()).collect();
        let is_row =
            |line: &Vec<String>| self.vins(line.iter().map(String::as_str)).next().is_some();
        let is_other = |line: &Vec<String>| {
            let mut vins = self.vins(line.iter().map(String::as_str));
            vins.any(|vin| !own.contains(&vin))
        };
        let rows = lines.iter().filter(|line| is_row(line)).count();
        // The record's own VIN may be that of its last line: then the first is another row.
        let other = lines.iter().position(is_other).map(|line| line.max(1));
        // Where the record has no VIN, its first line may be a row whose VIN is bad.
        let other = other.filter(|_| rows > usize::from(!own.is_empty()) || own.is_empty());
        other.map(|below| below as u64)
    }

    fn has_vin(&self, record: &Record) -> bool {
        let mut cells = self.places.iter().filter_map(|&place| record.get(place));
        cells.any(holds_whole_vin)
    }

    /// The VINs where rows have theirs.
    fn vins<'a>(&self, cells: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
        let is_place = |place| self.places.is_empty() || self.places.contains(&place);
        let in_place = cells.enumerate().filter(move |&(place, _)| is_place(place));
        in_place.map(|(_, cell)| cell).filter(|cell| holds_whole_vin(cell))
    }
}
