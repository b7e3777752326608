//! Calls in the ledger that wait to be sent.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use super::door::Door;
use super::queue::Job;
use crate::domain::{Error, Key, Micros};
use crate::store::{Call, Granted, RESERVED_FOR, Reserve, SourceId};
use crate::vendors::Effect;

/// A call in the ledger that waits for its slot.
#[derive(Debug)]
pub(super) struct Reserved {
    /// Its row in the ledger.
    pub(super) call: i64,
    pub(super) job: Job,
    /// What it was reserved at.
    pub(super) price: Micros,
    pub(super) idempotency_key: Option<String>,
    /// When, by the boot clock: a machine may sleep in between.
    at: i64,
}

/// What is to be reserved.
pub(super) struct Wish {
    /// Sent as they are.
    pub(super) jobs: Vec<Job>,
    /// Composed to batches of at most `batch` in the store.
    pub(super) keys: Vec<Key>,
    pub(super) batch: usize,
    /// Whether the last batch may be smaller, since no more keys will come.
    pub(super) last: bool,
    /// Of one call.
    pub(super) price: Micros,
    pub(super) effect: Effect,
}

/// What a reservation left over. The calls it brought are ready.
#[derive(Debug)]
pub(super) struct Left {
    /// Jobs to be reserved anew.
    pub(super) jobs: Vec<Job>,
    /// Jobs of one key each, which another live run asks about.
    pub(super) yielded: Vec<Job>,
    /// The rest of what the store granted, without its calls.
    pub(super) granted: Granted,
}

/// A reservation under way in the store.
struct Pending<'a> {
    jobs: Vec<Job>,
    price: Micros,
    at: i64,
    granted: Pin<Box<dyn Future<Output = Result<Granted, Error>> + 'a>>,
}

/// The reservations of one round.
pub(super) struct Reservations<'a> {
    door: &'a Door<'a>,
    source: SourceId,
    pending: Option<Pending<'a>>,
    ready: VecDeque<Reserved>,
    /// No room before a call on its way has ended.
    pub(super) is_full: bool,
}

impl<'a> Reservations<'a> {
    pub(super) fn new(door: &'a Door<'a>, source: SourceId) -> Self {
        Self { door, source, pending: None, ready: VecDeque::new(), is_full: false }
    }

    /// Whether a reservation is under way.
    pub(super) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Calls that are ready to be sent.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Takes the oldest call that is ready.
    pub(super) fn pop(&mut self) -> Option<Reserved> {
        self.ready.pop_front()
    }

    /// Whether the oldest call waited so long that it must not be sent any more.
    pub(super) fn is_too_old(&self) -> bool {
        let Some(oldest) = self.ready.front() else { return false };
        let age = self.door.shared.clock.now().boot.saturating_sub(oldest.at);
        Duration::from_micros(u64::try_from(age).unwrap_or(0)) > RESERVED_FOR
    }

    /// Whether the oldest call was reserved at less than `price`, which is now known.
    pub(super) fn is_too_cheap(&self, price: Micros) -> bool {
        self.ready.front().is_some_and(|oldest| oldest.price < price)
    }

    /// Starts entering calls into the ledger.
    pub(super) fn start(&mut self, wish: Wish) {
        let Wish { jobs, keys, batch, last, price, effect } = wish;
        let shared = self.door.shared;
        let now = shared.clock.now();
        let reserve = Reserve {
            account: self.door.account,
            source: self.source,
            limits: self.door.limits(now),
            price,
            now,
            fixed: jobs.iter().map(|job| job.keys.clone()).collect(),
            keys,
            batch,
            last,
            effect,
        };
        let granted = Box::pin(shared.writer.reserve(reserve));
        self.pending = Some(Pending { jobs, price, at: now.boot, granted });
    }

    /// Waits for the reservation under way, and takes the calls it brings;
    /// `None` when none is.
    pub(super) async fn granted(&mut self) -> Option<Result<Left, Error>> {
        let granted = self.pending.as_mut()?.granted.as_mut().await;
        let pending = self.pending.take()?;
        Some(granted.map(|granted| self.take(pending, granted)))
    }

    fn take(&mut self, pending: Pending<'_>, mut granted: Granted) -> Left {
        let Pending { mut jobs, price, at, .. } = pending;
        let mut again = jobs.split_off(jobs.len() - granted.fixed.len());
        jobs.retain(|job| !job.keys.iter().any(|key| granted.unknown.contains(key)));
        let mut yielded = Vec::new();
        if !granted.elsewhere.is_empty() {
            jobs.retain_mut(|job| {
                yielded.extend(job.give_away(|key| granted.elsewhere.contains(key)));
                if job.keys.is_empty() {
                    again.extend(job.take_sibling().map(Job::new));
                }
                !job.keys.is_empty()
            });
        }
        let mut jobs = jobs.into_iter();
        for Call { id, keys, idempotency_key } in granted.calls.drain(..) {
            let job = jobs.next().unwrap_or_else(|| Job::new(keys));
            self.ready.push_back(Reserved { call: id, job, price, idempotency_key, at });
        }
        Left { jobs: again, yielded, granted }
    }
}
