//! The same with faults below HTTP and in it, mixed: the sandbox's true replies
//! go through a wire that closes, resets, stalls, cuts and garbles some of them.
//!
//! `VINRICH_WIRE_CASES` sets how many sequences each test tries; every one of
//! them is a run, and a second one over a sound wire.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use vinrich::domain::outcome::Dataset;

use super::{Input, TRUTH, adds_up, carried, csv, is_consistent, is_true, rows};
use crate::support::Work;
use crate::support::ledger::Ledger;
use crate::support::library::{Enriched, Row, Tweak};
use crate::support::server::breakage::{BREAKAGES, UNUSUAL};
use crate::support::server::{Fake, Heard, Reply, Welcome};

/// What becomes of one call's reply.
#[derive(Clone, Debug)]
enum Lot {
    Good,
    /// Good, in one of the dresses of [`UNUSUAL`].
    Dressed(Index),
    /// Spoilt in one of the ways of [`BREAKAGES`].
    Broken(Index),
    /// Under another status, though the body is an answer.
    Status(u16),
}

impl Lot {
    /// What goes out, and whether it may be used.
    fn of(&self, good: Reply) -> (Reply, bool) {
        match self {
            Self::Good => (good, true),
            Self::Dressed(index) => (index.get(&UNUSUAL).1(&good), true),
            Self::Broken(index) => ((index.get(&BREAKAGES).spoil)(&good), false),
            Self::Status(status) => (Reply::new(*status, good.body), false),
        }
    }
}

fn lot() -> impl Strategy<Value = Lot> {
    const STATUSES: [u16; 12] = [300, 304, 401, 402, 403, 408, 429, 500, 502, 503, 529, 599];
    prop_oneof![
        3 => Just(Lot::Good),
        1 => any::<Index>().prop_map(Lot::Dressed),
        8 => any::<Index>().prop_map(Lot::Broken),
        2 => select(&STATUSES[..]).prop_map(Lot::Status),
    ]
}

fn welcome() -> impl Strategy<Value = Welcome> {
    prop_oneof![6 => Just(Welcome::Talk), 1 => Just(Welcome::Close), 1 => Just(Welcome::Reset)]
}

/// What goes wrong, call by call and connection by connection; later ones fare well.
#[derive(Clone, Debug)]
struct Fate {
    welcomes: Vec<Welcome>,
    lots: Vec<Lot>,
    concurrency: u32,
}

fn fate() -> impl Strategy<Value = Fate> {
    let welcomes = prop::collection::vec(welcome(), 0..8);
    let lots = prop::collection::vec(lot(), 0..14);
    (welcomes, lots, 1..=4_u32).prop_map(|(welcomes, lots, concurrency)| Fate {
        welcomes,
        lots,
        concurrency,
    })
}

/// Few, since every case is two whole runs with waits of their own.
fn cases() -> ProptestConfig {
    let cases = std::env::var("VINRICH_WIRE_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { max_shrink_iters: 40, ..ProptestConfig::with_cases(cases.unwrap_or(6)) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn rows_are_conserved_whatever_the_wire_to_one_vendor_does(input in rows(), fate in fate()) {
        holds(&input, fate, &[Dataset::Decode, Dataset::Recalls]);
    }

    #[test]
    fn rows_are_conserved_whatever_the_wire_to_two_vendors_does(input in rows(), fate in fate()) {
        holds(&input, fate, &Dataset::ALL);
    }
}

fn holds(input: &Input, fate: Fate, datasets: &[Dataset]) {
    let work = Work::with_faults(&[]);
    let concurrency = fate.concurrency.try_into().expect("not zero");
    let wire = Wire::before(work.sandbox.address(), fate);
    let mut plan = work.plan(&work.write("in.csv", &csv(input)), "out.csv").only(datasets);
    // Any input will do, again and again.
    plan.thresholds.allow_empty = true;
    plan.settings.max_wait = Duration::from_millis(200);
    for id in ["carvin", "visor"] {
        let vendor = plan.vendor(id);
        vendor.base_url = format!("{}/{id}", wire.fake.url());
        vendor.timeout = Duration::from_millis(400);
        vendor.concurrency = concurrency;
    }
    let first = Enriched::by(&plan);
    assert_eq!(carried(&first.rows), *input, "rows in are rows out, in order");
    assert!([0, 3, 68, 69, 75, 76, 77].contains(&first.report.exit_code), "{:#?}", first.report);
    let delivered = wire.delivered.lock().expect("no panic there").clone();
    for row in &first.rows {
        for dataset in datasets {
            is_consistent(row, *dataset);
            is_true(row, *dataset);
        }
        let answered = ["found", "absent"].contains(&row["decode_status"].as_str());
        assert!(!answered || delivered.contains(&row["vin"]), "nobody decoded {}", row["vin"]);
    }
    if datasets.len() == Dataset::ALL.len() {
        adds_up(&first, input.len());
    }
    let ledger = Ledger::of(&plan.settings.store);
    let attempted: u64 = first.report.vendors.values().map(|vendor| vendor.attempted).sum();
    assert_eq!((ledger.calls as u64, ledger.open), (attempted, 0), "every call is told and closed");
    assert!(wire.fake.heard().len() <= ledger.calls, "nothing is sent unseen");

    wire.sound.store(true, Ordering::Release);
    plan.settings.max_wait = Duration::from_secs(20);
    for id in ["carvin", "visor"] {
        plan.vendor(id).timeout = Duration::from_secs(20);
    }
    let second = Enriched::by(&plan);
    assert_eq!(second.report.exit_code, 0, "{:#?}", second.report);
    assert_eq!(carried(&second.rows), *input);
    for row in second.rows.iter().filter(|row| !row["vin"].is_empty()) {
        for dataset in datasets {
            is_clean(row, *dataset);
        }
    }
}

/// As if nothing had ever gone wrong.
fn is_clean(row: &Row, dataset: Dataset) {
    is_true(row, dataset);
    let truth = &TRUTH[&row["vin"]];
    for what in ["status", "error"] {
        let column = format!("{dataset}_{what}");
        assert_eq!(row[&column], truth[&column], "{column} of {}", row["vin"]);
    }
}

/// A sandbox behind a wire.
struct Wire {
    fake: Fake,
    /// Nothing goes wrong any more.
    sound: Arc<AtomicBool>,
    /// The VINs about which a decode went out that may be used.
    delivered: Arc<Mutex<BTreeSet<String>>>,
}

impl Wire {
    fn before(sandbox: SocketAddr, fate: Fate) -> Self {
        let sound = Arc::new(AtomicBool::new(false));
        let delivered: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let Fate { welcomes, lots, .. } = fate;
        let welcomed = {
            let sound = Arc::clone(&sound);
            move |connection: usize| match welcomes.get(connection - 1) {
                Some(welcome) if !sound.load(Ordering::Acquire) => *welcome,
                _ => Welcome::Talk,
            }
        };
        let answered = {
            let (sound, delivered) = (Arc::clone(&sound), Arc::clone(&delivered));
            move |call: usize, heard: &Heard| {
                let lot = lots.get(call - 1).filter(|_| !sound.load(Ordering::Acquire));
                let (reply, usable) = lot.unwrap_or(&Lot::Good).of(forwarded(sandbox, heard));
                if usable {
                    delivered.lock().expect("no panic there").extend(heard.vins());
                }
                reply
            }
        };
        Self { fake: Fake::start_choosy(welcomed, answered), sound, delivered }
    }
}

/// What the sandbox says to a request.
fn forwarded(sandbox: SocketAddr, heard: &Heard) -> Reply {
    let Heard { method, path, key, body, .. } = heard;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(sandbox).expect("the sandbox");
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("it answers");
    let end = memchr::memmem::find(&reply, b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&reply[..end]).expect("text");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply::new(status, &reply[end + 4..])
}
