//! What `forget`, `prune` and the trimming of history share: a connection of
//! their own, and how space is given back.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::domain::{Error, Exit};
use crate::files::beside;
use crate::store::{failed, open};

/// Rows removed in one transaction: other processes wait for no longer than that takes.
pub(in crate::store) const CHUNK: i64 = 10_000;

/// Pages given back to the filesystem in one transaction.
const PAGES: i64 = 4096;

/// A connection that removes. SQLite would look through all answers for each
/// body that goes; who removes bodies here has looked before.
pub(in crate::store) fn connect(path: &Path) -> Result<Connection, Error> {
    let db = open::connect(path)?;
    db.execute_batch("PRAGMA foreign_keys = OFF;")
        .map_err(failed("cannot set up the connection", path))?;
    Ok(db)
}

/// Another process is in the way.
pub(in crate::store) fn in_use(what: &str) -> Error {
    Error::new(Exit::Locked, what).hint("run the same command again once it has ended")
}

/// Carries out `work` in one transaction.
pub(in crate::store) fn transaction<T>(
    db: &Connection,
    work: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    let done = work().and_then(|value| db.execute_batch("COMMIT").map(|()| value));
    if done.is_err() {
        // The first error is the one to report; SQLite may have rolled back by itself.
        let _rolled_back = db.execute_batch("ROLLBACK");
    }
    done
}

/// Removes bodies that no answer needs, a stretch of them at a time.
pub(in crate::store) fn sweep_bodies(db: &Connection) -> rusqlite::Result<u64> {
    /// Each stretch looks through all answers once.
    const STRETCH: i64 = 200_000;
    let last: i64 = number(db, "SELECT coalesce(max(id), 0) FROM bodies")?;
    let mut removed = 0;
    let mut from = 0;
    while from < last {
        let to = from + STRETCH;
        removed += transaction(db, || {
            db.execute(
                "DELETE FROM bodies WHERE id > ?1 AND id <= ?2 AND id NOT IN (
                     SELECT body FROM answers WHERE body > ?1 AND body <= ?2
                     UNION SELECT body FROM answer_history WHERE body > ?1 AND body <= ?2)",
                [from, to],
            )
        })? as u64;
        from = to;
    }
    Ok(removed)
}

/// Gives free pages back to the filesystem, and empties the write-ahead log as
/// far as no process reads it.
pub(in crate::store) fn give_back(db: &Connection) -> rusqlite::Result<()> {
    while number(db, "PRAGMA freelist_count")? > 0 {
        // It frees one page a row.
        let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut rows = vacuum.query([])?;
        let mut freed = false;
        while rows.next()?.is_some() {
            freed = true;
        }
        if !freed {
            break;
        }
    }
    // Without patience: who waits for readers here keeps every writer waiting.
    db.busy_timeout(Duration::ZERO)?;
    let emptied = checkpoint(db);
    db.busy_timeout(open::BUSY)?;
    emptied.map(|_| ())
}

/// Moves the write-ahead log into the file and cuts it to nothing; `false` where
/// another process still reads it.
pub(in crate::store) fn checkpoint(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
}

/// The size of the store's file, with its log.
pub(in crate::store) fn size(path: &Path) -> u64 {
    let of = |path: &Path| path.metadata().map_or(0, |found| found.len());
    of(path) + of(&beside(path, "-wal"))
}

/// The one number that `sql` asks for.
pub(in crate::store) fn number(db: &Connection, sql: &str) -> rusqlite::Result<i64> {
    db.query_row(sql, [], |row| row.get(0))
}

/// Remembers `value` under `name`.
pub(in crate::store) fn remember(
    db: &Connection,
    name: &str,
    value: &[u8],
) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, Value::Blob(value.to_vec())),
    )?;
    Ok(())
}
