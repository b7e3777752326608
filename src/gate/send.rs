//! Sending one request and reading one reply, whole and bounded.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use memchr::memchr3_iter;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::awake::within;
use super::redact::{redact, redacted, secrets};
use super::resolver::Resolver;
use super::transport_error::TransportError;
use crate::config::VendorSettings;
use crate::config::tls;
use crate::domain::{Error, Exit};
use crate::vendors::{Auth, Method, Payload, Reply, Request};

/// The largest body read, after decompression.
pub(super) const LARGEST_BODY: usize = 16 << 20;

/// A larger body waits for its turn. Usual replies have some tens of KiB.
const SMALL_BODY: usize = 256 << 10;

/// The most commas and opening brackets in a body: ten times those of the
/// longest list that any vendor sends.
const MOST_PARTS: usize = 1 << 18;

/// To connect, name lookup and TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// For a whole file, which may be large.
const FILE_TIMEOUT: Duration = Duration::from_mins(10);

/// Between two reads of a file.
pub(super) const IDLE: Duration = Duration::from_secs(30);

/// What sends to one vendor: its address, and the API key in the one place
/// where it is applied.
pub(super) struct Client<'a> {
    http: reqwest::Client,
    settings: &'a VendorSettings,
    auth: Auth,
    key: RefCell<Option<SecretString>>,
    /// Counts the keys read from a changed key file.
    key_edition: Cell<u32>,
}

/// What every client has: no redirects, no referer, no cookies, and limits for each step.
pub(super) fn builder(base_url: &str) -> Result<reqwest::ClientBuilder, Error> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("vinrich/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        // Every try is in the ledger: none is made behind its back.
        .retry(reqwest::retry::never())
        .tcp_nodelay(true);
    Ok(if base_url.starts_with("https:") {
        builder.dns_resolver(Resolver::Anywhere).tls_backend_preconfigured(tls::of_the_system()?)
    } else {
        // Plain http is allowed on loopback only, where no proxy belongs.
        builder
            .no_proxy()
            .dns_resolver(Resolver::Loopback)
            .tls_backend_preconfigured(tls::never_used()?)
    })
}

pub(super) fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| {
        Error::config("cannot set up the HTTP client").because(error.without_url())
    })
}

impl<'a> Client<'a> {
    /// Nothing is sent.
    pub(super) fn new(
        settings: &'a VendorSettings,
        auth: Auth,
        key: Option<SecretString>,
    ) -> Result<Self, Error> {
        let http = built(builder(&settings.base_url)?)?;
        Ok(Self { http, settings, auth, key: RefCell::new(key), key_edition: Cell::new(0) })
    }

    /// Which of the keys read in this run is in use.
    pub(super) fn key_edition(&self) -> u32 {
        self.key_edition.get()
    }

    /// Whether there is another key than the one of this edition. If not, the
    /// key file is read again.
    pub(super) fn has_other_key(&self, edition: u32) -> bool {
        edition != self.key_edition.get() || self.read_key_again()
    }

    /// Returns whether the key file holds another key.
    fn read_key_again(&self) -> bool {
        if self.settings.api_key_file.is_none() {
            return false;
        }
        let Ok(Some(key)) = self.settings.resolve_key() else { return false };
        let mut known = self.key.borrow_mut();
        if known.as_ref().is_some_and(|known| known.expose_secret() == key.expose_secret()) {
            return false;
        }
        *known = Some(key);
        self.key_edition.set(self.key_edition.get() + 1);
        true
    }

    /// The request with the API key, and with the key under which the vendor
    /// knows it from its repetitions.
    pub(super) fn prepare(
        &self,
        request: Request,
        idempotency_key: Option<&str>,
    ) -> Result<Prepared, Error> {
        let mut builder = self.keyless(request)?;
        if let Some((name, value)) = self.key_header()? {
            builder = builder.header(name, value);
        }
        if let Some(key) = idempotency_key {
            let value = HeaderValue::from_str(key).map_err(|_| unfit("its idempotency key"))?;
            builder = builder.header("idempotency-key", value);
        }
        let request = builder.build().map_err(|_| unfit("its parts"))?;
        Ok(Prepared { http: self.http.clone(), request, timeout: self.settings.timeout })
    }

    /// A request for a file, wherever that is; with the API key if `is_of_api`.
    pub(super) fn get(&self, url: Url, is_of_api: bool) -> Result<RequestBuilder, Error> {
        let request = self.http.get(url).timeout(FILE_TIMEOUT);
        Ok(match self.key_header()?.filter(|_| is_of_api) {
            Some((name, value)) => request.header(name, value),
            None => request,
        })
    }

    fn keyless(&self, request: Request) -> Result<RequestBuilder, Error> {
        let mut url = Url::parse(&format!("{}{}", self.settings.base_url, request.path))
            .map_err(|_| unfit("its address"))?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let builder = self.http.request(method, url);
        Ok(match request.body {
            None => builder,
            Some(Payload::Json(json)) => {
                builder.header(CONTENT_TYPE, "application/json").body(json)
            }
            Some(Payload::Form(pairs)) => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form_urlencoded(&pairs)),
        })
    }

    /// The header that shows the API key, marked as secret.
    fn key_header(&self) -> Result<Option<(HeaderName, HeaderValue)>, Error> {
        let key = self.key.borrow();
        let Some(key) = key.as_ref() else { return Ok(None) };
        let (name, value) = match self.auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
            Auth::Header(name) => (
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit("its key header"))?,
                key.expose_secret().to_owned(),
            ),
            Auth::None => return Ok(None),
        };
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            Error::new(Exit::Key, "the API key holds a character that no header can carry")
        })?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }
}

fn unfit(what: &str) -> Error {
    Error::internal(format!("cannot build a request: {what}"))
}

/// Pairs as a form sends them.
fn form_urlencoded(pairs: &[(&'static str, String)]) -> String {
    Url::parse_with_params("http://form.invalid", pairs)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

/// A request that holds all it needs to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    http: reqwest::Client,
    request: reqwest::Request,
    timeout: Duration,
}

/// A reply, read whole.
#[derive(Debug)]
pub(super) struct WholeReply {
    pub(super) reply: Reply,
    /// Where it is large, the right to hold it in memory.
    _turn: Option<OwnedSemaphorePermit>,
}

impl WholeReply {
    /// One whose body was read elsewhere.
    pub(super) fn without_body(reply: Reply) -> Self {
        Self { reply, _turn: None }
    }
}

impl Prepared {
    /// Sends and reads. A reply that cannot be read whole, or in time, is an error.
    pub(super) async fn send(self, large: LargeBodies) -> Result<WholeReply, TransportError> {
        within(self.timeout, self.send_and_read(large)).await
    }

    async fn send_and_read(self, large: LargeBodies) -> Result<WholeReply, TransportError> {
        let secrets = secrets(&self.request);
        let mut response = self.http.execute(self.request).await.map_err(TransportError::Broken)?;
        let status = response.status().as_u16();
        if response.content_length().is_some_and(|length| length > LARGEST_BODY as u64) {
            return Err(TransportError::TooLarge);
        }
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), redacted(value.to_str().ok()?, &secrets)))
        };
        let headers = response.headers().iter().filter_map(header).collect();
        let mut body = BytesMut::new();
        let mut turn = None;
        while let Some(chunk) = response.chunk().await.map_err(TransportError::Broken)? {
            let length = body.len() + chunk.len();
            if length > LARGEST_BODY {
                return Err(TransportError::TooLarge);
            }
            if length > SMALL_BODY && turn.is_none() {
                turn = large.turn().await;
                // All the room at once: pages that are never written take no memory,
                // and growing step by step would hold the body twice.
                body.reserve(LARGEST_BODY - body.len());
            }
            body.extend_from_slice(&chunk);
        }
        redact(&mut body, &secrets);
        if has_too_many_parts(&body) {
            return Err(TransportError::TooManyParts);
        }
        Ok(WholeReply { reply: Reply { status, headers, body: body.freeze() }, _turn: turn })
    }
}

/// Lets one large body at a time into memory, so that many calls at once take
/// about as much as one. A body that waits meanwhile keeps to its own time limit.
#[derive(Clone, Debug)]
pub(crate) struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl LargeBodies {
    /// `None` only if the semaphore were closed, which never happens.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

/// Whether reading `body` could fill the memory, though it is short enough: each
/// of these characters may begin a value, which takes far more room than its text.
fn has_too_many_parts(body: &[u8]) -> bool {
    body.len() > MOST_PARTS && memchr3_iter(b',', b'[', b'{', body).nth(MOST_PARTS).is_some()
}
