//! Sending one request and reading one reply, whole and bounded.

use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::config::VendorSettings;
use crate::error::Error;
use crate::outcome::Fault;
use crate::tls;
use crate::vendors::{Auth, Method, Payload, Reply, Request};

/// The largest body read, after decompression.
const LARGEST_BODY: usize = 16 << 20;

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
        builder = builder.tls_backend_preconfigured(tls::of_the_system()?);
    } else {
        // Plain http is allowed on loopback only, where no proxy belongs.
        builder = builder.no_proxy().tls_backend_preconfigured(tls::never_used()?);
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
                crate::error::Exit::Key,
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

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum NoReply {
    Broken(reqwest::Error),
    TooLarge,
}

/// Sends and reads. A reply that could not be read whole is a fault, never a reply.
pub(super) async fn send(client: &Client, request: reqwest::Request) -> Result<Reply, Fault> {
    exchange(client, request).await.map_err(|no_reply| no_reply.fault())
}

/// As [`send`], for one who wants to know more than what to do next.
pub(super) async fn exchange(client: &Client, request: reqwest::Request) -> Result<Reply, NoReply> {
    let mut response = client.execute(request).await.map_err(NoReply::Broken)?;
    let status = response.status().as_u16();
    if response.content_length().is_some_and(|length| length > LARGEST_BODY as u64) {
        return Err(NoReply::TooLarge);
    }
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(NoReply::Broken)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(NoReply::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body: body.freeze() })
}

impl NoReply {
    /// Whether the request may have reached the server decides what may be done next.
    pub(super) fn fault(&self) -> Fault {
        let garbled = |excerpt: String| Fault::Garbled { excerpt };
        match self {
            Self::TooLarge => garbled(format!("a body over {} MiB", LARGEST_BODY >> 20)),
            Self::Broken(error) if error.is_connect() || error.is_builder() => Fault::NotSent,
            Self::Broken(error) if error.is_decode() => {
                garbled("a body that does not decompress".into())
            }
            Self::Broken(_) => Fault::Timeout,
        }
    }

    /// What happened, in words that name no address.
    pub(super) fn words(&self) -> String {
        match self {
            Self::TooLarge => format!("its reply is over {} MiB", LARGEST_BODY >> 20),
            Self::Broken(error) => {
                let seen = causes(error).find_map(known_cause);
                seen.unwrap_or_else(|| unnamed(error).to_owned())
            }
        }
    }
}

fn causes<'e>(
    error: &'e reqwest::Error,
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |&cause| cause.source())
}

/// The causes that tell a person where to look.
fn known_cause(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    use std::io::ErrorKind::{
        ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, UnexpectedEof,
    };
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(format!("no TLS: {tls}"));
    }
    let Some(io) = cause.downcast_ref::<std::io::Error>() else {
        let is_lookup = cause.to_string().contains("dns error");
        return is_lookup.then(|| "no such host name".into());
    };
    // What an I/O error wraps is not among its causes.
    if let Some(inner) = io.get_ref() {
        return known_cause(inner);
    }
    match io.kind() {
        ConnectionRefused => Some("connection refused".into()),
        ConnectionReset => Some("the connection was reset".into()),
        UnexpectedEof => Some("the connection was closed".into()),
        HostUnreachable | NetworkUnreachable => Some("no way to its network".into()),
        _ => None,
    }
}

fn unnamed(error: &reqwest::Error) -> &'static str {
    match (error.is_timeout(), error.is_connect()) {
        (true, true) => "no connection in time",
        (true, false) => "no reply in time",
        (false, true) => "no connection",
        (false, false) if error.is_decode() => "its reply does not decompress",
        (false, false) => "the connection broke off",
    }
}
