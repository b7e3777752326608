//! Sending one request and reading one reply, whole and bounded.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use memchr::memchr3_iter;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::redact::{conceal, concealed, secrets};
use super::resolver::Resolver;
use super::transport_error::NoReply;
use crate::config::VendorSettings;
use crate::config::tls;
use crate::domain::error::Error;
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

/// Between two reads of a body.
const IDLE: Duration = Duration::from_secs(30);

/// A client for one vendor: no redirects, no referer, no cookies.
pub(super) fn client(settings: &VendorSettings) -> Result<Client, Error> {
    let failed = |error| Error::config("cannot set up the HTTP client").because(error);
    let mut builder = Client::builder()
        .user_agent(concat!("vinrich/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .read_timeout(IDLE)
        .timeout(settings.timeout)
        // Every try is in the ledger: none is made behind its back.
        .retry(reqwest::retry::never())
        .tcp_nodelay(true);
    if settings.base_url.starts_with("https:") {
        builder = builder
            .dns_resolver(Resolver::Anywhere)
            .tls_backend_preconfigured(tls::of_the_system()?);
    } else {
        // Plain http is allowed on loopback only, where no proxy belongs.
        builder = builder
            .no_proxy()
            .dns_resolver(Resolver::Loopback)
            .tls_backend_preconfigured(tls::never_used()?);
    }
    builder.build().map_err(|error| failed(error.without_url()))
}

/// The request, with the key in the one place where secrets are applied.
pub(super) fn prepare(
    client: &Client,
    base_url: &str,
    auth: Auth,
    key: Option<&SecretString>,
    request: Request,
) -> Result<reqwest::Request, Error> {
    let internal = |what| Error::internal(format!("cannot build a request: {what}"));
    let mut url =
        Url::parse(&format!("{base_url}{}", request.path)).map_err(|_| internal("its address"))?;
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client.request(method, url);
    builder = match request.body {
        None => builder,
        Some(Payload::Json(json)) => builder.header(CONTENT_TYPE, "application/json").body(json),
        Some(Payload::Form(pairs)) => builder
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form_urlencoded(&pairs)),
    };
    if let Some(key) = key {
        let (name, value) = match auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
            Auth::Header(name) => (
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| internal("its key header"))?,
                key.expose_secret().to_owned(),
            ),
            Auth::None => return builder.build().map_err(|_| internal("its parts")),
        };
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            Error::new(
                crate::domain::error::Exit::Key,
                "the API key holds a character that no header can carry",
            )
        })?;
        value.set_sensitive(true);
        builder = builder.header(name, value);
    }
    builder.build().map_err(|_| internal("its parts"))
}

/// Marks a request by the key under which the vendor tells it from its repetitions.
pub(super) fn mark(request: &mut reqwest::Request, idempotency_key: &str) -> Result<(), Error> {
    let value = HeaderValue::from_str(idempotency_key)
        .map_err(|_| Error::internal("cannot build a request: its idempotency key"))?;
    request.headers_mut().insert(HeaderName::from_static("idempotency-key"), value);
    Ok(())
}

/// Pairs as a form sends them.
fn form_urlencoded(pairs: &[(&'static str, String)]) -> String {
    reqwest::Url::parse_with_params("http://form.invalid", pairs)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

/// A reply, read whole.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) reply: Reply,
    /// Where it is large, the right to hold it in memory.
    _turn: Option<OwnedSemaphorePermit>,
}

/// Sends and reads. A reply that could not be read whole is none.
pub(super) async fn exchange(
    client: &Client,
    large: LargeBodies,
    request: reqwest::Request,
) -> Result<Received, NoReply> {
    let secrets = secrets(&request);
    let mut response = client.execute(request).await.map_err(NoReply::Broken)?;
    let status = response.status().as_u16();
    if response.content_length().is_some_and(|length| length > LARGEST_BODY as u64) {
        return Err(NoReply::TooLarge);
    }
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), concealed(value.to_str().ok()?, &secrets)))
        })
        .collect();
    let mut body = BytesMut::new();
    let mut turn = None;
    while let Some(chunk) = response.chunk().await.map_err(NoReply::Broken)? {
        let length = body.len() + chunk.len();
        if length > LARGEST_BODY {
            return Err(NoReply::TooLarge);
        }
        if length > SMALL_BODY && turn.is_none() {
            turn = large.turn().await;
            // All the room at once: pages that are never written take no memory,
            // and growing step by step would hold the body twice.
            body.reserve(LARGEST_BODY - body.len());
        }
        body.extend_from_slice(&chunk);
    }
    conceal(&mut body, &secrets);
    if has_too_many_parts(&body) {
        return Err(NoReply::TooManyParts);
    }
    Ok(Received { reply: Reply { status, headers, body: body.freeze() }, _turn: turn })
}

/// Lets one large body at a time into memory, so that many calls at once take
/// about as much as one. What waits meanwhile keeps to its own time limit.
#[derive(Clone, Debug)]
pub struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl LargeBodies {
    /// `None` only if the semaphore were closed, which nobody does.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

/// Whether reading `body` could fill the memory, though it is short enough: each
/// of these characters may begin a value, which takes far more room than its text.
fn has_too_many_parts(body: &[u8]) -> bool {
    body.len() > MOST_PARTS && memchr3_iter(b',', b'[', b'{', body).nth(MOST_PARTS).is_some()
}
