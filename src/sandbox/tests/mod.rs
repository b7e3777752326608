//! The sandbox over its own wire, with the plainest HTTP client there is.

mod answers;
mod carstrel_replies;
mod carvin;
mod fault_rules;
mod faults_served;
mod nhtsa;
mod visor;
mod vpic_api;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use hyper::Method;
use proptest::prelude::*;
use serde_json::Value;

use super::handler::{Request, pairs};
use super::{Quotas, Sandbox, SandboxSpec, registry};

const CARVIN_KEY: &str = "sandbox-carvin";
const VISOR_KEY: &str = "sandbox-visor";

/// A Honda, a Tesla and a BMW: the VINs of the vendor's guide.
const VINS: [&str; 3] = ["1HGBH41JXMN109186", "5YJSA1DG9DFP14705", "WBAPH5C55BA218692"];

/// A reply, read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The values of `field` in the list `data`.
    fn data(&self, field: &str) -> Vec<String> {
        let json = self.json();
        let items = json["data"].as_array().expect("a list");
        items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn sandbox(spec: SandboxSpec) -> Sandbox {
    Sandbox::start(spec).expect("a free port")
}

fn with_faults(rules: &[&str]) -> Sandbox {
    let faults = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
    sandbox(SandboxSpec { faults, ..SandboxSpec::default() })
}

fn with_quotas(quotas: Quotas) -> Sandbox {
    sandbox(SandboxSpec { quotas, ..SandboxSpec::default() })
}

/// Sends a request on a new connection. `None`: closed without a reply.
fn send(to: SocketAddr, method: &str, path: &str, key: &str, body: &str) -> Option<Answer> {
    let mut stream = connect(to);
    write(&mut stream, method, path, key, body);
    read(&mut stream)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("the sandbox listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    stream
}

fn write(stream: &mut TcpStream, method: &str, path: &str, key: &str, body: &str) {
    let authorization =
        if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: sandbox\r\n{authorization}connection: close\r\n\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
}

fn read(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    // A reset connection is as good as a closed one; what counts is what came.
    stream.read_to_end(&mut bytes).ok();
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Some(Answer { status, headers, body: body.to_owned() })
}

/// POSTs to carvin with a good key.
fn post(sandbox: &Sandbox, endpoint: &str, body: &str) -> Answer {
    let path = format!("/carvin/{endpoint}");
    send(sandbox.address(), "POST", &path, CARVIN_KEY, body).expect("a reply")
}

/// GETs from visor with a good key.
fn get(sandbox: &Sandbox, path: &str) -> Answer {
    send(sandbox.address(), "GET", &format!("/visor/{path}"), VISOR_KEY, "").expect("a reply")
}

/// The body of a batch-decode.
fn vins(vins: &[impl AsRef<str>]) -> String {
    let list: Vec<&str> = vins.iter().map(AsRef::as_ref).collect();
    serde_json::json!({ "vins": list }).to_string()
}

#[test]
fn it_shows_its_address_and_stops_when_dropped() {
    let sandbox = sandbox(SandboxSpec::default());
    let address = sandbox.address();
    assert_eq!(sandbox.base_url("visor"), format!("http://{address}/visor"));
    assert!(address.ip().is_loopback());
    drop(sandbox);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_taken_port_is_an_error_with_a_hint() {
    let first = sandbox(SandboxSpec::default());
    let spec = SandboxSpec { port: first.address().port(), ..SandboxSpec::default() };
    let error = Sandbox::start(spec).expect_err("the port is taken");
    assert!(error.to_string().starts_with("cannot listen on `127.0.0.1:"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("--port")));
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let sandbox = sandbox(SandboxSpec::default());
    let mut stream = connect(sandbox.address());
    let body = vins(&VINS);
    let request = format!(
        "POST /carvin/batch-decode HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {CARVIN_KEY}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    write(&mut stream, "POST", "/carvin/batch-decode", CARVIN_KEY, &body);
    let answers = read(&mut stream).expect("a reply");
    assert_eq!(answers.body.matches("HTTP/1.1 200 OK").count(), 1, "the second reply");
}

#[test]
fn paths_name_a_vendor() {
    let sandbox = sandbox(SandboxSpec::default());
    for path in ["/", "//", "/nobody/decode", "/carvinx"] {
        let answer = send(sandbox.address(), "GET", path, "", "").expect("a reply");
        assert_eq!(answer.status, 404, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_request_gets_a_reply_in_json(
        path in "/?(photo-requests(/.{0,3})?|v1/api/tools/.{0,9}/execute|external/vehicles|batch-decode|decode|recalls|listings|vins/[0-9A-Z]{0,18}|usage|recalls/recallsByVehicle|products/vehicle/models|vehicles/DecodeVINValuesBatch/|.{0,9})",
        query in "(vin_pattern|limit|page|offset|fields|include|start_date|make=FORD&modelYear|.{0,3})=.{0,20}",
        body in prop_oneof![
            any::<Vec<u8>>(),
            "format=(json|xml)&data=.{0,40}".prop_map(String::into_bytes),
            "\\{\"(vins|vin|year)\":\\[?\".{0,18}\"\\]?\\}".prop_map(String::into_bytes),
        ],
        post in any::<bool>(),
    ) {
        let request = Request {
            method: if post { Method::POST } else { Method::GET },
            path,
            query: pairs(query.as_bytes()),
            headers: vec![
                ("authorization".into(), "Bearer key".into()),
                ("x-api-key".into(), "key".into()),
            ],
            body: body.into(),
        };
        for profile in registry::ALL {
            let vendor = registry::Vendor::new(profile, "key".into(), profile.quotas.to_vec());
            let reply = vendor.reply(&request, vendor.handler.read(&request), Instant::now());
            prop_assert!([200, 400, 404, 405, 422].contains(&reply.status), "{reply:?}");
            if reply.headers.iter().any(|(_, value)| value.starts_with("application/xml")) {
                continue;
            }
            let text = reply.body.into_text();
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn a_huge_request_is_refused() {
    let sandbox = sandbox(SandboxSpec::default());
    let mut stream = connect(sandbox.address());
    let head = "POST /carvin/decode HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-length: 2000000\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    assert_eq!(read(&mut stream).map(|answer| answer.status), Some(413));
}

#[test]
fn the_journal_holds_what_was_asked_and_answered() {
    let sandbox = with_faults(&["500:every=2"]);
    post(&sandbox, "batch-decode", &vins(&VINS));
    post(&sandbox, "recalls", r#"{"make":"Ford","model":"F-250","year":"2016"}"#);
    post(&sandbox, "batch-decode", &vins(&VINS[..1]));
    post(&sandbox, "recalls", r#"{"vin":"5YJSA1DG9DFP14705"}"#);
    let log = sandbox.log();
    let entries: Vec<_> =
        log.iter().map(|seen| (seen.vendor, seen.endpoint, seen.keys.len(), seen.status)).collect();
    let expected = [
        ("carvin", "batch-decode", 3, Some(200)),
        ("carvin", "recalls", 1, Some(500)),
        ("carvin", "batch-decode", 1, Some(200)),
        ("carvin", "recalls-vin", 1, Some(500)),
    ];
    assert_eq!(entries, expected);
    assert_eq!(log[0].keys, VINS);
    assert_eq!(log[1].keys, ["FORD F-250 2016"]);
    assert!(log.is_sorted_by_key(|seen| seen.at));
    let tally: Vec<_> = sandbox
        .tally()
        .into_iter()
        .map(|line| (line.endpoint, line.status, line.calls, line.keys))
        .collect();
    let expected = [
        ("batch-decode", Some(200), 2, 4),
        ("recalls", Some(500), 1, 1),
        ("recalls-vin", Some(500), 1, 1),
    ];
    assert_eq!(tally, expected);
}
