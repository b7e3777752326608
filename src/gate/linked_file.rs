//! Fetching a file that a vendor links to, whole and bounded.
//!
//! A link may lead to a host that is not the vendor's: that one gets no API key, and
//! what is asked there fills no quota of the account. A link to the API itself is a call
//! like any other, with the key, and in the ledger before it is sent.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderName, TRANSFER_ENCODING};
use reqwest::{RequestBuilder, Response, Url, Version};

use super::awake::within;
use super::call_log::CallLog;
use super::door::Door;
use super::in_flight::{Received, Sent};
use super::probe::{Probed, reserve_soon};
use super::reservations::{Reservations, Reserved};
use super::send::{IDLE, WholeReply};
use super::transport_error::TransportError;
use crate::config::file_address;
use crate::domain::{Error, Fault, Micros, NotAsked, Outcome};
use crate::store::SourceId;
use crate::vendors::{Effect, Reply, by_status};

/// The largest file that is fetched.
pub(super) const LARGEST_FILE: usize = 64 << 20;

/// The headers by which a host asks to wait.
const WAITS: [&str; 5] =
    ["date", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// What comes of a file when the run is stopped.
const STOPPED: Outcome = Outcome::Pending(NotAsked::Stopped);

/// A link to a file.
pub(crate) struct Link {
    url: Url,
    /// Whether it leads to the API itself.
    is_of_api: bool,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Why a file was not fetched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfetched {
    /// The host refuses the link: it has expired, or the file is gone.
    Refused(u16),
    /// What else it came to.
    Failed(Outcome),
}

impl Unfetched {
    /// What came of the file.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Refused(status) => {
                Outcome::Failed(Fault::Poisoned { code: format!("link refused: http_{status}") })
            }
            Self::Failed(outcome) => outcome,
        }
    }
}

impl Door<'_> {
    /// Where `text` leads, or why it is not followed. Neither names its signature.
    pub(crate) fn link(&self, text: &str) -> Result<Link, String> {
        let (url, is_of_api) = file_address(text, &self.settings.base_url)?;
        Ok(Link { url, is_of_api })
    }

    /// Fetches a file; `source` is what its call is entered under, where it is one.
    pub(crate) async fn fetch(
        &self,
        source: SourceId,
        link: &Link,
    ) -> Result<Result<Bytes, Unfetched>, Error> {
        self.shared.update_progress(|progress| progress.calls += 1);
        if link.is_of_api {
            return self.fetch_from_api(source, &link.url).await;
        }
        let request = self.client.get(link.url.clone(), false)?;
        Ok(match self.until_stopped(read(request)).await {
            None => Err(Unfetched::Failed(STOPPED)),
            Some(Ok((reply, body))) => judged(&reply, body, by_status(&reply)),
            Some(Err(error)) => Err(Unfetched::Failed(Outcome::Failed(error.fault()))),
        })
    }

    /// Fetches a file by a call to the vendor.
    async fn fetch_from_api(
        &self,
        source: SourceId,
        url: &Url,
    ) -> Result<Result<Bytes, Unfetched>, Error> {
        let reserved = match reserve_soon(self, &mut Reservations::new(self, source)).await? {
            Ok(reserved) => reserved,
            Err(Probed::Held { why, .. }) => {
                return Ok(Err(Unfetched::Failed(Outcome::Pending(why))));
            }
            Err(_) => return Err(Error::internal("a call that was not sent has a reply")),
        };
        let request = self.client.get(url.clone(), true)?;
        self.stats.borrow_mut().sent(0, 1, false);
        let Reserved { call, job, price, .. } = reserved;
        let (at, key_edition) = (Instant::now(), self.client.key_edition());
        let sent = Sent { call, job, price, at, key_edition };
        // Stopped, the call stays open; the end of the run closes it as of unknown outcome.
        let Some(fetched) = self.until_stopped(read(request)).await else {
            return Ok(Err(Unfetched::Failed(STOPPED)));
        };
        let (reply, body) = match fetched {
            Ok((reply, body)) => (Ok(WholeReply::without_body(reply)), body),
            Err(error) => (Err(error), Bytes::new()),
        };
        let received = Received { sent, reply, latency: at.elapsed(), at: self.shared.clock.now() };
        self.note_received(&received);
        let fault = match &received.reply {
            Ok(whole) => by_status(&whole.reply),
            Err(error) => Some(error.fault()),
        };
        let mut log = CallLog::new(self, source, Effect::Read, Micros::ZERO);
        match &fault {
            None => log.answered(&received, Vec::new()).await?,
            Some(fault) => log.faulted(&received, fault).await?,
        }
        let Some(reply) = received.reply() else {
            return Ok(Err(Unfetched::Failed(Outcome::Failed(fault.unwrap_or(Fault::Timeout)))));
        };
        self.obey(reply, 0).await?;
        self.keep_wait().await?;
        Ok(judged(reply, body, fault))
    }

    /// What comes of `work`; nothing where the run is stopped first.
    async fn until_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.shared.cancel.wait() => None,
        }
    }
}

/// The file in a reply, or why there is none. Whoever signed a link refuses it by one
/// of these once it has expired.
fn judged(reply: &Reply, body: Bytes, fault: Option<Fault>) -> Result<Bytes, Unfetched> {
    match (reply.status, fault) {
        (200, None) => Ok(body),
        (400 | 401 | 403 | 404 | 410, _) => Err(Unfetched::Refused(reply.status)),
        (_, Some(fault)) => Err(Unfetched::Failed(Outcome::Failed(fault))),
        (status, None) => {
            let excerpt = format!("unexpected HTTP status {status}");
            Err(Unfetched::Failed(Outcome::Failed(Fault::Garbled { excerpt })))
        }
    }
}

async fn next_chunk(response: &mut Response) -> Result<Option<Bytes>, TransportError> {
    within(IDLE, async { response.chunk().await.map_err(TransportError::Broken) }).await
}

/// Sends, and reads a file whole. Of a reply that is not one nothing is read.
async fn read(request: RequestBuilder) -> Result<(Reply, Bytes), TransportError> {
    let sent = async { request.send().await.map_err(TransportError::Broken) };
    let mut response = within(IDLE, sent).await?;
    let header = |name: HeaderName| {
        let value = response.headers().get(&name)?.to_str().ok()?.to_owned();
        Some((name.as_str().to_owned(), value))
    };
    let headers = WAITS.map(HeaderName::from_static).into_iter().filter_map(header).collect();
    let status = response.status().as_u16();
    let reply = Reply { status, headers, body: Bytes::new() };
    if status != 200 {
        return Ok((reply, Bytes::new()));
    }
    let length = response.content_length();
    if length.is_some_and(|length| length > LARGEST_FILE as u64) {
        return Err(TransportError::FileTooLarge);
    }
    // What ends with the connection may have been cut anywhere.
    let is_chunked = response.headers().contains_key(TRANSFER_ENCODING);
    if length.is_none() && !is_chunked && response.version() < Version::HTTP_2 {
        return Err(TransportError::Endless);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut response).await? {
        if body.len() + chunk.len() > LARGEST_FILE {
            return Err(TransportError::FileTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((reply, body.freeze()))
}
