//! Replies that repeat the API key, in whatever escapes, from every vendor that takes one.

use std::io::{Read, Write};
use std::net::TcpStream;

use vinrich::sandbox;
use vinrich::vendors::{Auth, Vendor, registry};

use super::trial::Trial;
use crate::support::each_at_once;
use crate::support::server::{Fake, Heard, Reply};

const CANARY: &str = "canary/7f3+9a=e1_x-c4";

/// The key as JSON, addresses and pages may write it; what is in a JSON text may be escaped
/// once more.
fn spellings() -> Vec<String> {
    let each = |spell: &dyn Fn(u8) -> String| CANARY.bytes().map(spell).collect::<String>();
    let signs = |spell: &dyn Fn(u8) -> String| {
        each(&|byte| {
            if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { spell(byte) }
        })
    };
    vec![
        CANARY.into(),
        CANARY.replace('/', r"\/"),
        CANARY.replacen('c', r"\u0063", 1),
        each(&|byte| format!(r"\u{byte:04X}")),
        each(&|byte| format!(r"\\u{byte:04x}")),
        signs(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("%{byte:02x}")),
        signs(&|byte| format!("%25{byte:02X}")),
        signs(&|byte| format!("&#{byte};")),
        each(&|byte| format!("&#x{byte:X};")),
        signs(&|byte| format!("&amp;#{byte};")),
    ]
}

/// The sandbox's reply to a request, as it came.
pub(super) fn relayed(
    vendor: &dyn Vendor,
    base_url: &str,
    nth: usize,
    heard: &Heard,
) -> (u16, String) {
    let (host, below) =
        base_url.trim_start_matches("http://").split_once('/').expect("an address with a path");
    let id = vendor.spec().id();
    let shown = match (vendor.spec().auth, sandbox::key(id)) {
        (Auth::Header(name), Some(key)) => format!("{name}: {key}"),
        (Auth::Bearer, Some(key)) => format!("authorization: Bearer {key}"),
        _ => "accept: */*".to_owned(),
    };
    let Heard { method, path, body, .. } = heard;
    let mut stream = TcpStream::connect(host).expect("the sandbox");
    let length = body.len();
    write!(
        stream,
        "{method} /{below}{path} HTTP/1.1\r\nhost: {host}\r\n{shown}\r\nidempotency-key: 00000000-0000-4000-8000-{nth:012}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .expect("a request");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// The same, with the key in every object.
fn repeat_key(vendor: &dyn Vendor, base_url: &str, nth: usize, heard: &Heard) -> Reply {
    let (status, body) = relayed(vendor, base_url, nth, heard);
    let echo = format!("{{\"echo\":\"{}\",\"", spellings().join(" "));
    Reply::new(status, body.replace("{\"", &echo)).header("x-request-id", &CANARY)
}

#[test]
fn a_key_that_is_repeated_is_nowhere() {
    let takes_key = |vendor: &&&'static dyn Vendor| vendor.spec().auth != Auth::None;
    each_at_once(registry().iter().filter(takes_key), |vendor| {
        let id = vendor.spec().id();
        let trial = Trial::of(*vendor);
        let base_url = trial.work.sandbox.base_url(id);
        let fake = Fake::start(move |nth, heard| repeat_key(*vendor, &base_url, nth, heard));
        let url = fake.url();
        let trial = trial.tweaked(move |settings| {
            url.clone_into(&mut settings.base_url);
            settings.api_key = Some(CANARY.into());
        });
        let ran = trial.run(&(trial.cases.some)());
        assert_eq!(ran.report.exit_code, 0, "{id}: {:#?}", ran.report);
        assert!(ran.count("found", "") > 0, "{id}: it is read all the same: {:?}", ran.rows);

        let db = trial.work.db();
        let mut bodies = db.prepare("SELECT CAST(body AS TEXT) FROM bodies").expect("bodies");
        let bodies = bodies.query_map([], |row| row.get::<_, String>(0)).expect("bodies");
        let bodies: Vec<String> = bodies.map(|body| body.expect("text")).collect();
        assert!(bodies.iter().any(|body| body.contains(r#""echo":"***"#)), "{id}: {bodies:?}");
        let ids: String = db
            .query_row("SELECT coalesce(group_concat(request_id), '') FROM replies", [], |row| {
                row.get(0)
            })
            .expect("ids");
        let written = trial.work.read("out.csv");
        let report = ran.report.to_json().expect("a report");
        for text in bodies.iter().chain([&ids, &written, &report]) {
            for spelling in spellings() {
                assert!(!text.contains(&spelling), "{id}: {spelling} is in {text}");
            }
        }
    });
}
