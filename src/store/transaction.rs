//! The open transaction, and the thread that opens one for all that waits.
//!
//! Work inside a [`Transaction`] has the connection, and the owners of what is
//! kept in memory beside it. When writing fails, or the store is no longer the one that
//! was opened ([`Identity`]), the thread refuses all questions with the first error:
//! nothing is sent that the ledger cannot hold. What keeps an answer is done all the
//! same, in a copy.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::config::Durability;
use crate::domain::{Error, Moment};
use crate::files::{beside, os};
use crate::store::answers::index::Index;
use crate::store::identity::{Identity, Lost};
use crate::store::ledger::accounts::Ledger;
use crate::store::ledger::in_flight::InFlight;
use crate::store::ledger::operations::Journal;
use crate::store::ledger::processes::{self, DeadRuns, ThisRun};
use crate::store::ledger::waits;
use crate::store::patience::{LockWait, Patience, WaitedFor};
use crate::store::work::{Failure, Group, Work, describe};
use crate::store::{RunInfo, StoreSpec, failed, open, rescue};

/// Pieces of work taken into one transaction at the most.
const GROUP: usize = 64;

/// The connection inside a transaction, and what is kept in memory beside it.
pub(super) struct Transaction<'a> {
    pub(super) db: &'a Connection,
    pub(super) run: &'a mut ThisRun,
    pub(super) ledger: &'a mut Ledger,
    pub(super) in_flight: &'a mut InFlight,
    pub(super) dead_runs: &'a mut DeadRuns,
    pub(super) answers: &'a mut Index,
}

impl Transaction<'_> {
    /// `now`, by the clocks of this boot.
    pub(super) fn present(&self, now: Moment) -> Present<'_> {
        Present { now, boot_id: &self.run.boot_id }
    }

    /// What calls that act do.
    pub(super) fn journal(&self) -> Journal<'_> {
        Journal { db: self.db, run: self.run }
    }
}

/// Now, and the boot whose clock says so.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// Now.
    pub now: Moment,
    /// Names this boot.
    pub boot_id: &'a str,
}

/// Shows whether another process has written, by SQLite's own count.
#[derive(Debug, Default)]
pub(super) struct DataVersion(Option<i64>);

impl DataVersion {
    /// Whether any has since this was last asked; true the first time.
    pub(super) fn has_changed(&mut self, db: &Connection) -> rusqlite::Result<bool> {
        let version = db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        Ok(self.0.replace(version) != Some(version))
    }
}

/// What the writing thread owns.
pub(super) struct WriterThread {
    db: Connection,
    path: PathBuf,
    run: ThisRun,
    ledger: Ledger,
    in_flight: InFlight,
    dead_runs: DeadRuns,
    answers: Index,
    failure: Failure,
    patience: Patience,
    waited_for: WaitedFor,
    identity: Identity,
    keeping: Keeping,
}

/// Where what must be kept goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    /// Into the store, and questions are answered.
    Store,
    /// Into the store still, and nothing more is asked.
    StoreAlone,
    /// Into a copy of the store, and nothing more is asked.
    Copy,
    /// It is lost.
    Nowhere,
}

impl WriterThread {
    /// Closes dead runs and registers this one; `db` is the writing connection.
    pub(super) fn open(
        db: Connection,
        spec: &StoreSpec<'_>,
        run: &RunInfo,
        patience: Patience,
        note: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let mut thread = Self {
            db,
            path: spec.path.to_owned(),
            run: ThisRun::announce(spec.path, run)?,
            ledger: Ledger::new(spec.limits),
            in_flight: InFlight::default(),
            dead_runs: DeadRuns::default(),
            answers: Index::default(),
            failure: Failure::default(),
            patience,
            waited_for: WaitedFor::default(),
            identity: Identity::of(spec.path)?,
            keeping: Keeping::Store,
        };
        thread.begin(&mut LockWait::new(&thread.patience, &thread.path, false), note)?;
        thread.in_transaction(|tx| {
            processes::close_dead_runs(tx, run.started)?;
            waits::forget_waits_over(tx, run.started)?;
            tx.in_flight.begin(tx.db)?;
            tx.run.register(tx.db, run)
        })?;
        Ok(thread)
    }

    pub(super) fn failure(&self) -> Failure {
        self.failure.clone()
    }

    pub(super) fn waited_for(&self) -> WaitedFor {
        self.waited_for.clone()
    }

    /// Groups what arrives into transactions, until the last sender is gone.
    pub(super) fn serve(mut self, mut queue: mpsc::Receiver<Work>) {
        while let Some(first) = queue.blocking_recv() {
            self.look_after_store();
            let may_ask = self.keeping == Keeping::Store;
            let mut next = Some(first);
            let mut group = Group::default();
            let result = self.transaction(|tx| {
                tx.answers.look_around(tx.db)?;
                for _ in 0..GROUP {
                    let Some(work) = next.take().or_else(|| queue.try_recv().ok()) else { break };
                    group.take(work, may_ask, tx)?;
                }
                tx.answers.flush(tx.db)
            });
            group.add(next);
            if let Err(error) = result {
                self.fail(error, &group);
            }
            group.end(|| self.healthy());
        }
    }

    /// Sees whether the store is still the one that was opened. If not, nothing more is
    /// asked.
    fn look_after_store(&mut self) {
        if self.keeping != Keeping::Store {
            return;
        }
        let error = match self.identity.check() {
            Ok(()) => return,
            Err(Lost::StillThere(error)) => {
                self.keeping = Keeping::StoreAlone;
                error
            }
            Err(Lost::Gone(error)) => self.rescue(error, &Group::default()),
        };
        self.failure.remember(&error);
    }

    /// `group` could not be written. What was paid for then goes into a copy.
    fn fail(&mut self, error: Error, group: &Group) {
        let is_store = [Keeping::Store, Keeping::StoreAlone].contains(&self.keeping);
        // Where that cannot be read, there may be some.
        let error = if is_store && self.run.has_open_calls(&self.db).unwrap_or(true) {
            self.rescue(error, group)
        } else {
            self.keeping = Keeping::Nowhere;
            error
        };
        self.failure.remember(&error);
    }

    /// Copies what the store held when it was `lost`, beside it or where temporary files
    /// go, and goes on in the copy, with `group`.
    fn rescue(&mut self, lost: Error, group: &Group) -> Error {
        let beside = beside(&self.path, &format!(".rescue-{}", self.run.run_id()));
        let name = beside.file_name().unwrap_or_default();
        let elsewhere = os::real_path(&std::env::temp_dir()).join(name);
        let copied = match self.go_on_in(&beside, group) {
            Ok(()) => Ok(beside),
            Err(first) => self.go_on_in(&elsewhere, group).map(|()| elsewhere).map_err(|_| first),
        };
        let what = match (lost.hint_text(), copied) {
            (None, Ok(copy)) => format!(
                "nothing more was asked; `vinrich store restore {}` puts back what the run held, \
                 then run the same command again",
                copy.display()
            ),
            (Some(hint), Ok(copy)) => format!(
                "{hint}; before the next run, `vinrich store restore {}` puts back what this one held",
                copy.display()
            ),
            (hint, Err(error)) => {
                self.keeping = Keeping::Nowhere;
                let hint = hint.map(|hint| format!("{hint}; ")).unwrap_or_default();
                format!("{hint}what the run held is lost: {}", describe(&error))
            }
        };
        lost.hint(what)
    }

    fn go_on_in(&mut self, file: &Path, group: &Group) -> Result<(), Error> {
        rescue::copy(&self.db, file)?;
        let copy = open::connect_writer(file, Durability::Full)?;
        let store = std::mem::replace(&mut self.db, copy);
        let path = std::mem::replace(&mut self.path, file.to_owned());
        self.keeping = Keeping::Copy;
        self.answers = Index::default();
        self.ledger.accounts.clear();
        let kept = self.transaction(|tx| {
            group.keep_again(tx)?;
            tx.answers.flush(tx.db)
        });
        if kept.is_err() {
            (self.db, self.path) = (store, path);
            rescue::discard(file);
        }
        kept
    }

    fn healthy(&self) -> Result<(), Error> {
        self.failure.get().map_or(Ok(()), Err)
    }

    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        if self.keeping == Keeping::Nowhere {
            self.healthy()?;
        }
        let wait = &mut LockWait::new(&self.patience, &self.path, true);
        let begun = self.begin(wait, &|who| self.waited_for.set(Some(who.to_owned())));
        self.waited_for.set(None);
        begun?;
        self.in_transaction(work)
    }

    /// Takes the write lock, as soon as whoever holds it lets go.
    fn begin(&self, wait: &mut LockWait<'_>, note: &dyn Fn(&str)) -> Result<(), Error> {
        let failed = failed("cannot write", &self.path);
        wait.until_free(note, || self.db.execute_batch("BEGIN IMMEDIATE").map_err(&failed))
    }

    fn in_transaction(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        let failed = failed("cannot write", &self.path);
        let db = &self.db;
        let mut tx = Transaction {
            db,
            run: &mut self.run,
            ledger: &mut self.ledger,
            in_flight: &mut self.in_flight,
            dead_runs: &mut self.dead_runs,
            answers: &mut self.answers,
        };
        match work(&mut tx).and_then(|()| db.execute_batch("COMMIT")) {
            Ok(()) => {
                self.dead_runs.remove_locks();
                self.run.remove_lock_if_ended();
                Ok(())
            }
            Err(error) => {
                self.dead_runs.leave_locks();
                // The first error is the one to report; SQLite may have rolled back by itself.
                let _rolled_back = db.execute_batch("ROLLBACK");
                Err(failed(error))
            }
        }
    }
}
