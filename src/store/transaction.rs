//! The open transaction, and the thread that opens one for all that waits.
//!
//! Work inside a [`Transaction`] has the connection, and the owners of what is
//! kept in memory beside it. When writing fails, the thread refuses all
//! that follows with the first error: nothing is sent that the ledger cannot hold.
//! When the store is no longer the one that was opened ([`Identity`]), what keeps an
//! answer is done all the same, in a copy beside it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::config::Durability;
use crate::domain::{Error, Exit, Moment};
use crate::files::beside;
use crate::store::answers::index::Index;
use crate::store::identity::{Identity, Lost};
use crate::store::ledger::accounts::Ledger;
use crate::store::ledger::in_flight::InFlight;
use crate::store::ledger::operations::Journal;
use crate::store::ledger::processes::{self, DeadRuns, ThisRun};
use crate::store::ledger::waits;
use crate::store::patience::{self, LockWait, Patience, WaitedFor};
use crate::store::{MEND, RunInfo, StoreSpec, failed, open, rescue};

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

/// One piece of work inside a transaction that it shares with others.
pub(super) struct Work {
    /// Whether it keeps what was paid for or done: then it has its place though nothing
    /// more may be asked.
    pub(super) keeps: bool,
    /// What it does.
    pub(super) run: Box<Run>,
}

type Run = dyn FnOnce(&mut Transaction<'_>) -> rusqlite::Result<Ack> + Send;

/// What is done once the transaction is committed, or with the error if it is not.
pub(super) type Ack = Box<dyn FnOnce(Result<(), Error>)>;

/// Sends `value` once it is committed, or the error if it is not.
pub(super) fn acknowledge<T: 'static>(ack: oneshot::Sender<Result<T, Error>>, value: T) -> Ack {
    Box::new(move |committed| {
        // A receiver that is gone no longer needs the answer.
        let _unheard = ack.send(committed.map(|()| value));
    })
}

/// The first error of the thread, which everyone who asks from then on gets.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<OnceLock<(Exit, String, String)>>);

impl Failure {
    /// Remembers `error`, unless there was one before.
    pub(super) fn remember(&self, error: &Error) {
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
    /// Whether the store was lost, and `db` is its copy or still the store.
    lost: bool,
}

impl WriterThread {
    /// Opens the writing connection, closes dead runs and registers this one.
    pub(super) fn open(
        spec: &StoreSpec<'_>,
        run: &RunInfo,
        patience: Patience,
        note: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let db = open::connect_writer(spec.path, spec.durability)?;
        db.busy_timeout(patience::TRY).map_err(failed("cannot set up the writer", spec.path))?;
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
            lost: false,
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
            let lost = self.lost;
            let mut acks: Vec<Ack> = Vec::new();
            let result = self.transaction(|tx| {
                tx.answers.look_around(tx.db)?;
                let others = std::iter::from_fn(|| queue.try_recv().ok());
                for work in std::iter::once(first).chain(others).take(GROUP) {
                    // Who asked hears of it, since nobody answers.
                    if work.keeps || !lost {
                        acks.push((work.run)(tx)?);
                    }
                }
                tx.answers.flush(tx.db)
            });
            if let Err(error) = result {
                self.failure.remember(&error);
            }
            for ack in acks {
                ack(self.healthy());
            }
        }
    }

    /// Sees whether the store is still the one that was opened. If not, nothing more is
    /// asked, and what is still to be kept goes into a copy.
    fn look_after_store(&mut self) {
        if self.lost {
            return;
        }
        let error = match self.identity.check() {
            Ok(()) => return,
            Err(Lost::Shared(error)) => error,
            Err(Lost::Gone(error)) => self.rescue(error),
        };
        self.lost = true;
        self.failure.remember(&error);
    }

    /// Copies what the store held when it was lost, and goes on in the copy.
    fn rescue(&mut self, lost: Error) -> Error {
        let file = beside(&self.path, &format!(".rescue-{}", self.run.run_id()));
        match rescue::copy(&self.db, &file).and_then(|()| self.go_on_in(&file)) {
            Ok(()) => lost.hint(format!(
                "nothing more was asked; `vinrich store restore {}` puts back what the run held, \
                 then run the same command again",
                file.display()
            )),
            Err(error) => {
                let message = format!("what the run held is lost as well: {}", describe(&error));
                lost.because(error).hint(message)
            }
        }
    }

    fn go_on_in(&mut self, copy: &Path) -> Result<(), Error> {
        self.db = open::connect_writer(copy, Durability::Full)?;
        copy.clone_into(&mut self.path);
        self.answers = Index::default();
        self.ledger.accounts.clear();
        Ok(())
    }

    fn healthy(&self) -> Result<(), Error> {
        self.failure.get().map_or(Ok(()), Err)
    }

    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        if !self.lost {
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
        let mut noted = String::new();
        loop {
            match self.db.execute_batch("BEGIN IMMEDIATE") {
                Err(error) if open::is_busy(&error) => {
                    let who = wait.go_on()?;
                    if who != noted {
                        note(&who);
                        noted = who;
                    }
                }
                done => return done.map_err(failed("cannot write", &self.path)),
            }
        }
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

/// An error and its causes in one line, since more than one asker gets it.
fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
