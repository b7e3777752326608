//! Text of vendors, of input files and of file names never draws on the terminal:
//! every vendor's every word carries an escape sequence, a link, a C1 control,
//! a bidi override and a zero-width space here, and no command prints one raw.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use serde_json::Value;
use vinrich::sandbox::{Quotas, SandboxSpec};
use vinrich::vendors::{self, Vendor};

#[cfg(unix)]
use crate::support::command::terminal::drawn;
use crate::support::command::{Ended, vins};
use crate::support::{Work, each_at_once};

/// What hostile words end with.
const HOSTILE: &str = "\u{1b}]8;;http://evil\u{7}\u{9b}31m\u{202e}\u{200b}\u{7f}\r\u{2028}";

/// Members whose words a client acts on: with others in them nothing would be
/// read any further.
const ACTED_ON: [&str; 14] = [
    "id",
    "status",
    "state",
    "code",
    "object",
    "type",
    "mode",
    "vin",
    "VIN",
    "scope",
    "currency",
    "next",
    "date",
    "currency_code",
];

fn taint(value: &mut Value, also_acted_on: bool) {
    match value {
        Value::String(text) => text.push_str(HOSTILE),
        Value::Array(items) => items.iter_mut().for_each(|item| taint(item, also_acted_on)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if also_acted_on || !ACTED_ON.contains(&name.as_str()) {
                    taint(member, also_acted_on);
                }
            }
            members.insert(format!("more{HOSTILE}"), format!("words{HOSTILE}").into());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A server that hands requests on to the sandbox, and its replies back, tainted.
struct Relay {
    address: SocketAddr,
}

impl Relay {
    fn start(to: SocketAddr, also_acted_on: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A client that hangs up is no concern of the test's.
                std::thread::spawn(move || relay(client, to, also_acted_on).ok());
            }
        });
        Self { address }
    }
}

fn relay(mut client: TcpStream, to: SocketAddr, also_acted_on: bool) -> std::io::Result<()> {
    let (head, body) = message(&mut client)?;
    let mut server = TcpStream::connect(to)?;
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    let (head, mut body) = message(&mut server)?;
    if let Ok(mut json) = serde_json::from_slice::<Value>(&body) {
        taint(&mut json, also_acted_on);
        body = json.to_string().into_bytes();
    }
    let kept = head.split("\r\n").filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.is_empty() && !line.starts_with("content-length:") && !line.starts_with("connection:")
    });
    let head: Vec<&str> = kept.collect();
    let length = body.len();
    write!(
        client,
        "{}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n",
        head.join("\r\n")
    )?;
    client.write_all(&body)
}

/// One message's head, with the empty line, and its body.
fn message(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n").map(|at| at + 4) else {
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        if count == 0 || bytes.len() - end >= length.unwrap_or(0) {
            return Ok((head, bytes.split_off(end)));
        }
    }
}

/// A work folder whose vendors all speak through a relay.
fn hostile(faults: &[&str], also_acted_on: bool) -> Work {
    let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
    let work =
        Work::with(SandboxSpec { faults, quotas: Quotas::roomy(), ..SandboxSpec::default() });
    let sandbox = work.sandbox.base_url("carvin");
    let host = sandbox.trim_start_matches("http://").split('/').next().expect("a host");
    let relay = Relay::start(host.parse().expect("an address"), also_acted_on);
    let vendor = |vendor: &&dyn Vendor| {
        let id = vendor.spec().id();
        let url = work.sandbox.base_url(id).replace(host, &relay.address.to_string());
        format!("[vendors.{id}]\nbase_url = '{url}'\nquotas = []\nspend = ['1000 USD/day']\n")
    };
    let vendors: String = vendors::registry().iter().map(vendor).collect();
    let text = format!(
        "store = 'store/vinrich.db'\nmax_wait = '1s'\n{vendors}\
         [datasets.decode]\nvendors = ['carvin', 'vpic-api']\n\
         [datasets.recalls]\nvendors = ['carvin', 'nhtsa']\n\
         [datasets.listings]\nvendors = ['visor', 'carstrel']\n"
    );
    work.write("vinrich.toml", &text);
    work.write_vins(&vins(3));
    work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
    work
}

/// What a terminal would obey, or hide.
fn deceives(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[track_caller]
fn is_clean(what: &str, text: &str) {
    let found = text.lines().find(|line| line.contains(deceives));
    assert!(found.is_none(), "{what} prints {found:?}");
}

#[track_caller]
fn both_clean(words: &[&str], ended: &Ended) {
    let what = words.join(" ");
    is_clean(&what, &ended.stderr);
    is_clean(&what, ended.stdout());
    assert_ne!(ended.code, Some(70), "{what}: {}", ended.stderr);
}

/// The commands that tell of what vendors said; each prints no data but as text or JSON.
fn commands(vin: &str) -> Vec<Vec<&str>> {
    let tool = "tool run vins.csv --tool try-me --input input.json -o tool.csv --max-cost 1 --yes";
    let lines = [
        "enrich vins.csv -o out.csv",
        "enrich vins.csv -o out.parquet --refresh decode,recalls,listings --log-format json",
        "enrich vins.csv -o out.jsonl --refresh decode,recalls,listings --quiet",
        "plan vins.csv",
        "plan vins.csv --format json",
        "check",
        "check --format json",
        "quota",
        "quota --reconcile",
        "photos request vins.csv -o photos.csv --yes",
        "photos status vins.csv -o status.csv --log-format json",
        "photos cancel VIN --yes",
        tool,
        "runs list",
        "runs audit",
        "runs audit --format jsonl",
        "cache stats",
        "cache explain VIN",
        "cache explain VIN --format json",
        "cache verify",
        "cache prune --older-than 1d --dry-run",
        "cache forget VIN --force",
    ];
    let words =
        |line: &'static str| line.split(' ').map(|word| if word == "VIN" { vin } else { word });
    lines.into_iter().map(|line| words(line).collect()).collect()
}

#[test]
fn words_of_vendors_never_draw_on_the_terminal() {
    let cases: [(&[&str], bool); 5] =
        [(&[], false), (&[], true), (&["400"], false), (&["403"], false), (&["garbled"], false)];
    each_at_once(cases, |(faults, also_acted_on)| {
        let work = hostile(faults, also_acted_on);
        let vin = &vins(1)[0];
        for words in commands(vin) {
            // What only looks into the store says the same whatever a vendor refused.
            if faults.is_empty() || !matches!(words[0], "cache" | "plan" | "quota") {
                both_clean(&words, &work.vinrich(&words));
            }
        }
        let runs = work.vinrich(&["runs", "list"]).exits(0);
        for run in runs.stdout().lines().skip(1).filter_map(|line| line.split(' ').next()) {
            let words = ["runs", "show", run];
            both_clean(&words, &work.vinrich(&words).exits(0));
        }
        if faults.is_empty() && !also_acted_on {
            // The words did arrive, and data are what they were.
            assert!(work.read("out.csv").contains(&HOSTILE[..16]), "nothing hostile came through");
        }
    });
}

#[cfg(unix)]
#[test]
fn text_of_inputs_never_draws_on_the_terminal() {
    let work = Work::configured(&[]);
    let vin = &vins(1)[0];
    let name = format!("in{}.csv", HOSTILE.replace('/', "_"));
    let out = format!("out{}.csv", HOSTILE.replace('/', "_"));
    let header = format!("unit{HOSTILE}").replace('\r', "");
    work.write(&name, &format!("\"{header}\",vin\n\"a{HOSTILE}\",{vin}\n\"b\",\"x{HOSTILE}\"\n"));
    for words in [
        &["enrich", &name, "-o", &out, "--rejects", "bad.csv"][..],
        &["enrich", &name, "-o", &out, "--log-format", "json"],
        &["enrich", &name, "-o", "/nowhere\u{1b}[2J/out.csv"],
        &["enrich", &name, "-o", &out, "--vin-column", "no\u{1b}[2Jsuch"],
        &["enrich", &name, "-o", &out, "--keep", "no\u{1b}[2Jsuch"],
        &["validate", &name],
        &["validate", &name, "--format", "json"],
        &["plan", &name],
        &["enrich", "no\u{1b}[2Jsuch.csv", "-o", &out],
        &["enrich", &name, "-o", &out, "--with", "a\u{1b}[2J\u{202e}"],
        &["decode", &name, "--no\u{1b}[2Jflag"],
        &["schema", &name],
        &["cache", "explain", &name],
        &["cache", "forget", &name],
        &["photos", "cancel", &name, "--yes"],
        &["runs", "show", &name],
        &["runs", "list"],
        &["runs", "audit", "--since", &name],
        &["recalls", "import", &name],
        &["vpic", "install", "--from", &name],
        &["--config", &name, "check"],
    ] {
        both_clean(words, &work.vinrich(words));
    }
    assert!(work.read(&out).contains(HOSTILE), "data are what they were");
}

#[cfg(unix)]
#[test]
fn the_progress_bar_draws_nothing_but_itself() {
    let work = hostile(&["latency=300ms"], false);
    let Some(drawn) = drawn(&work.command(&["enrich", "vins.csv", "-o", "out.csv"])) else {
        return;
    };
    assert!(drawn.contains("asking") && drawn.contains("\u{1b}["), "no bar was drawn: {drawn:?}");
    for part in ["\u{1b}]8", "\u{7}", "\u{9b}", "\u{202e}", "\u{200b}", "\u{7f}", "\u{2028}"] {
        assert!(!drawn.contains(part), "{part:?} in {drawn:?}");
    }
}
