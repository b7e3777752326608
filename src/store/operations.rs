//! Operations: what calls that act do, frozen before the first send.
//!
//! A row of `operations` is made in the transaction that enters a call into the
//! ledger, and settled in the one that keeps its answer. In between, whatever
//! happens to the process, the row says what was on its way: an operation with
//! an idempotency key is sent again under the same key; one without is never
//! sent again before somebody knows that it was not done.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::calls::parse_keys;
use super::message::{OperationEnd, Reconcile};
use super::state::State;
use super::{Snapshot, SourceId, failed};
use crate::error::Error;
use crate::key::{Effect, Key};
use crate::money::Micros;

/// What the journal knows of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What is done.
    pub key: Key,
    /// When it was frozen, in microseconds since the epoch.
    pub frozen_at: i64,
    /// Whether its outcome is known.
    pub settled: bool,
    /// Whether a call about it is on its way in a run that has not ended.
    pub in_flight: bool,
}

/// Whether an operation may be sent now.
pub(super) enum Frozen {
    /// Under this idempotency key, where the endpoint takes one.
    Send(Option<String>),
    /// It was sent before, and nobody knows what became of it.
    Unknown,
    /// By this call another run has done it since this one began.
    Elsewhere(i64),
}

impl State {
    /// Freezes what a call to `source` about `keys` does. A call that only reads
    /// freezes nothing.
    pub(super) fn freeze(
        &self,
        source: SourceId,
        keys: &[Key],
        effect: Effect,
        now: i64,
    ) -> rusqlite::Result<Frozen> {
        match (effect, keys) {
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
                    None => self.start_operation(source, key, now)?,
                };
                Ok(Frozen::Send(Some(idempotency_key)))
            }
            (Effect::Once, [key, ..]) => {
                if self.unsettled(source, key)?.is_some() {
                    return Ok(Frozen::Unknown);
                }
                self.start_operation(source, key, now)?;
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
            .query_row(params![source.0, key.to_stored(), self.last_before, self.run], |row| {
                row.get(0)
            })
            .optional()
    }

    /// Freezes an operation that is new, or wanted once more on purpose.
    fn start_operation(&self, source: SourceId, key: &Key, now: i64) -> rusqlite::Result<String> {
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
    pub(super) fn end_operation(&self, call: i64, end: OperationEnd) -> rusqlite::Result<()> {
        let (source, keys): (i64, String) = self
            .db
            .prepare_cached("SELECT source, keys FROM calls WHERE id = ?1")?
            .query_row([call], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for key in parse_keys(&keys) {
            match end {
                OperationEnd::Settled => self.settle_operation(SourceId(source), &key, call)?,
                OperationEnd::NotDone => self.free_operation(SourceId(source), &key)?,
            }
        }
        Ok(())
    }

    /// What was answered is in the journal, even where its row was taken for never done.
    fn settle_operation(&self, source: SourceId, key: &Key, call: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO operations (source, key, idempotency_key, frozen_at, settled)
                 SELECT ?1, ?2, '', reserved_wall, ?3 FROM calls WHERE id = ?3
                 ON CONFLICT (source, key) DO UPDATE SET settled = excluded.settled",
            )?
            .execute(params![source.0, key.to_stored(), call])?;
        Ok(())
    }

    fn free_operation(&self, source: SourceId, key: &Key) -> rusqlite::Result<()> {
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
        frozen_at: i64,
    ) -> rusqlite::Result<()> {
        let key = key.to_stored();
        if open_calls(&self.db, source)?.contains(&key) {
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

    /// What became of an operation was found out by other means than its own reply.
    pub(super) fn reconcile(&mut self, found: Reconcile) -> rusqlite::Result<()> {
        let Reconcile { source, key, frozen_at, answer, at } = found;
        let Some(answer) = answer else {
            return self.free_if_the_same(source, &key, frozen_at);
        };
        let call: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT id FROM calls WHERE source = ?1 AND keys = ?2 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![source.0, key.to_stored()], |row| row.get(0))
            .optional()?;
        // Every operation was entered with a call; without one there is nothing to settle.
        let Some(call) = call else { return Ok(()) };
        self.settle_operation(source, &key, call)?;
        self.index.add(call, source, at, vec![answer]);
        Ok(())
    }
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
                    "SELECT key, frozen_at, settled IS NOT NULL FROM operations WHERE source = ?1 ORDER BY key",
                )?
                .query_map([source.0], |row| {
                    let stored = row.get_ref(0)?.as_str()?;
                    let in_flight = open.contains(stored);
                    let (frozen_at, settled) = (row.get(1)?, row.get(2)?);
                    let key = Key::from_stored(stored);
                    Ok(key.map(|key| Operation { key, frozen_at, settled, in_flight }))
                })?
                .filter_map(Result::transpose)
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot read the journal", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::config::Durability;
    use crate::key::Task;
    use crate::outcome::Said;
    use crate::store::{
        AccountId, Body, Call, Close, Elsewhere, Granted, NewAnswer, Reserve, RunInfo, RunLimits,
        SourceName, Store, StoreSpec,
    };

    /// One process on a store: it reserves and closes calls about one task.
    struct Process {
        store: Store,
        runtime: tokio::runtime::Runtime,
        account: AccountId,
        source: SourceId,
    }

    const NOW: Moment = Moment { wall: 1_800_000_000_000_000, boot: 1_000_000 };

    fn task() -> Key {
        Key::Task(Task { subject: "or-gpt-4o-mini".into(), body: r#"{"input":{}}"#.into() })
    }

    fn answer() -> NewAnswer {
        let body = Body::Own(bytes::Bytes::from_static(b"{}"));
        NewAnswer { key: task(), said: Said::Found, body, expires_at: i64::MAX }
    }

    impl Process {
        fn start(folder: &tempfile::TempDir, run_id: &str) -> Self {
            let path = folder.path().join("store.db");
            let spec = StoreSpec {
                path: &path,
                durability: Durability::Full,
                must_exist: false,
                limits: RunLimits::default(),
            };
            let info = RunInfo {
                run_id: run_id.into(),
                boot_id: "boot".into(),
                command: String::new(),
                started: NOW,
            };
            let store = Store::open(&spec, &info).expect("a store");
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let name = SourceName {
                dataset: None,
                vendor: "visa",
                endpoint: "execute",
                origin: "here".into(),
            };
            let (account, source) = runtime.block_on(async {
                let writer = store.writer();
                let account = writer.account("visa", "here".into(), "mine".into()).await;
                (account.expect("an account"), writer.source(name).await.expect("a source"))
            });
            Self { store, runtime, account, source }
        }

        fn reserve(&self, effect: Effect) -> Granted {
            self.ask(effect, Vec::new(), vec![task()])
        }

        /// Wishes to send once more what brought no answer.
        fn retry(&self, effect: Effect) -> Granted {
            self.ask(effect, vec![vec![task()]], Vec::new())
        }

        fn ask(&self, effect: Effect, fixed: Vec<Vec<Key>>, keys: Vec<Key>) -> Granted {
            let wish = Reserve {
                account: self.account,
                source: self.source,
                limits: crate::store::ledger::Limits::default(),
                price: Micros(10),
                now: NOW,
                fixed,
                keys,
                batch: 1,
                last: true,
                effect,
            };
            self.runtime.block_on(self.store.writer().reserve(wish)).expect("room")
        }

        /// The one call of a reservation that is granted.
        fn call(&self, effect: Effect) -> Call {
            let granted = self.reserve(effect);
            assert_eq!(granted.unknown, []);
            granted.calls.into_iter().next().expect("a call")
        }

        /// The call that is granted once the live run `first` is seen to have failed.
        fn call_after(&self, first: &Self, effect: Effect) -> Call {
            first.operations();
            assert_eq!(self.reserve(effect).elsewhere, [task()]);
            assert_eq!(self.elsewhere(), Elsewhere::Free);
            self.call(effect)
        }

        fn close(&self, call: &Call, state: &str, operation: Option<OperationEnd>) {
            let answered = operation == Some(OperationEnd::Settled);
            let close = Close {
                call: call.id,
                account: self.account,
                at: NOW,
                state: state.into(),
                http_status: None,
                price: Micros(10),
                charged: Micros::ZERO,
                request_id: None,
                effect: Effect::Idempotent,
                answers: answered.then(|| (self.source, vec![answer()])),
                operation,
            };
            self.runtime.block_on(self.store.writer().close(close)).expect("closed");
        }

        fn elsewhere(&self) -> Elsewhere {
            let writer = self.store.writer();
            let states = writer.elsewhere(self.source, vec![task()], NOW.wall);
            self.runtime.block_on(states).expect("states")[0]
        }

        fn reconcile(&self, answer: Option<NewAnswer>) {
            let (source, at) = (self.source, NOW.wall);
            let found = Reconcile { source, key: task(), frozen_at: at, answer, at };
            self.runtime.block_on(self.store.writer().reconcile(found)).expect("reconciled");
        }

        fn operations(&self) -> Vec<Operation> {
            self.runtime.block_on(self.store.writer().settle()).expect("settled");
            self.store.snapshot().expect("a snapshot").operations(self.source).expect("operations")
        }

        /// Dies without a word: its lock is gone, its calls stay open.
        fn die(self) {
            self.store.writer.die();
        }
    }

    #[test]
    fn an_operation_keeps_its_key_until_it_is_answered_whatever_happens() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(Effect::Idempotent);
        let key = call.idempotency_key.clone().expect("a key");
        assert_eq!(Uuid::parse_str(&key).expect("a UUID").get_version_num(), 4);
        first.close(&call, "timeout", None);
        assert_eq!(first.call(Effect::Idempotent).idempotency_key.as_ref(), Some(&key), "a retry");
        first.die();

        let second = Process::start(&folder, "2");
        let again = second.call(Effect::Idempotent);
        assert_eq!(again.idempotency_key.as_ref(), Some(&key), "after a restart");
        second.close(&again, "ok", Some(OperationEnd::Settled));
        assert!(second.operations().iter().all(|operation| operation.settled));
        let wanted_anew = second.call(Effect::Idempotent).idempotency_key;
        assert!(wanted_anew.is_some() && wanted_anew != Some(key), "asked once more on purpose");
    }

    #[test]
    fn what_acts_once_is_not_sent_again_before_its_outcome_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(Effect::Once);
        assert_eq!(call.idempotency_key, None);
        first.close(&call, "not_sent", Some(OperationEnd::NotDone));
        let call = first.call(Effect::Once);
        first.close(&call, "timeout", None);
        let refused = first.reserve(Effect::Once);
        assert_eq!((refused.calls.len(), refused.unknown), (0, vec![task()]));
        first.die();

        let second = Process::start(&folder, "2");
        assert_eq!(second.reserve(Effect::Once).unknown, [task()], "nor by a later run");
        second.reconcile(None);
        let call = second.call(Effect::Once);
        second.close(&call, "http_500", None);
        second.reconcile(Some(answer()));
        let operations = second.operations();
        assert!(matches!(operations.as_slice(), [Operation { settled: true, .. }]));
        let snapshot = second.store.snapshot().expect("a snapshot");
        assert!(snapshot.has_answers(second.source).expect("answers"), "what was found is kept");
    }

    #[test]
    fn what_is_on_its_way_in_a_live_run_is_not_freed() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(Effect::Once);
        let second = Process::start(&folder, "2");
        let in_flight = |process: &Process| {
            let operations = process.operations();
            operations.iter().map(|operation| operation.in_flight).collect::<Vec<_>>()
        };
        assert_eq!(in_flight(&second), [true]);
        second.reconcile(None);
        assert_eq!(in_flight(&second), [true], "it may be done yet");
        first.close(&call, "ok", Some(OperationEnd::Settled));
        assert_eq!(in_flight(&first), [false]);
        second.reconcile(None);
        assert!(second.operations()[0].settled, "what is settled stays");
    }

    #[test]
    fn what_is_answered_after_all_is_in_the_journal() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(Effect::Once);
        first.close(&call, "timeout", None);
        first.reconcile(None);
        assert_eq!(first.operations(), [], "taken for never done");
        first.close(&call, "ok", Some(OperationEnd::Settled));
        assert!(first.operations()[0].settled);
    }

    #[test]
    fn a_process_that_dies_leaves_what_acts_once_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        first.call(Effect::Once);
        first.die();
        let second = Process::start(&folder, "2");
        let granted = second.reserve(Effect::Once);
        assert_eq!((granted.calls.len(), granted.unknown), (0, vec![task()]));
    }

    #[test]
    fn a_retry_leaves_alone_what_another_run_does_or_did_meanwhile() {
        for effect in [Effect::Idempotent, Effect::Read] {
            let folder = tempfile::tempdir().expect("a folder");
            let first = Process::start(&folder, "1");
            let call = first.call(effect);
            first.close(&call, "timeout", None);
            let second = Process::start(&folder, "2");
            let theirs = second.call_after(&first, effect);
            assert_eq!(theirs.idempotency_key, call.idempotency_key);
            let granted = first.retry(effect);
            assert_eq!((granted.calls.len(), granted.elsewhere), (0, vec![task()]), "on its way");
            assert_eq!(first.elsewhere(), Elsewhere::InFlight);
            second.close(&theirs, "ok", Some(OperationEnd::Settled));
            second.operations();
            assert_eq!(first.elsewhere(), Elsewhere::Answered);
            if effect == Effect::Idempotent {
                let granted = first.retry(effect);
                assert_eq!((granted.calls.len(), granted.elsewhere), (0, vec![task()]), "done");
                assert_eq!(first.elsewhere(), Elsewhere::Answered);
            }
        }
    }

    #[test]
    fn what_another_run_gave_up_is_sent_again_under_its_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(Effect::Idempotent);
        first.close(&call, "timeout", None);
        let second = Process::start(&folder, "2");
        let theirs = second.call_after(&first, Effect::Idempotent);
        assert_eq!(first.retry(Effect::Idempotent).elsewhere, [task()]);
        second.close(&theirs, "http_500", None);
        second.operations();
        assert_eq!(first.elsewhere(), Elsewhere::Free);
        let again = first.retry(Effect::Idempotent).calls.pop().expect("a call");
        assert_eq!(again.idempotency_key, call.idempotency_key);
    }

    #[test]
    fn what_only_reads_freezes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let process = Process::start(&folder, "1");
        assert_eq!(process.call(Effect::Read).idempotency_key, None);
        assert_eq!(process.operations(), []);
    }
}
