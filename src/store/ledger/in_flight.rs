//! Keys in flight: what other runs are asking about is not asked again.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::domain::Key;
use crate::store::SourceId;
use crate::store::ledger::calls::parse_keys;
use crate::store::ledger::requests::Elsewhere;

/// The keys that other runs have asked about since this one began, by the
/// latest call about each.
#[derive(Debug, Default)]
pub(in crate::store) struct InFlight {
    calls: HashMap<(SourceId, Key), i64>,
    /// The latest call that was looked at.
    last_call: i64,
}

impl InFlight {
    /// Looks at the calls of runs that live, and at those to come.
    pub(in crate::store) fn begin(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.last_call = db.query_row(
            "SELECT coalesce(
                (SELECT min(calls.id) - 1 FROM calls JOIN runs ON runs.id = calls.run WHERE runs.ended_at IS NULL),
                (SELECT max(id) FROM calls), 0)",
            [],
            |row| row.get(0),
        )?;
        Ok(())
    }

    /// Looks at the calls that runs other than `run` have entered since.
    pub(in crate::store) fn learn(&mut self, db: &Connection, run: i64) -> rusqlite::Result<()> {
        let mut find = db.prepare_cached(
            "SELECT id, source, keys FROM calls WHERE id > ?1 AND run <> ?2 ORDER BY id",
        )?;
        let mut rows = find.query([self.last_call, run])?;
        while let Some(row) = rows.next()? {
            self.last_call = row.get(0)?;
            let source = SourceId(row.get(1)?);
            for key in parse_keys(row.get_ref(2)?.as_str()?) {
                self.note(source, key, self.last_call);
            }
        }
        Ok(())
    }

    /// Another run asks about `key` by `call`.
    pub(in crate::store) fn note(&mut self, source: SourceId, key: Key, call: i64) {
        self.calls.insert((source, key), call);
    }

    /// Whether another run has asked about `key`.
    pub(in crate::store) fn contains(&self, source: SourceId, key: &Key) -> bool {
        self.calls.contains_key(&(source, key.clone()))
    }

    /// What has become of `key`. Unless it is still in flight it may be asked
    /// about from here on.
    pub(in crate::store) fn outcome(
        &mut self,
        db: &Connection,
        source: SourceId,
        key: Key,
    ) -> rusqlite::Result<Elsewhere> {
        let key = (source, key);
        let Some(&call) = self.calls.get(&key) else { return Ok(Elsewhere::Free) };
        let has_ended =
            db.prepare_cached("SELECT 1 FROM replies WHERE call = ?1")?.exists([call])?;
        if !has_ended {
            return Ok(Elsewhere::InFlight);
        }
        // The answer may be a later call's, or have been found by other means.
        let is_answered = db
            .prepare_cached("SELECT 1 FROM answers WHERE source = ?1 AND key = ?2 AND call >= ?3")?
            .exists(params![source.0, key.1.to_stored(), call])?;
        self.calls.remove(&key);
        Ok(if is_answered { Elsewhere::Answered } else { Elsewhere::Free })
    }
}
