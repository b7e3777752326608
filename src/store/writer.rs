//! The handle to the one thread that writes.
//!
//! A call is reserved in the ledger before it is sent ([`Writer::reserve`]) and
//! its reply and answers are committed as they come ([`Writer::close`]), in one
//! transaction with whatever else is waiting.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::answers::inventories::WholeList;
use super::ledger::waits::HeardWait;
use super::ledger::windows::{Limits, Usage};
use super::message::{Close, Elsewhere, Granted, Reconcile, Reserve, RoomWish};
use super::state::{Failure, State};
use super::{AccountId, RunInfo, SourceId, SourceName, StoreSpec};
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::domain::time::Moment;

/// Replies that wait for the writer; a slot is free once its reply is queued.
const QUEUE: usize = 64;

/// The handle to the writing thread.
#[derive(Debug)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
    failure: Failure,
}

#[derive(Debug)]
pub(super) enum Message {
    Account(&'static str, String, String, oneshot::Sender<Result<AccountId, Error>>),
    Source(SourceName, oneshot::Sender<Result<SourceId, Error>>),
    Reserve(Reserve, oneshot::Sender<Result<Granted, Error>>),
    Close(Close),
    Reconcile(Reconcile, oneshot::Sender<Result<(), Error>>),
    Settle(oneshot::Sender<Result<(), Error>>),
    Wait(HeardWait),
    Elsewhere(SourceId, Vec<Key>, Moment, oneshot::Sender<Result<Vec<Elsewhere>, Error>>),
    Usage(AccountId, Limits, Moment, oneshot::Sender<Result<Vec<Usage>, Error>>),
    Room(RoomWish, oneshot::Sender<Result<u64, Error>>),
    CompleteList(SourceId, String, WholeList, i64, oneshot::Sender<Result<bool, Error>>),
    Finish(Moment, u8, String, oneshot::Sender<Result<(), Error>>),
}

impl Writer {
    /// Opens the writing connection, takes in dead runs, registers this run, and starts the thread.
    pub(super) fn start(spec: &StoreSpec<'_>, run: &RunInfo) -> Result<Self, Error> {
        let state = State::open(spec, run)?;
        let failure = state.failure.clone();
        let (queue, messages) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || state.serve(messages))
            .map_err(|error| Error::internal("cannot start the writer thread").because(error))?;
        Ok(Self { queue, thread, failure })
    }

    /// The account row of a vendor, created when new. `account` is a keyed hash.
    pub async fn account(
        &self,
        vendor: &'static str,
        origin: String,
        account: String,
    ) -> Result<AccountId, Error> {
        self.ask(|ack| Message::Account(vendor, origin, account, ack)).await
    }

    /// The source row of an endpoint, created when new.
    pub async fn source(&self, name: SourceName) -> Result<SourceId, Error> {
        self.ask(|ack| Message::Source(name, ack)).await
    }

    /// Reserves calls, as many as the account's limits and the run's allow, in one transaction.
    pub async fn reserve(&self, reserve: Reserve) -> Result<Granted, Error> {
        self.ask(|ack| Message::Reserve(reserve, ack)).await
    }

    /// Queues the end of a call. Returns once it is queued, not once it is committed.
    pub async fn close(&self, close: Close) -> Result<(), Error> {
        self.queue.send(Message::Close(close)).await.map_err(|_| self.gone())
    }

    /// Queues a vendor's word that an account should wait.
    pub async fn keep_wait(&self, heard: HeardWait) -> Result<(), Error> {
        self.queue.send(Message::Wait(heard)).await.map_err(|_| self.gone())
    }

    /// Settles or frees an operation whose outcome was not known.
    pub async fn reconcile(&self, found: Reconcile) -> Result<(), Error> {
        self.ask(|ack| Message::Reconcile(found, ack)).await
    }

    /// Waits until everything queued so far is committed, and so seen by lookups.
    pub async fn settle(&self) -> Result<(), Error> {
        self.ask(Message::Settle).await
    }

    /// What has become, by `now`, of keys that another run was asking about.
    pub async fn elsewhere(
        &self,
        source: SourceId,
        keys: Vec<Key>,
        now: Moment,
    ) -> Result<Vec<Elsewhere>, Error> {
        self.ask(|ack| Message::Elsewhere(source, keys, now, ack)).await
    }

    /// Makes `whole` the reading of `list` that counts from `now` on, and removes
    /// older ones, in one transaction. `false` when some of its pages are gone,
    /// since another run has put a newer reading in its place.
    pub async fn complete_list(
        &self,
        source: SourceId,
        list: String,
        whole: WholeList,
        now: i64,
    ) -> Result<bool, Error> {
        self.ask(|ack| Message::CompleteList(source, list, whole, now, ack)).await
    }

    /// How full an account's windows are.
    pub async fn usage(
        &self,
        account: AccountId,
        limits: Limits,
        now: Moment,
    ) -> Result<Vec<Usage>, Error> {
        self.ask(|ack| Message::Usage(account, limits, now, ack)).await
    }

    /// How many calls the limits allow now.
    pub async fn room(&self, wish: RoomWish) -> Result<u64, Error> {
        self.ask(|ack| Message::Room(wish, ack)).await
    }

    pub(super) fn finish(self, ended: Moment, exit: u8, report: &str) -> Result<(), Error> {
        let (ack, done) = oneshot::channel();
        let message = Message::Finish(ended, exit, report.to_owned(), ack);
        let sent = self.queue.blocking_send(message);
        let result = sent.ok().and_then(|()| done.blocking_recv().ok());
        drop(self.queue);
        let ended = self.thread.join();
        match (result, ended) {
            (Some(result), Ok(())) => result,
            _ => Err(self.failure.get().unwrap_or_else(stopped)),
        }
    }

    /// Ends the thread as a kill would: nothing is closed, nothing is said.
    #[cfg(test)]
    pub(super) fn die(self) {
        drop(self.queue);
        self.thread.join().expect("the thread ends");
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Message,
    ) -> Result<T, Error> {
        let (ack, answer) = oneshot::channel();
        self.queue.send(message(ack)).await.map_err(|_| self.gone())?;
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.refused().await),
        }
    }

    /// Why a question got no answer: that is known once the thread is at the next.
    async fn refused(&self) -> Error {
        let (ack, next) = oneshot::channel();
        if self.queue.send(Message::Settle(ack)).await.is_ok() {
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
