//! A single call that is not billed: a round of one call, tried once.

use std::time::{Duration, Instant};

use super::LOOK_AGAIN;
use super::call_log::CallLog;
use super::door::Door;
use super::in_flight::{InFlight, Received};
use super::queue::Job;
use super::reservations::{Reservations, Reserved, Wish};
use super::transport_error::TransportError;
use crate::domain::{Answer, Error, Fault, Freshness, Key, Micros, NotAsked};
use crate::store::{Body, NewAnswer, Shortage, SourceId, WaitWord};
use crate::vendors::{self, Effect, Parsed, Probe, ServerLimit, Usage};

/// What came of a probe.
#[derive(Debug)]
pub(crate) enum Probed {
    /// The vendor answered it.
    Answered {
        /// What it says of our usage.
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
        /// The vendor's own words beyond the fault's, or what happened on the way where
        /// no reply came.
        words: Option<String>,
    },
    /// It was not sent: no room under the quotas, or the run was stopped.
    Held {
        /// Why.
        why: NotAsked,
        /// When there is room, as far as known.
        wait: Option<Duration>,
    },
}

/// How long a probe waits for room: long enough for the short windows of calls
/// that were just made, too short for a person to think that it hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// What comes of a probe when the run is stopped.
const STOPPED: Probed = Probed::Held { why: NotAsked::Stopped, wait: None };

/// Under what the reply to a probe is kept, and for how long it is fresh.
pub(super) type Keep = (Key, Freshness);

/// Sends `probe` once, if the quotas have room for a call soon.
pub(super) async fn send_once(
    door: &Door<'_>,
    source: SourceId,
    probe: &Probe,
    keep: Option<Keep>,
) -> Result<Probed, Error> {
    let mut reservations = Reservations::new(door, source);
    let reserved = match reserve_soon(door, &mut reservations).await? {
        Ok(reserved) => reserved,
        Err(held) => return Ok(held),
    };
    let mut in_flight = InFlight::new(door);
    in_flight.send(reserved, probe.request.clone(), 1)?;
    let received = tokio::select! {
        Some(received) = in_flight.next() => received?,
        // The call stays open; the end of the run closes it as of unknown outcome.
        () = door.shared.cancel.wait() => return Ok(STOPPED),
    };
    door.note_received(&received);
    let answer = read(door, probe, &received);
    let mut log = CallLog::new(door, source, Effect::Read, Micros::ZERO);
    match &answer {
        Ok(_) => {
            door.stats.borrow_mut().answered(&Parsed::default());
            let kept = keep.and_then(|keep| kept(keep, &received));
            log.answered(&received, Vec::from_iter(kept)).await?;
        }
        Err(fault) => log.faulted(&received, fault).await?,
    }
    if let Err(Fault::Limited { wait: Some(wait) }) = answer {
        door.health.waits().note_asked(wait, WaitWord::Asked);
        door.keep_wait().await?;
    }
    Ok(match (answer, &received.reply) {
        (Ok((usage, limits)), _) => Probed::Answered { usage, limits, took: received.latency },
        (Err(fault), Ok(whole)) => {
            let words = door.vendor().words(&whole.reply).filter(|_| !shows_its_words(&fault));
            Probed::Failed { fault, status: Some(whole.reply.status), words }
        }
        (Err(fault), Err(error)) => {
            Probed::Failed { fault, status: None, words: Some(error.to_string()) }
        }
    })
}

/// The reply as an answer about one key.
fn kept((key, freshness): Keep, received: &Received) -> Option<NewAnswer> {
    Some(NewAnswer {
        expires_at: freshness.expires_at(&key, true, received.at.wall),
        said: Answer::Found,
        replaces_find: true,
        body: Body::Own(received.reply()?.body.clone()),
        key,
    })
}

/// Whether a fault holds words of the reply.
fn shows_its_words(fault: &Fault) -> bool {
    matches!(fault, Fault::Poisoned { .. } | Fault::Garbled { .. })
}

/// Enters one call in the ledger, or says why there is no room for it even
/// after some patience.
pub(super) async fn reserve_soon(
    door: &Door<'_>,
    reservations: &mut Reservations<'_>,
) -> Result<Result<Reserved, Probed>, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        reservations.start(Wish {
            // About no key.
            jobs: vec![Job::new(Vec::new())],
            keys: Vec::new(),
            batch: 1,
            last: true,
            price: Micros::ZERO,
            effect: Effect::Read,
        });
        let shortage = match reservations.granted().await.transpose()? {
            Some(left) => left.granted.held,
            None => None,
        };
        if let Some(reserved) = reservations.pop() {
            return Ok(Ok(reserved));
        }
        let (why, wait) = match shortage {
            Some(Shortage::After(wait, why)) => (why, Some(wait)),
            Some(Shortage::AfterOpen) | None => (NotAsked::Quota, None),
            Some(Shortage::Run(_)) => (NotAsked::OwnLimit, None),
        };
        let next = Instant::now() + wait.unwrap_or(LOOK_AGAIN);
        if why != NotAsked::Quota || next > deadline {
            return Ok(Err(Probed::Held { why, wait }));
        }
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = door.shared.cancel.wait() => return Ok(Err(STOPPED)),
        }
    }
}

/// What a reply says, or why it is not an answer.
fn read(
    door: &Door<'_>,
    probe: &Probe,
    received: &Received,
) -> Result<(Option<Usage>, Vec<ServerLimit>), Fault> {
    let reply = &received.reply.as_ref().map_err(TransportError::fault)?.reply;
    if let Some(fault) = vendors::fault(door.vendor, reply) {
        return Err(fault);
    }
    if !(200..300).contains(&reply.status) {
        // Such as a 404 that a vendor answers about a key: this call asks about none.
        return Err(Fault::Poisoned { code: format!("http_{}", reply.status) });
    }
    Ok(((probe.read)(reply)?, door.vendor.limits(reply)))
}
