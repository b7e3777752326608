//! Closing calls in the ledger: what they brought and what they cost.

use std::collections::HashMap;

use super::door::Door;
use super::in_flight::{Received, Sent};
use super::reservations::Reserved;
use super::retry::may_have_acted;
use crate::domain::{Error, Fault, Key, Micros, Moment};
use crate::store::{Close, NOT_SENT, NewAnswer, OperationEnd, RELEASED, SourceId};
use crate::vendors::{Effect, Reply};

/// The ends of the calls of one round, and what calls cost.
pub(super) struct CallLog<'a> {
    door: &'a Door<'a>,
    source: SourceId,
    effect: Effect,
    /// The price list's.
    listed: Micros,
    /// What operations may have been charged whose reply was lost.
    held: HashMap<Key, Micros>,
}

impl<'a> CallLog<'a> {
    /// `listed`: the price list's price of one call.
    pub(super) fn new(
        door: &'a Door<'a>,
        source: SourceId,
        effect: Effect,
        listed: Micros,
    ) -> Self {
        Self { door, source, effect, listed, held: HashMap::new() }
    }

    /// What the next call may cost: the dearest charge so far, never less than listed.
    pub(super) fn price(&self) -> Micros {
        let dearest = self.door.dearest.borrow().get(&self.source).copied();
        self.listed.max(dearest.unwrap_or_default())
    }

    /// Whether the price is the list's alone: then calls go one by one, so that a
    /// dearer charge is known before the next call is reserved.
    pub(super) fn learns_its_price(&self) -> bool {
        self.listed > Micros::ZERO && !self.door.dearest.borrow().contains_key(&self.source)
    }

    /// A call that was answered: its answers are kept, raw.
    pub(super) async fn answered(
        &mut self,
        received: &Received,
        answers: Vec<NewAnswer>,
    ) -> Result<(), Error> {
        let mut close = Close { state: "ok".into(), ..self.close_of(received) };
        if self.effect != Effect::Read && !answers.is_empty() {
            close.operation = Some(OperationEnd::Settled);
        }
        close.answers = Some((self.source, answers));
        self.saw_charge(close.charged);
        self.spend(close.charged, &received.sent, true);
        self.enter(close).await
    }

    /// A call that brought no answer. A vendor may charge for it all the same.
    pub(super) async fn faulted(
        &mut self,
        received: &Received,
        fault: &Fault,
    ) -> Result<(), Error> {
        self.door.stats.borrow_mut().faulted(fault, received.reply.as_ref().err());
        let state = if *fault == Fault::NotSent { NOT_SENT.into() } else { fault.code() };
        let mut close = Close { state, ..self.close_of(received) };
        if close.effect == Effect::Idempotent && may_have_acted(fault) {
            // Its price is held until the operation's own reply says what it cost.
            let said = received.reply().and_then(|reply| self.door.vendor.charged(reply));
            close.charged = said.unwrap_or(close.price);
        }
        close.operation = self.not_done().filter(|_| !may_have_acted(fault));
        self.spend(close.charged, &received.sent, false);
        self.enter(close).await
    }

    /// A call that was reserved and is not sent.
    pub(super) async fn unsent(&self, reserved: &Reserved) -> Result<(), Error> {
        let close = self.close(reserved.call, reserved.price, self.door.shared.clock.now());
        self.enter(Close { operation: self.not_done(), ..close }).await
    }

    /// Frees an operation that was not done. One with an idempotency key keeps
    /// it: under that key it is safe to send whenever it is wanted again.
    fn not_done(&self) -> Option<OperationEnd> {
        (self.effect == Effect::Once).then_some(OperationEnd::NotDone)
    }

    fn close_of(&self, received: &Received) -> Close {
        let Sent { call, price, .. } = received.sent;
        let reply = received.reply();
        Close {
            http_status: reply.map(|reply| reply.status),
            charged: reply.map_or(Micros::ZERO, |reply| self.charged(reply, price)),
            request_id: reply.and_then(request_id),
            ..self.close(call, price, received.at)
        }
    }

    /// The end of a call that is not sent.
    fn close(&self, call: i64, price: Micros, at: Moment) -> Close {
        Close {
            call,
            account: self.door.account,
            at,
            state: RELEASED.into(),
            http_status: None,
            price,
            charged: Micros::ZERO,
            request_id: None,
            effect: self.effect,
            answers: None,
            operation: None,
        }
    }

    /// The price that the vendor names, else the price list's for a successful request.
    fn charged(&self, reply: &Reply, price: Micros) -> Micros {
        self.door.vendor.charged(reply).unwrap_or(match reply.status {
            200..=299 => price,
            _ => Micros::ZERO,
        })
    }

    /// Counts a charge. An operation under an idempotency key is charged once:
    /// what was held for it when its reply was lost is given back.
    fn spend(&mut self, charged: Micros, sent: &Sent, is_answered: bool) {
        if charged > self.price() {
            self.saw_charge(charged);
        }
        let mut given_back = Micros::ZERO;
        if let (Effect::Idempotent, [key, ..]) = (self.effect, &*sent.job.keys)
            && (is_answered || charged > Micros::ZERO)
        {
            given_back = self.held.remove(key).unwrap_or_default();
            if !is_answered {
                self.held.insert(key.clone(), charged);
            }
        }
        self.door.stats.borrow_mut().spent(charged - given_back);
        self.door
            .shared
            .update_progress(|progress| progress.spent = progress.spent - given_back + charged);
    }

    fn saw_charge(&self, charged: Micros) {
        let mut dearest = self.door.dearest.borrow_mut();
        let known = dearest.entry(self.source).or_default();
        *known = (*known).max(charged);
    }

    async fn enter(&self, close: Close) -> Result<(), Error> {
        self.door.shared.writer.close(close).await
    }
}

/// The vendor's name for the request, for asking its support.
fn request_id(reply: &Reply) -> Option<String> {
    const LONGEST: usize = 128;
    let id = reply.header("x-request-id").or_else(|| reply.header("cf-ray"))?;
    Some(id.chars().filter(char::is_ascii_graphic).take(LONGEST).collect())
}
