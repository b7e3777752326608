//! One line of the file: its columns, and what must hold of them.
//!
//! NHTSA's layout (RCL.txt): TAB-separated, no header, 29 columns, of which
//! later ones were appended in 2007, 2008, 2020 and 2025. Columns are known by
//! their place alone, so each that has a shape is checked: a file with a column
//! too many in the middle is refused, never read askew.

use std::fmt;
use std::sync::Arc;

use super::{Details, Record};
use crate::domain::Vehicle;
use crate::domain::facts::{Campaign, Days};
use crate::domain::text::clean;

/// Columns that every edition has had.
const FEWEST: usize = 24;

/// Columns of the layout of May 2025.
pub(super) const KNOWN: usize = 29;

/// Places of the columns that are read, from 0.
mod column {
    pub(super) const CAMPAIGN: usize = 1;
    pub(super) const MAKE: usize = 2;
    pub(super) const MODEL: usize = 3;
    pub(super) const YEAR: usize = 4;
    pub(super) const MAKER_NUMBER: usize = 5;
    pub(super) const COMPONENT: usize = 6;
    pub(super) const FILER: usize = 7;
    pub(super) const BUILT_FROM: usize = 8;
    pub(super) const BUILT_TO: usize = 9;
    pub(super) const TYPE: usize = 10;
    pub(super) const UNITS: usize = 11;
    pub(super) const OWNERS_NOTIFIED: usize = 12;
    pub(super) const MANUFACTURER: usize = 14;
    pub(super) const REPORTED: usize = 15;
    pub(super) const ENTERED: usize = 16;
    pub(super) const DEFECT: usize = 19;
    pub(super) const CONSEQUENCE: usize = 20;
    pub(super) const REMEDY: usize = 21;
    pub(super) const NOTES: usize = 22;
    pub(super) const DO_NOT_DRIVE: usize = 27;
    pub(super) const PARK_OUTSIDE: usize = 28;
}

/// The columns a campaign is read from.
const OF_CAMPAIGN: [usize; 17] = [
    column::CAMPAIGN,
    column::MAKER_NUMBER,
    column::COMPONENT,
    column::FILER,
    column::BUILT_FROM,
    column::BUILT_TO,
    column::UNITS,
    column::OWNERS_NOTIFIED,
    column::MANUFACTURER,
    column::REPORTED,
    column::ENTERED,
    column::DEFECT,
    column::CONSEQUENCE,
    column::REMEDY,
    column::NOTES,
    column::DO_NOT_DRIVE,
    column::PARK_OUTSIDE,
];

/// A line whose columns have the shapes they should have.
pub(super) struct Line<'a> {
    fields: [&'a [u8]; KNOWN],
    /// How many columns it has.
    pub(super) columns: usize,
    /// The day the report was received.
    pub(super) reported: Option<Days>,
    /// The day the row was entered.
    pub(super) entered: Option<Days>,
    year: Option<i32>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    TooLong,
    Columns(usize),
    Campaign(String),
    Year(String),
    Date(&'static str, String),
    YesNo(String),
    Vehicle,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("it is too long"),
            Self::Columns(1) => f.write_str("it has no tabs"),
            Self::Columns(columns) => write!(f, "it has {columns} columns, fewer than {FEWEST}"),
            Self::Campaign(found) => {
                write!(f, "column 2 holds `{found}`, not a campaign number such as `25V164000`")
            }
            Self::Year(found) => write!(f, "column 5 holds `{found}`, not a year"),
            Self::Date(column, found) => {
                write!(f, "column {column} holds `{found}`, not a date such as `20250314`")
            }
            Self::YesNo(found) => {
                write!(f, "column 28 or 29 holds `{found}`, not `Yes` or `No`")
            }
            Self::Vehicle => f.write_str("it names no make or no model"),
        }
    }
}

impl<'a> Line<'a> {
    /// The columns of a line without its line end.
    pub(super) fn split(line: &'a [u8]) -> Result<Self, Misfit> {
        let mut fields: [&[u8]; KNOWN] = [b""; KNOWN];
        let (mut columns, mut start) = (0, 0);
        for end in memchr::memchr_iter(b'\t', line).chain([line.len()]) {
            if let Some(place) = fields.get_mut(columns) {
                *place = line[start..end].trim_ascii();
            }
            (columns, start) = (columns + 1, end + 1);
        }
        if columns < FEWEST {
            return Err(Misfit::Columns(columns));
        }
        if !is_campaign_number(fields[column::CAMPAIGN]) {
            return Err(Misfit::Campaign(excerpt(fields[column::CAMPAIGN])));
        }
        let year = year(fields[column::YEAR])?;
        let reported = day("16", fields[column::REPORTED])?;
        let entered = day("17", fields[column::ENTERED])?;
        let line = Self { fields, columns, reported, entered, year };
        line.check_appended()?;
        Ok(line)
    }

    /// Whether it names a vehicle: one that is recalled, or for which recalled equipment
    /// was made. Tires and child seats have makes and models of their own, and so has
    /// equipment for any year.
    pub(super) fn names_vehicle(&self) -> bool {
        let is = |kind: &[u8]| self.fields[column::TYPE].eq_ignore_ascii_case(kind);
        is(b"V") || is(b"E") && self.year.is_some()
    }

    /// With more columns than are known, the last known ones show whether the
    /// new ones were appended or put in between.
    fn check_appended(&self) -> Result<(), Misfit> {
        let last = [self.fields[column::DO_NOT_DRIVE], self.fields[column::PARK_OUTSIDE]];
        match last.into_iter().find(|field| !field.is_empty() && yes_or_no(field).is_none()) {
            Some(field) if self.columns > KNOWN => Err(Misfit::YesNo(excerpt(field))),
            _ => Ok(()),
        }
    }

    /// What only this file tells. It is kept as it is: what has no shape is left out.
    fn details(&self) -> Details {
        let text = |column: usize| clean(self.fields[column]);
        let on = |column: usize| day("", self.fields[column]).ok().flatten();
        let units = text(column::UNITS).and_then(|units| units.parse().ok());
        Details {
            maker_number: text(column::MAKER_NUMBER),
            units_affected: units.filter(|units| *units >= 0),
            built_from: on(column::BUILT_FROM),
            built_to: on(column::BUILT_TO),
            owners_notified_on: on(column::OWNERS_NOTIFIED),
            entered_on: self.entered,
            notes: text(column::NOTES),
        }
    }

    fn campaign(&self) -> Campaign {
        let text = |column: usize| clean(self.fields[column]);
        Campaign {
            number: text(column::CAMPAIGN).unwrap_or_default().to_uppercase(),
            component: text(column::COMPONENT),
            // Campaigns from before 1977 have their words in the notes.
            summary: text(column::DEFECT).or_else(|| text(column::NOTES)),
            consequence: text(column::CONSEQUENCE),
            remedy: text(column::REMEDY),
            manufacturer: text(column::MANUFACTURER).or_else(|| text(column::FILER)),
            park_it: yes_or_no(self.fields[column::DO_NOT_DRIVE]),
            park_outside: yes_or_no(self.fields[column::PARK_OUTSIDE]),
            over_the_air: None,
            reported_on: self.reported,
        }
    }
}

/// Reads records from lines. Neighbouring lines mostly tell of one campaign in
/// the same words, which are then cleaned once.
#[derive(Default)]
pub(super) struct Reader {
    words: Vec<u8>,
    last_words: Vec<u8>,
    campaign: Arc<Campaign>,
    details: Arc<Details>,
}

impl Reader {
    pub(super) fn record(&mut self, line: &Line<'_>) -> Result<Record, Misfit> {
        let name = |column: usize| clean(line.fields[column]).ok_or(Misfit::Vehicle);
        let (make, model) = (name(column::MAKE)?, name(column::MODEL)?);
        let Vehicle { make, model, .. } = Vehicle::new(&make, &model, 0);
        self.words.clear();
        for column in OF_CAMPAIGN {
            self.words.extend_from_slice(line.fields[column]);
            self.words.push(b'\t');
        }
        if self.words != self.last_words {
            self.campaign = Arc::new(line.campaign());
            self.details = Arc::new(line.details());
            std::mem::swap(&mut self.words, &mut self.last_words);
        }
        let (campaign, details) = (Arc::clone(&self.campaign), Arc::clone(&self.details));
        Ok(Record { campaign, details, make, model, year: line.year })
    }
}

/// Two digits of the year, a letter for what is recalled, and a number that now
/// and then holds a letter: `25V164000`, `21V00H000`.
fn is_campaign_number(field: &[u8]) -> bool {
    let [y1, y2, kind, number @ ..] = field else { return false };
    y1.is_ascii_digit()
        && y2.is_ascii_digit()
        && kind.is_ascii_alphabetic()
        && (4..=9).contains(&number.len())
        && number.iter().all(u8::is_ascii_alphanumeric)
}

/// `None` where it is unknown: empty, or 9999.
fn year(field: &[u8]) -> Result<Option<i32>, Misfit> {
    if field.is_empty() || field == b"9999" {
        return Ok(None);
    }
    let year = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    let year = year.filter(|year| field.len() == 4 && (1900..2100).contains(year));
    year.map(Some).ok_or_else(|| Misfit::Year(excerpt(field)))
}

/// `None` where it is unknown: empty, 1901-01-01, or no day of the calendar.
fn day(column: &'static str, field: &[u8]) -> Result<Option<Days>, Misfit> {
    if field.is_empty() || field == b"19010101" {
        return Ok(None);
    }
    let digits = std::str::from_utf8(field).ok();
    let digits = digits.filter(|text| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()));
    let digits = digits.ok_or_else(|| Misfit::Date(column, excerpt(field)))?;
    Ok(days(digits))
}

fn days(digits: &str) -> Option<Days> {
    let (year, rest) = digits.split_at(4);
    let (month, day) = rest.split_at(2);
    let date =
        jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    date.since(jiff::civil::Date::constant(1970, 1, 1)).ok().map(|span| span.get_days())
}

fn yes_or_no(field: &[u8]) -> Option<bool> {
    let is = |word: &[u8]| field.eq_ignore_ascii_case(word);
    if is(b"Yes") || is(b"Y") {
        Some(true)
    } else if is(b"No") || is(b"N") {
        Some(false)
    } else {
        None
    }
}

/// Enough of a field to recognise it in the file.
fn excerpt(field: &[u8]) -> String {
    const MOST: usize = 24;
    clean(field).unwrap_or_default().chars().take(MOST).collect()
}
