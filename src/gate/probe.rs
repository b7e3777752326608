//! A single call that is not billed: entered in the ledger and closed there
//! like any other, but tried once.

use std::time::{Duration, Instant};

use super::{Door, call_log, send};
use crate::domain::error::Error;
use crate::domain::money::Micros;
use crate::domain::outcome::{Fault, Held};
use crate::store::{Call, Close, NOT_SENT, Reserve, Shortage, SourceId, WaitWord};
use crate::vendors::{Effect, Probe, Reply, ServerLimit, Usage};

/// What came of a probe.
#[derive(Debug)]
pub enum Probed {
    /// The vendor answered it.
    Answered {
        /// What it told.
        usage: Option<Usage>,
        /// What its headers say of quotas.
        limits: Vec<ServerLimit>,
        /// From the sending to the last byte.
        took: Duration,
    },
    /// It was sent, or tried to be, without an answer.
    Failed {
        /// What went wrong.
        fault: Fault,
        /// The HTTP status, where a reply came.
        status: Option<u16>,
        /// What happened on the way, where none came.
        words: Option<String>,
    },
    /// It was not sent: no room under the quotas, or the run was stopped.
    Held {
        /// Why.
        why: Held,
        /// When there is room, as far as known.
        wait: Option<Duration>,
    },
}

/// How long a probe waits for room: long enough for the short windows of calls
/// that were just made, too short for a person to think that it hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often calls of other processes that fill a window are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Door<'_> {
    /// Sends `probe` once, if the quotas have room for a call soon.
    pub async fn probe(&self, source: SourceId, probe: &Probe) -> Result<Probed, Error> {
        let call = match self.reserve_soon(source).await? {
            Ok(call) => call,
            Err(held) => return Ok(held),
        };
        let auth = self.vendor.spec().auth;
        let key = self.key.borrow().clone();
        let request = probe.request.clone();
        let request =
            send::prepare(&self.client, &self.settings.base_url, auth, key.as_ref(), request)?;
        let sent = Instant::now();
        let reply = tokio::select! {
            reply = send::exchange(&self.client, self.shared.large_bodies.clone(), request) => reply,
            // The call stays open; the end of the run closes it as of unknown outcome.
            () = self.shared.cancel.wait() => {
                return Ok(Probed::Held { why: Held::Stopped, wait: None });
            }
        };
        let took = sent.elapsed();
        let reply = reply.as_ref().map(|received| &received.reply);
        let answer = match reply {
            Ok(reply) => self.read_probe(reply, probe),
            Err(no_reply) => Err(no_reply.fault()),
        };
        self.close_probe(call, reply.ok(), answer.as_ref().err()).await?;
        if let Err(Fault::Limited { wait: Some(wait) }) = &answer {
            self.hear_wait(*wait, WaitWord::Asked);
            self.keep_wait().await?;
        }
        Ok(match (answer, reply) {
            (Ok(usage), Ok(reply)) => {
                Probed::Answered { usage, limits: self.vendor.limits(reply), took }
            }
            (Err(fault), Ok(reply)) => {
                Probed::Failed { fault, status: Some(reply.status), words: None }
            }
            (_, Err(no_reply)) => Probed::Failed {
                fault: no_reply.fault(),
                status: None,
                words: Some(no_reply.words()),
            },
        })
    }

    fn read_probe(&self, reply: &Reply, probe: &Probe) -> Result<Option<Usage>, Fault> {
        if let Some(fault) = self.vendor.fault(reply) {
            return Err(fault);
        }
        if !(200..300).contains(&reply.status) {
            // Such as a 404 that a vendor answers about a key: here nobody asked about one.
            return Err(Fault::Poisoned { code: format!("http_{}", reply.status) });
        }
        (probe.read)(reply)
    }

    /// Enters one call in the ledger, or tells why there is no room for it even
    /// after some patience.
    async fn reserve_soon(&self, source: SourceId) -> Result<Result<Call, Probed>, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = match self.reserve_one(source).await? {
                Err(Probed::Held { why: Held::Quota, wait }) => wait,
                other => return Ok(other),
            };
            let wait = held.unwrap_or(LOOK_AGAIN);
            if Instant::now() + wait > deadline {
                return Ok(Err(Probed::Held { why: Held::Quota, wait: held }));
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shared.cancel.wait() => {
                    return Ok(Err(Probed::Held { why: Held::Stopped, wait: None }));
                }
            }
        }
    }

    /// Enters one call in the ledger, or tells why there is no room for it.
    async fn reserve_one(&self, source: SourceId) -> Result<Result<Call, Probed>, Error> {
        let now = self.shared.clock.now();
        let limits = self.windows.borrow().at(now);
        let wish = Reserve {
            account: self.account,
            source,
            limits,
            price: Micros::ZERO,
            now,
            // About no key.
            fixed: vec![Vec::new()],
            keys: Vec::new(),
            batch: 1,
            last: true,
            effect: Effect::Read,
        };
        let granted = self.shared.writer.reserve(wish).await?;
        if let Some(call) = granted.calls.into_iter().next() {
            return Ok(Ok(call));
        }
        Ok(Err(match granted.held {
            Some(Shortage::After(wait, why)) => Probed::Held { why, wait: Some(wait) },
            Some(Shortage::AfterOpen) | None => Probed::Held { why: Held::Quota, wait: None },
            Some(Shortage::Run) => Probed::Held { why: Held::OwnLimit, wait: None },
        }))
    }

    async fn close_probe(
        &self,
        call: Call,
        reply: Option<&Reply>,
        fault: Option<&Fault>,
    ) -> Result<(), Error> {
        let state = match fault {
            None => "ok".into(),
            Some(Fault::NotSent) => NOT_SENT.into(),
            Some(fault) => fault.code(),
        };
        let charged = reply.and_then(|reply| self.vendor.charged(reply));
        let close = Close {
            call: call.id,
            account: self.account,
            at: self.shared.clock.now(),
            state,
            http_status: reply.map(|reply| reply.status),
            price: Micros::ZERO,
            charged: charged.unwrap_or_default(),
            request_id: reply.and_then(call_log::request_id),
            effect: Effect::Read,
            answers: None,
            operation: None,
        };
        self.shared.writer.close(close).await
    }
}
