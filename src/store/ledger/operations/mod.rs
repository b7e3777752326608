//! Operations: what calls that act do, frozen before the first send.
//!
//! A row of `operations` is made in the transaction that enters a call into the
//! ledger, and settled in the one that keeps its answer. In between, whatever
//! happens to the process, the row says what was on its way: an operation with
//! an idempotency key is sent again under the same key; one without is never
//! sent again before it is known that it was not done.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::domain::{Effect, Error, Key, Micros, Timestamp};
use crate::store::answers::index::Reply;
use crate::store::ledger::calls::parse_keys;
use crate::store::ledger::processes::ThisRun;
use crate::store::ledger::requests::{OperationEnd, Reconcile, Reserve};
use crate::store::transaction::Transaction;
use crate::store::{Snapshot, SourceId, failed};

/// What the journal knows of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What is done.
    pub key: Key,
    /// Tells it from every other; sent along where the endpoint takes one.
    pub idempotency_key: String,
    /// When it was frozen.
    pub frozen_at: Timestamp,
    /// Whether its outcome is known.
    pub settled: bool,
    /// Whether a call about it is on its way in a run that has not ended.
    pub in_flight: bool,
}

/// Whether an operation may be sent now.
pub(in crate::store) enum Frozen {
    /// Under this idempotency key, where the endpoint takes one.
    Send(Option<String>),
    /// It was sent before, and its outcome is not known.
    Unknown,
    /// By this call another run has done it since this one began.
    Elsewhere(i64),
}

/// The journal of operations, inside a transaction.
pub(in crate::store) struct Journal<'a> {
    pub(in crate::store) db: &'a Connection,
    pub(in crate::store) run: &'a ThisRun,
}

impl Journal<'_> {
    /// Freezes what a call of this wish about `keys` does. A call that only reads
    /// freezes nothing.
    pub(in crate::store) fn freeze(
        &self,
        wish: &Reserve,
        keys: &[Key],
    ) -> rusqlite::Result<Frozen> {
        let (source, now) = (wish.source, wish.now.wall);
        match (wish.effect, keys) {
            (Effect::Read, _) | (_, []) => Ok(Frozen::Send(None)),
            (Effect::Idempotent | Effect::Once, [key, ..])
                if let Some(call) = self.done_meanwhile(source, key)? =>
            {
                Ok(Frozen::Elsewhere(call))
            }
            (Effect::Idempotent, [key, ..]) => {
                let known = self.unsettled(source, key)?;
                let idempotency_key = match known {
                    Some(idempotency_key) => idempotency_key,
                    None => self.start(source, key, now)?,
                };
                Ok(Frozen::Send(Some(idempotency_key)))
            }
            (Effect::Once, [key, ..]) => {
                if self.unsettled(source, key)?.is_some() {
                    return Ok(Frozen::Unknown);
                }
                self.start(source, key, now)?;
                Ok(Frozen::Send(None))
            }
        }
    }

    /// The idempotency key of an operation whose outcome is not known.
    fn unsettled(&self, source: SourceId, key: &Key) -> rusqlite::Result<Option<String>> {
        self.db
            .prepare_cached(
                "SELECT idempotency_key FROM operations WHERE source = ?1 AND key = ?2 AND settled IS NULL",
            )?
            .query_row(params![source.0, key.to_stored()], |row| row.get(0))
            .optional()
    }

    /// The call by which another run has settled an operation since this one
    /// began. Wanted anew it is only by those who have seen its answer.
    fn done_meanwhile(&self, source: SourceId, key: &Key) -> rusqlite::Result<Option<i64>> {
        self.db
            .prepare_cached(
                "SELECT settled FROM operations JOIN calls ON calls.id = operations.settled
                 WHERE operations.source = ?1 AND operations.key = ?2
                   AND settled > ?3 AND calls.run <> ?4
                   AND EXISTS (SELECT 1 FROM answers
                               WHERE source = ?1 AND key = ?2 AND call >= operations.settled)",
            )?
            .query_row(
                params![source.0, key.to_stored(), self.run.last_call_before, self.run.id],
                |row| row.get(0),
            )
            .optional()
    }

    /// Freezes an operation that is new, or wanted once more on purpose.
    fn start(&self, source: SourceId, key: &Key, now: Timestamp) -> rusqlite::Result<String> {
        let idempotency_key = Uuid::new_v4().to_string();
        self.db
            .prepare_cached(
                "INSERT INTO operations (source, key, idempotency_key, frozen_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (source, key) DO UPDATE SET
                     idempotency_key = excluded.idempotency_key, frozen_at = excluded.frozen_at, settled = NULL",
            )?
            .execute(params![source.0, key.to_stored(), idempotency_key, now])?;
        Ok(idempotency_key)
    }

    /// A call has ended: what that means for the operation it carried out.
    pub(in crate::store) fn end(&self, call: i64, end: OperationEnd) -> rusqlite::Result<()> {
        let (source, keys): (i64, String) = self
            .db
            .prepare_cached("SELECT source, keys FROM calls WHERE id = ?1")?
            .query_row([call], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for key in parse_keys(&keys) {
            match end {
                OperationEnd::Settled => self.settle(SourceId(source), &key, call)?,
                OperationEnd::NotDone => self.free(SourceId(source), &key)?,
            }
        }
        Ok(())
    }

    /// What was answered is in the journal, even where its row was taken for never done.
    fn settle(&self, source: SourceId, key: &Key, call: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO operations (source, key, idempotency_key, frozen_at, settled)
                 SELECT ?1, ?2, '', reserved_wall, ?3 FROM calls WHERE id = ?3
                 ON CONFLICT (source, key) DO UPDATE SET settled = excluded.settled",
            )?
            .execute(params![source.0, key.to_stored(), call])?;
        Ok(())
    }

    fn free(&self, source: SourceId, key: &Key) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "DELETE FROM operations WHERE source = ?1 AND key = ?2 AND settled IS NULL",
            )?
            .execute(params![source.0, key.to_stored()])?;
        Ok(())
    }

    /// Frees an operation that is still the one that was looked for: neither
    /// frozen again since, nor on its way in a run that has not ended.
    fn free_if_the_same(
        &self,
        source: SourceId,
        key: &Key,
        frozen_at: Timestamp,
    ) -> rusqlite::Result<()> {
        let key = key.to_stored();
        if open_calls(self.db, source)?.contains(&key) {
            return Ok(());
        }
        self.db
            .prepare_cached(
                "DELETE FROM operations
                 WHERE source = ?1 AND key = ?2 AND frozen_at = ?3 AND settled IS NULL",
            )?
            .execute(params![source.0, key, frozen_at])?;
        Ok(())
    }
}

/// What became of an operation was found out by other means than its own reply.
pub(in crate::store) fn reconcile(
    tx: &mut Transaction<'_>,
    found: Reconcile,
) -> rusqlite::Result<()> {
    let Reconcile { source, key, frozen_at, answer, at } = found;
    let Some(answer) = answer else {
        return tx.journal().free_if_the_same(source, &key, frozen_at);
    };
    let call: Option<i64> = tx
        .db
        .prepare_cached(
            "SELECT id FROM calls WHERE source = ?1 AND keys = ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![source.0, key.to_stored()], |row| row.get(0))
        .optional()?;
    // Every operation was entered with a call; without one there is nothing to settle.
    let Some(call) = call else { return Ok(()) };
    tx.journal().settle(source, &key, call)?;
    tx.answers.add(Reply { call, source, fetched_at: at }, &[answer]);
    Ok(())
}

/// The stored keys of calls on their way in runs that have not ended.
fn open_calls(db: &Connection, source: SourceId) -> rusqlite::Result<HashSet<String>> {
    db.prepare_cached(
        "SELECT calls.keys FROM calls JOIN runs ON runs.id = calls.run
         WHERE calls.source = ?1 AND runs.ended_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)",
    )?
    .query_map([source.0], |row| row.get(0))?
    .collect()
}

impl Snapshot<'_> {
    /// The most that a call about tasks whose subject is or begins with the word
    /// `subject` was ever charged.
    pub fn dearest(&self, source: SourceId, subject: &str) -> Result<Option<Micros>, Error> {
        let (from, to) = Key::tasks_about(subject);
        self.db
            .query_row(
                "SELECT max(replies.charged) FROM calls JOIN replies ON replies.call = calls.id
                 WHERE calls.source = ?1 AND calls.keys >= ?2 AND calls.keys < ?3 AND replies.state = 'ok'",
                params![source.0, from, to],
                |row| row.get::<_, Option<i64>>(0),
            )
            .map(|charged| charged.map(Micros))
            .map_err(failed("cannot read the ledger", &self.path))
    }

    /// The operations of a source, settled or not, in the order of their keys.
    pub fn operations(&self, source: SourceId) -> Result<Vec<Operation>, Error> {
        let read = || {
            let open = open_calls(self.db, source)?;
            self.db
                .prepare_cached(
                    "SELECT key, frozen_at, settled IS NOT NULL, idempotency_key
                     FROM operations WHERE source = ?1 ORDER BY key",
                )?
                .query_map([source.0], |row| {
                    let stored = row.get_ref(0)?.as_str()?;
                    let in_flight = open.contains(stored);
                    let (frozen_at, settled) = (row.get(1)?, row.get(2)?);
                    let (key, idempotency_key) = (Key::from_stored(stored), row.get(3)?);
                    let of =
                        |key| Operation { key, idempotency_key, frozen_at, settled, in_flight };
                    Ok(key.map(of))
                })?
                .filter_map(Result::transpose)
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot read the journal", &self.path))
    }
}

#[cfg(test)]
mod tests;
