//! One question for one endpoint about many keys, from the first reservation
//! to the last key's outcome.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::reservations::{Flight, Reserving, granted};
use super::send::Received;
use super::transport_error::NoReply;
use super::{Asked, Asking, Door, send};
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::{Fault, Held, Said};
use crate::gate::queue::{Job, Queue};
use crate::store::{Elsewhere, RESERVED_FOR, SourceId};
use crate::vendors::{Answer, Effect, Endpoint, Parsed, Reply};

/// How long a stopped run waits for calls on their way.
const DRAIN: Duration = Duration::from_secs(8);

/// How often keys that another run asks about are looked at.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(200);

/// How long to wait for calls of other processes that fill a window.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A call on its way.
#[derive(Debug)]
struct Aloft {
    job: Job,
    price: Micros,
    sent: Instant,
    /// The edition of the API key it was sent with.
    key_edition: u32,
}

/// A call that has ended.
#[derive(Debug)]
pub(super) struct Landed {
    call: i64,
    reply: Result<Received, NoReply>,
    latency: Duration,
}

/// The state of one [`Asking`].
pub(super) struct Round<'a> {
    pub(super) door: &'a Door<'a>,
    pub(super) endpoint: &'static dyn Endpoint,
    pub(super) source: SourceId,
    pub(super) freshness: crate::domain::freshness::Freshness,
    /// What the next call may cost: the price list's word, or the dearest charge so far.
    pub(super) price: Micros,
    /// Whether a call was answered, so that its charge is known.
    pub(super) price_is_known: bool,
    pub(super) queue: Queue,
    /// What operations may have been charged whose reply was lost.
    pub(super) held: HashMap<Key, Micros>,
    pub(super) reserving: Option<Reserving<'a>>,
    pub(super) reserved: VecDeque<Flight>,
    /// No room before a call on its way has ended.
    pub(super) full: bool,
    pub(super) flights: JoinSet<Landed>,
    aloft: HashMap<i64, Aloft>,
    pub(super) wake: Option<Instant>,
    pub(super) elsewhere: Vec<Key>,
    /// Those of `elsewhere` that were sent here before.
    pub(super) yielded: HashMap<Key, Job>,
    /// The vendor's refusal of this kind of request as such.
    pub(super) shape_fault: Option<Fault>,
    pub(super) asked: Asked,
}

impl<'a> Round<'a> {
    pub(super) fn new(door: &'a Door<'a>, endpoint: &'static dyn Endpoint, asking: Asking) -> Self {
        let batch = endpoint.spec().batch;
        Self {
            door,
            endpoint,
            source: asking.source,
            freshness: asking.freshness,
            price: door.settings.price_of(endpoint.spec().id),
            price_is_known: false,
            queue: Queue::new(asking.keys, batch),
            held: HashMap::new(),
            reserving: None,
            reserved: VecDeque::new(),
            full: false,
            flights: JoinSet::new(),
            aloft: HashMap::new(),
            wake: None,
            elsewhere: Vec::new(),
            yielded: HashMap::new(),
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
        self.give_up_the_rest().await?;
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
            if self.flights.is_empty() && self.reserving.is_none() && self.wake.is_none() {
                return Ok(());
            }
            let wake = drained_by.or(self.wake);
            tokio::select! {
                Some(landed) = self.flights.join_next() => self.settle(landed_safely(landed)?).await?,
                Some(granted) = granted(&mut self.reserving) => self.take_granted(granted?),
                () = sleep_until(wake), if wake.is_some() => {
                    self.full = false;
                    if drained_by.is_some() {
                        self.abandon();
                        return Ok(());
                    }
                }
                () = cancel.wait(), if drained_by.is_none() => {}
            }
        }
    }

    /// Gives up waiting for calls on their way. Their outcome stays unknown: the
    /// ledger counts them as sent and paid for.
    fn abandon(&mut self) {
        self.flights.abort_all();
        self.flights.detach_all();
        for (_, Aloft { job, .. }) in std::mem::take(&mut self.aloft) {
            self.door.in_flight.set(self.door.in_flight.get() - 1);
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
        while !self.door.is_closed() && !self.asked.shape_refused {
            if self.door.free_slots() == 0 {
                // Slots that another question to this vendor holds are looked at again.
                self.wake = self.flights.is_empty().then(|| Instant::now() + LOOK_AGAIN);
                return Ok(());
            }
            if let Some(until) = self.door.cooling() {
                // Held through a long wait they would only keep others waiting.
                while until > Instant::now() + RESERVED_FOR && !self.reserved.is_empty() {
                    self.give_back().await?;
                }
                self.wake = Some(until);
                return Ok(());
            }
            if self.reserved.is_empty() {
                self.reserve();
                return Ok(());
            }
            if self.reserved.front().is_some_and(|flight| self.is_too_old(flight)) {
                self.give_back().await?;
                continue;
            }
            if let Some(wait) = self.door.pace() {
                self.wake = Some(Instant::now() + wait);
                return Ok(());
            }
            if let Some(flight) = self.reserved.pop_front() {
                self.send(flight)?;
            }
            if self.reserved.len() < self.calls_at_once() / 2 {
                self.reserve();
            }
        }
        Ok(())
    }

    /// Sends a reserved call on its own task.
    fn send(&mut self, flight: Flight) -> Result<(), Error> {
        let door = self.door;
        let endpoint = self.endpoint_for(&flight.job.keys);
        let request = endpoint.request(&flight.job.keys, door.settings);
        let auth = door.vendor.spec().auth;
        let key = door.key.borrow().clone();
        let mut request =
            send::prepare(&door.client, &door.settings.base_url, auth, key.as_ref(), request)?;
        if let Some(idempotency_key) = &flight.idempotency_key {
            send::mark(&mut request, idempotency_key)?;
        }
        let again = flight.job.last_fault.is_some();
        door.tally.borrow_mut().sent(flight.job.keys.len(), endpoint.spec().batch, again);
        door.in_flight.set(door.in_flight.get() + 1);
        door.shared.tell(|progress| {
            progress.calls += 1;
            progress.calls_planned += u64::from(again);
            progress.waiting = None;
        });
        let client = door.client.clone();
        let large = door.shared.large_bodies.clone();
        let started = Instant::now();
        let call = flight.call;
        let key_edition = door.key_edition.get();
        let (job, price) = (flight.job, flight.price);
        self.aloft.insert(call, Aloft { job, price, sent: started, key_edition });
        self.flights.spawn(async move {
            let reply = send::exchange(&client, large, request).await;
            Landed { call, reply, latency: started.elapsed() }
        });
        Ok(())
    }

    /// The endpoint of a call: another one for a key alone that a batch left out.
    fn endpoint_for(&self, keys: &[Key]) -> &'static dyn Endpoint {
        let singly = match keys {
            [key] if self.queue.was_missed(key) => self.endpoint.singly(self.door.settings),
            _ => None,
        };
        singly.and_then(|id| self.door.vendor.endpoint(id)).unwrap_or(self.endpoint)
    }

    /// Reads a reply, closes its call in the ledger, and draws the consequences.
    async fn settle(&mut self, landed: Landed) -> Result<(), Error> {
        let Landed { call, reply, latency } = landed;
        let Aloft { job, price, sent, key_edition } =
            self.aloft.remove(&call).ok_or_else(|| Error::internal("a call landed twice"))?;
        let door = self.door;
        self.full = false;
        door.in_flight.set(door.in_flight.get() - 1);
        let answer = reply.as_ref().map(|received| &received.reply);
        door.tally.borrow_mut().came_back(answer.ok().map(|reply| reply.status), latency);
        if let Ok(reply) = answer {
            door.heed(reply);
        }
        match self.read(answer, &job.keys) {
            Ok((reply, parsed)) => {
                let charged = self.keep(call, price, reply, &parsed, &job.keys).await?;
                self.price = self.price.max(charged);
                self.price_is_known = true;
                self.answered(job, &parsed);
            }
            Err(fault) => {
                door.tally.borrow_mut().note_trouble(&fault, answer.err());
                let reply = answer.ok();
                let charged = self.close_faulted(call, price, reply, &fault, &job.keys).await?;
                self.price = self.price.max(charged);
                self.faulted(job, fault, sent, key_edition);
            }
        }
        door.keep_wait().await
    }

    /// The answers in a reply, or why it is none.
    fn read<'r>(
        &self,
        reply: Result<&'r Reply, &NoReply>,
        keys: &[Key],
    ) -> Result<(&'r Reply, Parsed), Fault> {
        let reply = reply.map_err(NoReply::fault)?;
        let parsed = match self.door.vendor.fault(reply) {
            Some(fault) => Err(fault),
            None => self.endpoint_for(keys).parse(reply, keys),
        };
        match parsed {
            Err(Fault::Poisoned { code }) if keys.len() == 1 && self.door.has_answered() => {
                Ok((reply, refused(code, reply)))
            }
            parsed => Ok((reply, parsed?)),
        }
    }

    /// Looks after keys that other runs were asking about. `true` when some must be asked here after all.
    async fn wait_for_others(&mut self) -> Result<bool, Error> {
        let shared = self.door.shared;
        let started = Instant::now();
        while !self.elsewhere.is_empty() && !self.door.is_closed() {
            let keys = std::mem::take(&mut self.elsewhere);
            let states =
                shared.writer.elsewhere(self.source, keys.clone(), shared.clock.now()).await?;
            let mut any_free = false;
            for (key, state) in keys.into_iter().zip(states) {
                match state {
                    Elsewhere::Answered => drop(self.yielded.remove(&key)),
                    Elsewhere::InFlight => self.elsewhere.push(key),
                    Elsewhere::Free => {
                        any_free = true;
                        match self.yielded.remove(&key) {
                            Some(job) => self.queue.retry(job, Instant::now()),
                            None => self.queue.add(vec![key]),
                        }
                    }
                }
            }
            if any_free {
                return Ok(true);
            }
            if started.elapsed() > shared.max_wait {
                self.door.close_for(Held::Elsewhere);
            } else if !self.elsewhere.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_ELSEWHERE) => {}
                    () = shared.cancel.wait() => {}
                }
            }
        }
        Ok(false)
    }

    /// The door is closed or nothing is left: calls that never left go back to their windows.
    async fn give_up_the_rest(&mut self) -> Result<(), Error> {
        while let Some(Flight { call, job, price, .. }) = self.reserved.pop_front() {
            self.close_unsent(call, price).await?;
            self.give_up(job);
        }
        for job in self.queue.drain() {
            self.give_up(job);
        }
        for key in std::mem::take(&mut self.elsewhere) {
            let job = self.yielded.remove(&key).unwrap_or_else(|| Job::new(vec![key]));
            self.give_up(job);
        }
        Ok(())
    }
}

/// A request about one key that was refused: the vendor's word that the key is wrong.
fn refused(code: String, reply: &Reply) -> Parsed {
    let answer = Answer { key: 0, said: Said::Refused(code), body: reply.body.clone() };
    Parsed { answers: vec![answer], ..Parsed::default() }
}

fn landed_safely(landed: Result<Landed, tokio::task::JoinError>) -> Result<Landed, Error> {
    landed.map_err(|error| Error::internal("a call's task broke off").because(error))
}

async fn sleep_until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}
