//! A vendor that fails a call in twenty, each time in another way, and counts
//! what it was asked. What it says follows from the question alone.

use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::Result;
use super::world::{World, recalls_of};

/// How long a slow reply takes.
const SLOW: Duration = Duration::from_millis(300);

/// Faults in a hundred calls.
const FAULTS: u64 = 5;

/// Times that calls about one key may fail in one run: it would be given up.
const MOST_FAULTS: u8 = 2;

/// What the vendor counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Calls, in all.
    pub(crate) calls: u64,
    /// Those that were struck by a fault.
    pub(crate) faults: u64,
    /// VINs asked again in one run after they were answered in full.
    pub(crate) again: u64,
}

/// Its ledger.
#[derive(Default)]
struct Book {
    counts: Counts,
    /// The number of this run. What a killed one has left on its way is none of its.
    run: u64,
    /// In this run: how often each VIN was asked to be decoded, and which were answered.
    asked: Vec<u8>,
    answered: Vec<bool>,
    /// In this run: faults by the first key of a call.
    struck: HashMap<u64, u8>,
    /// In this run: VINs that a batch left out. Left out twice, one would be given up.
    left_out: HashSet<String>,
}

struct Vendor {
    world: World,
    book: Mutex<Book>,
}

/// What is asked.
#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    vins: Vec<String>,
    vin: Option<String>,
    make: Option<String>,
    model: Option<String>,
    year: Option<String>,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Error,
    Limited,
    Reset,
    Cut,
    Missing,
    Foreign,
    Slow,
}

/// What leaves.
struct Reply {
    status: &'static str,
    headers: &'static str,
    body: String,
}

/// Listens from here on, in threads of its own. Returns the port.
pub(crate) fn listen(vins: usize) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let vendor = Arc::new(Vendor { world: World::new(vins), book: Mutex::default() });
    vendor.begin();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let vendor = Arc::clone(&vendor);
            // A client that goes away ends its thread and nothing else.
            thread::spawn(move || vendor.converse(stream));
        }
    });
    Ok(port)
}

impl Vendor {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new run begins.
    fn begin(&self) {
        let mut book = self.book();
        book.run += 1;
        book.asked = vec![0; self.world.vins];
        book.answered = vec![false; self.world.vins];
        book.struck.clear();
        book.left_out.clear();
    }

    fn converse(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let run = self.book().run;
        let mut received = Vec::new();
        loop {
            let (head, end) = loop {
                if let Some(request) = whole(&received) {
                    break request;
                }
                let mut more = [0; 16 << 10];
                match stream.read(&mut more)? {
                    0 => return Ok(()),
                    count => received.extend_from_slice(&more[..count]),
                }
            };
            let path = String::from_utf8_lossy(&received[..head]);
            let path = path.split(' ').nth(1).unwrap_or_default().to_owned();
            match &*path {
                "/control/begin" => {
                    self.begin();
                    send(&mut stream, &Reply::ok(String::new()), None)?;
                }
                "/control/counts" => {
                    let counts = serde_json::to_string(&self.book().counts)?;
                    send(&mut stream, &Reply::ok(counts), None)?;
                }
                "/control/asked" => {
                    let asked = self
                        .book()
                        .asked
                        .iter()
                        .map(|&times| char::from(b'0' + times.min(9)))
                        .collect();
                    send(&mut stream, &Reply::ok(asked), None)?;
                }
                _ => {
                    let question = serde_json::from_slice(&received[head..end])?;
                    if !self.serve(&mut stream, &question, run)? {
                        return Ok(stream.shutdown(Shutdown::Both)?);
                    }
                }
            }
            received.drain(..end);
        }
    }

    /// Answers one call of a run. Whether the conversation goes on.
    fn serve(&self, stream: &mut TcpStream, question: &Question, run: u64) -> Result<bool> {
        let fault = self.strike(question, run);
        match fault {
            Some(Fault::Error) => {
                let body = r#"{"success":false,"error":"Internal server error"}"#.to_owned();
                let reply = Reply { status: "500 Internal Server Error", headers: "", body };
                return send(stream, &reply, None).map(|()| true);
            }
            Some(Fault::Limited) => {
                let body = r#"{"success":false,"error":"Rate limit exceeded"}"#.to_owned();
                let headers = "retry-after: 1\r\n";
                let reply = Reply { status: "429 Too Many Requests", headers, body };
                return send(stream, &reply, None).map(|()| true);
            }
            Some(Fault::Reset) => return Ok(false),
            Some(Fault::Slow) => thread::sleep(SLOW),
            Some(Fault::Cut | Fault::Missing | Fault::Foreign) | None => {}
        }
        let reply = Reply::ok(self.answer(question, fault));
        let cut = (fault == Some(Fault::Cut)).then_some(reply.body.len() / 2);
        if cut.is_none() {
            let dropped = usize::from(fault == Some(Fault::Missing));
            let answered = &question.vins[..question.vins.len().saturating_sub(dropped)];
            let numbers = answered.iter().filter_map(|vin| self.world.number(vin));
            let mut book = self.book();
            if book.run == run {
                numbers.for_each(|number| book.answered[number] = true);
            }
        }
        send(stream, &reply, cut).map(|()| cut.is_none())
    }

    /// Counts a call and says what is to go wrong with it.
    fn strike(&self, question: &Question, run: u64) -> Option<Fault> {
        let book = &mut *self.book();
        book.counts.calls += 1;
        if book.run != run {
            return None;
        }
        for number in question.vins.iter().filter_map(|vin| self.world.number(vin)) {
            book.asked[number] = book.asked[number].saturating_add(1);
            book.counts.again += u64::from(book.answered[number]);
        }
        let draw = xxh3_64(&book.counts.calls.to_le_bytes());
        if draw % 100 >= FAULTS {
            return None;
        }
        let struck = book.struck.entry(question.first_key()).or_default();
        if *struck == MOST_FAULTS {
            return None;
        }
        let fault = match draw / 100 % 100 {
            0..2 => Fault::Limited,
            2..30 => Fault::Error,
            30..50 => Fault::Reset,
            50..65 => Fault::Cut,
            65..80 => Fault::Missing,
            80..90 => Fault::Foreign,
            _ => Fault::Slow,
        };
        if fault == Fault::Missing
            && let Some(last) = question.vins.last()
            && !book.left_out.insert(last.clone())
        {
            return None;
        }
        *struck += 1;
        book.counts.faults += 1;
        Some(fault)
    }

    fn answer(&self, question: &Question, fault: Option<Fault>) -> String {
        if question.vins.is_empty() {
            return recalls(&self.world, question);
        }
        let item = |vin: &str| format!("{{\"VIN\":\"{vin}{}", self.world.vehicle(vin).decode);
        let mut items: Vec<String> = question.vins.iter().map(|vin| item(vin)).collect();
        match fault {
            Some(Fault::Missing) => drop(items.pop()),
            Some(Fault::Foreign) => items.push(item("1HGCM82633A004352")),
            _ => {}
        }
        format!("{{\"success\":true,\"data\":[{}]}}", items.join(","))
    }
}

impl Question {
    fn first_key(&self) -> u64 {
        let key = self.vins.first().or(self.vin.as_ref()).or(self.model.as_ref());
        let year = self.year.as_deref().unwrap_or_default();
        xxh3_64(format!("{} {year}", key.map_or("", String::as_str)).as_bytes())
    }
}

fn recalls(world: &World, question: &Question) -> String {
    let count = match question {
        Question { vin: Some(vin), .. } => world.vehicle(vin).recalls,
        Question { make: Some(make), model: Some(model), year: Some(year), .. } => {
            recalls_of(make, model, year)
        }
        _ => 0,
    };
    let campaign = |number| {
        format!(
            "{{\"NHTSACampaignNumber\":\"16V{number:03}000\",\"Component\":\"BRAKES\",\"Summary\":\"They may fail\"}}"
        )
    };
    let campaigns: Vec<String> = (1..=count).map(campaign).collect();
    format!("{{\"success\":true,\"count\":{count},\"recalls\":[{}]}}", campaigns.join(","))
}

impl Reply {
    fn ok(body: String) -> Self {
        Self { status: "200 OK", headers: "", body }
    }
}

/// Sends a reply, or its head and the first `cut` bytes of its body.
fn send(stream: &mut TcpStream, reply: &Reply, cut: Option<usize>) -> Result<()> {
    let Reply { status, headers, body } = reply;
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(&body.as_bytes()[..cut.unwrap_or(length)]);
    Ok(stream.write_all(&bytes)?)
}

/// Where the body of the first request starts and ends, once all of it is there.
fn whole(received: &[u8]) -> Option<(usize, usize)> {
    let body = memmem::find(received, b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&received[..body]).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = body + length.unwrap_or(0);
    (end <= received.len()).then_some((body, end))
}
