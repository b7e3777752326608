//! What the writing thread owns and does: it groups what arrives into
//! transactions. When writing fails, it refuses all that follows with the first
//! error: nothing is sent that the ledger cannot hold.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use super::admin::runs::{Alive, Dead};
use super::answers::index::Index;
use super::ledger::processes::{close_open_calls, load_account};
use super::ledger::windows::{Account, Limits, Usage};
use super::message::RunLimits;
use super::writer::Message;
use super::{AccountId, MEND, RunInfo, SourceId, SourceName, StoreSpec, failed, open};
use crate::domain::error::{Error, Exit};
use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::Dataset;
use crate::domain::time::Moment;
use crate::files::os;

/// `sources.dataset` of catalogues and of calls that act.
const NO_DATASET: &str = "none";

/// Messages taken into one transaction at the most.
const GROUP: usize = 64;

/// What the thread owns.
pub(super) struct State {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) run: i64,
    pub(super) run_id: String,
    pub(super) boot_id: String,
    pub(super) limits: RunLimits,
    pub(super) used_calls: u64,
    pub(super) used_cost: Micros,
    /// The part of it that calls on their way may give back.
    pub(super) open_cost: Micros,
    /// Those at hand; any other is read from the ledger when it is asked for.
    pub(super) accounts: HashMap<AccountId, Account>,
    pub(super) claims: HashMap<(SourceId, Key), i64>,
    pub(super) last_claim: i64,
    /// The latest call when the run began.
    pub(super) last_before: i64,
    pub(super) data_version: i64,
    pub(super) index: Index,
    pub(super) failure: Failure,
    /// Dead runs taken in by the open transaction.
    pub(super) to_bury: Vec<Dead>,
    /// Whether the run has ended in good order.
    pub(super) ended: bool,
    pub(super) alive: Alive,
}

/// The first error of the thread, told to everyone who asks from then on.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<OnceLock<(Exit, String, String)>>);

impl Failure {
    /// Remembers `error`, unless there was one before.
    fn remember(&self, error: &Error) {
        let hint = error.hint_text().unwrap_or(MEND).to_owned();
        // A later error comes of the first.
        let _first = self.0.set((error.exit(), describe(error), hint));
    }

    /// The error, again.
    pub(super) fn get(&self) -> Option<Error> {
        let (exit, message, hint) = self.0.get()?;
        Some(Error::new(*exit, message.clone()).hint(hint))
    }
}

/// An answer that is sent once the transaction is committed, or the error if it is not.
type Ack = Box<dyn FnOnce(Result<(), Error>)>;

impl State {
    pub(super) fn open(spec: &StoreSpec<'_>, run: &RunInfo) -> Result<Self, Error> {
        let db = open::connect_writer(spec.path, spec.durability)?;
        let alive = Alive::announce(spec.path, &run.run_id)?;
        let mut state = Self {
            db,
            path: spec.path.to_owned(),
            run: 0,
            run_id: run.run_id.clone(),
            boot_id: run.boot_id.clone(),
            limits: spec.limits,
            used_calls: 0,
            used_cost: Micros::ZERO,
            open_cost: Micros::ZERO,
            accounts: HashMap::new(),
            claims: HashMap::new(),
            last_claim: 0,
            last_before: 0,
            data_version: -1,
            index: Index::default(),
            failure: Failure::default(),
            to_bury: Vec::new(),
            ended: false,
            alive,
        };
        state.transaction(|state| {
            state.take_in_dead_runs(run.started)?;
            state.forget_waits_over(run.started)?;
            state.last_claim = state.db.query_row(
                "SELECT coalesce(
                    (SELECT min(calls.id) - 1 FROM calls JOIN runs ON runs.id = calls.run WHERE runs.ended_at IS NULL),
                    (SELECT max(id) FROM calls), 0)",
                [],
                |row| row.get(0),
            )?;
            state.last_before =
                state.db.query_row("SELECT coalesce(max(id), 0) FROM calls", [], |row| row.get(0))?;
            state.db.execute(
                "INSERT INTO runs (run_id, boot_id, pid, version, command, started_at, os_user)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run.run_id,
                    run.boot_id,
                    std::process::id(),
                    env!("CARGO_PKG_VERSION"),
                    run.command,
                    run.started.wall,
                    os::user()
                ],
            )?;
            state.run = state.db.last_insert_rowid();
            Ok(())
        })?;
        Ok(state)
    }

    pub(super) fn serve(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(first) = messages.blocking_recv() {
            let mut acks: Vec<Ack> = Vec::new();
            let result = self.transaction(|state| {
                state.index.look_around(&state.db)?;
                acks.extend(state.take(first)?);
                for _ in 1..GROUP {
                    let Ok(message) = messages.try_recv() else { break };
                    acks.extend(state.take(message)?);
                }
                state.index.flush(&state.db)?;
                Ok(())
            });
            if let Err(error) = result {
                self.failure.remember(&error);
            }
            for ack in acks {
                ack(self.healthy());
            }
        }
    }

    fn healthy(&self) -> Result<(), Error> {
        self.failure.get().map_or(Ok(()), Err)
    }

    pub(super) fn transaction(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        self.healthy()?;
        let failed = failed("cannot write", &self.path);
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(&failed)?;
        match work(self).and_then(|()| self.db.execute_batch("COMMIT")) {
            Ok(()) => {
                self.to_bury.drain(..).for_each(Dead::bury);
                if self.ended {
                    self.alive.farewell();
                }
                Ok(())
            }
            Err(error) => {
                self.to_bury.clear();
                // The first error is the one to tell; SQLite may have rolled back by itself.
                let _rolled_back = self.db.execute_batch("ROLLBACK");
                Err(failed(error))
            }
        }
    }

    /// Carries out one message inside the open transaction.
    fn take(&mut self, message: Message) -> rusqlite::Result<Option<Ack>> {
        Ok(match message {
            Message::Account(vendor, origin, account, ack) => {
                Some(acknowledge(ack, self.account_id(vendor, &origin, &account)?))
            }
            Message::Source(name, ack) => Some(acknowledge(ack, self.source_id(&name)?)),
            Message::Reserve(reserve, ack) => Some(acknowledge(ack, self.reserve(reserve)?)),
            Message::Close(close) => {
                self.close(close)?;
                None
            }
            Message::Reconcile(found, ack) => Some(acknowledge(ack, self.reconcile(found)?)),
            Message::Settle(ack) => Some(acknowledge(ack, ())),
            Message::Wait(heard) => {
                self.keep_wait(heard)?;
                None
            }
            Message::Elsewhere(source, keys, now, ack) => {
                Some(acknowledge(ack, self.elsewhere(source, keys, now)?))
            }
            Message::Usage(account, limits, now, ack) => {
                Some(acknowledge(ack, self.usage(account, &limits, now)?))
            }
            Message::Room(wish, ack) => Some(acknowledge(ack, self.room_for(&wish)?)),
            Message::CompleteList(source, list, whole, now, ack) => {
                // Bodies that only older readings used go; what waits here may use them.
                self.index.flush(&self.db)?;
                let is_whole = self.complete_list(source, &list, whole, now)?;
                self.index.forget_bodies();
                Some(acknowledge(ack, is_whole))
            }
            Message::Finish(ended, exit, report, ack) => {
                close_open_calls(&self.db, &self.run_id, ended)?;
                self.ended = true;
                self.db.execute(
                    "UPDATE runs SET ended_at = ?1, exit_code = ?2, report = ?3 WHERE id = ?4",
                    params![ended.wall, exit, report, self.run],
                )?;
                Some(acknowledge(ack, ()))
            }
        })
    }

    pub(super) fn account_id(
        &self,
        vendor: &str,
        origin: &str,
        account: &str,
    ) -> rusqlite::Result<AccountId> {
        self.db.execute(
            "INSERT INTO accounts (vendor, origin, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            [vendor, origin, account],
        )?;
        self.db
            .query_row(
                "SELECT id FROM accounts WHERE vendor = ?1 AND origin = ?2 AND account = ?3",
                [vendor, origin, account],
                |row| row.get(0),
            )
            .map(AccountId)
    }

    pub(super) fn source_id(&self, name: &SourceName) -> rusqlite::Result<SourceId> {
        self.db.execute(
            "INSERT INTO sources (dataset, vendor, endpoint, origin) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            [name.dataset.map_or(NO_DATASET, Dataset::name), name.vendor, name.endpoint, &name.origin],
        )?;
        self.db
            .query_row(
                "SELECT id FROM sources WHERE vendor = ?1 AND endpoint = ?2 AND origin = ?3",
                [name.vendor, name.endpoint, &name.origin],
                |row| row.get(0),
            )
            .map(SourceId)
    }

    fn usage(
        &mut self,
        account: AccountId,
        limits: &Limits,
        now: Moment,
    ) -> rusqlite::Result<Vec<Usage>> {
        Ok(self.account(account, limits, now)?.usage(limits, now))
    }

    /// The calls of an account, read from the ledger where they are not at hand.
    pub(super) fn account(
        &mut self,
        id: AccountId,
        limits: &Limits,
        now: Moment,
    ) -> rusqlite::Result<&Account> {
        Ok(match self.accounts.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                unknown.insert(load_account(&self.db, id, limits, now, &self.boot_id)?)
            }
        })
    }
}

fn acknowledge<T: 'static>(ack: oneshot::Sender<Result<T, Error>>, value: T) -> Ack {
    Box::new(move |committed| {
        // A receiver that is gone no longer needs the answer.
        let _unheard = ack.send(committed.map(|()| value));
    })
}

/// An error and its causes in one line, since it is told to more than one asker.
fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
