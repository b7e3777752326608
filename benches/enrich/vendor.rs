//! A vendor that takes no time: `POST …/batch-decode` over kept-alive
//! connections, answered from bytes made beforehand.
//!
//! A blocking thread a connection costs two system calls a request, less than
//! any event loop.

use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hashbrown::HashMap;
use memchr::memmem;

use crate::{Result, child, fleet, vehicles, vins};

const ITEM: &[u8] = b"{\"VIN\":\"";
const HEAD: &[u8] = b"{\"success\":true,\"data\":[";
const TAIL: &[u8] = b"]}";

/// Fields for which vinrich has no column, such as vPIC has by the dozen.
const EQUIPMENT: &str = concat!(
    r#","ABS":"Standard","AirBagLocCurtain":"1st and 2nd Rows","#,
    r#""AirBagLocFront":"1st Row (Driver and Passenger)","#,
    r#""AirBagLocSide":"1st Row (Driver and Passenger)","ESC":"Standard","#,
    r#""FuelInjectionType":"Stoichiometric Gasoline Direct Injection (SGDI)","#,
    r#""SeatBeltsAll":"Manual","SteeringLocation":"Left-Hand Drive (LHD)","#,
    r#""TPMS":"Direct","TractionControl":"Standard","#,
    r#""ValveTrainDesign":"Dual Overhead Cam (DOHC)""#
);

/// How much alike the answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// VINs of one kind have the same answer.
    Shared,
    /// No two VINs have the same answer: each has its serial number in it.
    Different,
}

impl Form {
    pub(crate) const ALL: [Self; 2] = [Self::Shared, Self::Different];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Different => "different",
        }
    }

    /// As it is said of a race.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Shared => "30,000 kinds share answers",
            Self::Different => "every answer differs",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }
}

/// The vendor's process; it ends when its stdin does.
pub(crate) struct Vendor {
    pub(crate) form: Form,
    child: Child,
    pub(crate) port: String,
    stdin: Option<ChildStdin>,
}

impl Vendor {
    pub(crate) fn start(form: Form) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--role", "vendor", form.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let mut port = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
        Ok(Self { form, child, port: port.trim().to_owned(), stdin })
    }

    /// CPU time since its start.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        child::cpu_of(&self.child)
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Nothing asks it any more; how it ends changes no figure.
        let _ended = self.child.wait();
    }
}

/// Prints its port on stdout and serves until stdin ends.
pub(crate) fn serve(form: Form) -> Result<()> {
    let answers = Arc::new(Answers::new(form));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            // A client that goes away ends its thread and nothing else.
            thread::spawn(move || answer(stream, &answers));
        }
    });
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// What follows each VIN's `{"VIN":"…`.
struct Answers {
    form: Form,
    /// By the kind's number; without the closing brace.
    items: Vec<String>,
    numbers: HashMap<[u8; 10], usize>,
}

impl Answers {
    fn new(form: Form) -> Self {
        let kinds = fleet::kinds();
        let mut items = vehicles::all(kinds.len() as u64);
        for item in &mut items {
            item.truncate(item.trim_end_matches('}').len());
            item.push_str(EQUIPMENT);
        }
        let numbers = kinds.iter().enumerate().map(|(number, vin)| (vins::kind_of(vin), number));
        Self { form, items, numbers: numbers.collect() }
    }

    /// The items for the VINs in a request's body, where nothing else is as long as a VIN.
    fn write_items(&self, body: &[u8], items: &mut Vec<u8>) {
        let asked = body.split(|&byte| byte == b'"').filter(|text| text.len() == 17);
        for (place, vin) in asked.enumerate() {
            if place > 0 {
                items.push(b',');
            }
            self.write_item(vin, items);
        }
    }

    fn write_item(&self, vin: &[u8], items: &mut Vec<u8>) {
        let number = self.numbers.get(&vins::kind_of(vin)).copied().unwrap_or(0);
        items.extend_from_slice(ITEM);
        items.extend_from_slice(vin);
        items.extend_from_slice(self.items[number].as_bytes());
        if self.form == Form::Different {
            items.extend_from_slice(b",\"BuildNumber\":\"");
            items.extend_from_slice(&vin[11..]);
            items.push(b'"');
        }
        items.push(b'}');
    }
}

fn answer(mut stream: TcpStream, answers: &Answers) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    let (mut reply, mut items) = (Vec::new(), Vec::new());
    loop {
        let (body, end) = loop {
            if let Some(request) = whole(&received) {
                break request;
            }
            let mut more = [0; 16 << 10];
            match stream.read(&mut more)? {
                0 => return Ok(()),
                count => received.extend_from_slice(&more[..count]),
            }
        };
        items.clear();
        answers.write_items(&received[body..end], &mut items);
        write_reply(&items, &mut reply)?;
        stream.write_all(&reply)?;
        received.drain(..end);
    }
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

fn write_reply(items: &[u8], reply: &mut Vec<u8>) -> Result<()> {
    let length = HEAD.len() + items.len() + TAIL.len();
    reply.clear();
    write!(
        reply,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )?;
    reply.extend_from_slice(HEAD);
    reply.extend_from_slice(items);
    reply.extend_from_slice(TAIL);
    Ok(())
}
