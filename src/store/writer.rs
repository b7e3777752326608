//! The handle to the one thread that writes: everything it can be asked.
//!
//! A call is reserved in the ledger before it is sent ([`Writer::reserve`]) and
//! its reply and answers are committed as they come ([`Writer::close`]), in one
//! transaction with whatever else is waiting. To add an operation, add a method
//! here that hands its work to [`Writer::ask`].

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use crate::domain::{Error, Key, Moment};
use crate::store::answers::index;
use crate::store::answers::inventories::{self, CompleteList};
use crate::store::ledger::requests::{Close, Elsewhere, Granted, Reconcile, Reserve, RoomWish};
use crate::store::ledger::waits::{self, HeardWait};
use crate::store::ledger::windows::{Limits, Usage};
use crate::store::ledger::{accounts, calls, operations, processes};
use crate::store::output_snapshots::{self, PackedSnapshot};
use crate::store::patience::{Patience, WaitedFor};
use crate::store::transaction::{Transaction, WriterThread};
use crate::store::work::{Failure, Keep, Work, acknowledge};
use crate::store::{AccountId, AccountName, RunInfo, SourceId, SourceName, StoreSpec, WRITABLE};

/// Replies that wait for the writer; a slot is free once its reply is queued.
const QUEUE: usize = 64;

/// How often it is looked, at the end, whether another process is waited for.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How a run ended.
pub(super) struct RunEnd {
    pub(super) ended: Moment,
    pub(super) exit: u8,
    pub(super) report: String,
    /// What its output said.
    pub(super) snapshot: Option<PackedSnapshot>,
}

/// The handle to the writing thread.
#[derive(Debug)]
pub struct Writer {
    queue: mpsc::Sender<Work>,
    /// `None` where there is nothing to write to.
    thread: Option<JoinHandle<()>>,
    failure: Failure,
    waited_for: WaitedFor,
}

impl Writer {
    /// Closes dead runs, registers this run, and starts the thread that has the writing
    /// connection `db`.
    pub(super) fn start(
        db: Connection,
        spec: &StoreSpec<'_>,
        run: &RunInfo,
        patience: Patience,
        note: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let state = WriterThread::open(db, spec, run, patience, note)?;
        let failure = state.failure();
        let waited_for = state.waited_for();
        let (queue, work) = mpsc::channel(QUEUE);
        let thread =
            thread::Builder::new().name("store".into()).spawn(move || state.serve(work)).map_err(
                |error| Error::internal("cannot start the writer thread").because(error),
            )?;
        Ok(Self { queue, thread: Some(thread), failure, waited_for })
    }

    /// The handle of a store that may not be written: whatever it is asked fails with 78.
    pub(super) fn refusing(path: &Path) -> Self {
        let failure = Failure::default();
        let error = Error::config(format!("the store `{}` is read-only", path.display()));
        failure.remember(&error.hint(WRITABLE));
        let waited_for = WaitedFor::default();
        Self { queue: mpsc::channel(QUEUE).0, thread: None, failure, waited_for }
    }

    /// A sentence about the process that it waits for, while that holds the write lock:
    /// nothing should be sent meanwhile.
    pub fn waits_for(&self) -> Option<String> {
        self.waited_for.get()
    }

    /// The row of an account, created when new.
    pub async fn account(&self, name: AccountName) -> Result<AccountId, Error> {
        self.ask(move |tx| accounts::account_id(tx.db, &name)).await
    }

    /// The source row of an endpoint, created when new.
    pub async fn source(&self, name: SourceName) -> Result<SourceId, Error> {
        self.ask(move |tx| index::source_id(tx.db, &name)).await
    }

    /// Reserves calls, as many as the account's limits and the run's allow, in one transaction.
    pub async fn reserve(&self, wish: Reserve) -> Result<Granted, Error> {
        self.ask(|tx| calls::reserve(tx, wish)).await
    }

    /// How many calls the limits allow now.
    pub async fn room(&self, wish: RoomWish) -> Result<u64, Error> {
        self.ask(move |tx| calls::room_for(tx, &wish)).await
    }

    /// How full an account's windows are.
    pub async fn usage(
        &self,
        account: AccountId,
        limits: Limits,
        now: Moment,
    ) -> Result<Vec<Usage>, Error> {
        self.ask(move |tx| Ok(accounts::account(tx, account, &limits, now)?.usage(&limits, now)))
            .await
    }

    /// Queues the end of a call. Returns once it is queued, not once it is committed.
    pub async fn close(&self, close: Close) -> Result<(), Error> {
        self.queue(move |tx| calls::close(tx, &close)).await
    }

    /// Queues a vendor's word that an account should wait.
    pub async fn keep_wait(&self, heard: HeardWait) -> Result<(), Error> {
        self.queue(move |tx| waits::keep_wait(tx, heard)).await
    }

    /// Settles or frees an operation whose outcome was not known.
    pub async fn reconcile(&self, found: Reconcile) -> Result<(), Error> {
        self.ask(|tx| operations::reconcile(tx, found)).await
    }

    /// What has become, by `now`, of keys that another run was asking about.
    pub async fn elsewhere(
        &self,
        source: SourceId,
        keys: Vec<Key>,
        now: Moment,
    ) -> Result<Vec<Elsewhere>, Error> {
        self.ask(move |tx| processes::elsewhere(tx, source, keys, now)).await
    }

    /// Makes a reading of a list the one that counts from now on, and removes
    /// older ones, in one transaction. `false` when some of its pages are gone,
    /// since another run has put a newer reading in its place.
    pub async fn complete_list(&self, complete: CompleteList) -> Result<bool, Error> {
        self.ask(move |tx| inventories::complete_list(tx, &complete)).await
    }

    /// Waits until everything queued so far is committed, and so seen by lookups.
    pub async fn settle(&self) -> Result<(), Error> {
        self.ask(|_| Ok(())).await
    }

    /// Keeps how the run ended; `note` is given a sentence about whoever is waited for.
    pub(super) fn finish(self, end: RunEnd, note: &dyn Fn(&str)) -> Result<(), Error> {
        let (ack, done) = oneshot::channel();
        let run = move |tx: &mut Transaction<'_>| {
            processes::end_run(tx, end.ended, end.exit, &end.report)?;
            match &end.snapshot {
                Some(kept) => output_snapshots::save(tx.db, tx.run.id, end.ended.wall, kept),
                None => Ok(()),
            }
        };
        let keep = Keep { run: Box::new(run), done: Some(ack) };
        let sent = self.queue.blocking_send(Work::Keep(keep));
        let result = sent.ok().and_then(|()| self.outcome(done, note));
        drop(self.queue);
        let ended = self.thread.map_or(Ok(()), JoinHandle::join);
        match (result, ended) {
            (Some(result), Ok(())) => result,
            _ => Err(self.failure.get().unwrap_or_else(stopped)),
        }
    }

    /// What comes through `done`. Whoever is waited for meanwhile is named.
    fn outcome<T>(&self, mut done: oneshot::Receiver<T>, note: &dyn Fn(&str)) -> Option<T> {
        let mut noted = None;
        let mut pause = Duration::from_millis(1);
        loop {
            match done.try_recv() {
                Err(TryRecvError::Empty) => {}
                outcome => return outcome.ok(),
            }
            let who = self.waits_for();
            if who != noted {
                if let Some(who) = &who {
                    note(who);
                }
                noted = who;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Ends the thread as a kill would: nothing is closed, nothing is said.
    #[cfg(test)]
    pub(super) fn die(self) {
        drop(self.queue);
        self.thread.expect("a thread").join().expect("the thread ends");
    }

    /// What `work` gives inside the next transaction, once that is committed.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (ack, answer) = oneshot::channel();
        let run = move |tx: &mut Transaction<'_>| Ok(acknowledge(ack, work(tx)?));
        self.send(Work::Ask(Box::new(run))).await?;
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.refused().await),
        }
    }

    /// Queues what must be kept for the next transaction.
    async fn queue(
        &self,
        run: impl Fn(&mut Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        self.send(Work::Keep(Keep { run: Box::new(run), done: None })).await
    }

    async fn send(&self, work: Work) -> Result<(), Error> {
        self.queue.send(work).await.map_err(|_| self.gone())
    }

    /// Why a question got no answer: that is known once the thread is at the next.
    async fn refused(&self) -> Error {
        let (ack, next) = oneshot::channel();
        let run = |_: &mut Transaction<'_>| Ok(acknowledge(ack, ()));
        if self.send(Work::Ask(Box::new(run))).await.is_ok() {
            // It gets no answer either; it was taken.
            let _unanswered = next.await;
        }
        self.gone()
    }

    fn gone(&self) -> Error {
        self.failure.get().unwrap_or_else(stopped)
    }
}

fn stopped() -> Error {
    Error::internal("the store's writer stopped")
}
