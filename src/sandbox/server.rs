//! The HTTP server: one thread, one tokio runtime, connections on loopback only.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::SandboxSpec;
use super::faults::{Faults, Outgoing};
use super::handler::{self, NO_ENDPOINT, Reply, Request};
use super::journal::{Entry, Journal, Seen};
use super::registry::{self, Vendor};
use crate::domain::{Error, Exit};

const JSON: &str = "application/json";

/// A longer request is not a list of VINs.
const LONGEST_REQUEST: usize = 1 << 20;

/// How long the server waits when no connection can be accepted, such as when
/// the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Dropping it stops the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(spec: SandboxSpec, journal: Arc<Journal>) -> Result<Self, Error> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, spec.port));
        let failed = |what: &str, cause: io::Error| {
            Error::new(Exit::Io, format!("{what} `{wanted}`")).because(cause)
        };
        let listener = listen(wanted).map_err(|cause| {
            failed("cannot listen on", cause).hint("choose another `--port`, or 0 for a free one")
        })?;
        let address = listener.local_addr().map_err(|cause| failed("cannot use", cause))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| failed("cannot serve", cause))?;
        let (stop, stopped) = oneshot::channel();
        let service = Arc::new(Service::new(spec, journal));
        let thread = std::thread::Builder::new()
            .name("sandbox".into())
            .spawn(move || runtime.block_on(serve(listener, service, stopped)))
            .map_err(|cause| failed("cannot serve", cause))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already; nothing is left to do.
            thread.join().ok();
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts connections until it is stopped; those open then are cut.
async fn serve(listener: TcpListener, service: Arc<Service>, mut stopped: oneshot::Receiver<()>) {
    // The listener is non-blocking and the runtime has its I/O driver, so this cannot fail.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(converse(stream, Arc::clone(&service)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, service: Arc<Service>) {
    // Without it replies wait for the client's delayed acknowledgements; only slower.
    stream.set_nodelay(true).ok();
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(request).await }
    });
    // An error here is a client that went away, or a `reset` fault.
    http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok();
}

/// Everything a request needs to be answered.
struct Service {
    vendors: Vec<Vendor>,
    faults: Faults,
    latency: Duration,
    journal: Arc<Journal>,
}

impl Service {
    fn new(spec: SandboxSpec, journal: Arc<Journal>) -> Self {
        let SandboxSpec { port: _, faults, quotas, latency, keys } = spec;
        let vendor = |profile: &&'static registry::Profile| {
            Vendor::new(profile, keys.of(profile), quotas.of(profile.id).to_vec())
        };
        Self {
            vendors: registry::ALL.iter().map(vendor).collect(),
            faults: Faults::new(faults),
            latency: latency.unwrap_or_default(),
            journal,
        }
    }

    async fn answer(&self, request: HttpRequest<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let (vendor, path) = path.split_once('/').unwrap_or((&path, ""));
        let request = match read(request, path).await {
            Ok(request) => request,
            Err(refusal) => return Ok(response(refusal)),
        };
        let Some(vendor) = self.vendors.iter().find(|known| known.profile.id == vendor) else {
            return Ok(self.unknown_vendor());
        };
        let (entry, outgoing, latency) = self.call(vendor, &request);
        let latency = self.latency.saturating_add(latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match outgoing {
            Outgoing::Sent(reply) => {
                self.journal.sent(entry, reply.status);
                Ok(response(reply))
            }
            Outgoing::Closed => Err(io::ErrorKind::ConnectionReset.into()),
            Outgoing::Silence => std::future::pending().await,
        }
    }

    /// What leaves in reply to a call, and after which wait.
    fn call(&self, vendor: &Vendor, request: &Request) -> (Entry, Outgoing, Duration) {
        let at = Instant::now();
        let call = vendor.handler.read(request);
        let (id, endpoint, keys) = (vendor.profile.id, call.endpoint, call.keys.clone());
        let effects = self.faults.apply(id, endpoint, &keys);
        let seen = Seen { at, vendor: id, endpoint, keys: keys.clone(), status: None };
        let entry = self.journal.arrived(seen);
        let back = request.a_page_back();
        let call = if effects.repeats() { vendor.handler.read(&back) } else { call };
        let answer = || vendor.reply(request, call, at);
        (entry, effects.reply(vendor.handler.as_ref(), &keys, answer), effects.latency)
    }

    /// The path names no vendor.
    fn unknown_vendor(&self) -> Response<Full<Bytes>> {
        let entry = self.journal.arrived(Seen {
            at: Instant::now(),
            vendor: "",
            endpoint: NO_ENDPOINT,
            keys: Vec::new(),
            status: None,
        });
        self.journal.sent(entry, 404);
        let vendors: Vec<String> = registry::ALL.iter().map(|of| format!("/{}", of.id)).collect();
        let words = format!("paths start with one of {}", vendors.join(", "));
        response(Reply::json(404, format!(r#"{{"success":false,"error":"{words}"}}"#)))
    }
}

/// Reads a request whole.
async fn read(request: HttpRequest<Incoming>, path: &str) -> Result<Request, Reply> {
    let (parts, body) = request.into_parts();
    let too_long = || Reply::json(413, r#"{"success":false,"error":"Request body too long"}"#);
    if body.size_hint().lower() > LONGEST_REQUEST as u64 {
        return Err(too_long());
    }
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let headers = headers.collect();
    let body = Limited::new(body, LONGEST_REQUEST).collect().await.map_err(|_| too_long())?;
    Ok(Request {
        method: parts.method,
        path: percent_decode_str(path).decode_utf8_lossy().into_owned(),
        query: handler::pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        headers,
        body: body.to_bytes(),
    })
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(reply.body.into_text()));
    if let Ok(status) = hyper::StatusCode::from_u16(reply.status) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
