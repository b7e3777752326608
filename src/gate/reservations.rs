//! Reserving calls in the ledger: how many at once, what a reservation brings,
//! and when one is given back.

use std::pin::Pin;
use std::time::{Duration, Instant};

use super::round::{LOOK_AGAIN, Round};
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::Held;
use crate::gate::queue::Job;
use crate::store::{Call, Granted, RESERVED_FOR, Reserve, Shortage};
use crate::vendors::Effect;

/// A call in the ledger that waits for its slot.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) call: i64,
    pub(super) job: Job,
    /// What it was reserved at.
    pub(super) price: Micros,
    /// When, by the boot clock: a machine may sleep in between.
    reserved: i64,
    pub(super) idempotency_key: Option<String>,
}

/// A reservation under way in the store.
pub(super) struct Reserving<'a> {
    jobs: Vec<Job>,
    price: Micros,
    /// When, by the boot clock.
    at: i64,
    granted: Pin<Box<dyn Future<Output = Result<Granted, Error>> + 'a>>,
}

/// What a reservation brought.
pub(super) struct Reserved {
    jobs: Vec<Job>,
    price: Micros,
    at: i64,
    granted: Granted,
}

impl Round<'_> {
    /// Whether a reservation waited so long that it must not be sent any more.
    pub(super) fn is_too_old(&self, flight: &Flight) -> bool {
        let age = self.door.shared.clock.now().boot.saturating_sub(flight.reserved);
        Duration::from_micros(u64::try_from(age).unwrap_or(0)) > RESERVED_FOR
    }

    /// Gives the oldest reservation back; its keys are reserved anew.
    pub(super) async fn give_back(&mut self) -> Result<(), Error> {
        if let Some(Flight { call, job, price, .. }) = self.reserved.pop_front() {
            self.close_unsent(call, price).await?;
            self.queue.retry(job, Instant::now());
        }
        Ok(())
    }

    /// Calls that one reservation may hold: as many as can be sent soon. Those
    /// that act go one by one: what is in the ledger when a process dies may have
    /// been done.
    pub(super) fn calls_at_once(&self) -> usize {
        match self.endpoint.spec().effect {
            Effect::Read if self.learns_its_price() => 1,
            Effect::Read => {
                let slots = self.door.settings.concurrency.get() as usize;
                slots.min(self.door.windows.borrow().paced_within(RESERVED_FOR))
            }
            Effect::Idempotent | Effect::Once => 1,
        }
    }

    /// Whether the price is the list's word alone: then calls go one by one, so
    /// that a dearer charge is known before the next call is reserved.
    fn learns_its_price(&self) -> bool {
        self.price > Micros::ZERO && !self.price_is_known
    }

    /// Starts entering as many calls into the ledger as there are slots.
    pub(super) fn reserve(&mut self) {
        if self.reserving.is_some() {
            return;
        }
        if self.full {
            self.wake = self.flights.is_empty().then(|| Instant::now() + LOOK_AGAIN);
            return;
        }
        if self.learns_its_price() && !self.flights.is_empty() {
            return;
        }
        let now = Instant::now();
        let calls = self.calls_at_once();
        let jobs = self.queue.take_due(calls, now);
        let keys = self.queue.take_keys(calls - jobs.len());
        if jobs.is_empty() && keys.is_empty() {
            self.wake = self.queue.next_due(now);
            return;
        }
        let shared = self.door.shared;
        let moment = shared.clock.now();
        let wish = Reserve {
            account: self.door.account,
            source: self.source,
            limits: self.door.windows.borrow().at(moment),
            price: self.price,
            now: moment,
            fixed: jobs.iter().map(|job| job.keys.clone()).collect(),
            keys,
            batch: self.endpoint.spec().batch,
            last: self.queue.no_more_keys(),
            effect: self.endpoint.spec().effect,
        };
        let granted = Box::pin(shared.writer.reserve(wish));
        self.reserving = Some(Reserving { jobs, price: self.price, at: moment.boot, granted });
    }

    /// Takes what a reservation brought.
    pub(super) fn take_granted(&mut self, reserved: Reserved) {
        let Reserved { mut jobs, price, at, granted } = reserved;
        for job in jobs.split_off(jobs.len() - granted.fixed.len()) {
            self.queue.retry(job, Instant::now());
        }
        jobs.retain(|job| !job.keys.iter().any(|key| granted.unknown.contains(key)));
        self.outcome_unknown(granted.unknown);
        jobs.retain_mut(|job| self.keeps(job, &granted.elsewhere));
        let mut jobs = jobs.into_iter();
        for Call { id, keys, idempotency_key } in granted.calls {
            let job = jobs.next().unwrap_or_else(|| Job::new(keys));
            self.reserved.push_back(Flight { call: id, job, price, reserved: at, idempotency_key });
        }
        self.queue.give_back(granted.keys);
        self.elsewhere.extend(granted.elsewhere);
        self.tell_quota(granted.left);
        match granted.held {
            None => {}
            // What is reserved goes first; the question is put again after it.
            Some(_) if !self.reserved.is_empty() => self.full = true,
            Some(Shortage::AfterOpen) => self.full = true,
            Some(Shortage::After(wait, why)) => self.door.hold(wait, why),
            Some(Shortage::Run) => self.door.close_for(Held::OwnLimit),
        }
    }

    /// Leaves to other runs what they ask about. `false` when nothing of the job is left.
    fn keeps(&mut self, job: &mut Job, elsewhere: &[Key]) -> bool {
        for away in job.give_away(|key| elsewhere.contains(key)) {
            self.yielded.extend(away.keys.first().cloned().map(|key| (key, away)));
        }
        if !job.keys.is_empty() {
            return true;
        }
        if let Some(sibling) = job.take_sibling() {
            self.queue.retry(Job::new(sibling), Instant::now());
        }
        false
    }

    fn tell_quota(&self, tightest: Option<(usize, u64)>) {
        let left = tightest.map(|(_, left)| left);
        let windows = self.door.windows.borrow();
        self.door.shared.tell(|progress| {
            progress.quota_left =
                tightest.and_then(|(place, left)| Some((left, windows.names().nth(place)?)));
            let to_do = progress.calls_planned.saturating_sub(progress.calls);
            progress.eta_seconds = Some(windows.seconds_for(to_do, left));
        });
    }
}

/// What the reservation under way brings, with the jobs it was made for.
pub(super) async fn granted(
    reserving: &mut Option<Reserving<'_>>,
) -> Option<Result<Reserved, Error>> {
    let granted = reserving.as_mut()?.granted.as_mut().await;
    let Reserving { jobs, price, at, .. } = reserving.take()?;
    Some(granted.map(|granted| Reserved { jobs, price, at, granted }))
}
