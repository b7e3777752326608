//! The one thread that writes: it groups what arrives into transactions.
//!
//! A call is reserved in the ledger before it is sent ([`Writer::reserve`]) and
//! its reply committed as it came ([`Writer::close`]); answers follow in large
//! sorted transactions. When writing fails, the thread refuses all that follows
//! with the first error: nothing is sent that the ledger cannot hold.

use std::collections::HashMap;
use std::path::PathBuf;
use std::thread::JoinHandle;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::index::{Index, NewAnswer};
use super::ledger::{Account, Entry, Limits, Room};
use super::runs::{self, Alive};
use super::{AccountId, KeptReply, Reread, RunInfo, SourceId, SourceName, StoreSpec, failed, open};
use crate::clock::Moment;
use crate::error::{Error, Exit};
use crate::key::Key;
use crate::money::Micros;
use crate::outcome::Held;

/// Replies that wait for the writer; a slot is free once its reply is queued.
const QUEUE: usize = 64;

/// Messages taken into one transaction at the most.
const GROUP: usize = 64;

/// Keys of a call in `calls.keys`.
const KEY_SEPARATOR: &str = "\n";

/// A call whose run died may have been answered this long after its reservation.
const LONGEST_CALL_MICROS: i64 = 60_000_000;

/// The handle to the writing thread.
#[derive(Debug)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
}

/// What a run may use up, over all vendors.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunLimits {
    /// Calls.
    pub max_calls: Option<u64>,
    /// Money.
    pub max_cost: Option<Micros>,
}

/// A wish to send calls.
#[derive(Debug)]
pub struct Reserve {
    /// Whose quotas and spend limits count.
    pub account: AccountId,
    /// Where the answers will be kept.
    pub source: SourceId,
    /// The account's limits at `now`.
    pub limits: Limits,
    /// Price of one call.
    pub price: Micros,
    /// Now.
    pub now: Moment,
    /// Batches that must stay as they are (retries, halves), one a call.
    pub fixed: Vec<Vec<Key>>,
    /// Keys for batches composed here, the most urgent first.
    pub keys: Vec<Key>,
    /// Keys a call may hold.
    pub batch: usize,
    /// Whether the last batch may be smaller, since no more keys will come.
    pub last: bool,
}

/// What became of a [`Reserve`].
#[derive(Debug, Default)]
pub struct Granted {
    /// Reserved, in the ledger, to be sent.
    pub calls: Vec<Call>,
    /// Batches of `fixed` that found no room.
    pub fixed: Vec<Vec<Key>>,
    /// Keys that found no room.
    pub keys: Vec<Key>,
    /// Keys another live run asks about at this moment.
    pub elsewhere: Vec<Key>,
    /// Why there was no room, and for how long as far as known.
    pub held: Option<Shortage>,
    /// Calls the tightest window still allows after these; `None`: no quota.
    pub left: Option<u64>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Until a call on its way has ended.
    AfterOpen,
    /// For so long.
    After(std::time::Duration, Held),
    /// For the rest of this run.
    Run,
}

/// A call that may be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its row in the ledger.
    pub id: i64,
    /// What it asks about.
    pub keys: Vec<Key>,
}

/// How a call ended.
#[derive(Debug)]
pub struct Close {
    /// Its row in the ledger.
    pub call: i64,
    /// Whose quotas count it.
    pub account: AccountId,
    /// When it ended.
    pub at: Moment,
    /// `ok`, `not_sent` or a fault's code.
    pub state: String,
    /// The HTTP status, where a reply came.
    pub http_status: Option<u16>,
    /// What it was reserved at.
    pub price: Micros,
    /// What it cost.
    pub charged: Micros,
    /// The vendor's name for the request.
    pub request_id: Option<String>,
    /// The whole reply and its answers, when it was one.
    pub answers: Option<(SourceId, Bytes, Vec<NewAnswer>)>,
}

/// What became of a key that another run was asking about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Its answer is in the store.
    Answered,
    /// The other run still waits, or has not indexed it yet.
    InFlight,
    /// The other run got no answer, or died.
    Free,
}

/// One window of an account, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Calls in each window, in the order of the limits.
    pub used: u64,
    /// Until one more call fits, when the window is full.
    pub next_free: Option<std::time::Duration>,
}

#[derive(Debug)]
enum Message {
    Account(&'static str, String, String, oneshot::Sender<Result<AccountId, Error>>),
    Source(SourceName, oneshot::Sender<Result<SourceId, Error>>),
    Reserve(Reserve, oneshot::Sender<Result<Granted, Error>>),
    Close(Close),
    Flush(oneshot::Sender<Result<(), Error>>),
    Elsewhere(SourceId, Vec<Key>, i64, oneshot::Sender<Result<Vec<Elsewhere>, Error>>),
    Usage(AccountId, Limits, Moment, oneshot::Sender<Result<Vec<Usage>, Error>>),
    Finish(i64, u8, String, oneshot::Sender<Result<(), Error>>),
}

impl Writer {
    /// Opens the writing connection, takes in dead runs, registers this run, and starts the thread.
    pub(super) fn start(spec: &StoreSpec<'_>, run: &RunInfo) -> Result<Self, Error> {
        let state = State::open(spec, run)?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || state.serve(messages))
            .map_err(|error| Error::internal("cannot start the writer thread").because(error))?;
        Ok(Self { queue, thread })
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
        self.queue.send(Message::Close(close)).await.map_err(|_| gone())
    }

    /// Makes every answer received so far visible to lookups.
    pub async fn flush(&self) -> Result<(), Error> {
        self.ask(Message::Flush).await
    }

    /// What became of keys that another run was asking about, since `since`.
    pub async fn elsewhere(
        &self,
        source: SourceId,
        keys: Vec<Key>,
        since: i64,
    ) -> Result<Vec<Elsewhere>, Error> {
        self.ask(|ack| Message::Elsewhere(source, keys, since, ack)).await
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

    pub(super) fn finish(self, ended_at: i64, exit: u8, report: &str) -> Result<(), Error> {
        let (ack, done) = oneshot::channel();
        let message = Message::Finish(ended_at, exit, report.to_owned(), ack);
        self.queue.blocking_send(message).map_err(|_| gone())?;
        let result = done.blocking_recv().map_err(|_| gone())?;
        drop(self.queue);
        self.thread.join().map_err(|_| gone())?;
        result
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Message,
    ) -> Result<T, Error> {
        let (ack, answer) = oneshot::channel();
        self.queue.send(message(ack)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> Error {
    Error::internal("the store's writer stopped")
}

/// What the thread owns.
struct State {
    db: Connection,
    path: PathBuf,
    run: i64,
    boot_id: String,
    limits: RunLimits,
    used_calls: u64,
    used_cost: Micros,
    accounts: HashMap<AccountId, Account>,
    claims: HashMap<(SourceId, Key), i64>,
    last_claim: i64,
    data_version: i64,
    index: Index,
    reread: Reread,
    failure: Option<(Exit, String)>,
    _alive: Alive,
}

/// An answer that is sent once the transaction is committed, or the error if it is not.
type Ack = Box<dyn FnOnce(Result<(), Error>)>;

impl State {
    fn open(spec: &StoreSpec<'_>, run: &RunInfo) -> Result<Self, Error> {
        let db = open::connect_writer(spec.path, spec.durability)?;
        let alive = Alive::announce(spec.path, &run.run_id)?;
        let mut state = Self {
            db,
            path: spec.path.to_owned(),
            run: 0,
            boot_id: run.boot_id.clone(),
            limits: spec.limits,
            used_calls: 0,
            used_cost: Micros::ZERO,
            accounts: HashMap::new(),
            claims: HashMap::new(),
            last_claim: 0,
            data_version: -1,
            index: Index::default(),
            reread: spec.reread,
            failure: None,
            _alive: alive,
        };
        state.transaction(|state| {
            state.take_in_dead_runs(run.started.wall)?;
            state.last_claim = state.db.query_row(
                "SELECT coalesce(
                    (SELECT min(calls.id) - 1 FROM calls JOIN runs ON runs.id = calls.run WHERE runs.ended_at IS NULL),
                    (SELECT max(id) FROM calls), 0)",
                [],
                |row| row.get(0),
            )?;
            state.db.execute(
                "INSERT INTO runs (run_id, boot_id, pid, version, command, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    run.run_id,
                    run.boot_id,
                    std::process::id(),
                    env!("CARGO_PKG_VERSION"),
                    run.command,
                    run.started.wall
                ],
            )?;
            state.run = state.db.last_insert_rowid();
            Ok(())
        })?;
        Ok(state)
    }

    fn serve(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(first) = messages.blocking_recv() {
            let mut acks: Vec<Ack> = Vec::new();
            let result = self.transaction(|state| {
                acks.extend(state.take(first)?);
                for _ in 1..GROUP {
                    let Ok(message) = messages.try_recv() else { break };
                    acks.extend(state.take(message)?);
                }
                if state.index.is_full() {
                    state.index.flush(&state.db)?;
                }
                Ok(())
            });
            let failure = result.err().map(|error| (error.exit(), describe(&error)));
            if self.failure.is_none() {
                self.failure = failure;
            }
            for ack in acks {
                ack(self.healthy());
            }
        }
    }

    fn healthy(&self) -> Result<(), Error> {
        match &self.failure {
            None => Ok(()),
            Some((exit, message)) => Err(Error::new(*exit, message.clone())
                .hint("make room or mend the disk, then run the same command again: it resumes")),
        }
    }

    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        self.healthy()?;
        let failed = failed("cannot write", &self.path);
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(&failed)?;
        match work(self).and_then(|()| self.db.execute_batch("COMMIT")) {
            Ok(()) => Ok(()),
            Err(error) => {
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
            Message::Flush(ack) => {
                self.index.flush(&self.db)?;
                Some(acknowledge(ack, ()))
            }
            Message::Elsewhere(source, keys, since, ack) => {
                Some(acknowledge(ack, self.elsewhere(source, keys, since)?))
            }
            Message::Usage(account, limits, now, ack) => {
                Some(acknowledge(ack, self.usage(account, &limits, now)?))
            }
            Message::Finish(ended_at, exit, report, ack) => {
                self.index.flush(&self.db)?;
                self.db.execute(
                    "UPDATE runs SET ended_at = ?1, exit_code = ?2, report = ?3 WHERE id = ?4",
                    params![ended_at, exit, report, self.run],
                )?;
                Some(acknowledge(ack, ()))
            }
        })
    }

    fn account_id(&self, vendor: &str, origin: &str, account: &str) -> rusqlite::Result<AccountId> {
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

    fn source_id(&self, name: &SourceName) -> rusqlite::Result<SourceId> {
        self.db.execute(
            "INSERT INTO sources (dataset, vendor, endpoint, origin) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            [name.dataset.name(), name.vendor, name.endpoint, &name.origin],
        )?;
        self.db
            .query_row(
                "SELECT id FROM sources WHERE vendor = ?1 AND endpoint = ?2 AND origin = ?3",
                [name.vendor, name.endpoint, &name.origin],
                |row| row.get(0),
            )
            .map(SourceId)
    }

    fn reserve(&mut self, wish: Reserve) -> rusqlite::Result<Granted> {
        self.learn_from_others(&wish)?;
        let mut granted = Granted::default();
        let mut batches = wish.fixed.into_iter();
        let mut keys = wish.keys.into_iter().peekable();
        let mut next = Vec::with_capacity(wish.batch);
        let want = batches.len() + keys.len().div_ceil(wish.batch.max(1));
        let room = match self.room(wish.account, &wish.limits, wish.price, want as u64, wish.now) {
            Ok(room) => room,
            Err(shortage) => {
                granted.held = Some(shortage);
                0
            }
        };
        while (granted.calls.len() as u64) < room {
            let batch = if let Some(fixed) = batches.next() {
                fixed
            } else {
                while next.len() < wish.batch
                    && let Some(key) = keys.next()
                {
                    if self.claims.contains_key(&(wish.source, key.clone())) {
                        granted.elsewhere.push(key);
                    } else {
                        next.push(key);
                    }
                }
                if next.is_empty() || (next.len() < wish.batch && !wish.last) {
                    break;
                }
                std::mem::take(&mut next)
            };
            let call = self.enter(wish.account, wish.source, wish.price, wish.now, &batch)?;
            granted.calls.push(Call { id: call, keys: batch });
        }
        granted.fixed.extend(batches);
        granted.keys = next;
        granted.keys.extend(keys);
        granted.left = self.calls_left(wish.account, &wish.limits, wish.now);
        Ok(granted)
    }

    /// How many of `want` calls the account's limits and the run's allow; at least one.
    fn room(
        &self,
        account: AccountId,
        limits: &Limits,
        price: Micros,
        want: u64,
        now: Moment,
    ) -> Result<u64, Shortage> {
        let mut room = want;
        if let Some(most) = self.limits.max_calls {
            room = room.min(most.saturating_sub(self.used_calls));
        }
        if let Some(most) = self.limits.max_cost.filter(|_| price > Micros::ZERO) {
            let left = most - self.used_cost;
            room = room.min(u64::try_from(left.0 / price.0).unwrap_or(0));
        }
        if room == 0 {
            return if want == 0 { Ok(0) } else { Err(Shortage::Run) };
        }
        let empty = Account::default();
        match self.accounts.get(&account).unwrap_or(&empty).room(limits, price, room, now) {
            Room::Calls(calls) => Ok(calls),
            Room::AfterOpen => Err(Shortage::AfterOpen),
            Room::After(wait, why) => Err(Shortage::After(wait, why)),
        }
    }

    fn calls_left(&self, account: AccountId, limits: &Limits, now: Moment) -> Option<u64> {
        if limits.windows.is_empty() {
            return None;
        }
        let room = self.accounts.get(&account)?.room(limits, Micros::ZERO, u64::MAX, now);
        Some(if let Room::Calls(calls) = room { calls } else { 0 })
    }

    fn enter(
        &mut self,
        account: AccountId,
        source: SourceId,
        price: Micros,
        now: Moment,
        keys: &[Key],
    ) -> rusqlite::Result<i64> {
        let stored: Vec<String> = keys.iter().map(Key::to_stored).collect();
        let call = self
            .db
            .prepare_cached(
                "INSERT INTO calls (account, source, run, reserved_wall, reserved_boot, price, keys)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .insert(params![
                account.0,
                source.0,
                self.run,
                now.wall,
                now.boot,
                price.0,
                stored.join(KEY_SEPARATOR)
            ])?;
        let entry = Entry { at: now, same_boot: true, open: true, cost: price };
        self.accounts.entry(account).or_default().put(call, entry);
        self.used_calls += 1;
        self.used_cost += price;
        Ok(call)
    }

    fn close(&mut self, close: Close) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO replies (call, answered_wall, answered_boot, state, http_status, charged, request_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                close.call,
                close.at.wall,
                close.at.boot,
                close.state,
                close.http_status,
                close.charged.0,
                close.request_id
            ])?;
        let account = self.accounts.entry(close.account).or_default();
        if close.state == "not_sent" {
            account.remove(close.call);
        } else {
            account.close(close.call, close.at, close.charged);
        }
        self.used_cost = self.used_cost - close.price + close.charged;
        if let Some((source, body, answers)) = close.answers {
            self.db
                .prepare_cached("INSERT OR REPLACE INTO unindexed (call, body) VALUES (?1, ?2)")?
                .execute(params![close.call, &body[..]])?;
            self.index.add(close.call, source, close.at.wall, answers);
        }
        Ok(())
    }

    /// When another process has written: reloads the account's windows and learns what it asks about.
    fn learn_from_others(&mut self, wish: &Reserve) -> rusqlite::Result<()> {
        let version = self.db.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        let changed = std::mem::replace(&mut self.data_version, version) != version;
        if changed {
            // Every account is stale now; each is reloaded when it is next asked for.
            self.accounts.clear();
            self.learn_claims()?;
        }
        if !self.accounts.contains_key(&wish.account) {
            let account = self.load_account(wish.account, &wish.limits, wish.now)?;
            self.accounts.insert(wish.account, account);
        }
        Ok(())
    }

    fn learn_claims(&mut self) -> rusqlite::Result<()> {
        let mut find = self.db.prepare_cached(
            "SELECT id, source, keys FROM calls WHERE id > ?1 AND run <> ?2 ORDER BY id",
        )?;
        let mut rows = find.query([self.last_claim, self.run])?;
        while let Some(row) = rows.next()? {
            self.last_claim = row.get(0)?;
            let source = SourceId(row.get(1)?);
            for key in parse_keys(row.get_ref(2)?.as_str()?) {
                self.claims.insert((source, key), self.last_claim);
            }
        }
        Ok(())
    }

    fn load_account(
        &self,
        account: AccountId,
        limits: &Limits,
        now: Moment,
    ) -> rusqlite::Result<Account> {
        let mut loaded = Account::default();
        let mut find = self.db.prepare_cached(
            "SELECT calls.id, runs.boot_id, calls.reserved_wall, calls.reserved_boot, calls.price,
                    replies.answered_wall, replies.answered_boot, replies.charged
             FROM calls JOIN runs ON runs.id = calls.run LEFT JOIN replies ON replies.call = calls.id
             WHERE calls.account = ?1 AND calls.reserved_wall > ?2 AND replies.state IS NOT 'not_sent'",
        )?;
        // A day's slack: a call is reserved before it is answered, and the wall clock may have been set.
        let since = now.wall.saturating_sub(limits.reach(now)).saturating_sub(86_400_000_000);
        let mut rows = find.query([account.0, since])?;
        while let Some(row) = rows.next()? {
            let answered: Option<i64> = row.get(5)?;
            let entry = match answered {
                Some(wall) => Entry {
                    at: Moment { wall, boot: row.get(6)? },
                    same_boot: row.get_ref(1)?.as_str()? == self.boot_id,
                    open: false,
                    cost: Micros(row.get(7)?),
                },
                None => Entry {
                    at: Moment { wall: row.get(2)?, boot: row.get(3)? },
                    same_boot: row.get_ref(1)?.as_str()? == self.boot_id,
                    open: true,
                    cost: Micros(row.get(4)?),
                },
            };
            loaded.put(row.get(0)?, entry);
        }
        Ok(loaded)
    }

    fn elsewhere(
        &mut self,
        source: SourceId,
        keys: Vec<Key>,
        since: i64,
    ) -> rusqlite::Result<Vec<Elsewhere>> {
        self.take_in_dead_runs(since)?;
        keys.into_iter()
            .map(|key| {
                let state = self.claim_state(source, &key)?;
                if state != Elsewhere::InFlight {
                    self.claims.remove(&(source, key));
                }
                Ok(state)
            })
            .collect()
    }

    fn claim_state(&self, source: SourceId, key: &Key) -> rusqlite::Result<Elsewhere> {
        let Some(&call) = self.claims.get(&(source, key.clone())) else {
            return Ok(Elsewhere::Free);
        };
        let state: Option<String> = self
            .db
            .prepare_cached("SELECT state FROM replies WHERE call = ?1")?
            .query_row([call], |row| row.get(0))
            .optional()?;
        let exists = |sql: &str, source: i64, key: &str| {
            self.db.prepare_cached(sql)?.exists(params![source, key, call])
        };
        let stored = key.to_stored();
        Ok(match state.as_deref() {
            None => Elsewhere::InFlight,
            Some("ok")
                if self
                    .db
                    .prepare_cached("SELECT 1 FROM unindexed WHERE call = ?1")?
                    .exists([call])? =>
            {
                Elsewhere::InFlight
            }
            Some("ok")
                if exists(
                    "SELECT 1 FROM answers WHERE source = ?1 AND key = ?2 AND call >= ?3",
                    source.0,
                    &stored,
                )? =>
            {
                Elsewhere::Answered
            }
            Some(_) => Elsewhere::Free,
        })
    }

    fn usage(
        &mut self,
        account: AccountId,
        limits: &Limits,
        now: Moment,
    ) -> rusqlite::Result<Vec<Usage>> {
        if !self.accounts.contains_key(&account) {
            let loaded = self.load_account(account, limits, now)?;
            self.accounts.insert(account, loaded);
        }
        let calls = &self.accounts[&account];
        let usage = limits.windows.iter().map(|window| {
            let alone = Limits { windows: vec![*window], spend: Vec::new() };
            let next_free = match calls.room(&alone, Micros::ZERO, 1, now) {
                Room::After(wait, _) => Some(wait),
                Room::Calls(_) | Room::AfterOpen => None,
            };
            Usage { used: calls.used(window.span, now), next_free }
        });
        Ok(usage.collect())
    }

    /// Closes what dead runs left open as `unknown`, and indexes the replies they did not.
    fn take_in_dead_runs(&mut self, now: i64) -> rusqlite::Result<()> {
        for dead in runs::dead(&self.path) {
            self.db.execute(
                "INSERT OR IGNORE INTO replies (call, answered_wall, answered_boot, state, charged)
                 SELECT calls.id, min(calls.reserved_wall + ?1, max(?2, calls.reserved_wall)), calls.reserved_boot + ?1,
                        'unknown', calls.price
                 FROM calls JOIN runs ON runs.id = calls.run
                 WHERE runs.run_id = ?3 AND NOT EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)",
                params![LONGEST_CALL_MICROS, now, dead.run_id],
            )?;
            self.index_kept_replies(&dead.run_id)?;
            self.db.execute(
                "UPDATE runs SET ended_at = ?1 WHERE run_id = ?2 AND ended_at IS NULL",
                params![now, dead.run_id],
            )?;
            dead.bury();
        }
        Ok(())
    }

    fn index_kept_replies(&mut self, run_id: &str) -> rusqlite::Result<()> {
        let mut find = self.db.prepare_cached(
            "SELECT unindexed.call, calls.source, sources.vendor, sources.endpoint, calls.keys,
                    replies.http_status, unindexed.body, replies.answered_wall
             FROM unindexed JOIN calls ON calls.id = unindexed.call JOIN runs ON runs.id = calls.run
             JOIN sources ON sources.id = calls.source JOIN replies ON replies.call = calls.id
             WHERE runs.run_id = ?1",
        )?;
        let mut rows = find.query([run_id])?;
        while let Some(row) = rows.next()? {
            let kept = KeptReply {
                vendor: row.get(2)?,
                endpoint: row.get(3)?,
                keys: parse_keys(row.get_ref(4)?.as_str()?).collect(),
                answered_at: row.get(7)?,
                http_status: row.get::<_, Option<u16>>(5)?.unwrap_or(200),
                body: row.get(6)?,
            };
            let answers = (self.reread)(&kept);
            self.index.add(row.get(0)?, SourceId(row.get(1)?), row.get(7)?, answers);
        }
        drop(rows);
        drop(find);
        self.index.flush(&self.db)
    }
}

fn parse_keys(stored: &str) -> impl Iterator<Item = Key> + '_ {
    stored.split(KEY_SEPARATOR).filter_map(Key::from_stored)
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
