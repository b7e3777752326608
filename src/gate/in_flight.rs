//! Calls on their way: sent, and not yet received.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::door::Door;
use super::queue::Job;
use super::reservations::Reserved;
use super::send::WholeReply;
use super::transport_error::TransportError;
use crate::domain::{Error, Micros, Moment};
use crate::vendors::{Reply, Request};

/// A place among the calls of a vendor that are on their way; free when dropped.
pub(super) type Slot = Rc<()>;

/// A call that was sent.
pub(super) struct Sent {
    /// Its row in the ledger.
    pub(super) call: i64,
    pub(super) job: Job,
    /// What it was reserved at.
    pub(super) price: Micros,
    pub(super) at: Instant,
    /// The edition of the API key it was sent with.
    pub(super) key_edition: u32,
}

/// A call that has ended.
pub(super) struct Received {
    pub(super) sent: Sent,
    pub(super) reply: Result<WholeReply, TransportError>,
    /// From the sending to the last byte.
    pub(super) latency: Duration,
    pub(super) at: Moment,
}

/// The calls of a round that are on their way, each on its own task.
pub(super) struct InFlight<'a> {
    door: &'a Door<'a>,
    tasks: JoinSet<(i64, Result<WholeReply, TransportError>, Duration)>,
    sent: HashMap<i64, (Sent, Slot)>,
}

impl<'a> InFlight<'a> {
    pub(super) fn new(door: &'a Door<'a>) -> Self {
        Self { door, tasks: JoinSet::new(), sent: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether a call is on its way that was reserved at less than `price`.
    pub(super) fn has_cheaper(&self, price: Micros) -> bool {
        self.sent.values().any(|(sent, _slot)| sent.price < price)
    }

    /// Sends a reserved call whose request could hold `places` keys.
    pub(super) fn send(
        &mut self,
        reserved: Reserved,
        request: Request,
        places: usize,
    ) -> Result<(), Error> {
        let door = self.door;
        let Reserved { call, job, price, idempotency_key, .. } = reserved;
        let request = door.client.prepare(request, idempotency_key.as_deref())?;
        let again = job.last_fault.is_some();
        door.stats.borrow_mut().sent(job.keys.len(), places, again);
        door.shared.update_progress(|progress| {
            progress.calls += 1;
            progress.calls_planned += u64::from(again);
            progress.waiting = None;
        });
        let (at, key_edition) = (Instant::now(), door.client.key_edition());
        let sent = Sent { call, job, price, at, key_edition };
        self.sent.insert(call, (sent, Slot::clone(&door.slots)));
        let large = door.shared.large_bodies.clone();
        self.tasks.spawn(async move {
            let reply = request.send(large).await;
            (call, reply, at.elapsed())
        });
        Ok(())
    }

    /// The next call to end; `None` when none is on its way.
    pub(super) async fn next(&mut self) -> Option<Result<Received, Error>> {
        let ended = self.tasks.join_next().await?;
        let broke_off = |error| Error::internal("a call's task broke off").because(error);
        Some(ended.map_err(broke_off).and_then(|(call, reply, latency)| {
            let (sent, _slot) =
                self.sent.remove(&call).ok_or_else(|| Error::internal("a call ended twice"))?;
            Ok(Received { sent, reply, latency, at: self.door.shared.clock.now() })
        }))
    }

    /// Waits for no call any more. Their outcome stays unknown: the ledger counts
    /// them as sent and paid for.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = Job> + use<> {
        self.tasks.abort_all();
        self.tasks.detach_all();
        std::mem::take(&mut self.sent).into_values().map(|(sent, _slot)| sent.job)
    }
}

impl Received {
    /// What came, if anything did.
    pub(super) fn reply(&self) -> Option<&Reply> {
        self.reply.as_ref().ok().map(|whole| &whole.reply)
    }
}
