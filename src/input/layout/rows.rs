//! What each record of a file is: a row, or something between rows. What may be a
//! vehicle is a row, however bad its VIN is.

use std::collections::BTreeMap;

use super::super::columns::is_vin_header;
use super::super::filling::Filling;
use super::super::record::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record};
use super::Table;
use super::head::HeadKind;
use crate::domain::vin::{self, Rules, Vin, VinError};

/// What a record is that is not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// Text above the header, or the same again further down.
    Title,
    /// A record without text.
    Blank,
    /// The names of the columns again, as glued exports have them.
    RepeatedHeader,
    /// The units of the columns.
    Units,
    /// Sums below the rows.
    Total,
}

impl Skipped {
    /// The word for it in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Blank => "blank",
            Self::RepeatedHeader => "repeated_header",
            Self::Units => "units",
            Self::Total => "total",
        }
    }

    const fn as_text(self) -> &'static str {
        match self {
            Self::RepeatedHeader => "repeated header",
            other => other.name(),
        }
    }
}

/// What people call the place of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::input) enum Unit {
    /// Of a text.
    #[default]
    Line,
    /// Of a sheet.
    Row,
}

impl Unit {
    pub(in crate::input) const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Row => "row",
        }
    }
}

/// Lines of a file, of which the first few are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<u64>,
}

impl Lines {
    const SHOWN: usize = 5;

    fn add(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < Self::SHOWN {
            self.first.push(line);
        }
    }

    /// `line 4`, `lines 4, 7`, `lines 4, 7, 8, 9, 12 and so on`.
    fn shown(&self, unit: Unit) -> String {
        let lines: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let (unit, plural) = (unit.name(), if self.count == 1 { "" } else { "s" });
        let more = if self.count > lines.len() as u64 { " and so on" } else { "" };
        format!("{unit}{plural} {}{more}", lines.join(", "))
    }
}

/// What a pass found in the records of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsFound {
    /// Rows.
    pub rows: u64,
    /// Records that are not rows, by what they are.
    pub skipped: BTreeMap<Skipped, Lines>,
    /// Rows with fewer fields than the file has columns; the rest is empty.
    pub short: Lines,
    /// Rows with more fields than the file has columns; the rest is left out.
    pub long: Lines,
    /// The line in whose middle the file ends.
    pub cut_off: Option<u64>,
}

impl RowsFound {
    /// What the owner of the file `name` should know.
    pub(super) fn warnings(&self, name: &str, unit: Unit) -> Vec<String> {
        let rows = |count: u64| if count == 1 { "row" } else { "rows" };
        let mut warnings = Vec::new();
        if !self.skipped.is_empty() {
            let kinds: Vec<String> = self
                .skipped
                .iter()
                .map(|(kind, lines)| {
                    let (count, kind) = (lines.count, kind.as_text());
                    format!("{count} {kind} {} ({})", rows(count), lines.shown(unit))
                })
                .collect();
            warnings.push(format!("`{name}`: left out, as no vehicle: {}", kinds.join(", ")));
        }
        if self.short.count > 0 {
            let (count, lines) = (self.short.count, self.short.shown(unit));
            warnings.push(format!(
                "`{name}`: {count} short {} filled up with empty cells ({lines})",
                rows(count)
            ));
        }
        if self.long.count > 0 {
            let (count, lines) = (self.long.count, self.long.shown(unit));
            warnings.push(format!(
                "`{name}`: {count} {} with more cells than columns; \
                 what is beyond the last column is left out ({lines})",
                rows(count)
            ));
        }
        if let Some(line) = self.cut_off {
            warnings.push(format!("`{name}` may be cut off: it ends in the middle of line {line}"));
        }
        warnings
    }
}

/// What becomes of a record.
enum Fate {
    /// It is a row, with what is wrong with it.
    Row(Option<(VinError, String)>),
    LeftOut(Skipped),
    /// It names the columns.
    Header,
}

/// A pass over the records of a file.
#[derive(Debug)]
pub(in crate::input) struct Rows<'a> {
    table: &'a Table,
    /// How many records were handed in.
    ordinal: usize,
    found: RowsFound,
}

impl<'a> Rows<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self { table, ordinal: 0, found: RowsFound::default() }
    }

    /// Adds the next record of the file to `batch`, if it is a row: for each column of
    /// the batch, the cell that `fields` names.
    pub(in crate::input) fn push(
        &mut self,
        record: &Record,
        fields: &[Option<usize>],
        batch: &mut Filling,
    ) {
        let cell = record.fields();
        let fate = if self.is_plain(record, cell(self.table.vin_index)) {
            Fate::Row(None)
        } else {
            self.fate(record)
        };
        self.ordinal += 1;
        match fate {
            Fate::Row(problem) => {
                self.found.rows += 1;
                batch.at_line(record.line);
                batch.push(fields.iter().map(|&place| cell(place?)), problem);
            }
            Fate::LeftOut(kind) => {
                self.found.skipped.entry(kind).or_default().add(record.line);
                batch.skip();
            }
            Fate::Header => batch.skip(),
        }
    }

    /// How many rows there were; the records must be at their end.
    pub(in crate::input) fn finish(self) -> u64 {
        let rows = self.found.rows;
        // A later pass finds the same.
        let _ = self.table.found.set(self.found);
        rows
    }

    /// Whether nothing needs a second look, as is so of nearly all rows.
    fn is_plain(&self, record: &Record, vin: Option<&str>) -> bool {
        record.len() == self.table.columns.len()
            && self.ordinal >= self.table.head.len()
            && !record.too_long
            && vin.and_then(Vin::new).is_some()
    }

    fn fate(&mut self, record: &Record) -> Fate {
        match self.table.head.get(self.ordinal).map(|head| head.kind) {
            Some(HeadKind::Header) => return Fate::Header,
            Some(HeadKind::LeftOut(kind)) => return Fate::LeftOut(kind),
            Some(HeadKind::Row) | None => {}
        }
        if record.too_long {
            let (unit, line) = (self.table.unit.name(), record.line);
            let detail =
                format!("{unit} {line}: over {MAX_FIELD} bytes in a field, or {MAX_RECORD} in all");
            return Fate::Row(Some((VinError::FieldTooLong, detail)));
        }
        match self.not_a_row(record) {
            Some(kind) => Fate::LeftOut(kind),
            None => Fate::Row(self.problem(record)),
        }
    }

    /// What the record is, where it is surely not a vehicle.
    fn not_a_row(&self, record: &Record) -> Option<Skipped> {
        let vin = record.get(self.table.vin_index).unwrap_or_default();
        if vin::is_like(vin) || record.len() > MAX_FIELDS {
            return None;
        }
        if is_blank(record) {
            return Some(Skipped::Blank);
        }
        let again = self.table.head.iter().find(|head| head.is_again(record));
        let is_header = || is_vin_header(vin) && record.iter().all(names_a_column);
        match again.map(|head| head.kind) {
            Some(HeadKind::Header) => Some(Skipped::RepeatedHeader),
            Some(HeadKind::LeftOut(kind)) => Some(kind),
            Some(HeadKind::Row) | None if is_header() => Some(Skipped::RepeatedHeader),
            Some(HeadKind::Row) | None => is_total(record, vin).then_some(Skipped::Total),
        }
    }

    /// What is wrong with a row whose fields are more or fewer than the columns.
    fn problem(&mut self, record: &Record) -> Option<(VinError, String)> {
        let (line, width, fields) = (record.line, self.table.columns.len(), record.len());
        let vin = record.get(self.table.vin_index).unwrap_or_default();
        let is_long = fields > MAX_FIELDS
            || record.iter().skip(width).any(|field| !vin::is_blank_text(field));
        let is_short = fields < width;
        self.note_cut_off(record, vin, is_short);
        if !is_short && !is_long {
            return None;
        }
        let is_elsewhere = || record.iter().any(vin::is_like);
        let is_known = fields <= MAX_FIELDS && (vin::is_like(vin) || (is_short && !is_elsewhere()));
        if !is_known {
            let unit = self.table.unit.name();
            let detail =
                format!("{unit} {line}: {fields} fields where the file has {width} columns");
            return Some((VinError::RaggedRow, detail));
        }
        if is_short {
            self.found.short.add(line);
        } else {
            self.found.long.add(line);
        }
        None
    }

    /// A file that ends within its line, with fewer fields than all rows before or with
    /// a VIN too short, was cut off.
    fn note_cut_off(&mut self, record: &Record, vin: &str, is_short: bool) {
        let is_first_short = is_short && self.found.short.count == 0;
        let is_cut = record.is_last_and_open
            && (is_first_short || vin::read(vin, Rules::default()).error == Some(VinError::Length));
        if is_cut {
            self.found.cut_off = Some(record.line);
        }
    }
}

impl super::HeadRecord {
    /// Whether `record` is the same again.
    fn is_again(&self, record: &Record) -> bool {
        let filled = self.cells.len().max(record.len());
        let mine = self.cells.iter().map(String::as_str).chain(std::iter::repeat("")).take(filled);
        let theirs = record.iter().map(str::trim).chain(std::iter::repeat("")).take(filled);
        mine.eq(theirs)
    }
}

/// Whether the record shows nothing, control characters aside.
pub(in crate::input) fn is_blank(record: &Record) -> bool {
    record.iter().all(vin::is_blank_text)
}

fn names_a_column(cell: &str) -> bool {
    !vin::may_be_meant(cell) && !cell.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether the record sums up the rows above: a word for it first, and figures behind.
fn is_total(record: &Record, vin: &str) -> bool {
    let mut filled = record.iter().filter(|cell| !vin::is_blank_text(cell));
    let is_figures = |cell: &str| !cell.chars().any(char::is_alphabetic);
    filled.next().is_some_and(says_total)
        && filled.all(is_figures)
        && (vin::is_blank_text(vin) || says_total(vin) || is_figures(vin))
        && !record.iter().any(vin::may_be_meant)
}

fn says_total(cell: &str) -> bool {
    const WORDS: [&str; 20] = [
        "total",
        "totals",
        "subtotal",
        "sum",
        "sums",
        "count",
        "average",
        "avg",
        "mean",
        "summe",
        "gesamt",
        "gesamtsumme",
        "zwischensumme",
        "anzahl",
        "durchschnitt",
        "somme",
        "suma",
        "totale",
        "totaal",
        "somma",
    ];
    const PHRASES: [&str; 2] = ["grand total", "sub total"];
    const MOST_WORDS: usize = 3;
    let lower = cell.to_lowercase();
    let words: Vec<&str> = lower
        .split(|character: char| !character.is_alphabetic())
        .filter(|w| !w.is_empty())
        .collect();
    let is_word = words.first().is_some_and(|first| WORDS.contains(first));
    let text = words.join(" ");
    words.len() <= MOST_WORDS && (is_word || PHRASES.iter().any(|known| text.starts_with(known)))
}
