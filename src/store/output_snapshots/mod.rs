//! Snapshots of outputs: what each complete run said of every vehicle, so that two nights
//! can be compared without either file.
//!
//! A run keeps one in its last transaction, under its output's path. The tables are made
//! by the first that is kept: stores of schema 4 from before lack them.
//!
//! - `packed` is the form of the vehicles.
//! - `thinning` says which snapshots stay.
//! - `forgetting` takes a vehicle out of all of them.

mod forgetting;
mod packed;
mod thinning;

use std::sync::Arc;

use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::facts::Price;
use crate::domain::{Error, Timestamp, Vin};
use crate::store::migration::has_table;
use crate::store::{RESTORE, Snapshot, failed};

pub(in crate::store) use self::forgetting::forget;
pub(in crate::store) use self::thinning::{count_before, remove_before};

use self::packed::{FORMAT, Packer, VEHICLES};

/// What an output said of one vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VehicleState {
    /// The vehicle.
    pub vin: Vin,
    /// The id of its first row.
    pub row_id: u128,
    /// How far decode, recalls and listings had an answer.
    pub said: [Said; 3],
    /// What it was decoded to.
    pub decode: Option<Arc<DecodeState>>,
    /// The campaigns that name it, ascending by number.
    pub recalls: Arc<[RecallState]>,
    /// Its active listings.
    pub listings: Vec<ListingState>,
}

/// How far a dataset had an answer about a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was not asked for.
    NotAsked,
    /// It was, and nothing came of it.
    Unanswered,
    /// It was answered: there is nothing.
    Absent,
    /// It was answered.
    Found,
}

/// What a vehicle was decoded to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DecodeState {
    /// Empty where it is not known.
    pub make: String,
    /// Empty where it is not known.
    pub model: String,
    /// The model year.
    pub year: Option<i32>,
    /// Tells apart what else the decode says.
    pub digest: u64,
}

/// A campaign that names a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecallState {
    /// NHTSA's number.
    pub number: String,
    /// Whether it may not concern the vehicle.
    pub doubtful: bool,
    /// Whether the vehicle is not to be driven.
    pub park_it: bool,
    /// Whether it is to be parked outside.
    pub park_outside: bool,
}

/// A listing of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingState {
    /// The vendor's id.
    pub id: String,
    /// What it costs.
    pub price: Option<Price>,
}

/// The snapshot of an output, packed as it is kept.
#[derive(Debug)]
pub struct PackedSnapshot {
    rows: u64,
    vehicles: u64,
    chunks: Vec<Vec<u8>>,
}

/// A snapshot that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSnapshot {
    id: i64,
    /// The run that kept it.
    pub run_id: String,
    /// Where the output was, as [`real_path`](crate::files::real_path) says it.
    pub output: String,
    /// When its run ended.
    pub taken_at: Timestamp,
    /// The output's rows.
    pub rows: u64,
    /// Distinct VINs among them.
    pub vehicles: u64,
    /// Whether this version reads it.
    pub is_readable: bool,
}

impl Said {
    const ALL: [Self; 4] = [Self::NotAsked, Self::Unanswered, Self::Absent, Self::Found];

    /// Whether it was answered.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Absent | Self::Found)
    }

    /// Two bits for each dataset.
    fn pack(said: [Self; 3]) -> u8 {
        said.into_iter().fold(0, |packed, said| packed << 2 | said as u8)
    }

    fn unpack(packed: u8) -> Option<[Self; 3]> {
        let of = |shift: u8| Self::ALL[usize::from(packed >> shift & 3)];
        (packed < 1 << 6).then(|| [of(4), of(2), of(0)])
    }
}

impl RecallState {
    const PARK_IT: u8 = 1;
    const PARK_OUTSIDE: u8 = 2;

    fn new(number: String, doubtful: bool, parking: u8) -> Self {
        let [park_it, park_outside] =
            [Self::PARK_IT, Self::PARK_OUTSIDE].map(|flag| parking & flag != 0);
        Self { number, doubtful, park_it, park_outside }
    }

    fn parking(&self) -> u8 {
        let flags = [(self.park_it, Self::PARK_IT), (self.park_outside, Self::PARK_OUTSIDE)];
        flags.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag)).sum()
    }
}

impl PackedSnapshot {
    /// Packs the vehicles of an output of so many rows, on all cores: `vehicle` gives the one
    /// with each number below `end`, ascending by VIN, where the output names it.
    pub fn pack(rows: u64, end: u32, vehicle: impl Fn(u32) -> Option<VehicleState> + Sync) -> Self {
        let part = |start: u32| {
            let (mut packer, mut count) = (Packer::default(), 0);
            for vehicle in (start..end.min(start.saturating_add(VEHICLES))).filter_map(&vehicle) {
                packer.push(&vehicle);
                count += 1;
            }
            (packer.finish(), count)
        };
        let starts: Vec<u32> = (0..end).step_by(VEHICLES as usize).collect();
        let (chunks, counts): (Vec<_>, Vec<u64>) = starts.into_par_iter().map(part).unzip();
        Self { rows, vehicles: counts.iter().sum(), chunks: chunks.concat() }
    }

    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }
}

/// Stores of schema 4 from before they were kept lack the tables, so the first that is
/// kept makes them. A chunk is compressed; `format` is the version of what is in it.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS output_snapshots (
        id       INTEGER PRIMARY KEY,
        run_id   TEXT NOT NULL UNIQUE,
        output   TEXT NOT NULL,
        taken_at INTEGER NOT NULL,
        format   INTEGER NOT NULL,
        rows     INTEGER NOT NULL,
        vehicles INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS output_snapshot_chunks (
        snapshot INTEGER NOT NULL,
        place    INTEGER NOT NULL,
        chunk    BLOB NOT NULL,
        PRIMARY KEY (snapshot, place)
    ) STRICT;";

/// Whether any snapshot was ever kept in `schema`, `main` or an attached one.
pub(in crate::store) fn are_kept(db: &Connection, schema: &str) -> rusqlite::Result<bool> {
    has_table(db, schema, "output_snapshots")
}

/// Keeps the snapshot of the run in row `run` of `runs`, where its output has a name.
pub(in crate::store) fn save(
    db: &Connection,
    run: i64,
    taken_at: Timestamp,
    snapshot: &PackedSnapshot,
) -> rusqlite::Result<()> {
    let PackedSnapshot { rows, vehicles, chunks } = snapshot;
    let counts = [rows, vehicles].map(|count| i64::try_from(*count).unwrap_or(i64::MAX));
    db.execute_batch(TABLES)?;
    let kept = db.execute(
        "INSERT INTO output_snapshots (run_id, output, taken_at, format, rows, vehicles)
         SELECT run_id, output, ?2, ?3, ?4, ?5 FROM runs WHERE id = ?1 AND output IS NOT NULL",
        params![run, taken_at, FORMAT, counts[0], counts[1]],
    )?;
    if kept > 0 {
        put_chunks(db, db.last_insert_rowid(), chunks)?;
    }
    Ok(())
}

fn put_chunks(db: &Connection, snapshot: i64, chunks: &[Vec<u8>]) -> rusqlite::Result<()> {
    let mut put = db.prepare("INSERT INTO output_snapshot_chunks VALUES (?1, ?2, ?3)")?;
    for (place, chunk) in (0_i64..).zip(chunks) {
        put.execute(params![snapshot, place, chunk])?;
    }
    Ok(())
}

/// Carries the snapshots of `theirs` over that `main` does not have.
pub(in crate::store) fn merge(db: &Connection) -> rusqlite::Result<()> {
    if !are_kept(db, "theirs")? {
        return Ok(());
    }
    db.execute_batch(TABLES)?;
    db.execute_batch(
        "INSERT INTO main.output_snapshots (run_id, output, taken_at, format, rows, vehicles)
         SELECT run_id, output, taken_at, format, rows, vehicles FROM theirs.output_snapshots
         WHERE true ORDER BY id ON CONFLICT DO NOTHING;
         INSERT INTO main.output_snapshot_chunks (snapshot, place, chunk)
         SELECT ours.id, place, chunk FROM theirs.output_snapshot_chunks AS chunks
         JOIN theirs.output_snapshots AS theirs ON theirs.id = chunks.snapshot
         JOIN main.output_snapshots AS ours USING (run_id)
         WHERE true ON CONFLICT DO NOTHING;",
    )
}

impl Snapshot<'_> {
    /// The snapshots of `output`, or of all, the latest first.
    pub fn output_snapshots(&self, output: Option<&str>) -> Result<Vec<KeptSnapshot>, Error> {
        let read = || {
            if !are_kept(self.db, "main")? {
                return Ok(Vec::new());
            }
            self.db
                .prepare(
                    "SELECT id, run_id, output, taken_at, rows, vehicles, format
                     FROM output_snapshots WHERE ?1 IS NULL OR output = ?1
                     ORDER BY taken_at DESC, id DESC",
                )?
                .query_map([output], read_kept)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot list the snapshots of outputs", &self.path))
    }

    /// The vehicles of a snapshot, ascending by VIN.
    pub fn vehicles<'v>(
        &'v self,
        of: &KeptSnapshot,
    ) -> impl Iterator<Item = Result<VehicleState, Error>> + use<'v> {
        let id = of.id;
        let mut chunks = (0_i64..).map_while(move |place| self.chunk(id, place).transpose());
        let mut chunk = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(vehicle) = chunk.next() {
                    return Some(Ok(vehicle));
                }
                match chunks.next()? {
                    Ok(vehicles) => chunk = vehicles.into_iter(),
                    Err(error) => return Some(Err(error)),
                }
            }
        })
    }

    fn chunk(&self, snapshot: i64, place: i64) -> Result<Option<Vec<VehicleState>>, Error> {
        let read = || {
            let mut find = self.db.prepare_cached(
                "SELECT chunk FROM output_snapshot_chunks WHERE snapshot = ?1 AND place = ?2",
            )?;
            find.query_row([snapshot, place], |row| Ok(packed::unpack(row.get_ref(0)?.as_blob()?)))
                .optional()
        };
        match read().map_err(failed("cannot read a snapshot of an output", &self.path))? {
            None => Ok(None),
            Some(Some(vehicles)) => Ok(Some(vehicles)),
            Some(None) => {
                let store = self.path.display();
                let message = format!("a snapshot of an output in the store `{store}` is damaged");
                Err(Error::config(message).hint(RESTORE))
            }
        }
    }
}

fn read_kept(row: &Row<'_>) -> rusqlite::Result<KeptSnapshot> {
    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
    Ok(KeptSnapshot {
        id: row.get(0)?,
        run_id: row.get(1)?,
        output: row.get(2)?,
        taken_at: row.get(3)?,
        rows: count(4)?,
        vehicles: count(5)?,
        is_readable: row.get::<_, i64>(6)? == FORMAT,
    })
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
