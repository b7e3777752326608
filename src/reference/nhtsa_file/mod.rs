//! NHTSA's flat file of recalls, as it is published: a zip archive with one
//! TAB-separated text, a row for each campaign, make, model, year and component.
//!
//! - [`read`] goes through a file once, in bounded memory.
//! - `source` opens the text and hands out its lines.
//! - `line` knows the columns.
//! - `reading` counts, and decides when a file is not what it should be.

mod line;
mod reading;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use self::reading::Reading;
use self::source::{Found, with_lines};
use crate::domain::Error;
use crate::domain::facts::{Campaign, Days};

/// Reads the file at `path`, a `.zip` or the `.txt` inside, and calls `take` for
/// every distinct row that names a vehicle. A file that is not what it should be is
/// an error, which may come after rows were taken: they count only once the
/// edition is there.
pub fn read(
    path: &Path,
    mut take: impl FnMut(&Record) -> Result<(), Error>,
) -> Result<Edition, Error> {
    with_lines(path, |name, lines| {
        let mut reading = Reading::new(path);
        loop {
            match lines.next()? {
                Found::Line(line) => {
                    if let Some(record) = reading.line(line)? {
                        take(&record)?;
                    }
                }
                Found::TooLong => reading.too_long()?,
                Found::End => break,
            }
        }
        reading.finish(name, lines.hash())
    })
}

/// The SHA-256 of the text in the archive at `path`, read to its end, so that its length
/// and checksum are known to be right.
pub fn text_hash(path: &Path) -> Result<[u8; 32], Error> {
    with_lines(path, |_, lines| {
        while !matches!(lines.next()?, Found::End) {}
        Ok(lines.hash())
    })
}

/// One line of the file: a campaign, and one make, model and year that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The campaign, as this line tells it.
    pub campaign: Arc<Campaign>,
    /// What else this line tells of it.
    pub details: Arc<Details>,
    /// As written, but in upper case with single spaces.
    pub make: String,
    /// As written, but in upper case with single spaces.
    pub model: String,
    /// `None` where the file says 9999, "unknown".
    pub year: Option<i32>,
}

/// What the file tells of a campaign beyond what every source does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The maker's own number of the campaign.
    pub maker_number: Option<String>,
    /// Vehicles that may have the defect.
    pub units_affected: Option<i64>,
    /// The first day on which such vehicles were built.
    pub built_from: Option<Days>,
    /// The last one.
    pub built_to: Option<Days>,
    /// When owners are told.
    pub owners_notified_on: Option<Days>,
    /// When NHTSA entered it.
    pub entered_on: Option<Days>,
    /// NHTSA's notes.
    pub notes: Option<String>,
}

/// The parts in which NHTSA publishes the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Campaigns reported before 2010.
    Pre2010,
    /// Campaigns reported since 2010.
    Post2010,
    /// All campaigns in one file, as it was published until it was split.
    Whole,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pre2010, Self::Post2010, Self::Whole];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pre2010 => "pre_2010",
            Self::Post2010 => "post_2010",
            Self::Whole => "whole",
        }
    }

    /// The part called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What a file turned out to be, once its last line was read.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Which part it is.
    pub part: Part,
    /// The file's name, without folders.
    pub name: String,
    /// SHA-256 of the text inside.
    pub hash: [u8; 32],
    /// Distinct rows about vehicles, and about equipment that name a vehicle.
    pub rows: u64,
    /// Distinct rows about equipment, tires and child seats, which no vehicle has
    /// by its make, model and year.
    pub other_rows: u64,
    /// Rows that say what another row said.
    pub duplicates: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// The latest day a row names.
    pub newest: Option<Days>,
    /// What a person should know about it.
    pub warnings: Vec<String>,
}
