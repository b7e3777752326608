//! Runs as processes: this one, and those that died. What a dead run left open
//! is closed by the run that finds it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::domain::time::micros;
use crate::domain::{Error, Key, Moment};
use crate::files::os;
use crate::store::ledger::requests::{Elsewhere, RESERVED_FOR};
use crate::store::run_locks::{self, DeadRun, RunLock};
use crate::store::transaction::Transaction;
use crate::store::{RunInfo, SourceId};

/// A call that has left is counted by its vendor within this time.
const LONGEST_CALL: Duration = Duration::from_mins(1);

/// What a process had sent when it died may still be on the wire for so long.
const ON_THE_WIRE: Duration = Duration::from_secs(2);

/// The run that writes.
#[derive(Debug)]
pub(in crate::store) struct ThisRun {
    /// Its row of `runs`.
    pub(in crate::store) id: i64,
    /// Names this boot.
    pub(in crate::store) boot_id: String,
    /// The latest call when it began.
    pub(in crate::store) last_call_before: i64,
    run_id: String,
    store: PathBuf,
    lock: RunLock,
    has_ended: bool,
}

impl ThisRun {
    /// Takes the lock that says that it lives.
    pub(in crate::store) fn announce(store: &Path, run: &RunInfo) -> Result<Self, Error> {
        Ok(Self {
            id: 0,
            boot_id: run.boot_id.clone(),
            last_call_before: 0,
            run_id: run.run_id.clone(),
            store: store.to_owned(),
            lock: RunLock::announce(store, &run.run_id)?,
            has_ended: false,
        })
    }

    /// Makes its row.
    pub(in crate::store) fn register(
        &mut self,
        db: &Connection,
        run: &RunInfo,
    ) -> rusqlite::Result<()> {
        self.last_call_before =
            db.query_row("SELECT coalesce(max(id), 0) FROM calls", [], |row| row.get(0))?;
        db.execute(
            "INSERT INTO runs (run_id, boot_id, pid, version, command, started_at, os_user, output)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                run.run_id,
                run.boot_id,
                std::process::id(),
                env!("CARGO_PKG_VERSION"),
                run.command,
                run.started.wall,
                os::user(),
                run.output
            ],
        )?;
        self.id = db.last_insert_rowid();
        Ok(())
    }

    /// Its id.
    pub(in crate::store) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Whether a call of this run has no reply in the ledger.
    pub(in crate::store) fn has_open_calls(&self, db: &Connection) -> rusqlite::Result<bool> {
        db.prepare(
            "SELECT 1 FROM calls
             WHERE run = ?1 AND NOT EXISTS (SELECT 1 FROM replies WHERE call = calls.id)",
        )?
        .exists([self.id])
    }

    /// To be called once a transaction is committed.
    pub(in crate::store) fn remove_lock_if_ended(&self) {
        if self.has_ended {
            self.lock.mark_ended();
        }
    }
}

/// Ends this run in good order.
pub(in crate::store) fn end_run(
    tx: &mut Transaction<'_>,
    ended: Moment,
    exit: u8,
    report: &str,
) -> rusqlite::Result<()> {
    close_open_calls(tx.db, &tx.run.run_id, ended)?;
    tx.run.has_ended = true;
    tx.db.execute(
        "UPDATE runs SET ended_at = ?1, exit_code = ?2, report = ?3 WHERE id = ?4",
        params![ended.wall, exit, report, tx.run.id],
    )?;
    Ok(())
}

/// The dead runs that the open transaction has closed. Their locks are held
/// until it is committed, so that no two processes close them.
#[derive(Debug, Default)]
pub(in crate::store) struct DeadRuns(Vec<DeadRun>);

impl DeadRuns {
    /// They are closed for good.
    pub(in crate::store) fn remove_locks(&mut self) {
        self.0.drain(..).for_each(DeadRun::remove_lock);
    }

    /// They are not closed after all.
    pub(in crate::store) fn leave_locks(&mut self) {
        self.0.clear();
    }
}

/// When another process has written: every account is stale, and keys that are
/// new in flight are learned.
pub(in crate::store) fn learn_from_others(tx: &mut Transaction<'_>) -> rusqlite::Result<()> {
    if tx.ledger.look_around(tx.db)? {
        tx.in_flight.learn(tx.db, tx.run.id)?;
    }
    Ok(())
}

/// What has become of keys that other runs were asking about.
pub(in crate::store) fn elsewhere(
    tx: &mut Transaction<'_>,
    source: SourceId,
    keys: Vec<Key>,
    now: Moment,
) -> rusqlite::Result<Vec<Elsewhere>> {
    close_dead_runs(tx, now)?;
    keys.into_iter().map(|key| tx.in_flight.outcome(tx.db, source, key)).collect()
}

/// Closes what dead runs left open as `unknown`. Returns whether there were any.
pub(in crate::store) fn close_dead_runs(
    tx: &mut Transaction<'_>,
    now: Moment,
) -> rusqlite::Result<bool> {
    let dead = run_locks::dead(&tx.run.store);
    let open: Vec<String> = tx
        .db
        .prepare_cached("SELECT run_id FROM runs WHERE ended_at IS NULL AND id <> ?1")?
        .query_map([tx.run.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let without_lock = open.iter().filter(|run_id| !run_locks::has_lock(&tx.run.store, run_id));
    let mut any = false;
    for run_id in dead.iter().map(|dead| &dead.run_id).chain(without_lock) {
        close_run(tx.db, run_id, now)?;
        any = true;
    }
    if any {
        // What the windows hold of their calls has changed.
        tx.ledger.accounts.clear();
    }
    tx.dead_runs.0.extend(dead);
    Ok(any)
}

fn close_run(db: &Connection, run_id: &str, now: Moment) -> rusqlite::Result<()> {
    close_open_calls(db, run_id, now)?;
    db.execute(
        "UPDATE runs SET ended_at = ?1 WHERE run_id = ?2 AND ended_at IS NULL",
        params![now.wall, run_id],
    )?;
    Ok(())
}

/// Closes the calls that a run never heard of again.
///
/// The vendor cannot have counted one later than either of two moments, and the
/// earlier holds. Now, since the run had died before its lock was found
/// free, but for what is still on the wire. And the reservation plus the time
/// within which it is sent or given back plus the longest call: a run that is
/// found dead after days takes no place in today's windows.
fn close_open_calls(db: &Connection, run_id: &str, now: Moment) -> rusqlite::Result<()> {
    db.execute(
        "INSERT OR IGNORE INTO replies (call, answered_wall, answered_boot, state, charged)
         SELECT calls.id,
                min(calls.reserved_wall + ?1, max(calls.reserved_wall, ?2) + ?4),
                min(calls.reserved_boot + ?1, max(calls.reserved_boot, ?3) + ?4),
                'unknown', calls.price
         FROM calls JOIN runs ON runs.id = calls.run
         WHERE runs.run_id = ?5
           AND NOT EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)",
        params![
            micros(RESERVED_FOR + LONGEST_CALL),
            now.wall,
            now.boot,
            micros(ON_THE_WIRE),
            run_id
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
