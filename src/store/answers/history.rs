//! Trimming: at the end of a run, earlier answers that are older than their
//! dataset's `keep` go, a bounded number of them looked at each time.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{Dataset, Error, Timestamp};
use crate::store::admin::maintain;
use crate::store::{Store, failed};

/// Earlier answers looked at by one run; the next goes on where it stopped.
const LOOKED_AT: i64 = 100_000;

/// Unused bodies are looked for this often: that goes through all answers.
const SWEEP_EVERY: Duration = Duration::from_hours(7 * 24);

/// Names in `meta`.
const STOPPED_AT: &str = "history_trimmed_to";
const SWEPT_AT: &str = "bodies_swept_at";

impl Store<'_> {
    /// Removes earlier answers fetched before the time that `keep` names for their
    /// dataset; gives their number.
    pub fn trim_history(
        &self,
        keep: &BTreeMap<Dataset, Timestamp>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let db = maintain::connect(&self.path)?;
        trim(&db, keep, now).map_err(failed("cannot trim the history", &self.path))
    }
}

/// Where a look at the history stopped: a row of it.
type Place = (i64, String, Timestamp);

fn trim(
    db: &Connection,
    keep: &BTreeMap<Dataset, Timestamp>,
    now: Timestamp,
) -> rusqlite::Result<u64> {
    // Lost in a power cut, it is done by the next run.
    db.execute_batch("PRAGMA synchronous = NORMAL;")?;
    let before = cutoffs(db, keep)?;
    let started_at = recall(db, STOPPED_AT)?.unwrap_or_default();
    let (old, stopped_at) = look(db, &before, place(&started_at))?;
    let stopped_at = stopped_at.map(|(source, key, at)| format!("{source} {} {key}", at.micros()));
    let stopped_at = stopped_at.unwrap_or_default();
    if old.is_empty() && stopped_at.as_bytes() == started_at {
        return Ok(0);
    }
    maintain::transaction(db, || {
        let mut delete = db.prepare(
            "DELETE FROM answer_history WHERE source = ?1 AND key = ?2 AND fetched_at = ?3",
        )?;
        for (source, key, fetched_at) in &old {
            delete.execute(params![source, key, fetched_at])?;
        }
        maintain::remember(db, STOPPED_AT, stopped_at.as_bytes())
    })?;
    if !old.is_empty() {
        sweep_now_and_then(db, now)?;
    }
    Ok(old.len() as u64)
}

/// From when on the history of each source is kept.
fn cutoffs(
    db: &Connection,
    keep: &BTreeMap<Dataset, Timestamp>,
) -> rusqlite::Result<BTreeMap<i64, Timestamp>> {
    let mut sources = db.prepare("SELECT id, dataset FROM sources")?;
    let mut rows = sources.query([])?;
    let mut cutoffs = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let dataset = Dataset::from_name(row.get_ref(1)?.as_str()?);
        if let Some(before) = dataset.and_then(|dataset| keep.get(&dataset)) {
            cutoffs.insert(row.get(0)?, *before);
        }
    }
    Ok(cutoffs)
}

/// The rows of the next stretch that are too old, and where that stretch ends;
/// `None` at the end of all.
fn look(
    db: &Connection,
    before: &BTreeMap<i64, Timestamp>,
    from: Option<Place>,
) -> rusqlite::Result<(Vec<Place>, Option<Place>)> {
    let (source, key, at) = from.unwrap_or((i64::MIN, String::new(), Timestamp::default()));
    let mut find = db.prepare(
        "SELECT source, key, fetched_at FROM answer_history
         WHERE (source, key, fetched_at) > (?1, ?2, ?3)
         ORDER BY source, key, fetched_at LIMIT ?4",
    )?;
    let mut rows = find.query(params![source, key, at, LOOKED_AT])?;
    let (mut old, mut seen, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let place: Place = (row.get(0)?, row.get(1)?, row.get(2)?);
        seen += 1;
        if before.get(&place.0).is_some_and(|before| place.2 < *before) {
            old.push(place.clone());
        }
        last = Some(place);
    }
    Ok((old, last.filter(|_| seen == LOOKED_AT)))
}

/// The place that was remembered; `None` is the beginning.
fn place(stored: &[u8]) -> Option<Place> {
    let mut parts = std::str::from_utf8(stored).ok()?.splitn(3, ' ');
    let (source, at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((source, parts.next()?.to_owned(), Timestamp::from_micros(at)))
}

/// The first time only the hour is noted; from then on it is done once a week.
fn sweep_now_and_then(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let swept_at = recall(db, SWEPT_AT)?.and_then(|bytes| bytes.try_into().ok());
    let swept_at = swept_at.map(|bytes| Timestamp::from_micros(i64::from_le_bytes(bytes)));
    if swept_at.is_some_and(|at| now < at.later(SWEEP_EVERY)) {
        return Ok(());
    }
    if swept_at.is_some() {
        maintain::sweep_bodies(db)?;
        maintain::give_back(db)?;
    }
    maintain::remember(db, SWEPT_AT, &now.micros().to_le_bytes())
}

fn recall(db: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}
