//! A vendor's reply: its status, its headers and its body, read as the run reads
//! them, and what the store keeps of it read as the join does.

mod facts;

use bytes::Bytes;
use vinrich::config::VendorSettings;
use vinrich::domain::key::{Key, KeyKind, Page, Vehicle};
use vinrich::domain::outcome::{Answer, Fault};
use vinrich::domain::time::{LONGEST_WAIT, Timestamp};
use vinrich::domain::vin::Vin;
use vinrich::vendors::visa::{self, Execution};
use vinrich::vendors::visio::PhotoRequest;
use vinrich::vendors::{Endpoint, KeyAnswer, Parsed, Reply, Vendor, find, visio};

/// The VINs of the fixtures, and more to fill a batch.
const VINS: [&str; 8] = [
    "1HGBH41JXMN109186",
    "WBAPH5C55BA218692",
    "5YJSA1DG9DFP14705",
    "1FTFW1ET5DFC10312",
    "4T1DAACKXTU765422",
    "1HGCM82633A004352",
    "JH4KA7561PC008269",
    "WVWZZZ1JZXW000001",
];

const STATUSES: [u16; 16] =
    [200, 201, 204, 301, 400, 401, 402, 403, 404, 408, 422, 429, 500, 503, 504, 999];

pub(crate) fn carstrel(bytes: &[u8]) {
    vendor("carstrel", bytes);
}

pub(crate) fn carvin(bytes: &[u8]) {
    vendor("carvin", bytes);
}

pub(crate) fn nhtsa(bytes: &[u8]) {
    vendor("nhtsa", bytes);
}

pub(crate) fn visa(bytes: &[u8]) {
    vendor("visa", bytes);
    if let Some(Execution { result, charged, .. }) = Execution::read(bytes) {
        assert!(!result.is_empty() && charged.is_none_or(|charged| charged.0 >= 0));
    }
}

pub(crate) fn visio(bytes: &[u8]) {
    vendor("visio", bytes);
    let listed = visio::listed(bytes).map(|listed| listed.requests).unwrap_or_default();
    for request in listed.into_iter().chain(visio::photo_request(bytes)) {
        assert!(!request.id.is_empty(), "a request that nobody can ask for");
        let again = visio::photo_request(request.body.as_bytes());
        let again = again.map(|again| PhotoRequest { body: request.body.clone(), ..again });
        assert_eq!(again.as_ref(), Some(&request), "kept, and read again");
    }
}

pub(crate) fn visor(bytes: &[u8]) {
    vendor("visor", bytes);
}

pub(crate) fn vpic_api(bytes: &[u8]) {
    vendor("vpic-api", bytes);
}

/// Three characters choose the endpoint, the status and how many keys were asked
/// (`0`, `1` and so on); headers follow, one a line, an empty line, and the body.
fn vendor(id: &str, bytes: &[u8]) {
    let [endpoint, status, keys, rest @ ..] = bytes else { return };
    let vendor = find(id).expect("a registered vendor");
    let endpoints = vendor.endpoints();
    let endpoint = endpoints[choice(*endpoint, endpoints.len())];
    let status = STATUSES[choice(*status, STATUSES.len())];
    let most = endpoint.spec().batch.min(VINS.len());
    let keys = keys_of(endpoint.spec().key, 1 + choice(*keys, most));
    let settings = VendorSettings::new(&vendor.spec().defaults).expect("sound defaults");

    let reply = reply(status, rest);
    assert_request(endpoint, &keys, &settings);
    assert_reply(vendor, &reply, &keys);
    assert_parsed(endpoint, &reply, &keys, &settings);
    facts::assert_kept(endpoint.role(), &keys[0], &reply.body, &settings);
}

fn choice(byte: u8, of: usize) -> usize {
    usize::from(byte.wrapping_sub(b'0')) % of
}

fn keys_of(kind: KeyKind, count: usize) -> Vec<Key> {
    let key = |place: usize| match kind {
        KeyKind::Vin | KeyKind::VinOfYear => Key::Vin(Vin::new(VINS[place]).expect("a VIN")),
        KeyKind::Vehicle => Key::Vehicle(Vehicle::new("Ford", "F-250 SD", 2016)),
        KeyKind::Page => Key::Page(Page {
            list: "/list?a=1".into(),
            snapshot: Timestamp::from_micros(1),
            number: 2,
        }),
        KeyKind::Task => visa::run_of("tool", Some(VINS[place]), &serde_json::json!({"a": 1})),
        KeyKind::Name => Key::Name("16ed7612-0000".into()),
    };
    (0..count).map(key).collect()
}

fn reply(status: u16, bytes: &[u8]) -> Reply {
    let mut headers = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        match line.split_once(':') {
            Some((name, value)) => {
                headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => break,
        }
    }
    Reply { status, headers, body: Bytes::copy_from_slice(rest) }
}

fn assert_request(endpoint: &dyn Endpoint, keys: &[Key], settings: &VendorSettings) {
    let request = endpoint.request(keys, settings);
    assert!(request.path.starts_with('/') && request.path.is_ascii());
    assert!(!request.path.contains([' ', '\n', '#']), "{}", request.path);
    assert_eq!(request, endpoint.request(keys, settings), "the same bytes every time");
}

/// What is read of a reply as a whole.
fn assert_reply(vendor: &dyn Vendor, reply: &Reply, keys: &[Key]) {
    let fault = vendor.fault(reply);
    if let Some(fault) = &fault {
        assert_fault(fault, keys);
    }
    assert!((200..300).contains(&reply.status) || fault.is_some() || reply.status == 404);
    for limit in vendor.limits(reply) {
        assert!(limit.window.is_none_or(|window| !window.is_zero()));
        assert!(limit.reset.is_none_or(|reset| reset <= LONGEST_WAIT));
    }
    assert!(vendor.charged(reply).is_none_or(|charged| charged.0 >= 0), "a charge below zero");
    if let Ok(probe) = vendor.probe() {
        match (probe.read)(reply) {
            Ok(usage) => drop(usage.map(|usage| usage.total())),
            Err(fault) => assert_fault(&fault, keys),
        }
    }
}

/// A fault can be shown, and its wait kept.
fn assert_fault(fault: &Fault, keys: &[Key]) {
    match fault {
        Fault::Poisoned { code } | Fault::Unsettled { code } => assert_words(code, 80, keys),
        Fault::Garbled { excerpt } => assert_words(excerpt, 240, keys),
        Fault::Limited { wait } => {
            assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT), "{wait:?}");
        }
        Fault::NotSent | Fault::Timeout | Fault::Server(_) | Fault::Denied(_) | Fault::Unsure => {}
    }
    assert!(!fault.code().is_empty());
}

/// A vendor's words as they may stand in a report: one short line without a VIN.
fn assert_words(words: &str, longest: usize, keys: &[Key]) {
    assert!(words.chars().count() <= longest, "{words:?}");
    assert!(super::is_printable(words), "{words:?}");
    for vin in keys.iter().filter_map(Key::vin) {
        assert!(!words.to_uppercase().contains(vin.as_str()), "a VIN in {words:?}");
    }
}

/// At most one answer about each key, none about another.
fn assert_parsed(
    endpoint: &'static dyn Endpoint,
    reply: &Reply,
    keys: &[Key],
    settings: &VendorSettings,
) {
    let parsed = match endpoint.parse(reply, keys) {
        Ok(parsed) => parsed,
        Err(fault) => return assert_fault(&fault, keys),
    };
    let again = endpoint.parse(reply, keys).expect("what was read once");
    assert_eq!(shown(&parsed), shown(&again), "read twice");
    let mut answered = vec![false; keys.len()];
    for KeyAnswer { key, said, body } in &parsed.answers {
        assert!(*key < keys.len(), "an answer about nothing asked");
        assert!(!std::mem::replace(&mut answered[*key], true), "two answers about one key");
        if let Answer::Refused(words) = said {
            assert_words(words, 80, keys);
        }
        facts::assert_said(endpoint.role(), said, &keys[*key], body);
        facts::assert_kept(endpoint.role(), &keys[*key], body, settings);
    }
}

fn shown(parsed: &Parsed) -> String {
    format!("{parsed:?}")
}
