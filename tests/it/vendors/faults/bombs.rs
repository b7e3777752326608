//! Replies made to fill the memory: each ends as a failed call, and the process
//! stays small, however many of them come at once.

use std::fs::File;

use crate::support::command::memory::{stays_small, watched};
use crate::support::command::{DECODE, Running, Setup, vins};
use crate::support::ledger::Ledger;
use crate::support::server::wire::{Act, gzip_bomb};
use crate::support::server::{Fake, Heard, Reply};
use crate::support::{Work, csv_rows, passes_by};

const MIB: usize = 1 << 20;

/// Just below the largest body that is read.
const NEARLY_TOO_MUCH: usize = 16 * MIB - 100;

type Bomb = (&'static str, fn() -> Reply);

const BOMBS: [Bomb; 9] = [
    ("200 MB, said so", || {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 200 * MIB);
        endless(&head, b" ", 200 * MIB)
    }),
    ("200 MB until it closes", || endless("HTTP/1.1 200 OK\r\n\r\n", b" ", 200 * MIB)),
    ("200 MB in chunks", || {
        let chunk = [b"10000\r\n", &vec![b' '; 1 << 16][..], b"\r\n"].concat();
        endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunk, (200 * MIB) >> 16)
    }),
    ("200 MB with an error", || endless("HTTP/1.1 500 Oops\r\n\r\n", b" ", 200 * MIB)),
    ("gigabytes in gzip", || {
        let (start, more) = gzip_bomb();
        let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n";
        let times = (8 << 30) / 2064;
        Reply::wire([Act::Send([&head[..], &start].concat()), Act::Repeat(more, times), Act::Close])
    }),
    ("millions of numbers", || filled(r#"{"success":true,"data":["#, b"1,", "1]}")),
    ("millions of empty items", || filled(r#"{"success":true,"data":["#, b"{},", "{}]}")),
    ("millions of nested lists", || filled("", b"[", "")),
    ("one long text", || filled(r#"{"success":true,"data":[{"VIN":""#, b"x", "\"}]}")),
];

fn endless(head: &str, bytes: &[u8], times: usize) -> Reply {
    Reply::wire([Act::Send(head.into()), Act::Repeat(bytes.to_vec(), times), Act::Close])
}

/// A body that is small enough to be read.
fn filled(start: &str, bytes: &[u8], end: &str) -> Reply {
    let times = (NEARLY_TOO_MUCH - start.len() - end.len()) / bytes.len();
    let length = start.len() + times * bytes.len() + end.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{start}");
    Reply::wire([Act::Send(head.into()), Act::Repeat(bytes.to_vec(), times), Act::Send(end.into())])
}

/// Decodes 160 VINs, eight calls at once, and tells the memory that took.
fn peak(
    name: &str,
    script: impl Fn(usize, &Heard) -> Reply + Send + Sync + 'static,
) -> Option<u64> {
    let fake = Fake::start(script);
    let work = Work::with_faults(&[]);
    let carvin = format!("quotas = []\nconcurrency = 8\nbase_url = '{}'", fake.url());
    work.configure(&Setup { general: "max_wait = '0s'", carvin: &carvin, ..Setup::default() });
    let text = work.read("vinrich.toml");
    let theirs = format!("base_url = '{}'\n", work.sandbox.base_url("carvin"));
    work.write("vinrich.toml", &text.replacen(&theirs, "", 1));
    work.write_vins(&vins(160));
    let running = Running::start_with_stdout(
        &mut work.command(&DECODE),
        File::create(work.path("stdout")).expect("a file"),
    );
    let (ended, peak) = watched(running);
    let code = ended.code.expect("it was not killed");
    let rows = csv_rows(&work.read("out.csv"));
    assert_eq!(rows.len(), 160, "{name}");
    let ledger = Ledger::of(&work.store());
    assert_eq!(ledger.calls, fake.heard().len(), "{name}");
    if name.is_empty() {
        assert_eq!((code, ledger.answers), (0, 160), "{}", ended.stderr);
    } else {
        assert!([75, 76, 3].contains(&code), "{name}: {code}\n{}", ended.stderr);
        assert_eq!((ledger.answers, ledger.bodies), (0, 0), "{name}");
        assert!(rows.iter().all(|row| row["decode_status"] != "found"), "{name}");
        assert!(fake.heard().len() <= 8 * 6 / 5 + 10, "{name}: {} calls", fake.heard().len());
    }
    peak
}

#[test]
fn bombs_take_little_memory_and_are_dropped() {
    let clean = peak("", |_, heard| Reply::decoded(heard));
    let Some(clean) = clean else {
        return passes_by("this system does not tell how much memory a process takes");
    };
    for (name, bomb) in BOMBS {
        let peak = peak(name, move |_, _| bomb()).expect("as before");
        stays_small(name, peak, clean);
    }
}
