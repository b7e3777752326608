//! Thinning: the older snapshots are, the fewer of them stay.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::are_kept;
use crate::domain::{Error, Timestamp};
use crate::store::admin::maintain;
use crate::store::{Store, failed};

const DAY: Duration = Duration::from_hours(24);

/// All of them stay for so long,
const ALL: Duration = DAY.saturating_mul(2);

/// then the last of each day,
const DAILY: Duration = DAY.saturating_mul(30);

/// then the last of each week.
const WEEK: i64 = 7;

/// 1970-01-01 was a Thursday: so many days before it a week began.
const MONDAY: i64 = 3;

impl Store<'_> {
    /// Removes the snapshots of outputs that were taken before `before`, and those that
    /// are one too many for their age; gives their number.
    pub fn thin_snapshots(&self, before: Timestamp, now: Timestamp) -> Result<u64, Error> {
        let thin = || {
            let db = maintain::connect(&self.path)?;
            if !are_kept(&db, "main").map_err(failed("cannot thin snapshots", &self.path))? {
                return Ok(0);
            }
            maintain::transaction(&db, || {
                let surplus = surplus(&db, before, now)?;
                surplus.iter().try_for_each(|id| remove(&db, *id))?;
                Ok(surplus.len() as u64)
            })
            .map_err(failed("cannot thin snapshots", &self.path))
        };
        thin()
    }
}

/// The snapshots that go.
fn surplus(db: &Connection, before: Timestamp, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut all = db.prepare(
        "SELECT id, output, taken_at FROM output_snapshots ORDER BY output, taken_at DESC, id DESC",
    )?;
    let mut rows = all.query([])?;
    let (mut surplus, mut stays) = (Vec::new(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        let (id, output, taken_at): (i64, String, Timestamp) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_in_its_place = match span(taken_at, now) {
            None => true,
            Some(span) => stays.insert((output, span)),
        };
        if taken_at < before || !is_in_its_place {
            surplus.push(id);
        }
    }
    Ok(surplus)
}

/// The day or week of which the last snapshot stays; `None` where all of them do.
fn span(taken_at: Timestamp, now: Timestamp) -> Option<(bool, i64)> {
    let (age, day) = (now.since(taken_at), taken_at.days());
    match age {
        age if age < ALL => None,
        age if age < DAILY => Some((true, day)),
        _ => Some((false, (day + MONDAY).div_euclid(WEEK))),
    }
}

pub(super) fn remove(db: &Connection, id: i64) -> rusqlite::Result<()> {
    db.execute("DELETE FROM output_snapshot_chunks WHERE snapshot = ?1", [id])?;
    db.execute("DELETE FROM output_snapshots WHERE id = ?1", [id])?;
    Ok(())
}

/// How many were taken before that time.
pub(in crate::store) fn count_before(db: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    if !are_kept(db, "main")? {
        return Ok(0);
    }
    let mut count = db.prepare("SELECT count(*) FROM output_snapshots WHERE taken_at < ?1")?;
    count.query_row([before], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Removes those that were taken before that time, a snapshot in a transaction.
pub(in crate::store) fn remove_before(db: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    if !are_kept(db, "main")? {
        return Ok(());
    }
    let old: Vec<i64> = db
        .prepare("SELECT id FROM output_snapshots WHERE taken_at < ?1")?
        .query_map(params![before], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    old.into_iter().try_for_each(|id| maintain::transaction(db, || remove(db, id)))
}

#[cfg(test)]
#[path = "tests/thinning.rs"]
mod tests;
