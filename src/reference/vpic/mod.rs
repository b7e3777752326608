//! NHTSA's vPIC on this machine: decodes VINs without a call.
//!
//! The decoder is `ultravin`, which does what NHTSA's own procedure does; its data are
//! one file of 84 MB, put on this machine once by [`install()`], taken from the Python
//! package beside this program, or embedded when this binary was built. What a VIN
//! decodes to depends on those data and, for the model year, on today's date, so the
//! caller tells the time.

mod archive;
mod artifact;
mod download;
mod incoming;
mod install;
mod models;
mod offline;
mod packaged;
mod shared;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod years;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use ultravin::{Db, DecodedElement};

use crate::domain::facts::DecodeFacts;
use crate::domain::{Error, Timestamp, Vin, is_absent};
use crate::matching::ModelNames;

use self::artifact::Artifact;
pub use self::install::{Done, install};
use self::models::Models;
use self::shared::Shared;
use self::table::Table;
pub use offline::Offline;

/// The decoder with its data; cheap to clone.
#[derive(Clone)]
pub struct Vpic(Arc<Inner>);

struct Inner {
    data: Data,
    table: Table,
    shared: Shared,
    models: Models,
    released_at: Timestamp,
}

enum Data {
    Embedded(&'static Db),
    File(Box<Db>, PathBuf),
}

/// What a VIN decodes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Shared with other VINs that decode to the same.
    pub facts: Arc<DecodeFacts>,
    /// The [fingerprint](crate::domain::facts::DecodeFacts::fingerprint) of the facts.
    pub hash: u64,
    /// The same of the other model year that the VIN may mean, where positions 7 and 10
    /// leave two open and the data know a vehicle of either.
    pub other_year: Option<Arc<Decoded>>,
}

impl Decoded {
    /// Whether at least one of make, model and model year is known.
    pub fn is_found(&self) -> bool {
        let facts = &self.facts;
        facts.make.is_some() || facts.model.is_some() || facts.model_year.is_some()
    }

    /// The decode of the model year that a row states, where that is the other one of two.
    pub fn in_year(&self, stated: Option<i32>) -> &Self {
        let other = self.other_year.as_deref();
        other.filter(|other| other.facts.model_year == stated).unwrap_or(self)
    }
}

/// Which data decode, and by which decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The month NHTSA published the data, such as `2026-10`.
    pub data_month: String,
    /// BLAKE3 of the data, in hex.
    pub digest: String,
    /// The version of `ultravin`.
    pub decoder_version: &'static str,
    /// Where the data are.
    pub place: Place,
}

/// Where the decoder's data are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this binary.
    Embedded,
    /// In this file.
    File(PathBuf),
}

impl Provenance {
    fn of(db: &Db, place: Place) -> Self {
        Self {
            data_month: month(db),
            digest: db.artifact_blake3().to_owned(),
            decoder_version: db.provenance().decoder_version,
            place,
        }
    }
}

impl Vpic {
    /// The data embedded in this binary, else the file at `path`, else those of the Python
    /// package beside this program, which are kept at `path` where they can be; `None`
    /// where none of them is. Data that are not what this decoder is made for are 78.
    pub fn find(path: &Path) -> Result<Option<Self>, Error> {
        if let Some(db) = Db::try_embedded() {
            return Self::embedded(db).map(Some);
        }
        match std::fs::metadata(path) {
            Ok(_) => Self::open(path).map(Some),
            Err(error) if is_absent(&error) => Self::packaged(path),
            Err(error) => Err(unusable(path, "cannot be read").because(error)),
        }
    }

    fn packaged(keep: &Path) -> Result<Option<Self>, Error> {
        // A link to the program leads to the environment that it is in.
        let program = std::env::current_exe().and_then(std::fs::canonicalize);
        let Ok(program) = program else { return Ok(None) };
        let found = packaged::find(&program, keep, &Artifact::pinned())?;
        found.map(|(db, path)| Self::new(Data::File(Box::new(db), path))).transpose()
    }

    /// Like [`Vpic::find`]; the error where there are no data (78) says how to get them.
    pub fn require(path: &Path) -> Result<Self, Error> {
        let none = || {
            Error::config("the offline decoder has no data on this machine")
                .hint("run `vinrich vpic install` once")
        };
        Self::find(path)?.ok_or_else(none)
    }

    fn embedded(db: &'static Db) -> Result<Self, Error> {
        if db.artifact_blake3() != Artifact::pinned().digest {
            return Err(Error::config(
                "this binary was built with other decoder data than its decoder is made for",
            )
            .hint("build it with the data of that release, or without `ULTRAVIN_DATA`"));
        }
        Self::new(Data::Embedded(db))
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let db = Artifact::pinned().open(path).map_err(|what| unusable(path, what))?;
        Self::new(Data::File(Box::new(db), path.to_owned()))
    }

    fn new(data: Data) -> Result<Self, Error> {
        let db = data.db();
        let month = month(db);
        let released_at = first_day_of(&month)
            .ok_or_else(|| Error::internal(format!("`{month}` is no month of data")))?;
        let table = Table::new(db);
        let (shared, models) = (Shared::default(), Models::default());
        Ok(Self(Arc::new(Inner { data, table, shared, models, released_at })))
    }

    /// Which data decode, and by which decoder.
    pub fn provenance(&self) -> Provenance {
        let place = match &self.0.data {
            Data::Embedded(_) => Place::Embedded,
            Data::File(_, path) => Place::File(path.clone()),
        };
        Provenance::of(self.db(), place)
    }

    /// The first day of the month the data were published, UTC.
    pub fn released_at(&self) -> Timestamp {
        self.0.released_at
    }

    /// What `vin` decodes to at `now`.
    pub fn decode(&self, vin: &Vin, now: Timestamp) -> Decoded {
        let result = self.db().decode_at(vin.as_str(), None, now.micros());
        let other = years::other(self.db(), vin, &result, now);
        Decoded {
            other_year: other.map(|other| Arc::new(self.read(&other.elements))),
            ..self.read(&result.elements)
        }
    }

    /// What the decoder said, as facts.
    fn read(&self, said: &[DecodedElement<'_>]) -> Decoded {
        self.0.shared.decoded(said, || self.0.table.facts(said))
    }

    /// What each of `vins` decodes to at `now`, in their order; on all cores.
    pub fn decode_all(&self, vins: &[Vin], now: Timestamp) -> Vec<Decoded> {
        // VINs of one maker look at the same part of the data.
        let mut order: Vec<usize> = (0..vins.len()).collect();
        order.par_sort_unstable_by_key(|&place| &vins[place]);
        let decoded: Vec<Decoded> = order
            .par_iter()
            .with_min_len(SHORTEST_TASK)
            .map(|&place| self.decode(&vins[place], now))
            .collect();
        let mut placed: Vec<(usize, Decoded)> = order.into_iter().zip(decoded).collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, decoded)| decoded).collect()
    }

    /// The names of the models of `make`, however it is spelled; `None` for a make
    /// that vPIC does not list.
    pub(crate) fn models_of(&self, make: &str) -> Option<&ModelNames> {
        self.0.models.of(self.db(), make)
    }

    fn db(&self) -> &Db {
        self.0.data.db()
    }
}

/// VINs that are worth handing to another core: some 100 microseconds of work.
const SHORTEST_TASK: usize = 32;

impl Data {
    fn db(&self) -> &Db {
        match self {
            Self::Embedded(db) => db,
            Self::File(db, _) => db,
        }
    }
}

impl fmt::Debug for Vpic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vpic").field(&self.provenance()).finish()
    }
}

fn unusable(path: &Path, what: impl fmt::Display) -> Error {
    Error::config(format!("decoder data `{}`: {what}", path.display()))
        .hint("run `vinrich vpic install` to replace them")
}

/// Such as `2026-10`.
fn month(db: &Db) -> String {
    db.provenance().data_month.replace('_', "-")
}

/// The first day of a month such as `2026-10`, UTC.
fn first_day_of(month: &str) -> Option<Timestamp> {
    let day: jiff::civil::Date = format!("{month}-01").parse().ok()?;
    Timestamp::start_of(day)
}
