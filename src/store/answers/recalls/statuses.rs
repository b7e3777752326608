//! What people and makers said of a campaign on one vehicle: that it is done there, or open.
//!
//! One statement for each vehicle, campaign and who said it; the latest of a campaign counts.
//! The table is made by the first that is kept: stores of schema 4 from before lack it.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::domain::facts::{Days, day_of};
use crate::domain::{Error, Timestamp, Vin};
use crate::store::migration::has_table;
use crate::store::{Snapshot, StoreSpec, failed, open};

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS recall_statuses (
        vin      TEXT NOT NULL,
        campaign TEXT NOT NULL,
        said_by  TEXT NOT NULL,
        is_done  INTEGER NOT NULL,
        day      INTEGER,
        note     TEXT,
        said_at  INTEGER NOT NULL,
        PRIMARY KEY (vin, campaign, said_by)
    ) STRICT, WITHOUT ROWID;";

const NAME: &str = "recall_statuses";

/// A statement about a campaign on one vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallStatus {
    /// The vehicle.
    pub vin: Vin,
    /// NHTSA's number of the campaign.
    pub campaign: String,
    /// Whether the remedy is done; else it is open.
    pub is_done: bool,
    /// The day that was stated.
    pub day: Option<Days>,
    /// What else was said.
    pub note: Option<String>,
    /// A person, or the file that said so.
    pub said_by: String,
    /// When the store heard it.
    pub said_at: Timestamp,
}

impl RecallStatus {
    /// The day for which it holds: the stated one, else that on which it was heard.
    pub fn holds_on(&self) -> Days {
        self.day.unwrap_or_else(|| day_of(self.said_at))
    }
}

/// What came of keeping statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusesKept {
    /// New ones, and those that differ from what the same source said before.
    pub changed: u64,
    /// Said before, word for word.
    pub same: u64,
    /// Older than what the same source said of the same campaign and vehicle.
    pub older: u64,
}

/// Keeps statements, all or none. What the same source said before of the same campaign and
/// vehicle goes, unless that holds for a later day.
pub fn keep_recall_statuses(
    spec: &StoreSpec<'_>,
    statuses: &[RecallStatus],
) -> Result<StatusesKept, Error> {
    let _in_use = open::ensure(spec)?;
    let mut db = open::connect_writer(spec.path, spec.durability)?;
    keep(&mut db, statuses).map_err(failed("cannot keep the status of recalls", spec.path))
}

fn keep(db: &mut Connection, statuses: &[RecallStatus]) -> rusqlite::Result<StatusesKept> {
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLE)?;
    let mut kept = StatusesKept::default();
    {
        let mut find = transaction.prepare(
            "SELECT vin, campaign, said_by, is_done, day, note, said_at FROM recall_statuses
             WHERE vin = ?1 AND campaign = ?2 AND said_by = ?3",
        )?;
        let mut put = transaction.prepare(
            "INSERT OR REPLACE INTO recall_statuses
             (vin, campaign, said_by, is_done, day, note, said_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for status in statuses {
            let RecallStatus { vin, campaign, is_done, day, note, said_by, said_at } = status;
            let known = find
                .query_map(params![vin.as_str(), campaign, said_by], read)?
                .next()
                .transpose()?
                .flatten();
            match known {
                Some(known) if known.holds_on() > status.holds_on() => kept.older += 1,
                Some(known) if RecallStatus { said_at: *said_at, ..known.clone() } == *status => {
                    kept.same += 1;
                }
                _ => {
                    kept.changed += 1;
                    let at = said_at.micros();
                    let vin = vin.as_str();
                    put.execute(params![vin, campaign, said_by, is_done, day, note, at])?;
                }
            }
        }
    }
    transaction.commit()?;
    Ok(kept)
}

/// Takes back what `said_by` said of a campaign on a vehicle. Whether there was anything.
pub fn take_back_recall_status(
    spec: &StoreSpec<'_>,
    (vin, campaign): (&Vin, &str),
    said_by: &str,
) -> Result<bool, Error> {
    let _in_use = open::ensure(spec)?;
    let db = open::connect_writer(spec.path, spec.durability)?;
    let delete = || {
        db.execute_batch(TABLE)?;
        db.execute(
            "DELETE FROM recall_statuses WHERE vin = ?1 AND campaign = ?2 AND said_by = ?3",
            params![vin.as_str(), campaign, said_by],
        )
    };
    let gone = delete().map_err(failed("cannot take back the status of a recall", spec.path))?;
    Ok(gone > 0)
}

/// Removes the statements about vehicles whose VIN `mentions(x)` finds, and its mentions
/// elsewhere. Gives the number of statements.
pub(in crate::store) fn forget(db: &Connection) -> rusqlite::Result<u64> {
    if !has_table(db, "main", NAME)? {
        return Ok(0);
    }
    let gone = db.execute("DELETE FROM recall_statuses WHERE mentions(vin)", [])?;
    db.execute("UPDATE recall_statuses SET note = NULL WHERE mentions(note)", [])?;
    db.execute(
        "UPDATE OR REPLACE recall_statuses SET said_by = 'a file' WHERE mentions(said_by)",
        [],
    )?;
    Ok(gone as u64)
}

/// Takes over from the attached store `theirs` what it alone knows, or knows later.
pub(in crate::store) fn merge(db: &Connection) -> rusqlite::Result<()> {
    if !has_table(db, "theirs", NAME)? {
        return Ok(());
    }
    db.execute_batch(TABLE)?;
    db.execute_batch(
        "INSERT INTO main.recall_statuses SELECT * FROM theirs.recall_statuses WHERE true
         ON CONFLICT DO UPDATE SET
             is_done = excluded.is_done, day = excluded.day, note = excluded.note,
             said_at = excluded.said_at
         WHERE excluded.said_at > said_at;",
    )
}

impl Snapshot<'_> {
    /// Of each vehicle and campaign of which something was said, the statement that holds for
    /// the latest day; of those of one day the one that was heard last.
    pub fn recall_statuses(&self) -> Result<BTreeMap<(Vin, String), RecallStatus>, Error> {
        let read_all = || {
            if !has_table(self.db, "main", NAME)? {
                return Ok(Vec::new());
            }
            let mut all = self.db.prepare(
                "SELECT vin, campaign, said_by, is_done, day, note, said_at FROM recall_statuses",
            )?;
            all.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let all = read_all().map_err(failed("cannot read the status of recalls", &self.path))?;
        let mut latest: BTreeMap<(Vin, String), RecallStatus> = BTreeMap::new();
        let when = |status: &RecallStatus| (status.holds_on(), status.said_at);
        for status in all.into_iter().flatten() {
            let key = (status.vin, status.campaign.clone());
            match latest.get(&key) {
                Some(known) if when(known) >= when(&status) => {}
                _ => _ = latest.insert(key, status),
            }
        }
        Ok(latest)
    }
}

/// `None` for a row that this program did not write.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<RecallStatus>> {
    let vin: String = row.get(0)?;
    let Some(vin) = Vin::new(&vin) else { return Ok(None) };
    Ok(Some(RecallStatus {
        vin,
        campaign: row.get(1)?,
        said_by: row.get(2)?,
        is_done: row.get(3)?,
        day: row.get(4)?,
        note: row.get(5)?,
        said_at: Timestamp::from_micros(row.get(6)?),
    }))
}
