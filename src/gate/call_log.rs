//! Closing calls in the ledger: what they brought and what they cost.

use super::retry::may_have_acted;
use super::round::Round;
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::{Fault, Said};
use crate::store::{Body, Close, NOT_SENT, NewAnswer, OperationEnd, RELEASED};
use crate::vendors::{Effect, Parsed, Reply};

impl Round<'_> {
    /// A call that was answered: its answers are kept, raw. Returns what it cost.
    pub(super) async fn keep(
        &mut self,
        call: i64,
        price: Micros,
        reply: &Reply,
        parsed: &Parsed,
        keys: &[Key],
    ) -> Result<Micros, Error> {
        let mut close = self.closing(call, price, "ok".into(), Some(reply));
        let shares = self.endpoint.spec().shares_bodies;
        let answers = parsed.answers.iter().map(|answer| {
            let key = keys[answer.key].clone();
            let body = answer.body.clone();
            NewAnswer {
                expires_at: self.freshness.expires_at(
                    &key,
                    answer.said == Said::Found,
                    close.at.wall,
                ),
                body: if shares { Body::Shared(body) } else { Body::Own(body) },
                said: answer.said.clone(),
                key,
            }
        });
        let answers: Vec<_> = answers.collect();
        if self.endpoint.spec().effect != Effect::Read && !answers.is_empty() {
            close.operation = Some(OperationEnd::Settled);
        }
        close.answers = Some((self.source, answers));
        let charged = close.charged;
        self.spend(charged, keys, true);
        self.enter(close).await?;
        Ok(charged)
    }

    /// A call that brought no answer. A vendor may charge for it all the same.
    /// Returns what it cost, or may have cost.
    pub(super) async fn close_faulted(
        &mut self,
        call: i64,
        price: Micros,
        reply: Option<&Reply>,
        fault: &Fault,
        keys: &[Key],
    ) -> Result<Micros, Error> {
        *self.door.tally.borrow_mut().faults.entry(fault.code()).or_default() += 1;
        let state = if *fault == Fault::NotSent { NOT_SENT.into() } else { fault.code() };
        let mut close = self.closing(call, price, state, reply);
        if close.effect == Effect::Idempotent && may_have_acted(fault) {
            // Its price is held until the operation's own reply tells.
            let told = reply.and_then(|reply| self.door.vendor.charged(reply));
            close.charged = told.unwrap_or(price);
        }
        close.operation = self.not_done().filter(|_| !may_have_acted(fault));
        let charged = close.charged;
        self.spend(charged, keys, false);
        self.enter(close).await?;
        Ok(charged)
    }

    /// A call that was reserved and is not going to be sent.
    pub(super) async fn close_unsent(&self, call: i64, price: Micros) -> Result<(), Error> {
        let mut close = self.closing(call, price, RELEASED.into(), None);
        close.operation = self.not_done();
        self.enter(close).await
    }

    /// Frees an operation that was not done. One with an idempotency key keeps
    /// it: under that key it is safe to send whenever it is wanted again.
    fn not_done(&self) -> Option<OperationEnd> {
        (self.endpoint.spec().effect == Effect::Once).then_some(OperationEnd::NotDone)
    }

    fn closing(&self, call: i64, price: Micros, state: String, reply: Option<&Reply>) -> Close {
        Close {
            call,
            account: self.door.account,
            at: self.door.shared.clock.now(),
            state,
            http_status: reply.map(|reply| reply.status),
            price,
            charged: reply.map_or(Micros::ZERO, |reply| self.charged(reply, price)),
            request_id: reply.and_then(request_id),
            effect: self.endpoint.spec().effect,
            answers: None,
            operation: None,
        }
    }

    /// The vendor's word for the price, else the price list's for a successful request.
    fn charged(&self, reply: &Reply, price: Micros) -> Micros {
        self.door.vendor.charged(reply).unwrap_or(match reply.status {
            200..=299 => price,
            _ => Micros::ZERO,
        })
    }

    /// Counts a charge. An operation under an idempotency key is charged once:
    /// what was held for it when its reply was lost is given back.
    fn spend(&mut self, charged: Micros, keys: &[Key], is_answered: bool) {
        let mut given_back = Micros::ZERO;
        if let (Effect::Idempotent, [key, ..]) = (self.endpoint.spec().effect, keys)
            && (is_answered || charged > Micros::ZERO)
        {
            given_back = self.held.remove(key).unwrap_or_default();
            if !is_answered {
                self.held.insert(key.clone(), charged);
            }
        }
        let mut tally = self.door.tally.borrow_mut();
        tally.spent = tally.spent - given_back + charged;
        self.door.shared.tell(|progress| progress.spent = progress.spent - given_back + charged);
    }

    async fn enter(&self, close: Close) -> Result<(), Error> {
        self.door.shared.writer.close(close).await
    }
}

/// The vendor's name for the request, for asking its support.
pub(super) fn request_id(reply: &Reply) -> Option<String> {
    const LONGEST: usize = 128;
    let id = reply.header("x-request-id").or_else(|| reply.header("cf-ray"))?;
    Some(id.chars().filter(char::is_ascii_graphic).take(LONGEST).collect())
}
