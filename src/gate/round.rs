//! One question for one endpoint about many keys, from the first reservation
//! to the last key's outcome.

use std::time::{Duration, Instant};

use super::call_log::CallLog;
use super::door::Door;
use super::in_flight::InFlight;
use super::other_runs::OtherRuns;
use super::queue::Queue;
use super::reservations::{Left, Reservations, Reserved, Wish};
use super::{Asked, Asking, LOOK_AGAIN};
use crate::domain::{Error, Fault, Freshness, Key};
use crate::store::{RESERVED_FOR, Shortage};
use crate::vendors::{Effect, Endpoint};

/// How long a stopped run waits for calls on their way.
const DRAIN: Duration = Duration::from_secs(8);

/// How often keys that another run asks about are looked at.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(200);

/// The state of one [`Asking`].
pub(super) struct Round<'a> {
    pub(super) door: &'a Door<'a>,
    pub(super) endpoint: &'static dyn Endpoint,
    pub(super) freshness: Freshness,
    pub(super) queue: Queue,
    pub(super) reservations: Reservations<'a>,
    in_flight: InFlight<'a>,
    pub(super) log: CallLog<'a>,
    others: OtherRuns,
    /// When to go on, if nothing happens before.
    wake: Option<Instant>,
    /// The plainer request that is sent instead, and since when.
    pub(super) plainer: Option<(&'static dyn Endpoint, Instant)>,
    /// The vendor's refusal of this kind of request as such.
    pub(super) shape_fault: Option<Fault>,
    pub(super) asked: Asked,
}

impl<'a> Round<'a> {
    pub(super) fn new(door: &'a Door<'a>, endpoint: &'static dyn Endpoint, asking: Asking) -> Self {
        let Asking { source, keys, freshness, .. } = asking;
        let spec = endpoint.spec();
        let price = door.settings.price_of(spec.id);
        Self {
            door,
            endpoint,
            freshness,
            queue: Queue::new(keys, spec.batch),
            reservations: Reservations::new(door, source),
            in_flight: InFlight::new(door),
            log: CallLog::new(door, source, spec.effect, price),
            others: OtherRuns::new(source),
            wake: None,
            plainer: None,
            shape_fault: None,
            asked: Asked::default(),
        }
    }

    pub(super) async fn run(mut self) -> Result<Asked, Error> {
        loop {
            self.send_all().await?;
            // Others may be waiting for these answers while this run waits for theirs.
            self.door.shared.writer.settle().await?;
            if !self.wait_for_others().await? {
                break;
            }
        }
        if self.give_up_the_rest().await? {
            // Whoever looks at the journal next must not find it on its way.
            self.door.shared.writer.settle().await?;
        }
        Ok(self.asked)
    }

    /// Sends and settles until nothing is left, or the door is closed and nothing is on its way.
    async fn send_all(&mut self) -> Result<(), Error> {
        let cancel = self.door.shared.cancel;
        let mut drained_by = None;
        loop {
            self.launch().await?;
            if cancel.asked().is_some() {
                drained_by.get_or_insert_with(|| Instant::now() + DRAIN);
            }
            let waits = self.reservations.is_pending() || self.wake.is_some();
            if self.in_flight.is_empty() && !waits {
                return Ok(());
            }
            let wake = drained_by.or(self.wake);
            tokio::select! {
                Some(received) = self.in_flight.next() => self.settle(received?).await?,
                Some(left) = self.reservations.granted() => self.take_left(left?),
                () = sleep_until(wake), if wake.is_some() => {
                    self.reservations.is_full = false;
                    if drained_by.is_some() {
                        self.abandon();
                        return Ok(());
                    }
                }
                () = cancel.wait(), if drained_by.is_none() => {}
            }
        }
    }

    /// Gives up waiting for calls on their way.
    fn abandon(&mut self) {
        for job in self.in_flight.abandon() {
            match self.endpoint.spec().effect {
                Effect::Read | Effect::Idempotent => self.give_up(job),
                Effect::Once => self.outcome_unknown(job.keys),
            }
        }
    }

    /// Fills every free slot, as far as quotas, pacing and waits allow, and
    /// reserves ahead while calls are on their way.
    async fn launch(&mut self) -> Result<(), Error> {
        self.wake = None;
        while !self.door.health.is_closed() && !self.asked.shape_refused {
            if self.door.shared.is_locked_out() {
                self.wake = Some(Instant::now() + LOOK_AGAIN);
                return Ok(());
            }
            if !self.door.has_free_slot() {
                // Slots that another question to this vendor holds are looked at again.
                self.wake = self.in_flight.is_empty().then(|| Instant::now() + LOOK_AGAIN);
                return Ok(());
            }
            if let Some(until) = self.door.health.waits().until() {
                // Held through a long wait, reservations would only keep other runs waiting.
                while until > Instant::now() + RESERVED_FOR && self.reservations.ready() > 0 {
                    self.give_back().await?;
                }
                self.wake = Some(until);
                return Ok(());
            }
            if self.reservations.ready() == 0 {
                self.reserve();
                // One that takes long may wait for another process.
                if self.reservations.is_pending() && self.wake.is_none() {
                    self.wake = Some(Instant::now() + LOOK_AGAIN);
                }
                return Ok(());
            }
            // After a dearer charge they are reserved anew, as far as the limits allow.
            if self.reservations.is_too_old() || self.reservations.is_too_cheap(self.log.price()) {
                self.give_back().await?;
                continue;
            }
            if let Some(wait) = self.door.pacer.check() {
                self.wake = Some(Instant::now() + wait);
                return Ok(());
            }
            if let Some(reserved) = self.reservations.pop() {
                self.send(reserved)?;
            }
            if self.reservations.ready() < self.calls_at_once() / 2 {
                self.reserve();
            }
        }
        Ok(())
    }

    fn send(&mut self, reserved: Reserved) -> Result<(), Error> {
        let endpoint = self.endpoint_for(&reserved.job.keys);
        let request = endpoint.request(&reserved.job.keys, self.door.settings);
        self.in_flight.send(reserved, request, endpoint.spec().batch)
    }

    /// The endpoint of a call: another one for a key alone that a batch left out, or
    /// where the vendor does not know all that is asked for besides.
    pub(super) fn endpoint_for(&self, keys: &[Key]) -> &'static dyn Endpoint {
        let singly = match keys {
            [key] if self.queue.was_missed(key) => {
                let answers = self.endpoint.role().answers();
                answers.and_then(|answers| answers.singly(self.door.settings))
            }
            _ => None,
        };
        let plainer = self.plainer.map(|(plainer, _)| plainer);
        singly.or(plainer).unwrap_or(self.endpoint)
    }

    /// Gives the oldest reservation back; its keys are reserved anew.
    async fn give_back(&mut self) -> Result<(), Error> {
        if let Some(reserved) = self.reservations.pop() {
            self.log.unsent(&reserved).await?;
            self.queue.retry(reserved.job, Instant::now());
        }
        Ok(())
    }

    /// Calls that one reservation may hold: as many as can be sent soon. Those
    /// that act go one by one: what is in the ledger when a process dies may have
    /// been done.
    fn calls_at_once(&self) -> usize {
        match self.endpoint.spec().effect {
            Effect::Read if self.log.learns_its_price() => 1,
            Effect::Read => {
                let slots = self.door.settings.concurrency.get() as usize;
                slots.min(self.door.windows.borrow().paced_within(RESERVED_FOR))
            }
            Effect::Idempotent | Effect::Once => 1,
        }
    }

    /// Starts entering as many calls into the ledger as there are slots.
    fn reserve(&mut self) {
        if self.reservations.is_pending() {
            return;
        }
        if self.reservations.is_full {
            self.wake = self.in_flight.is_empty().then(|| Instant::now() + LOOK_AGAIN);
            return;
        }
        if self.log.learns_its_price() && !self.in_flight.is_empty() {
            return;
        }
        // They may turn out as dear as the one that has shown it: what is left is known
        // when they have ended.
        if self.in_flight.has_cheaper(self.log.price()) {
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
        let spec = self.endpoint.spec();
        self.reservations.start(Wish {
            jobs,
            keys,
            batch: spec.batch,
            last: self.queue.no_more_keys(),
            price: self.log.price(),
            effect: spec.effect,
        });
    }

    /// Takes what a reservation left over.
    fn take_left(&mut self, left: Left) {
        let Left { jobs, yielded, granted } = left;
        let limit = match granted.held {
            Some(Shortage::After(_, why)) => self.door.limit_name(why, &granted),
            _ => None,
        };
        for job in jobs {
            self.queue.retry(job, Instant::now());
        }
        self.queue.give_back(granted.keys);
        self.outcome_unknown(granted.unknown);
        self.others.leave(granted.elsewhere, yielded);
        self.show_quota(&granted.left);
        match granted.held {
            None => {}
            // What is reserved goes first; the question is put again after it.
            Some(_) if self.reservations.ready() > 0 => self.reservations.is_full = true,
            Some(Shortage::AfterOpen) => self.reservations.is_full = true,
            Some(Shortage::After(wait, why)) => {
                self.door.health.hold(wait, why, limit.as_deref());
            }
            Some(Shortage::Run(limit)) => self.door.health.reached(limit),
        }
    }

    fn show_quota(&self, left: &[u64]) {
        let windows = self.door.windows.borrow();
        self.door.shared.update_progress(|progress| {
            progress.quota_left = windows.tightest(left);
            let to_do = progress.calls_planned.saturating_sub(progress.calls);
            progress.eta_seconds = Some(windows.seconds_for(to_do, left));
        });
    }

    /// Waits for keys that other runs ask about. `true` when some must be asked here after all.
    async fn wait_for_others(&mut self) -> Result<bool, Error> {
        let shared = self.door.shared;
        let started = Instant::now();
        while !self.others.is_empty() && !self.door.health.is_closed() {
            if self.others.look(shared, &mut self.queue).await? {
                return Ok(true);
            }
            if started.elapsed() > shared.max_wait {
                self.door.health.gave_up_waiting_for_others();
            } else if !self.others.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_ELSEWHERE) => {}
                    () = shared.cancel.wait() => {}
                }
            }
        }
        Ok(false)
    }

    /// The door is closed or nothing is left: calls that never left go back to their windows.
    /// Whether there were any.
    async fn give_up_the_rest(&mut self) -> Result<bool, Error> {
        let has_unsent = self.reservations.ready() > 0;
        while let Some(reserved) = self.reservations.pop() {
            self.log.unsent(&reserved).await?;
            self.give_up(reserved.job);
        }
        let left = self.queue.drain().into_iter().chain(self.others.drain());
        for job in left.collect::<Vec<_>>() {
            self.give_up(job);
        }
        Ok(has_unsent)
    }
}

async fn sleep_until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}
