//! Verifying: that the file is whole, and that what it holds fits together.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use crate::domain::Error;
use crate::store::admin::maintain;
use crate::store::answers::index::body_hash;
use crate::store::{Snapshots, Store, failed};

/// Faults listed; further ones are only counted.
const MOST_TOLD: usize = 20;

/// What was looked at, and what was wrong.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Verified {
    /// Answers.
    pub answers: u64,
    /// Earlier answers.
    pub history: u64,
    /// Bodies, each held against its hash.
    pub bodies: u64,
    /// Bodies that no answer uses; `cache prune` removes them.
    pub orphans: u64,
    /// Ledger rows.
    pub calls: u64,
    /// Runs.
    pub runs: u64,
    /// What is wrong, the first of it.
    pub faults: Vec<String>,
    /// How much is wrong.
    pub faults_total: u64,
}

/// Verifies the store at `path`; `None` where there is none. `progress` hears how
/// many bytes of how many were looked at. Runs may go on meanwhile.
pub fn verify(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Verified>, Error> {
    let Some(Snapshots { reader, .. }) = Store::peek(path)? else { return Ok(None) };
    let mut verified = Verified::default();
    let looked = reader
        .execute_batch("BEGIN DEFERRED")
        .and_then(|()| look(&reader, &mut verified, progress));
    match looked {
        // Damage that keeps SQLite from reading on is what was looked for.
        Err(error) if is_damage(&error) => verified.fault(error.to_string()),
        other => other.map_err(failed("cannot verify", path))?,
    }
    Ok(Some(verified))
}

impl Verified {
    fn fault(&mut self, what: String) {
        self.faults_total += 1;
        if self.faults.len() < MOST_TOLD {
            self.faults.push(what);
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn look(
    db: &Connection,
    verified: &mut Verified,
    progress: &mut dyn FnMut(u64, u64),
) -> rusqlite::Result<()> {
    let mut integrity = db.prepare(&format!("PRAGMA integrity_check({MOST_TOLD})"))?;
    let mut rows = integrity.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            verified.fault(said);
        }
    }
    let mut foreign = db.prepare("PRAGMA foreign_key_check")?;
    let mut rows = foreign.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        verified.fault(format!("a row of `{table}` names a row of `{parent}` that is not there"));
    }
    check_bodies(db, verified, progress)?;
    let count = |sql: &str| maintain::number(db, sql).map(i64::unsigned_abs);
    verified.answers = count("SELECT count(*) FROM answers")?;
    verified.history = count("SELECT count(*) FROM answer_history")?;
    verified.calls = count("SELECT count(*) FROM calls")?;
    verified.runs = count("SELECT count(*) FROM runs")?;
    verified.orphans = count(
        "SELECT count(*) FROM bodies WHERE id NOT IN (
             SELECT body FROM answers WHERE body IS NOT NULL
             UNION SELECT body FROM answer_history WHERE body IS NOT NULL)",
    )?;
    for (number, what) in [
        (
            count("SELECT count(*) FROM answers WHERE status = 0 AND body IS NULL")?,
            "found answers have no body",
        ),
        (
            count(
                "SELECT count(*) FROM answers WHERE call > (SELECT max(seq) FROM sqlite_sequence WHERE name = 'calls')",
            )?,
            "answers name calls that were never made",
        ),
    ] {
        if number > 0 {
            verified.fault(format!("{number} {what}"));
        }
    }
    Ok(())
}

/// Holds every body against its hash.
fn check_bodies(
    db: &Connection,
    verified: &mut Verified,
    progress: &mut dyn FnMut(u64, u64),
) -> rusqlite::Result<()> {
    let all: i64 = maintain::number(db, "SELECT coalesce(sum(length(body)), 0) FROM bodies")?;
    let mut find = db.prepare("SELECT id, hash, body FROM bodies ORDER BY id")?;
    let mut rows = find.query([])?;
    let mut done = 0;
    while let Some(row) = rows.next()? {
        let (hash, body) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
        if hash != body_hash(body) {
            verified.fault(format!("body {} is not what its hash says", row.get::<_, i64>(0)?));
        }
        verified.bodies += 1;
        done += body.len() as u64;
        progress(done, all.unsigned_abs());
    }
    Ok(())
}
