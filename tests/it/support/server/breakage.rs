//! Ways in which a good reply is spoilt on its way. Nothing of such a reply may
//! ever be used.

use std::time::Duration;

use super::Reply;
use super::wire::{Act, chunks, gzip};

/// Between two bytes of a drip: many of them keep any idle timer from firing.
const DRIP: Duration = Duration::from_millis(5);

/// One way to spoil a reply.
#[derive(Clone, Copy)]
pub(crate) struct Breakage {
    pub(crate) name: &'static str,
    pub(crate) spoil: fn(&Reply) -> Reply,
    /// What the rows are told when it never heals.
    pub(crate) error: &'static str,
}

const fn no_reply(name: &'static str, spoil: fn(&Reply) -> Reply) -> Breakage {
    Breakage { name, spoil, error: "timeout" }
}

const fn no_answer(name: &'static str, spoil: fn(&Reply) -> Reply) -> Breakage {
    Breakage { name, spoil, error: "garbled" }
}

pub(crate) const BREAKAGES: [Breakage; 25] = [
    no_reply("closed without a word", |_| Reply::wire([Act::Close])),
    no_reply("reset without a word", |_| Reply::wire([Act::Reset])),
    no_reply("header stall", |_| Reply::wire([Act::Stall])),
    no_reply("header cut", |good| wire(&good.head().as_bytes()[..20], Act::Close)),
    no_reply("header drip", |good| wire(format!("{}x-drip: ", good.head()), Act::Drip(b'x', DRIP))),
    no_reply("body stall", |good| wire(promised(good, 9, half(good)), Act::Stall)),
    no_reply("body drip", |good| wire(promised(good, 9_999, ""), Act::Drip(b' ', DRIP))),
    no_answer("cut within its length", |good| wire(promised(good, 0, half(good)), Act::Close)),
    no_answer("reset within its length", |good| wire(promised(good, 0, half(good)), Act::Reset)),
    no_answer("cut within a chunk", |good| {
        wire(chunked(good, [&b"fff\r\n"[..], half(good)].concat()), Act::Close)
    }),
    no_answer("no last chunk", |good| wire(chunked(good, chunks(half(good), 7)), Act::Close)),
    no_answer("a chunk of no size", |good| {
        wire(chunked(good, "zz\r\n{}\r\n0\r\n\r\n"), Act::Close)
    }),
    no_answer("a chunk of every size", |good| {
        wire(chunked(good, "ffffffffffffffffff\r\n{}"), Act::Close)
    }),
    no_answer("cut, ended by closing", |good| wire(headed(good, "", half(good)), Act::Close)),
    no_answer("two lengths", |good| {
        wire(headed(good, "content-length: 2\r\ncontent-length: 3\r\n", "{}"), Act::Close)
    }),
    no_answer("a length below nothing", |good| {
        wire(headed(good, "content-length: -1\r\n", &good.body), Act::Close)
    }),
    no_answer("a huge header", |good| {
        Reply::wire([
            Act::Send(format!("{}x-huge: ", good.head()).into()),
            Act::Repeat(b"x".to_vec(), 4 << 20),
            Act::Close,
        ])
    }),
    no_answer("headers without number", |good| {
        Reply::wire([
            Act::Send(good.head().into()),
            Act::Repeat(b"x-many: x\r\n".to_vec(), 400_000),
            Act::Close,
        ])
    }),
    no_answer("another protocol", |_| wire("SSH-2.0-OpenSSH_9.6\r\n", Act::Close)),
    no_answer("cut gzip", |good| {
        let packed = gzip(&good.body);
        let cut = &packed[..packed.len() / 2];
        let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", cut.len());
        Reply::wire([Act::Send(headed(good, &more, cut))])
    }),
    no_answer("gzip of another text", |good| {
        let mut packed = gzip(&good.body);
        let place = packed.len() / 2;
        packed[place] ^= 1;
        let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len());
        Reply::wire([Act::Send(headed(good, &more, packed))])
    }),
    no_answer("zstd, which nobody asked for", |good| {
        let packed = zstd::encode_all(&good.body[..], 1).expect("memory");
        let more = format!("content-encoding: zstd\r\ncontent-length: {}\r\n", packed.len());
        Reply::wire([Act::Send(headed(good, &more, packed))])
    }),
    no_answer("a change of protocol", |_| {
        wire("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", Act::Close)
    }),
    no_answer("no content", |_| wire("HTTP/1.1 204 Nothing\r\n\r\n", Act::Close)),
    no_answer("two documents", |good| {
        Reply::new(good.status, [&good.body[..], &good.body].concat())
    }),
];

/// A name, and how it is done.
pub(crate) type Dress = (&'static str, fn(&Reply) -> Reply);

/// The same answer in a dress that is seldom worn.
pub(crate) const UNUSUAL: [Dress; 7] = [
    ("HTTP/1.0", |good| {
        let body = &good.body;
        wire([&b"HTTP/1.0 200 OK\r\n\r\n"[..], body].concat(), Act::Close)
    }),
    ("100 and 103 first", |good| {
        let first = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
        Reply::wire([Act::Send(first.into()), Act::Send(whole(good))])
    }),
    ("a byte order mark", |good| {
        Reply::new(good.status, [&b"\xef\xbb\xbf"[..], &good.body].concat())
    }),
    ("another content type", |good| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=iso-8859-1\r\n";
        let length = format!("content-length: {}\r\n\r\n", good.body.len());
        Reply::wire([Act::Send([head.as_bytes(), length.as_bytes(), &good.body].concat())])
    }),
    ("small chunks, extended, with trailers", |good| {
        let chunks = String::from_utf8(chunks(&good.body, 9)).expect("ASCII");
        let last = chunks.replacen("9\r\n", "9;ext=1\r\n", 1) + "0\r\nx-trailer: x\r\n\r\n";
        Reply::wire([Act::Send(chunked(good, last))])
    }),
    ("gzip", |good| {
        let packed = gzip(&good.body);
        let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len());
        Reply::wire([Act::Send(headed(good, &more, packed))])
    }),
    ("byte by byte", |good| {
        let bytes = whole(good).into_iter().map(|byte| Act::Send(vec![byte]));
        Reply::wire(bytes.collect::<Vec<_>>())
    }),
];

/// The reply as it should be.
fn whole(good: &Reply) -> Vec<u8> {
    promised(good, 0, &good.body)
}

fn half(good: &Reply) -> &[u8] {
    &good.body[..good.body.len() / 2]
}

/// Status line, headers, `more` headers, and this for a body.
fn headed(good: &Reply, more: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    [good.head().as_bytes(), more.as_bytes(), b"\r\n", body.as_ref()].concat()
}

/// As [`headed`], with a length that promises the good body and `more` bytes.
fn promised(good: &Reply, more: usize, body: impl AsRef<[u8]>) -> Vec<u8> {
    headed(good, &format!("content-length: {}\r\n", good.body.len() + more), body)
}

fn chunked(good: &Reply, body: impl AsRef<[u8]>) -> Vec<u8> {
    headed(good, "transfer-encoding: chunked\r\n", body)
}

fn wire(bytes: impl AsRef<[u8]>, end: Act) -> Reply {
    Reply::wire([Act::Send(bytes.as_ref().to_vec()), end])
}
