//! A vendor that plays scripted replies over a bare socket: for what no
//! well-behaved server can be made to say. It notes every arrival.

pub(crate) mod breakage;
pub(crate) mod wire;
pub(crate) mod world;

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use self::wire::Act;

/// A port that is taken, and at which nobody listens until somebody binds it.
pub(crate) struct Port(Socket);

impl Port {
    pub(crate) fn reserve() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        // Lets a server of ours bind it too: no other is given a port that is bound.
        socket.set_reuse_address(true).expect("an option");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
        Self(socket)
    }

    pub(crate) fn number(&self) -> u16 {
        let address = self.0.local_addr().expect("an address");
        address.as_socket().expect("of the internet").port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number())
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    /// The connection it came on, counted from 1.
    pub(crate) connection: usize,
    pub(crate) method: String,
    /// Such as `/recalls`, with the query.
    pub(crate) path: String,
    /// Where it was sent to, by its `Host` header.
    pub(crate) host: String,
    /// The `Authorization` header, or `X-API-Key`.
    pub(crate) key: String,
    pub(crate) body: String,
}

/// What goes out in reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    framing: Framing,
}

/// How the end of a body is told.
#[derive(Clone, Debug)]
enum Framing {
    /// By `Content-Length`, which promises so many bytes more than are sent.
    Promising(usize),
    /// By closing the connection.
    UntilClose,
    /// As the script says: status, headers and body are its own matter.
    Wire(Vec<Act>),
}

/// How a connection is received, before anything is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Welcome {
    Talk,
    Close,
    Reset,
}

/// Chooses a reply to the `n`th request, counted from 1.
type Script = dyn Fn(usize, &Heard) -> Reply + Send + Sync;

/// The vendor; it stops when dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Fake {
    pub(crate) fn start(script: impl Fn(usize, &Heard) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_choosy(|_| Welcome::Talk, script)
    }

    /// One that receives its `n`th connection, counted from 1, as `welcome` says.
    pub(crate) fn start_choosy(
        welcome: impl Fn(usize) -> Welcome + Send + 'static,
        script: impl Fn(usize, &Heard) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let fake = Self {
            address,
            heard: Arc::default(),
            connections: Arc::default(),
            stopped: Arc::default(),
        };
        let (heard, stopped) = (Arc::clone(&fake.heard), Arc::clone(&fake.stopped));
        let connections = Arc::clone(&fake.connections);
        let script: Arc<Script> = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let connection = connections.fetch_add(1, Ordering::AcqRel) + 1;
                match welcome(connection) {
                    Welcome::Close => continue,
                    Welcome::Reset => {
                        wire::reset_when_closed(&stream).ok();
                        continue;
                    }
                    Welcome::Talk => {}
                }
                let (heard, script) = (Arc::clone(&heard), Arc::clone(&script));
                // A conversation ends when the client hangs up, however it does that.
                thread::spawn(move || converse(&stream, connection, &heard, &*script).ok());
            }
        });
        fake
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Every request so far, in order of arrival.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no panic there").clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Wakes the listener, so that it sees the flag.
        TcpStream::connect(self.address).ok();
    }
}

impl Heard {
    /// The VINs of a batch decode.
    pub(crate) fn vins(&self) -> Vec<String> {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let vins = body["vins"].as_array().cloned().unwrap_or_default();
        vins.iter().filter_map(|vin| vin.as_str().map(str::to_owned)).collect()
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { status, headers, body: body.into(), framing: Framing::Promising(0) }
    }

    /// Every VIN of a batch decode as one and the same car.
    pub(crate) fn decoded(heard: &Heard) -> Self {
        let items: Vec<Value> = heard.vins().iter().map(|vin| item(vin)).collect();
        Self::items(&items)
    }

    pub(crate) fn items(items: &[Value]) -> Self {
        Self::new(200, json!({ "success": true, "data": items }).to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Promises more bytes than there are, then hangs up.
    pub(crate) fn promising(mut self, more: usize) -> Self {
        self.framing = Framing::Promising(more);
        self
    }

    /// Cut after `length` bytes.
    pub(crate) fn cut(mut self, length: usize) -> Self {
        self.body.truncate(length);
        self
    }

    /// Ends with the connection.
    pub(crate) fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Whatever `acts` make of it.
    pub(crate) fn wire(acts: impl Into<Vec<Act>>) -> Self {
        Self { framing: Framing::Wire(acts.into()), ..Self::new(200, "") }
    }

    /// Its status line and headers, without what tells the end of the body and
    /// without the empty line.
    pub(crate) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head
    }

    /// Writes the reply. Whether the conversation may go on.
    fn send(&self, mut stream: &TcpStream) -> std::io::Result<bool> {
        let mut head = self.head();
        let goes_on = match &self.framing {
            Framing::Promising(more) => {
                let length = (self.body.len() + more).to_string();
                head.extend(["content-length: ", &length, "\r\n"]);
                *more == 0
            }
            Framing::UntilClose => {
                head.push_str("connection: close\r\n");
                false
            }
            Framing::Wire(acts) => return wire::perform(acts, stream),
        };
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(&self.body)?;
        Ok(goes_on)
    }
}

/// The decode of `vin` as one and the same car.
pub(crate) fn item(vin: &str) -> Value {
    json!({ "VIN": vin, "Make": "HONDA", "Model": "Civic", "ModelYear": "2021" })
}

fn converse(
    stream: &TcpStream,
    connection: usize,
    heard: &Mutex<Vec<Heard>>,
    script: &Script,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = hear(&mut reader, connection)? {
        let number = {
            let mut heard = heard.lock().expect("no panic there");
            heard.push(request.clone());
            heard.len()
        };
        if !script(number, &request).send(stream)? {
            break;
        }
    }
    Ok(())
}

/// Reads one request whole; nothing when the client has hung up.
fn hear(reader: &mut impl BufRead, connection: usize) -> std::io::Result<Option<Heard>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let [method, path] = [(); 2].map(|()| words.next().unwrap_or_default());
    let (mut length, mut key, mut host) = (0, String::new(), String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some((name, value))
                if ["authorization", "x-api-key"]
                    .iter()
                    .any(|of| name.eq_ignore_ascii_case(of)) =>
            {
                value.clone_into(&mut key);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("host") => {
                value.clone_into(&mut host);
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(Heard { at: Instant::now(), connection, method, path, host, key, body }))
}
