//! What the store holds, read while nobody writes.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Result;
use super::world::World;

/// The store, to look at.
pub(crate) struct Store(Connection);

impl Store {
    /// `None` where a run was killed before it had made one.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        // Reading a log that a killed run left behind may have to mend it.
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((tables > 0).then_some(Self(db)))
    }

    /// The decodes that were fetched since `since`, by the number of their VIN.
    pub(crate) fn decoded(&self, world: &World, since: i64) -> Result<Vec<bool>> {
        let mut decoded = vec![false; world.vins];
        let mut find = self.0.prepare(
            "SELECT key FROM answers JOIN sources ON sources.id = answers.source
             WHERE sources.dataset = 'decode' AND fetched_at >= ?1",
        )?;
        let mut rows = find.query([since])?;
        while let Some(row) = rows.next()? {
            if let Some(number) = world.number(row.get_ref(0)?.as_str()?) {
                decoded[number] = true;
            }
        }
        Ok(decoded)
    }

    /// Calls in the ledger that may have been sent.
    pub(crate) fn calls(&self) -> Result<u64> {
        let calls: i64 = self.0.query_row(
            "SELECT count(*) FROM calls LEFT JOIN replies ON replies.call = calls.id
             WHERE coalesce(state, '') NOT IN ('released', 'not_sent')",
            [],
            |row| row.get(0),
        )?;
        Ok(calls.unsigned_abs())
    }

    /// Fails unless the file is whole.
    pub(crate) fn check(&self) -> Result<()> {
        let found: String = self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(format!("the store is damaged: {found}").into()) }
    }
}
