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
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::SandboxSpec;
use super::faults::{Faults, Outgoing};
use super::handler::{self, AnyStand, Asked, Heard, NO_ENDPOINT, Reply};
use super::journal::{Entry, Journal, Seen};
use super::registry;
use crate::domain::error::{Error, Exit};

const JSON: &str = "application/json";

/// A longer request is no list of VINs.
const LONGEST_REQUEST: usize = 1 << 20;

/// How long the server waits when no connection can be accepted, such as when
/// the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Dropping it tells the thread to stop.
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
        let desk = Arc::new(Desk::new(spec, journal));
        let thread = std::thread::Builder::new()
            .name("sandbox".into())
            .spawn(move || runtime.block_on(serve(listener, desk, stopped)))
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

/// Accepts connections until told to stop; those open then are cut.
async fn serve(listener: TcpListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    // The listener is non-blocking and the runtime has its I/O driver, so this cannot fail.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(converse(stream, Arc::clone(&desk)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    // Without it replies wait for the client's delayed acknowledgements; only slower.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { desk.attend(request).await }
    });
    // An error here is a client that went away, or a `reset` fault.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Everything a request needs to be answered.
struct Desk {
    stands: Vec<(&'static str, Box<dyn AnyStand>)>,
    faults: Faults,
    latency: Duration,
    journal: Arc<Journal>,
}

impl Desk {
    fn new(spec: SandboxSpec, journal: Arc<Journal>) -> Self {
        let SandboxSpec { port: _, faults, quotas, latency, keys } = spec;
        Self {
            stands: registry::ALL
                .iter()
                .map(|profile| {
                    let quotas = quotas.of(profile.id).to_vec();
                    (profile.id, (profile.start)(keys.of(profile), quotas))
                })
                .collect(),
            faults: Faults::new(faults),
            latency: latency.unwrap_or_default(),
            journal,
        }
    }

    async fn attend(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let (vendor, path) = path.split_once('/').unwrap_or((&path, ""));
        let heard = match hear(request, path).await {
            Ok(heard) => heard,
            Err(refusal) => return Ok(response(refusal)),
        };
        match self.stands.iter().find(|(id, _)| *id == vendor) {
            Some((id, stand)) => self.answer(id, stand.as_ref(), &heard).await,
            None => Ok(self.nobody()),
        }
    }

    async fn answer(
        &self,
        vendor: &'static str,
        stand: &dyn AnyStand,
        heard: &Heard,
    ) -> io::Result<Response<Full<Bytes>>> {
        let (entry, outgoing, latency) = self.settle(vendor, stand, heard);
        wait(self.latency.saturating_add(latency)).await;
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
    fn settle(
        &self,
        vendor: &'static str,
        stand: &dyn AnyStand,
        heard: &Heard,
    ) -> (Entry, Outgoing, Duration) {
        let at = Instant::now();
        let Asked { endpoint, keys, answer } = stand.hear(heard);
        let strike = self.faults.strike(vendor, endpoint, &keys);
        let entry =
            self.journal.arrived(Seen { at, vendor, endpoint, keys: keys.clone(), status: None });
        let back = heard.a_page_back();
        let answer = if strike.repeats() { stand.hear(&back).answer } else { answer };
        (entry, strike.reply(stand, &keys, || answer(at)), strike.latency)
    }

    /// The path names no vendor.
    fn nobody(&self) -> Response<Full<Bytes>> {
        let entry = self.journal.arrived(Seen {
            at: Instant::now(),
            vendor: "",
            endpoint: NO_ENDPOINT,
            keys: Vec::new(),
            status: None,
        });
        self.journal.sent(entry, 404);
        let vendors: Vec<String> = self.stands.iter().map(|(id, _)| format!("/{id}")).collect();
        let words = format!("paths start with one of {}", vendors.join(", "));
        response(Reply::json(404, format!(r#"{{"success":false,"error":"{words}"}}"#)))
    }
}

/// Reads a request whole.
async fn hear(request: Request<Incoming>, path: &str) -> Result<Heard, Reply> {
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
    Ok(Heard {
        method: parts.method,
        path: handler::percent_decoded(path),
        query: handler::query_pairs(parts.uri.query().unwrap_or_default()),
        headers,
        body: body.to_bytes(),
    })
}

async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
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
