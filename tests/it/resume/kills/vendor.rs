//! A vendor that kills its client: it stands before the sandbox, passes on what
//! both say, notes every request, and kills when its trap springs.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Error, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::victim::Killer;
use crate::support::command::eventually;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// Such as `carvin`.
    pub(super) vendor: String,
    /// Such as `POST /batch-decode`, without the query.
    pub(super) what: String,
    /// The VINs it names.
    pub(super) vins: BTreeSet<String>,
    pub(super) idempotency_key: Option<String>,
    /// Whether its reply was written to the last byte.
    pub(super) is_answered: bool,
}

/// When the client is killed. The vendor has done what it was asked each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Not one byte of the reply is written.
    Before,
    /// Half of the reply's body is written.
    Inside,
    /// The reply is written, and so much time has passed.
    After(Duration),
}

/// The vendor; it stops when dropped.
pub(super) struct Vendor {
    address: SocketAddr,
    desk: Arc<Desk>,
}

struct Desk {
    sandbox: SocketAddr,
    heard: Mutex<Vec<Heard>>,
    trap: Mutex<Option<Trap>>,
    conversations: AtomicUsize,
    stopped: AtomicBool,
}

struct Trap {
    /// Requests until it springs.
    left: usize,
    moment: Moment,
    killer: Killer,
}

impl Vendor {
    pub(super) fn before(sandbox: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            sandbox,
            heard: Mutex::default(),
            trap: Mutex::default(),
            conversations: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let at_desk = Arc::clone(&desk);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if at_desk.stopped.load(Ordering::Acquire) {
                    return;
                }
                at_desk.conversations.fetch_add(1, Ordering::AcqRel);
                let desk = Arc::clone(&at_desk);
                thread::spawn(move || {
                    // A conversation ends when either side hangs up, however it does that.
                    desk.converse(&stream).ok();
                    desk.conversations.fetch_sub(1, Ordering::AcqRel);
                });
            }
        });
        Self { address, desk }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills at the `nth` request from now on, counted from 1.
    pub(super) fn kill_at(&self, nth: usize, moment: Moment, killer: Killer) {
        *held(&self.desk.trap) = Some(Trap { left: nth, moment, killer });
    }

    /// Takes the requests heard since the last time, once nobody talks any more.
    pub(super) fn take_heard(&self) -> Vec<Heard> {
        *held(&self.desk.trap) = None;
        eventually("the end of all conversations", || {
            self.desk.conversations.load(Ordering::Acquire) == 0
        });
        std::mem::take(&mut held(&self.desk.heard))
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.desk.stopped.store(true, Ordering::Release);
        // Wakes the listener, so that it sees the flag.
        TcpStream::connect(self.address).ok();
    }
}

impl Desk {
    fn converse(&self, client: &TcpStream) -> Result<(), Error> {
        let sandbox = TcpStream::connect(self.sandbox)?;
        for stream in [client, &sandbox] {
            stream.set_nodelay(true)?;
        }
        let (mut requests, mut replies) = (BufReader::new(client), BufReader::new(&sandbox));
        while let Some(request) = Message::read(&mut requests)? {
            let place = self.note(request.heard());
            let sprung = self.spring();
            (&sandbox).write_all(&request.bytes)?;
            let reply = Message::read(&mut replies)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
            let Some((moment, killer)) = sprung else {
                (&*client).write_all(&reply.bytes)?;
                self.note_answered(place);
                continue;
            };
            match moment {
                Moment::Before => {}
                Moment::Inside => {
                    let half = reply.head + (reply.bytes.len() - reply.head) / 2;
                    (&*client).write_all(&reply.bytes[..half])?;
                }
                Moment::After(wait) => {
                    (&*client).write_all(&reply.bytes)?;
                    self.note_answered(place);
                    thread::sleep(wait);
                }
            }
            killer.kill();
        }
        Ok(())
    }

    fn note(&self, heard: Heard) -> usize {
        let mut all = held(&self.heard);
        all.push(heard);
        all.len() - 1
    }

    fn note_answered(&self, place: usize) {
        if let Some(heard) = held(&self.heard).get_mut(place) {
            heard.is_answered = true;
        }
    }

    /// Counts a request; what to do when it is the one the trap waits for.
    fn spring(&self) -> Option<(Moment, Killer)> {
        let mut trap = held(&self.trap);
        let armed = trap.as_mut()?;
        armed.left -= 1;
        if armed.left > 0 {
            return None;
        }
        trap.take().map(|trap| (trap.moment, trap.killer))
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request or a reply, as its bytes.
struct Message {
    bytes: Vec<u8>,
    /// The length of what comes before the body.
    head: usize,
}

impl Message {
    /// Reads one whole; nothing when the other side has hung up.
    fn read(reader: &mut impl BufRead) -> Result<Option<Self>, Error> {
        let mut bytes = Vec::new();
        let mut length = 0;
        loop {
            let start = bytes.len();
            if reader.read_until(b'\n', &mut bytes)? == 0 {
                return if start == 0 { Ok(None) } else { Err(Error::other("half a head")) };
            }
            let line = String::from_utf8_lossy(&bytes[start..]);
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(Error::other)?;
            }
        }
        let head = bytes.len();
        bytes.resize(head + length, 0);
        reader.read_exact(&mut bytes[head..])?;
        Ok(Some(Self { bytes, head }))
    }

    /// This request, as it is noted.
    fn heard(&self) -> Heard {
        let text = String::from_utf8_lossy(&self.bytes).replace("%2C", ",");
        let mut words = text.lines().next().unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = path.split('?').next().unwrap_or_default().trim_start_matches('/');
        let (vendor, path) = path.split_once('/').unwrap_or((path, ""));
        let key = text.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
        Heard {
            vendor: vendor.to_owned(),
            what: format!("{method} /{path}"),
            vins: vins_named_in(&text),
            idempotency_key: key.map(|key| key.trim().to_owned()),
            is_answered: false,
        }
    }
}

/// The words that look like VINs.
pub(super) fn vins_named_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_vin = |word: &&str| word.len() == 17 && word.bytes().any(|byte| byte.is_ascii_digit());
    words.filter(is_vin).map(str::to_owned).collect()
}
